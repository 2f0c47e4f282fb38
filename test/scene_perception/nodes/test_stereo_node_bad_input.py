"""Each kind of bad input: what the log says, that it is counted, and that the node lives on."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo, Image
from torch import Tensor

from scene_perception.engines.base import Engine, TensorSpec
from scene_perception.nodes.messages import image_message

WARN, ERROR = b"\x01", b"\x02"


def still_works(robot, poll) -> None:
    """Send good pairs until depth comes."""
    (depth,) = robot.subscribe("depth/image_rect")
    first = 10

    def sent() -> bool:
        nonlocal first
        first += 1
        robot.send(first)
        return bool(depth)

    poll(sent, "depth")


def test_without_a_right_camera_the_log_names_the_topic_and_what_is_seen_elsewhere(
    make_stereo_robot, poll
) -> None:
    robot = make_stereo_robot(no_image_warning_s=0.5)
    robot.peer.destroy_publisher(robot.images["right"])
    robot.peer.create_publisher(Image, "/cam/right/image_raw", 1)
    poll(lambda: robot.node.count_publishers("/cam/right/image_raw"))
    robot.activate(robot.images["left"])

    def left_alone() -> bool:
        robot.images["left"].publish(robot.image(robot.node.statistics.total("left_received")))
        return any("no right image" in line for line in robot.logs)

    poll(left_alone)
    line = robot.logged("no right image for")
    assert "on /right/image_rect (sensor_msgs/msg/Image, reliable" in line
    assert "no publisher. Topics with images: " in line
    assert "/cam/right/image_raw" in line
    assert "remap with -r /right/image_rect:=..." in line
    status = robot.status("input", lambda entry: "right image" in entry.message)
    assert status.level == WARN
    assert " on /right/image_rect" in status.message


def test_images_that_never_share_a_time_are_reported_with_their_measured_offset(
    make_stereo_robot,
) -> None:
    robot = make_stereo_robot().start()
    for index in range(24):
        send_apart(robot, index)
    line = robot.logged("40.0 ms later")
    assert "set sync.tolerance_s to at least 0.05" in line
    status = robot.status("input", lambda entry: "unpaired" in entry.message)
    assert status.level == WARN
    assert robot.node.statistics.total("paired") == 0
    assert robot.node.statistics.total("left_unpaired") > 0


def send_apart(robot, index: int) -> None:
    """Send a right image that is 40 ms later than the left one."""
    late = robot.image(index)
    late.header.stamp.nanosec += 40_000_000
    robot.send_images(robot.image(index), late)


def test_while_no_pair_comes_the_watch_says_why(make_stereo_robot, poll) -> None:
    robot = make_stereo_robot(no_image_warning_s=0.5, sync__mode="exact").start()

    def complained() -> bool:
        send_apart(robot, robot.node.statistics.total("left_received"))
        return any("no stereo pair for" in line for line in robot.logs)

    poll(complained)
    status = robot.status("input", lambda entry: "no stereo pair for" in entry.message)
    assert status.level == WARN


def test_images_of_different_sizes_are_refused_with_both_sizes(make_stereo_robot, poll) -> None:
    robot = make_stereo_robot().start()
    small = image_message(np.zeros((32, 48, 3), np.uint8), "rgb8", 100_000_000, "right")
    robot.send_pair(robot.image(0), small)
    line = robot.logged("different_sizes: ")
    assert "left and right images must be of one size, got 96x64 px and 48x32 px" in line
    assert robot.node.statistics.total("different_sizes") == 1
    status = robot.status("input", lambda entry: "different_sizes" in entry.message)
    assert status.level == WARN
    still_works(robot, poll)


def test_without_the_right_camera_info_pairs_are_dropped_and_the_log_says_which(
    make_stereo_robot, poll
) -> None:
    robot = make_stereo_robot(camera_info_wait_s=0.0).start(camera_info=False)
    robot.infos["left"].publish(robot.camera_info("left"))
    poll(lambda: sent(robot) and any("no right CameraInfo" in line for line in robot.logs))
    line = robot.logged("no right CameraInfo yet on /right/camera_info")
    assert "frames are dropped, depth from disparity needs it" in line
    assert robot.node.statistics.total("no_camera_info") > 0
    status = robot.status("input", lambda entry: "no_camera_info" in entry.message)
    assert status.level == WARN
    robot.infos["right"].publish(robot.camera_info("right"))
    still_works(robot, poll)


def sent(robot) -> bool:
    """Send one more good pair, though an earlier one may have been refused."""
    robot.send(robot.node.statistics.total("received"))
    return True


def test_a_camera_info_without_publisher_is_looked_for_elsewhere(make_stereo_robot, poll) -> None:
    robot = make_stereo_robot(no_image_warning_s=0.5, camera_info_wait_s=0.0)
    robot.peer.destroy_publisher(robot.infos["right"])
    robot.peer.create_publisher(CameraInfo, "/cam/right/info", 1)
    poll(lambda: robot.node.count_publishers("/cam/right/info"))
    robot.activate(robot.images["left"], robot.images["right"])
    line = robot.logged("no right camera_info for")
    assert "Topics with CameraInfo: " in line
    assert "/cam/right/info" in line
    assert "remap with -r /right/camera_info:=..." in line


@pytest.mark.parametrize(
    ("baseline_m", "words"),
    [
        (0.0, ["right P[3] must be -fx * baseline", "set baseline_m"]),
        (-0.5, ["right P[3] = 40", "swap the left and right topics"]),
        (500.0, ["right P[3] = -40000", "millimetres"]),
    ],
)
def test_wrong_projection_matrices_are_refused_with_values_and_remedy(
    make_stereo_robot, poll, baseline_m: float, words: list[str]
) -> None:
    robot = make_stereo_robot().start(camera_info=False)
    robot.calibrate(baseline_m)
    robot.send(0)
    line = robot.logged("bad_camera_info: on /left/camera_info and /right/camera_info: ")
    for word in words:
        assert word in line
    status = robot.status("input", lambda entry: "bad_camera_info" in entry.message)
    assert status.level == WARN
    robot.calibrate()
    still_works(robot, poll)


class NegatingEngine:
    """An engine that sees what a network sees in swapped images: disparities below zero."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def inputs(self) -> Mapping[str, TensorSpec]:
        return self._engine.inputs

    @property
    def outputs(self) -> Mapping[str, TensorSpec]:
        return self._engine.outputs

    def __call__(self, **tensors: Tensor) -> dict[str, Tensor]:
        return {name: -1.0 - tensor.abs() for name, tensor in self._engine(**tensors).items()}


