r"""DWARF on a stereo pair: starts stereo_node, which configures and activates itself.

    ros2 launch scene_perception dwarf.launch.py weights:=w.safetensors \
        left:=/stereo/left/image_rect right:=/stereo/right/image_rect

``namespace:=stereo`` alone subscribes to the same topics, and puts the outputs beside them. An
argument that is left empty leaves its parameter as the parameter file has it.
"""

from pathlib import Path

import yaml
from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch_ros.actions import LifecycleNode, Node
from launch_ros.parameter_descriptions import ParameterValue

CONFIG = Path(__file__).resolve().parents[1] / "config"
LAYOUT = CONFIG / "dwarf.rviz"

# Launch argument -> parameter of stereo_node and description.
SETTINGS = {
    "weights": ("network.weights", "weights of DWARF (.safetensors); default: the package's own"),
    "random_weights": ("network.random_weights", "true runs with random weights"),
    "semantics": ("semantics.weights", "weights file of DSNet or OmegaNet, for semantics"),
    "backend": ("network.backend", "auto, or what runs the network, such as tensorrt or openvino"),
    "precision": ("network.precision", "float32, float16, bfloat16 or int8"),
    "cache_dir": ("network.cache_dir", "folder that keeps built engines"),
    "device": ("network.device", "auto, cpu or cuda"),
    "height": ("network.height", "network input height, px"),
    "width": ("network.width", "network input width, px"),
    "fit": ("input.fit", "how images become the network's input: pad, resize or auto"),
    "describes": ("output.describes", "previous, once the next pair is there, or newest"),
    "sync_mode": ("sync.mode", "exact or approximate stamps of left and right images"),
    "sync_tolerance": ("sync.tolerance_s", "largest difference of a pair's stamps, s"),
    "baseline": ("baseline_m", "baseline, m; 0 takes it from the cameras' P matrices"),
    "image_transport": ("image_transport", "raw or compressed"),
    "autostart": ("autostart", "false leaves configuring and activating to a lifecycle manager"),
    "use_sim_time": ("use_sim_time", "true takes the time from /clock"),
}

# Launch argument -> default and description.
ARGUMENTS = {
    "namespace": ("", "namespace of the node and its topics"),
    "left": ("", "topic of the rectified left images; empty: left/image_rect"),
    "right": ("", "topic of the rectified right images; empty: right/image_rect"),
    "left_camera_info": ("", "topic of the left CameraInfo; empty: beside the left images"),
    "right_camera_info": ("", "topic of the right CameraInfo; empty: beside the right images"),
    **{name: ("", description) for name, (_, description) in SETTINGS.items()},
    "params_file": (str(CONFIG / "stereo_node.yaml"), "parameter file of stereo_node"),
    "rviz": ("false", "true opens RViz with our layout"),
    "log_level": ("info", "debug, info, warn, error or fatal"),
}


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments and start what they ask for."""
    declared = [
        DeclareLaunchArgument(name, default_value=default, description=description)
        for name, (default, description) in ARGUMENTS.items()
    ]
    return LaunchDescription([*declared, OpaqueFunction(function=start)])


def start(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Return the node and, where asked for, RViz."""
    given = {name: context.launch_configurations[name].strip() for name in ARGUMENTS}
    logger = ".".join([*given["namespace"].strip("/").split("/"), "stereo_node"]).lstrip(".")
    node = LifecycleNode(
        package="scene_perception",
        executable="stereo_node",
        name="stereo_node",
        namespace=given["namespace"],
        parameters=[str(Path(given["params_file"]).expanduser()), parameters_of(given)],
        remappings=remappings_of(given).items(),
        ros_arguments=["--log-level", f"{logger}:={given['log_level']}"],
        output="screen",
        emulate_tty=True,
    )
    return [node, rviz(given)] if given["rviz"].lower() in {"true", "1"} else [node]


def parameters_of(given: dict[str, str]) -> dict[str, object]:
    """Return the parameters whose launch arguments are not empty."""
    return {
        parameter: typed(given[name]) for name, (parameter, _) in SETTINGS.items() if given[name]
    }


def typed(text: str) -> object:
    """Return a number or bool as YAML reads it, and any other text unchanged."""
    value = yaml.safe_load(text)
    is_scalar = isinstance(value, (bool, int, float))
    return value if is_scalar else ParameterValue(text, value_type=str)


def remappings_of(given: dict[str, str]) -> dict[str, str]:
    """Return the input topics' new names; camera_info lies beside the images, as is usual."""
    topics = {}
    for side in ("left", "right"):
        image = given[side]
        folder, slash, _ = image.rpartition("/")
        beside = image and f"{folder}{slash}camera_info"
        topics[f"{side}/image_rect"] = image
        topics[f"{side}/camera_info"] = given[f"{side}_camera_info"] or beside
    return {name: topic for name, topic in topics.items() if topic}


def rviz(given: dict[str, str]) -> Node:
    """Return RViz with our layout, whose topics follow the namespace and the image topics."""
    displays = yaml.safe_load(LAYOUT.read_text())["Visualization Manager"]["Displays"]
    shown = [display["Topic"]["Value"].lstrip("/") for display in displays if "Topic" in display]
    remapped = remappings_of(given)
    return Node(
        package="rviz2",
        executable="rviz2",
        namespace=given["namespace"],
        arguments=["-d", str(LAYOUT)],
        parameters=[{"use_sim_time": yaml.safe_load(given["use_sim_time"] or "false")}],
        remappings=[(f"/{name}", remapped.get(name, name)) for name in shown],
        output="log",
    )
