"""Records topics, by default all outputs of mono_node: starts record_node.

    ros2 launch scene_perception record.launch.py output:=recordings/drive

An argument that is left empty leaves its parameter as the parameter file has it.
"""

from pathlib import Path

import yaml
from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

CONFIG = Path(__file__).resolve().parents[1] / "config"

# Parameter of record_node, by which its launch argument is called -> description.
SETTINGS = {
    "output": "folder of the new recording; must not exist",
    "topics": "topics to record, separated by commas; empty records all outputs of node",
    "node": "node whose outputs are recorded; empty: mono_node",
    "storage": "file format: mcap or sqlite3",
    "stop_when_idle_s": "end when no message has come for this long, s; 0 never ends",
}

# Launch argument -> default and description.
ARGUMENTS = {
    **{name: ("", description) for name, description in SETTINGS.items()},
    "namespace": ("", "namespace of the node and its topics"),
    "params_file": (str(CONFIG / "record_node.yaml"), "parameter file of record_node"),
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
        executable="record_node",
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
