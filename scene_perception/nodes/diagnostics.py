"""What ``/diagnostics`` says about a node: input, inference and its own, each with a level."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue

from scene_perception.engines.load import LoadedEngines
from scene_perception.frame import MetricScale
from scene_perception.nodes.statistics import Snapshot

OK, WARN, ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR
BAD_INPUT = (
    "bad_image",
    "bad_camera_info",
    "bad_odometry",
    "no_camera_info",
    "different_sizes",
    "bad_size",
    "left_unpaired",
    "right_unpaired",
    "swapped_images",
)
FAILURES = ("engine_error", "publish_error", "internal_error")
_OLD_S, _FUTURE_S = 60.0, -1.0


Finding = tuple[bytes, str]


@dataclass(frozen=True)
class InputState:
    """How one input is doing.

    Attributes:
        name: such as ``image``; events of this name give its rate.
        topic: resolved; empty where it has none of its own.
        silence_s: since the last one came.
    """

    name: str
    topic: str
    silence_s: float


@dataclass(frozen=True)
class Task:
    """What only one kind of node has to say.

    Attributes:
        name: of the task.
        values: key and value.
        findings: level and text of what is not as it should be.
    """

    name: str
    values: tuple[tuple[str, str], ...]
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class NodeReport:
    """What a node knows about itself besides its ``Statistics``.

    Attributes:
        node: its name, the prefix of every task.
        state: lifecycle state: unconfigured, inactive or active.
        problem: why it cannot work, empty where it can.
        inputs: while active.
        image_age_s: now minus the newest frame's stamp, on the node's clock; None before one.
        patience_s: silence that is worth a warning.
        network: model, backend, device, weights and the like, as loaded.
        random_weights: the outputs mean nothing.
        tasks: besides input and inference.
    """

    node: str
    state: str
    problem: str = ""
    inputs: tuple[InputState, ...] = ()
    image_age_s: float | None = None
    patience_s: float = 5.0
    network: Mapping[str, str] = field(default_factory=dict)
    random_weights: bool = False
    tasks: tuple[Task, ...] = ()


def diagnostic_array(report: NodeReport, snapshot: Snapshot, stamp: Time) -> DiagnosticArray:
    """Return the message with one status for each of input, inference and ``report.tasks``."""
    message = DiagnosticArray()
    message.header.stamp = stamp
    for task in (_input_task(report, snapshot), _inference_task(report, snapshot), *report.tasks):
        status = DiagnosticStatus(name=f"{report.node}: {task.name}", hardware_id=report.node)
        status.level, status.message = _worst(task.findings, report.state)
        status.values = [KeyValue(key=key, value=value) for key, value in task.values]
        message.status.append(status)
    return message


def scale_task(scale: MetricScale | None, scale_status: str) -> Task:
    """Return what is told about the scale of depth.

    Args:
        scale: of the newest depth; None before one.
        scale_status: the same for people.
    """
    values = [("status", scale_status)]
    if scale is None:
        return Task("scale", tuple(values))
    values += [
        ("source", scale.source),
        ("metres per unit", f"{scale.factor:.6g}" if scale.is_metric else ""),
        ("metric", str(scale.is_metric)),
    ]
    relative = (WARN, f"depth is relative, not metres ({scale_status})")
    return Task("scale", tuple(values), () if scale.is_metric else (relative,))


def network_values(loaded: LoadedEngines | None) -> dict[str, str]:
    """Return what is told about the engines; nothing before they are loaded."""
    if loaded is None:
        return {}
    return {
        "engines": loaded.description,
        "model": loaded.model,
        "backend": loaded.backend,
        "device": loaded.device,
        "engine warnings": "; ".join(loaded.warnings),
        "engine notes": "; ".join(loaded.notes),
        **loaded.weights,
    }


def _input_task(report: NodeReport, snapshot: Snapshot) -> Task:
    values, findings = _input_values(report, snapshot), _input_findings(report, snapshot)
    return Task("input", tuple(values), tuple(findings))


def _inference_task(report: NodeReport, snapshot: Snapshot) -> Task:
    values, findings = _inference_values(report, snapshot), _work_findings(report, snapshot)
    return Task("inference", tuple(values), tuple(findings))


def _worst(findings: Sequence[Finding], state: str) -> Finding:
    found = sorted(findings, key=lambda item: item[0], reverse=True)
    if not found:
        return OK, "ok" if state == "active" else state
    return found[0][0], "; ".join(text for _, text in found)


def _input_values(report: NodeReport, snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    for entry in report.inputs:
        if entry.topic:
            yield f"{entry.name} topic", entry.topic
        yield f"{entry.name} rate [Hz]", f"{snapshot.rates_hz.get(entry.name, 0.0):.2f}"
    age_s = report.image_age_s
    yield "age of newest frame [ms]", "" if age_s is None else f"{1e3 * age_s:.1f}"
    for reason, count in sorted(snapshot.counts.items()):
        yield f"count {reason}", str(count)


def _input_findings(report: NodeReport, snapshot: Snapshot) -> Iterator[Finding]:
    if report.state != "active":
        return
    for entry in report.inputs:
        if entry.silence_s >= report.patience_s:
            where = entry.topic and f" on {entry.topic}"
            yield WARN, f"no {entry.name} for {entry.silence_s:.0f} s{where}"
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


def _work_findings(report: NodeReport, snapshot: Snapshot) -> Iterator[Finding]:
    if report.problem:
        yield ERROR, report.problem
    for reason in FAILURES:
        if snapshot.recent.get(reason):
            yield ERROR, f"{reason}: {snapshot.recent[reason]} in the last period, see the log"
    if report.random_weights:
        yield WARN, "weights are random: every output is meaningless"
