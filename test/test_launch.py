"""Launch files: what they declare is always checked; where launch_ros is installed they run."""

import ast
import importlib.util
import os
import shutil
import signal
import subprocess
import sys

import pytest
import rclpy
from lifecycle_msgs.srv import GetState

from offline.processes import wait_until
from scene_perception.nodes.parameter_file import CONFIGS
from scene_perception.settings import walk

NODE_OF = {
    "omeganet": "mono_node",
    "dwarf": "stereo_node",
    "replay": "replay_node",
    "record": "record_node",
}
LIVE = ("omeganet", "dwarf")
TIMEOUT_S = 60.0


def settings_of(path):
    """A launch file's arguments that set a parameter, with its name; read without launch."""
    (settings,) = [
        ast.literal_eval(statement.value)
        for statement in ast.parse(path.read_text()).body
        if isinstance(statement, ast.Assign) and statement.targets[0].id == "SETTINGS"
    ]
    return {
        argument: content[0] if isinstance(content, tuple) else argument
        for argument, content in settings.items()
    }


@pytest.mark.parametrize("launch_file", NODE_OF)
def test_every_parameter_that_a_launch_file_sets_exists(launch_file, repository):
    settings = settings_of(repository / "launch" / f"{launch_file}.launch.py")
    known = {name for name, _, _ in walk(CONFIGS[NODE_OF[launch_file]])}
    assert set(settings.values()) <= known | {"use_sim_time"}


def test_arguments_that_both_live_nodes_have_set_the_same_parameters(repository):
    omeganet, dwarf = (settings_of(repository / "launch" / f"{name}.launch.py") for name in LIVE)
    shared = set(omeganet) & set(dwarf)
    assert {"weights", "backend", "height", "image_transport", "autostart"} <= shared
    assert {name: omeganet[name] for name in shared} == {name: dwarf[name] for name in shared}


def test_every_launch_file_belongs_to_a_node(repository):
    names = {path.name for path in (repository / "launch").iterdir() if path.suffix == ".py"}
    assert names == {f"{name}.launch.py" for name in NODE_OF}
    assert set(NODE_OF.values()) == set(CONFIGS)


@pytest.fixture
def launch_ros():
    if importlib.util.find_spec("launch_ros") is None:
        pytest.skip("launch_ros is not installed; it has no wheel")


@pytest.fixture
def prefix(repository, tmp_path):
    """An ament prefix with our executables, whose nodes come from the checkout."""
    prefix = tmp_path / "prefix"
    index = prefix / "share" / "ament_index" / "resource_index" / "packages"
    index.mkdir(parents=True)
    shutil.copy(repository / "resource" / "scene_perception", index)
    shutil.copytree(repository / "resource" / "executables", prefix / "lib" / "scene_perception")
    for folder in ("launch", "config"):
        share = prefix / "share" / "scene_perception" / folder
        shutil.copytree(repository / folder, share)
    return prefix


class Launched:
    """A launch file running in a process of its own, as `ros2 launch` runs it."""

    def __init__(self, prefix, name, *arguments):
        path = prefix / "share" / "scene_perception" / "launch" / f"{name}.launch.py"
        code = (
            "import sys, launch\n"
            "from launch.launch_description_sources import PythonLaunchDescriptionSource\n"
            "pairs = [tuple(argument.split(':=', 1)) for argument in sys.argv[2:]]\n"
            "service = launch.LaunchService(noninteractive=True)\n"
            "source = PythonLaunchDescriptionSource(sys.argv[1])\n"
            "service.include_launch_description(launch.actions.IncludeLaunchDescription(\n"
            "    source, launch_arguments=pairs))\n"
            "sys.exit(service.run())\n"
        )
        self.log = prefix / "launch.log"
        environment = {
            **os.environ,
            "AMENT_PREFIX_PATH": str(prefix),
            "PATH": os.pathsep.join([f"{sys.prefix}/bin", os.environ["PATH"]]),
            "PYTHONUNBUFFERED": "1",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, str(path), *arguments],
            stdout=self.log.open("wb"),
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # A terminal's Ctrl-C reaches the whole group, and launch forwards it once more.
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
            self.process.wait(TIMEOUT_S)

    def text(self):
        return self.log.read_text(errors="replace")

    def await_text(self, text):
        def over():
            return any(word in self.text() for word in (text, "finished cleanly", "has died"))

        wait_until(over, TIMEOUT_S, f"{text!r} in {self.log}")
        assert text in self.text(), self.text()


