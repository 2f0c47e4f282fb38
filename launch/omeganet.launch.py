"""One network on one camera: starts mono_node, which configures and activates itself.

    ros2 launch scene_perception omeganet.launch.py image:=/camera/image_rect weights:=w.safetensors

An argument that is left empty leaves its parameter as the parameter file has it.
"""

from pathlib import Path

import yaml
from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch_ros.actions import LifecycleNode, Node
from launch_ros.parameter_descriptions import ParameterValue

CONFIG = Path(__file__).resolve().parents[1] / "config"
LAYOUT = CONFIG / "omeganet.rviz"

# Launch argument -> parameter of mono_node and description.
SETTINGS = {
    "model": ("model", "omeganet, sgdepth or insta_dm"),
    "weights": (
        "network.weights",
        "weights of the model (.safetensors); default: the package's own",
    ),
    "flow": ("flow.weights", "weights file of OmegaNet, for flow of a model without one"),
    "semantics": ("semantics.weights", "weights file of DSNet or OmegaNet, for semantics"),
    "random_weights": ("network.random_weights", "true runs with random weights"),
    "backend": ("network.backend", "auto, or what runs the network, such as tensorrt or openvino"),
    "precision": ("network.precision", "float32, float16, bfloat16 or int8"),
    "cache_dir": ("network.cache_dir", "folder that keeps built engines"),
    "device": ("network.device", "auto, cpu or cuda"),
    "height": ("network.height", "network input height, px"),
    "width": ("network.width", "network input width, px"),
    "scale_source": ("scale.source", "none, fixed, camera_height or odometry"),
    "scale_factor": ("scale.factor", "metres per unit of depth, for scale_source fixed"),
    "camera_height": ("scale.camera_height_m", "height of the camera above the road, m"),
    "image_transport": ("image_transport", "raw or compressed"),
    "autostart": ("autostart", "false leaves configuring and activating to a lifecycle manager"),
    "use_sim_time": ("use_sim_time", "true takes the time from /clock"),
}

# Launch argument -> default and description.
ARGUMENTS = {
    "namespace": ("", "namespace of the node and its topics"),
    "image": ("", "topic of the rectified images; empty: image_rect"),
    "camera_info": ("", "topic of the camera's CameraInfo; empty: beside the image topic"),
    "odometry": ("", "topic of nav_msgs/Odometry for scale_source odometry; empty: odometry"),
    **{name: ("", description) for name, (_, description) in SETTINGS.items()},
    "params_file": (str(CONFIG / "mono_node.yaml"), "parameter file of mono_node"),
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
    logger = ".".join([*given["namespace"].strip("/").split("/"), "mono_node"]).lstrip(".")
    node = LifecycleNode(
        package="scene_perception",
        executable="mono_node",
        name="mono_node",
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
    """Return the input topics' new names; camera_info lies beside the image, as is usual."""
    image = given["image"]
    folder, slash, _ = image.rpartition("/")
    beside = image and f"{folder}{slash}camera_info"
    topics = {
        "image_rect": image,
        "camera_info": given["camera_info"] or beside,
        "odometry": given["odometry"],
    }
    return {name: topic for name, topic in topics.items() if topic}


def rviz(given: dict[str, str]) -> Node:
    """Return RViz with our layout, whose topics follow the namespace and the image topic."""
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
