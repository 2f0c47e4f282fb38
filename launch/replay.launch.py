"""Plays a recording or a folder of images: starts replay_node.

    ros2 launch scene_perception replay.launch.py source:=drive.mcap

An argument that is left empty leaves its parameter as the parameter file has it.
"""

from pathlib import Path

import yaml
from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

CONFIG = Path(__file__).resolve().parents[1] / "config"

# Parameter of replay_node, by which its launch argument is called -> description.
SETTINGS = {
    "source": "rosbag2 folder, .mcap or .db3 file, or a folder of images",
    "topics": "topics to play, separated by commas; empty plays all",
    "pace": "time plays as recorded; consumer waits for the answer to each frame",
    "answers_behind": "with pace consumer: 1 for stereo_node, which answers a frame late",
    "rate": "times real time; with pace consumer the most, with pace time the speed",
    "loop": "true starts again at the end",
}

# Launch argument -> default and description.
ARGUMENTS = {
    **{name: ("", description) for name, description in SETTINGS.items()},
    "namespace": ("", "namespace of the node and its topics"),
    "params_file": (str(CONFIG / "replay_node.yaml"), "parameter file of replay_node"),
}


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments and start the node."""
    declared = [
        DeclareLaunchArgument(name, default_value=default, description=description)
        for name, (default, description) in ARGUMENTS.items()
    ]
    return LaunchDescription([*declared, OpaqueFunction(function=start)])


def start(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Return the node with the arguments that are not empty."""
    given = {name: context.launch_configurations[name].strip() for name in ARGUMENTS}
    parameters = {name: typed(given[name]) for name in SETTINGS if given[name]}
    node = Node(
        package="scene_perception",
        executable="replay_node",
        namespace=given["namespace"],
        parameters=[str(Path(given["params_file"]).expanduser()), parameters],
        output="screen",
        emulate_tty=True,
    )
    return [node]


def typed(text: str) -> object:
    """Return a number or bool as YAML reads it, and any other text unchanged."""
    value = yaml.safe_load(text)
    is_scalar = isinstance(value, (bool, int, float))
    return value if is_scalar else ParameterValue(text, value_type=str)
