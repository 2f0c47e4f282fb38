"""Each kind of bad input: what the log says, that it is counted, and that the node lives on."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from nav_msgs.msg import Odometry
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from torch import Tensor

from scene_perception.engines.base import Engine, TensorSpec
from scene_perception.engines.load import LoadedEngines
from scene_perception.geometry.camera import Intrinsics
from scene_perception.nodes.messages import camera_info_message

CAMERA = Intrinsics(80.0, 80.0, 47.5, 31.5, width=96, height=64)


def wrong_encoding(image: Image) -> Image:
    image.encoding = "jpeg2000"
    return image


def truncated(image: Image) -> Image:
    return Image(
        header=image.header,
        width=image.width,
        height=image.height,
        encoding=image.encoding,
        step=image.step,
        data=image.data[:1000],
    )


def zero_size(image: Image) -> Image:
    return Image(header=image.header, encoding="rgb8")


def short_step(image: Image) -> Image:
    image.step = 10
    return image


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (wrong_encoding, ["encoding", "'jpeg2000'"]),
        (truncated, ["18432 bytes", "1000"]),
        (zero_size, ["0x0"]),
        (short_step, ["step", "10"]),
    ],
)
def test_a_bad_image_is_refused_with_its_fault_and_the_next_good_one_is_processed(
    make_robot, poll, spoil: Callable[[Image], Image], words: list[str]
) -> None:
    robot = make_robot().start()
    depth = robot.listen("depth/image_rect", Image)
    robot.connected("depth/image_rect")
    robot.send_message(spoil(robot.image(0)))
    line = robot.logged("bad_image: ")
    for word in words:
        assert word in line
    assert robot.node.statistics.total("bad_image") == 1
    status = robot.status("input", lambda entry: entry.level == b"\x01")
    assert "bad_image: 1 in the last period" in status.message
    robot.send(1)
    poll(lambda: depth)
    assert depth[0].header.stamp.nanosec == 200_000_000


def test_a_compressed_image_that_does_not_decode_is_refused(make_robot, poll) -> None:
    robot = make_robot(image_transport="compressed")
    jpegs = robot.peer.create_publisher(CompressedImage, "image_rect/compressed", 1)
    assert robot.change_state("configure")
    assert robot.change_state("activate")
    poll(jpegs.get_subscription_count)
    message = CompressedImage(header=robot.image(0).header, format="jpeg")
    message.data.frombytes(b"no jpeg at all")
    jpegs.publish(message)
    line = robot.logged("bad_image: ")
    assert "14 bytes" in line
    assert "JPEG or PNG" in line


def test_nan_intrinsics_are_refused_and_depth_goes_on_without_camera_info(make_robot, poll) -> None:
    robot = make_robot()
    robot.start(camera_info=False)
    depth = robot.listen("depth/image_rect", Image)
    info = robot.listen("depth/camera_info", CameraInfo)
    robot.connected("depth/image_rect")
    robot.connected("depth/camera_info")
    bad = camera_info_message(CAMERA, 0, "front_camera_optical")
    bad.p[0] = float("nan")
    robot.infos.publish(bad)
    robot.send(0)
    line = robot.logged("bad_camera_info: ")
    assert "/camera_info" in line
    assert "fx=nan" in line
    robot.infos.publish(camera_info_message(CAMERA, 0, "front_camera_optical"))
    poll(lambda: send_next(robot) and info, "a frame with intrinsics")
    assert len(depth) >= 2


def send_next(robot) -> bool:
    """Send one more good frame."""
    robot.send(robot.node.statistics.total("received"))
    return True


def test_without_camera_info_depth_goes_on_and_a_warning_names_the_topic(make_robot, poll) -> None:
    robot = make_robot(camera_info_wait_s=0.0).start(camera_info=False)
    depth = robot.listen("depth/image_rect", Image)
    robot.connected("depth/image_rect")
    robot.send(0)
    line = robot.logged("no CameraInfo yet")
    assert line == (
        "no CameraInfo yet on /camera_info: points and depth/camera_info are not published"
    )
    poll(lambda: depth)


def test_where_the_scale_needs_camera_info_frames_are_dropped_and_counted(make_robot, poll) -> None:
    robot = make_robot(camera_info_wait_s=0.0, scale__source="camera_height")
    robot.start(camera_info=False)
    depth = robot.listen("depth/image_rect", Image)
    robot.connected("depth/image_rect")
    robot.send(0)
    assert "scale.source camera_height needs it" in robot.logged("no CameraInfo yet")
    assert robot.node.statistics.total("no_camera_info") == 1
    robot.infos.publish(camera_info_message(CAMERA, 0, "front_camera_optical"))
    poll(lambda: send_next(robot) and depth, "a frame with intrinsics")


def test_a_model_without_weights_is_refused_with_how_to_get_them_and_can_be_configured_later(
    make_robot,
) -> None:
    robot = make_robot(network__backend="torch", model="sgdepth")
    assert not robot.change_state("configure")
    line = robot.logged("cannot configure: network.weights")
    assert "got an empty path" in line
    assert "offline.convert" in line
    assert "random_weights" in line
    status = robot.status("inference", lambda entry: entry.level == b"\x02")
    assert status.message == line
    assert robot.set_parameter("network.random_weights", True).successful
    robot.start()
    robot.logged("the weights are random")
    robot.send(0)
    assert robot.node.statistics.total("engine_error") == 0


def test_a_text_file_as_weights_is_refused_by_its_name_and_the_node_lives_on(
    make_robot, text_as_weights
) -> None:
    robot = make_robot(network__backend="torch", network__weights=str(text_as_weights))
    assert not robot.change_state("configure")
    line = robot.logged("cannot configure: ")
    assert str(text_as_weights) in line
    assert "must be a whole .safetensors file" in line
    assert robot.set_parameter("network.weights", "").successful
    assert robot.set_parameter("network.backend", "constant").successful
    robot.start().send(0)


def test_weights_that_do_not_exist_are_named(make_robot) -> None:
    robot = make_robot(network__backend="torch", network__weights="/nowhere/omeganet.safetensors")
    assert not robot.change_state("configure")
    assert "/nowhere/omeganet.safetensors" in robot.logged("cannot configure: ")


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


def test_an_engine_that_raises_costs_its_frame_only(make_robot, load_engines, poll) -> None:
    def load(*settings: object, **weights: str) -> LoadedEngines:
        loaded = load_engines(*settings, **weights)
        stumbling = {**loaded.engines, "dsnet": StumblingEngine(loaded.engines["dsnet"])}
        return replace(loaded, engines=stumbling)

    robot = make_robot(load).start()
    depth = robot.listen("depth/image_rect", Image)
    robot.connected("depth/image_rect")
    robot.send(0)
    line = robot.logged("engine_error: ")
    assert "Traceback" in line
    assert "RuntimeError: out of memory" in line
    status = robot.status("inference", lambda entry: entry.level == b"\x02")
    assert "engine_error: 1 in the last period" in status.message
    robot.send(1)
    poll(lambda: depth)
    assert depth[0].header.stamp.nanosec == 200_000_000


def test_odometry_that_is_not_finite_is_refused_and_counted(make_robot, poll) -> None:
    robot = make_robot(scale__source="odometry").start()
    odometry = robot.peer.create_publisher(Odometry, "odometry", 10)
    poll(odometry.get_subscription_count)
    message = Odometry()
    message.pose.pose.position.x = float("nan")

    def refused() -> int:
        odometry.publish(message)
        return robot.node.statistics.total("bad_odometry")

    poll(refused)
    assert "3 finite numbers" in robot.logged("bad_odometry: ")
    robot.send(0)