@pytest.fixture
def observer():
    with rclpy.init():
        node = rclpy.create_node("observer")
        yield node
        node.destroy_node()


def await_state(observer, name, wanted):
    client = observer.create_client(GetState, f"{name}/get_state")
    answers = []

    def reached():
        if client.service_is_ready() and (not answers or answers[-1].done()):
            answers.append(client.call_async(GetState.Request()))
        rclpy.spin_once(observer, timeout_sec=0.1)
        labels = [answer.result().current_state.label for answer in answers if answer.done()]
        return wanted in labels

    wait_until(reached, TIMEOUT_S, f"{name} to be {wanted}")


@pytest.mark.usefixtures("launch_ros")
def test_omeganet_launch_file_activates_the_node_with_the_given_parameters(prefix, observer):
    arguments = [
        "namespace:=robot",
        "image:=/camera/image_rect",
        "backend:=constant",
        "scale_source:=fixed",
        "scale_factor:=2",
    ]
    with Launched(prefix, "omeganet", *arguments) as launched:
        launched.await_text("engines:")
        await_state(observer, "/robot/mono_node", "active")
        launched.await_text("/robot/depth/image_rect")
        launched.await_text("/camera/image_rect")
        launched.await_text("/camera/camera_info")
    assert "Traceback" not in launched.text()


@pytest.mark.usefixtures("launch_ros")
def test_dwarf_launch_file_activates_the_node_with_the_given_parameters(prefix, observer):
    arguments = [
        "namespace:=robot",
        "left:=/stereo/left/image_rect",
        "right:=/stereo/right/image_rect",
        "right_camera_info:=/elsewhere/camera_info",
        "backend:=constant",
        "height:=128",
        "width:=256",
        "sync_tolerance:=1",
    ]
    with Launched(prefix, "dwarf", *arguments) as launched:
        launched.await_text("engines:")
        await_state(observer, "/robot/stereo_node", "active")
        for topic in ("left/image_rect", "right/image_rect", "left/camera_info"):
            launched.await_text(f"/stereo/{topic}")
        launched.await_text("/elsewhere/camera_info")
        launched.await_text("/robot/disparity")
    assert "Traceback" not in launched.text()


@pytest.fixture
def rviz_arguments(prefix):
    """Where an RViz that cannot be installed here would find its command line."""
    index = prefix / "share" / "ament_index" / "resource_index" / "packages"
    (index / "rviz2").touch()
    program = prefix / "lib" / "rviz2" / "rviz2"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "$@" > "$0.new" && mv "$0.new" "$0.arguments"\n')
    program.chmod(0o755)
    return program.with_name("rviz2.arguments")


@pytest.mark.usefixtures("launch_ros")
@pytest.mark.parametrize(
    ("launch_file", "image", "prefixed"),
    [("omeganet", "image", "image_rect"), ("dwarf", "left", "left/image_rect")],
)
def test_rviz_shows_the_topics_of_the_namespace_and_the_given_images(
    prefix, rviz_arguments, launch_file, image, prefixed
):
    arguments = ["namespace:=robot", f"{image}:=/seen", "rviz:=true", "autostart:=false"]
    with Launched(prefix, launch_file, *arguments):
        wait_until(rviz_arguments.exists, TIMEOUT_S, "RViz to start")
    words = rviz_arguments.read_text().split()
    assert {f"/{prefixed}:=/seen", "/points:=points", "__ns:=/robot"} <= set(words)
    assert words[words.index("-d") + 1].endswith(f"config/{launch_file}.rviz")


@pytest.mark.usefixtures("launch_ros")
def test_live_launch_file_of_a_model_without_weights_says_what_is_missing(prefix):
    with Launched(prefix, "omeganet", "model:=sgdepth") as launched:
        launched.await_text("random_weights")
    assert "Traceback" not in launched.text()


@pytest.mark.usefixtures("launch_ros")
@pytest.mark.parametrize(
    ("launch_file", "argument"), [("replay", "source:=/nowhere"), ("record", "storage:=paper")]
)
def test_launch_file_reports_an_argument_that_the_node_refuses(prefix, launch_file, argument):
    with Launched(prefix, launch_file, argument) as launched:
        launched.await_text(argument.rpartition("=")[2])
