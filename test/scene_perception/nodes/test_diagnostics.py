from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticStatus

from scene_perception.frame import MetricScale
from scene_perception.nodes.diagnostics import InputState, NodeReport, diagnostic_array, scale_task
from scene_perception.nodes.statistics import Latency, Snapshot

METRIC = MetricScale(2.5, "fixed", is_metric=True)


def image(silence_s: float = 0.0) -> InputState:
    return InputState("image", "/cam/image", silence_s)


def status(report: NodeReport, snapshot: Snapshot, task: str) -> DiagnosticStatus:
    message = diagnostic_array(report, snapshot, Time(sec=3))
    return next(entry for entry in message.status if entry.name == f"mono_node: {task}")


def values(entry: DiagnosticStatus) -> dict[str, str]:
    return {value.key: value.value for value in entry.values}


def test_a_healthy_node_is_ok_in_all_three_tasks() -> None:
    report = NodeReport("mono_node", "active", image_age_s=0.05, tasks=(scale_task(METRIC, ""),))
    message = diagnostic_array(report, Snapshot(), Time(sec=3))
    assert [entry.name for entry in message.status] == [
        "mono_node: input",
        "mono_node: inference",
        "mono_node: scale",
    ]
    assert all(entry.level == DiagnosticStatus.OK for entry in message.status)
    assert all(entry.hardware_id == "mono_node" for entry in message.status)
    assert message.header.stamp.sec == 3


def test_input_shows_topic_rate_age_and_every_count() -> None:
    report = NodeReport("mono_node", "active", inputs=(image(),), image_age_s=0.0421)
    snapshot = Snapshot(rates_hz={"image": 29.97}, counts={"overwritten": 3, "bad_image": 1})
    assert values(status(report, snapshot, "input")) == {
        "image topic": "/cam/image",
        "image rate [Hz]": "29.97",
        "age of newest frame [ms]": "42.1",
        "count bad_image": "1",
        "count overwritten": "3",
    }


def test_inference_shows_rates_latencies_and_the_engines() -> None:
    report = NodeReport("mono_node", "active", network={"backend": "torch", "weights": "a.st"})
    snapshot = Snapshot(
        rates_hz={"depth": 10.0, "motion": 9.0}, latencies={"publish": Latency(1.5, 4.0)}
    )
    assert values(status(report, snapshot, "inference")) == {
        "state": "active",
        "backend": "torch",
        "weights": "a.st",
        "depth rate [Hz]": "10.00",
        "motion rate [Hz]": "9.00",
        "latency publish [ms]": "median 1.50, max 4.00",
    }


def test_silence_beyond_patience_is_a_warning_that_names_the_topic() -> None:
    report = NodeReport("mono_node", "active", inputs=(image(silence_s=7.2),))
    entry = status(report, Snapshot(), "input")
    assert entry.level == DiagnosticStatus.WARN
    assert entry.message == "no image for 7 s on /cam/image"


def test_an_inactive_node_does_not_complain_of_silence() -> None:
    entry = status(
        NodeReport("mono_node", "inactive", inputs=(image(silence_s=100.0),)), Snapshot(), "input"
    )
    assert (entry.level, entry.message) == (DiagnosticStatus.OK, "inactive")


def test_stamps_of_another_clock_point_to_use_sim_time() -> None:
    old = status(NodeReport("mono_node", "active", image_age_s=5000.0), Snapshot(), "input")
    future = status(NodeReport("mono_node", "active", image_age_s=-40.0), Snapshot(), "input")
    assert old.level == future.level == DiagnosticStatus.WARN
    assert old.message == "stamps are 5000 s old: check use_sim_time and the clocks"
    assert future.message == "stamps are 40 s in the future: check use_sim_time and the clocks"


def test_refused_frames_of_the_last_period_are_a_warning() -> None:
    entry = status(NodeReport("mono_node", "active"), Snapshot(recent={"bad_image": 2}), "input")
    assert entry.level == DiagnosticStatus.WARN
    assert entry.message == "bad_image: 2 in the last period"


def test_dropping_by_design_is_no_warning() -> None:
    snapshot = Snapshot(counts={"overwritten": 9}, recent={"overwritten": 9})
    assert status(NodeReport("mono_node", "active"), snapshot, "input").level == b"\x00"


def test_a_failing_engine_is_an_error_and_outranks_random_weights() -> None:
    report = NodeReport("mono_node", "active", random_weights=True)
    entry = status(report, Snapshot(recent={"engine_error": 1}), "inference")
    assert entry.level == DiagnosticStatus.ERROR
    assert entry.message.startswith("engine_error: 1 in the last period")
    assert entry.message.endswith("weights are random: every output is meaningless")


def test_a_failed_configuration_is_an_error_with_its_reason() -> None:
    report = NodeReport("mono_node", "unconfigured", problem="cannot configure: no weights")
    entry = status(report, Snapshot(), "inference")
    assert (entry.level, entry.message) == (DiagnosticStatus.ERROR, "cannot configure: no weights")


def test_relative_depth_is_a_warning_that_says_so() -> None:
    task = scale_task(MetricScale(), "none: depth is relative")
    report = NodeReport("mono_node", "active", tasks=(task,))
    entry = status(report, Snapshot(), "scale")
    assert entry.level == DiagnosticStatus.WARN
    assert entry.message.startswith("depth is relative, not metres")
    assert values(entry)["metric"] == "False"
    assert values(entry)["metres per unit"] == ""


def test_metric_depth_shows_its_factor_and_source() -> None:
    entry = status(
        NodeReport("mono_node", "active", tasks=(scale_task(METRIC, ""),)), Snapshot(), "scale"
    )
    assert values(entry) == {
        "status": "",
        "source": "fixed",
        "metres per unit": "2.5",
        "metric": "True",
    }
