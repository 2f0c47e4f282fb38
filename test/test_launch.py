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
import yaml
from lifecycle_msgs.srv import GetState

from offline.processes import wait_until
from scene_perception.nodes.parameter_file import CONFIGS
from scene_perception.settings import walk

NODE_OF = {"omeganet": "mono_node", "replay": "replay_node", "record": "record_node"}
TIMEOUT_S = 60.0


def constants(path):
    """The literal constants of a launch file, read without importing it."""
    found = {}
    for statement in ast.parse(path.read_text()).body:
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Dict):
            named = zip(statement.value.keys, statement.value.values, strict=True)
            pairs = {key.value: value for key, value in named if key is not None}
            found[statement.targets[0].id] = pairs
    return found


@pytest.mark.parametrize("launch_file", NODE_OF)
def test_every_parameter_that_a_launch_file_sets_exists(launch_file, repository):
    settings = constants(repository / "launch" / f"{launch_file}.launch.py")["SETTINGS"]
    values = [getattr(value, "value", None) for value in settings.values()]
    named = set(values) if launch_file == "omeganet" else set(settings)
    known = {name for name, _, _ in walk(CONFIGS[NODE_OF[launch_file]])}
    assert named <= known | {"use_sim_time"}


def test_every_setting_of_the_omeganet_launch_file_is_a_declared_argument(repository):
    content = constants(repository / "launch" / "omeganet.launch.py")
    assert set(content["SETTINGS"]) <= set(content["ARGUMENTS"])


def test_every_topic_that_rviz_shows_follows_the_namespace(repository):
    tree = ast.parse((repository / "launch" / "omeganet.launch.py").read_text())
    (viewed,) = [
        ast.literal_eval(statement.value)
        for statement in tree.body
        if isinstance(statement, ast.Assign) and statement.targets[0].id == "VIEWED"
    ]
    layout = yaml.safe_load((repository / "config" / "omeganet.rviz").read_text())
    displays = layout["Visualization Manager"]["Displays"]
    shown = {display["Topic"]["Value"] for display in displays if "Topic" in display}
    assert shown == {f"/{topic}" for topic in viewed}


def test_every_launch_file_belongs_to_a_node(repository):
    names = {path.name for path in (repository / "launch").iterdir() if path.suffix == ".py"}
    assert names == {f"{name}.launch.py" for name in NODE_OF}


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
def test_omeganet_launch_file_without_weights_says_what_is_missing(prefix):
    with Launched(prefix, "omeganet") as launched:
        launched.await_text("allow_random_weights")
    assert "Traceback" not in launched.text()


@pytest.mark.usefixtures("launch_ros")
@pytest.mark.parametrize(
    ("launch_file", "argument"), [("replay", "source:=/nowhere"), ("record", "storage:=paper")]
)
def test_launch_file_reports_an_argument_that_the_node_refuses(prefix, launch_file, argument):
    with Launched(prefix, launch_file, argument) as launched:
        launched.await_text(argument.rpartition("=")[2])