def test_negative_disparity_everywhere_is_reported_as_swapped_cameras(
    make_stereo_robot, load_stereo_engines
) -> None:
    robot = make_stereo_robot(replaced(load_stereo_engines, "disparity_refinement", NegatingEngine))
    robot.start().send(*range(5))
    line = robot.logged("swapped_images: ")
    assert (
        "disparity is negative on 100 % of the image: left and right are probably swapped" in line
    )
    assert robot.node.statistics.total("swapped_images") == 2
    status = robot.status("input", lambda entry: "swapped_images" in entry.message)
    assert status.level == WARN


def replaced(load, part: str, wrapper: type):
    """Return a loader whose engine ``part`` is wrapped."""

    def load_replaced(*configs):
        loaded = load(*configs)
        return replace(loaded, engines={**loaded.engines, part: wrapper(loaded.engines[part])})

    return load_replaced


class StumblingEngine:
    """An engine whose first call fails as a GPU without memory does."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._stumbled = False

    @property
    def inputs(self) -> Mapping[str, TensorSpec]:
        return self._engine.inputs

    @property
    def outputs(self) -> Mapping[str, TensorSpec]:
        return self._engine.outputs

    def __call__(self, **tensors: Tensor) -> dict[str, Tensor]:
        if not self._stumbled:
            self._stumbled = True
            raise RuntimeError("out of memory")
        return self._engine(**tensors)


def test_an_engine_that_raises_costs_its_pair_only(
    make_stereo_robot, load_stereo_engines, poll
) -> None:
    robot = make_stereo_robot(replaced(load_stereo_engines, "stereo_encoder", StumblingEngine))
    robot.start().send(0)
    assert "RuntimeError: out of memory" in robot.logged("engine_error: ")
    status = robot.status("inference", lambda entry: entry.level == ERROR)
    assert "engine_error: 1 in the last period" in status.message
    still_works(robot, poll)


def test_a_bad_right_image_is_refused_by_its_side_and_the_next_pair_is_processed(
    make_stereo_robot, poll
) -> None:
    robot = make_stereo_robot().start()
    bad = robot.image(0)
    bad.encoding = "jpeg2000"
    robot.send_pair(robot.image(0), bad)
    line = robot.logged("bad_image: right ")
    assert "'jpeg2000'" in line
    assert robot.node.statistics.total("bad_image") == 1
    still_works(robot, poll)


def test_weights_that_are_not_there_are_named_and_the_node_can_be_configured_later(
    make_stereo_robot, poll
) -> None:
    robot = make_stereo_robot(network__backend="torch", network__weights="/nowhere/w.safetensors")
    assert not robot.change_state("configure")
    line = robot.logged("cannot configure: network.weights")
    assert "/nowhere/w.safetensors: no such file" in line
    status = robot.status("inference", lambda entry: entry.level == ERROR)
    assert status.message == line
    assert robot.set_parameter("network.weights", "").successful
    assert robot.set_parameter("network.backend", "constant").successful
    robot.start()
    still_works(robot, poll)


def test_weights_for_semantics_that_do_not_exist_are_named(make_stereo_robot) -> None:
    robot = make_stereo_robot(semantics__weights="/nowhere/dsnet.safetensors")
    assert not robot.change_state("configure")
    line = robot.logged("cannot configure: semantics.weights")
    assert "/nowhere/dsnet.safetensors" in line


def test_a_text_file_as_weights_is_refused_by_its_name_and_the_node_lives_on(
    make_stereo_robot, text_as_weights
) -> None:
    robot = make_stereo_robot(network__backend="torch", network__weights=str(text_as_weights))
    assert not robot.change_state("configure")
    assert str(text_as_weights) in robot.logged("cannot configure: ")
    assert robot.set_parameter("network.weights", "").successful
    assert robot.set_parameter("network.backend", "constant").successful
    robot.start().send(0)
