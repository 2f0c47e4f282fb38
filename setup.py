"""Metadata and layout of the install, the same for ``pip install .`` and ``colcon build``.

Requirements serve pip alone; a robot's come from package.xml through rosdep.
"""

from pathlib import Path

from setuptools import find_packages, setup

NAME = "scene_perception"
ROOT = Path(__file__).parent
NODES = ("mono_node", "stereo_node", "replay_node", "record_node")

REQUIRES = [
    "numpy>=1.21",  # images and geometry outside the network; oldest is Ubuntu 22.04's
    "torch>=2.1",  # the networks; first release with torch.export
    # colour conversion, Bayer, JPEG; headless needs no libGL; 5 renumbers types under cv_bridge
    "opencv-python-headless>=4.5,<5",
    "safetensors>=0.4",  # our weights files; loading one runs no code
    # replay_node and record_node read and write rosbag2 without ROS; only 0.11 has run
    "rosbags>=0.11,<0.12",
    "ruamel.yaml>=0.17",  # camera calibration files; rosbags brings it along
]

# One ROS distribution's wheels, for machines without ROS. Never a requirement: mixed with a
# sourced /opt/ros they load each other's libraries.
ROS = [
    "ros-kilted-rclpy[fastrtps]",  # client library; it does not import without a middleware
    "ros-kilted-diagnostic-msgs",  # /diagnostics
    "ros-kilted-geometry-msgs",  # ego_motion
    "ros-kilted-lifecycle-msgs",  # states and transitions of mono_node and stereo_node
    "ros-kilted-nav-msgs",  # odometry in
    "ros-kilted-rosgraph-msgs",  # /clock of a replay
    "ros-kilted-sensor-msgs",  # images, CameraInfo, point cloud
    "ros-kilted-std-msgs",  # headers and label names
    "ros-kilted-stereo-msgs",  # disparity
    "ros-kilted-visualization-msgs",  # markers of moving objects
]

OFFLINE = [
    "tqdm>=4.60",  # progress of the tools in offline/
]

CONVERT = [
    # reads published TensorFlow 1 checkpoints; the CPU build is a third of the size
    'tensorflow-cpu>=2.13; platform_machine == "x86_64"',
    'tensorflow>=2.13; platform_machine != "x86_64"',  # no CPU-only build for ARM
]

CPU = [
    "openvino>=2025.0",  # twice eager PyTorch's speed on x86-64 and aarch64
]

ONNX = [
    "onnx>=1.16",  # checks exported graphs; what plain TensorRT reads
    "onnxscript>=0.3",  # PyTorch's exporter writes ONNX with it
    "onnx-ir>=0.1",  # folds what the exporter leaves; comes with onnxscript
    "onnxruntime>=1.18",  # runs them without TensorRT: the other candidate on CPUs
]

TENSORRT = [
    "torch-tensorrt>=2.1",  # compiles the networks for NVIDIA devices; brings TensorRT along
    "tensorrt>=10.3",  # builds engines from ONNX where torch-tensorrt has no wheel
]

QUANTIZE = [
    "nncf>=2.14",  # calibrates int8 networks for OpenVINO; only 3.4 has run
]

TRAIN = [
    "lightning-fabric>=2.2",  # mixed precision and several GPUs in offline/training
    "tensorboard>=2.12",  # scalars and pictures of a run
]

TEST = [
    "pytest>=7",  # runs test/
    "pytest-timeout>=2",  # ends a test that waits for a message for ever
    "pytest-xdist>=3",  # two files of tests at once: nodes mostly wait
    "ruff>=0.5",  # lint and format
    "mypy>=1.8",  # strict types
    "import-linter>=2",  # the import rules in pyproject.toml
    "types-PyYAML",  # types of yaml, for mypy
    "PyYAML>=5.4",  # reads config/*.yaml
    "catkin-pkg>=1.0",  # parses package.xml as colcon does
    "colcon-common-extensions>=0.3",  # the colcon build in test_install.py
    "setuptools>=70.1",  # builds the wheel in test_install.py without a download
]


def files(pattern: str) -> list[str]:
    """Return the files that match, relative to this file as setuptools wants them."""
    return sorted(str(path.relative_to(ROOT)) for path in ROOT.glob(pattern) if path.is_file())


setup(
    name=NAME,
    version="0.1.0",
    description="Depth, semantics, flow, 3D motion and objects from one camera or two, for ROS 2",
    author="The scene_perception maintainers",
    author_email="maintainers@example.com",
    maintainer="The scene_perception maintainers",
    maintainer_email="maintainers@example.com",
    license="Apache-2.0",
    python_requires=">=3.10",
    packages=find_packages(include=[NAME, f"{NAME}.*"]),
    package_data={
        NAME: ["py.typed", "weights/*/*.safetensors", "weights/*/*.md"],
        f"{NAME}.engines": ["*.json"],
        f"{NAME}.nodes": ["*.xml"],
    },
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{NAME}"]),
        (f"share/{NAME}", ["package.xml"]),
        (f"share/{NAME}/launch", files("launch/*.launch.py")),
        (f"share/{NAME}/config", files("config/*")),
        # pip puts console scripts in bin/ only, where `ros2 run` and `ros2 launch` do not look.
        (f"lib/{NAME}", files("resource/executables/*")),
    ],
    # Under colcon setup.cfg sends these to lib/scene_perception, over the files above.
    entry_points={"console_scripts": [f"{node} = {NAME}.nodes.{node}:main" for node in NODES]},
    install_requires=REQUIRES,
    extras_require={
        "ros": ROS,
        "offline": OFFLINE,
        "convert": CONVERT,
        "cpu": CPU,
        "onnx": ONNX,
        "tensorrt": TENSORRT,
        "quantize": QUANTIZE,
        "train": TRAIN,
        "test": TEST,
    },
    zip_safe=False,
)
