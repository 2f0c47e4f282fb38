"""What ``/diagnostics`` says about ``mono_node``: three tasks, each with its own level."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue

from scene_perception.frame import MetricScale
from scene_perception.nodes.statistics import Snapshot

OK, WARN, ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR
BAD_INPUT = ("bad_image", "bad_camera_info", "bad_odometry", "no_camera_info")
FAILURES = ("engine_error", "publish_error", "internal_error")
_OLD_S, _FUTURE_S = 60.0, -1.0


@dataclass(frozen=True)
class NodeReport:
    """What a node knows about itself besides its ``Statistics``.

    Attributes:
        node: its name, the prefix of every task.
        state: lifecycle state: unconfigured, inactive or active.
        problem: why it cannot work, empty where it can.
        image_topic: resolved.
        image_age_s: now minus the newest frame's stamp, on the node's clock; None before one.
        silence_s: since the last image came.
        patience_s: silence that is worth a warning.
        network: backend, device, weights and the like, as loaded.
        random_weights: the outputs mean nothing.
        scale: of the newest depth; None before one.
        scale_status: the same for people.
    """

    node: str
    state: str
    problem: str = ""
    image_topic: str = ""
    image_age_s: float | None = None
    silence_s: float = 0.0
    patience_s: float = 5.0
    network: Mapping[str, str] = field(default_factory=dict)
    random_weights: bool = False
    scale: MetricScale | None = None
    scale_status: str = ""


def diagnostic_array(report: NodeReport, snapshot: Snapshot, stamp: Time) -> DiagnosticArray:
    """Return the message with one status for each of input, inference and scale."""
    message = DiagnosticArray()
    message.header.stamp = stamp
    for task, values, findings in (
        ("input", _input_values(report, snapshot), _input_findings(report, snapshot)),
        ("inference", _inference_values(report, snapshot), _work_findings(report, snapshot)),
        ("scale", _scale_values(report), _scale_findings(report)),
    ):
        status = DiagnosticStatus(name=f"{report.node}: {task}", hardware_id=report.node)
        status.level, status.message = _worst(findings, report.state)
        status.values = [KeyValue(key=key, value=value) for key, value in values]
        message.status.append(status)
    return message


def _worst(findings: Iterator[tuple[bytes, str]], state: str) -> tuple[bytes, str]:
    found: Sequence[tuple[bytes, str]] = sorted(findings, key=lambda item: item[0], reverse=True)
    if not found:
        return OK, "ok" if state == "active" else state
    return found[0][0], "; ".join(text for _, text in found)


def _input_values(report: NodeReport, snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    yield "topic", report.image_topic
    yield "rate [Hz]", f"{snapshot.rates_hz.get('image', 0.0):.2f}"
    age_s = report.image_age_s
    yield "age of newest frame [ms]", "" if age_s is None else f"{1e3 * age_s:.1f}"
    for reason, count in sorted(snapshot.counts.items()):
        yield f"count {reason}", str(count)


def _input_findings(report: NodeReport, snapshot: Snapshot) -> Iterator[tuple[bytes, str]]:
    if report.state != "active":
        return
    if report.silence_s >= report.patience_s:
        yield WARN, f"no image for {report.silence_s:.0f} s on {report.image_topic}"
    age_s = report.image_age_s
    if age_s is not None and not _FUTURE_S <= age_s <= _OLD_S:
        where = "in the future" if age_s < 0 else "old"
        yield WARN, f"stamps are {abs(age_s):.0f} s {where}: check use_sim_time and the clocks"
    for reason in BAD_INPUT:
        if snapshot.recent.get(reason):
            yield WARN, f"{reason}: {snapshot.recent[reason]} in the last period"


def _inference_values(report: NodeReport, snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    yield "state", report.state
    yield from report.network.items()
    for output in ("depth", "motion"):
        yield f"{output} rate [Hz]", f"{snapshot.rates_hz.get(output, 0.0):.2f}"
    for stage, latency in snapshot.latencies.items():
        text = f"median {latency.median_ms:.2f}, max {latency.max_ms:.2f}"
        yield f"latency {stage} [ms]", text


def _work_findings(report: NodeReport, snapshot: Snapshot) -> Iterator[tuple[bytes, str]]:
    if report.problem:
        yield ERROR, report.problem
    for reason in FAILURES:
        if snapshot.recent.get(reason):
            yield ERROR, f"{reason}: {snapshot.recent[reason]} in the last period, see the log"
    if report.random_weights:
        yield WARN, "weights are random: every output is meaningless"


def _scale_values(report: NodeReport) -> Iterator[tuple[str, str]]:
    yield "status", report.scale_status
    if report.scale is not None:
        yield "source", report.scale.source
        yield "metres per unit", f"{report.scale.factor:.6g}" if report.scale.is_metric else ""
        yield "metric", str(report.scale.is_metric)


def _scale_findings(report: NodeReport) -> Iterator[tuple[bytes, str]]:
    if report.scale is not None and not report.scale.is_metric:
        yield WARN, f"depth is relative, not metres ({report.scale_status})"
