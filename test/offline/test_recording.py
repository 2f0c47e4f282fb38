import numpy as np
import pytest

from offline.recording import picture, pictures, summarise_recording
from scene_perception.recordings import cdr
from scene_perception.recordings.bags import BagWriter

SECOND = 1_000_000_000


def diagnostics(*values):
    types = cdr.typestore().types
    pairs = [types["diagnostic_msgs/msg/KeyValue"](key=k, value=v) for k, v in values]
    status = types["diagnostic_msgs/msg/DiagnosticStatus"](
        level=0, name="mono_node: inference", message="ok", hardware_id="x", values=pairs
    )
    stamp = types["builtin_interfaces/msg/Time"](sec=0, nanosec=0)
    header = types["std_msgs/msg/Header"](stamp=stamp, frame_id="")
    kind = "diagnostic_msgs/msg/DiagnosticArray"
    return cdr.typestore().serialize_cdr(types[kind](header=header, status=[status]), kind)


def plane(value, stamp_ns):
    return cdr.image(np.full((4, 6), value, np.uint8), "mono8", stamp_ns, "camera")


@pytest.fixture
def recording(tmp_path):
    with BagWriter(tmp_path / "bag") as bag:
        for topic in ("/a", "/b"):
            bag.add_topic(topic, cdr.IMAGE)
        bag.add_topic("/diagnostics", "diagnostic_msgs/msg/DiagnosticArray")
        bag.write("/a", 1 * SECOND, plane(10, 100))
        bag.write("/a", 2 * SECOND, plane(20, 200))
        bag.write("/b", 3 * SECOND, plane(30, 200))
        for time_s, text in ((4, "median 3.00, max 5.00"), (5, "median 7.00, max 9.00")):
            message = diagnostics(("latency dsnet [ms]", text), ("state", "active"))
            bag.write("/diagnostics", time_s * SECOND, message)
    return tmp_path / "bag"


def test_summary_counts_messages_and_stamps(recording):
    summary = summarise_recording(recording)
    assert summary.counts == {"/a": 2, "/b": 1, "/diagnostics": 2}
    assert summary.stamps_ns["/a"] == [100, 200]
    assert summary.rates_hz()["/a"] == pytest.approx(2 / 4)


def test_latency_is_the_median_of_reports_and_their_maximum(recording):
    assert summarise_recording(recording).latencies_ms == {"dsnet": {"median": 5.0, "max": 9.0}}


def test_last_report_is_kept_by_task_and_key(recording):
    assert summarise_recording(recording).values["inference/state"] == "active"


def test_pictures_are_matched_by_stamp(recording):
    found = list(pictures(recording, ["/a", "/b"]))
    assert [stamp for stamp, _ in found] == [200]
    assert (found[0][1]["/a"] == 20).all()
    assert found[0][1]["/b"].shape == (4, 6, 3)


def test_picture_of_another_encoding_is_refused():
    data = cdr.image(np.zeros((2, 2, 3), np.uint8), "bgr8", 0, "camera")
    with pytest.raises(ValueError, match="one of rgb8, mono8, got 'bgr8'"):
        picture(data)
