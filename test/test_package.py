"""The package's manifests agree with each other and with what the code imports."""

import ast
import sys
from distutils.core import run_setup
from pathlib import Path

import pytest
import setuptools  # noqa: F401  # brings distutils along where Python no longer has it

IMPORT_NAMES = {
    "opencv-python-headless": "cv2",
    "tensorflow-cpu": "tensorflow",
    "ruamel.yaml": "ruamel",
}
ROSDEP_KEYS = {
    "numpy": "python3-numpy",
    "cv2": "python3-opencv",
    "torch": "python3-pytorch-pip",
    "rosbags": "python3-rosbags-pip",
    "ruamel": "python3-rosbags-pip",
}
WITHOUT_ROSDEP_KEY = {"safetensors"}
OWN = {"scene_perception", "offline"}


@pytest.fixture(scope="module")
def manifest(repository):
    parse = pytest.importorskip("catkin_pkg.package").parse_package
    return parse(repository / "package.xml")


@pytest.fixture(scope="module")
def metadata(repository):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(repository)
        return run_setup("setup.py", stop_after="init")


def imports_of(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def third_party(folder):
    found = {name for path in folder.rglob("*.py") for name in imports_of(path)}
    return found - OWN - set(sys.stdlib_module_names)


def import_name(requirement):
    name = requirement.replace("[", ">").replace("<", ">").replace("=", ">").replace(";", ">")
    name = name.partition(">")[0].strip()
    return IMPORT_NAMES.get(name, name.removeprefix("ros-kilted-").replace("-", "_"))


def ros_packages(names):
    others = {"rclpy", "cv_bridge", "message_filters"}
    return {name for name in names if name in others or name.endswith("_msgs")}


def test_manifest_describes_an_ament_python_package(manifest):
    (build_type,) = [export for export in manifest.exports if export.tagname == "build_type"]
    assert (manifest.name, manifest.package_format) == ("scene_perception", 3)
    assert build_type.content == "ament_python"
    assert manifest.licenses == ["Apache-2.0"]


def test_manifest_and_setup_agree_on_name_version_licence_and_maintainer(manifest, metadata):
    (maintainer,) = manifest.maintainers
    in_manifest = (manifest.name, manifest.version, *manifest.licenses)
    in_setup = (metadata.get_name(), metadata.get_version(), metadata.get_license())
    assert in_manifest == in_setup
    assert maintainer.email == metadata.get_maintainer_email()


def test_manifest_names_every_ros_package_that_the_nodes_import(manifest, repository):
    declared = {dependency.name for dependency in manifest.exec_depends}
    imported = ros_packages(third_party(repository / "scene_perception"))
    assert imported
    assert imported <= declared


def test_manifest_names_the_rosdep_key_of_every_requirement(manifest, metadata):
    declared = {dependency.name for dependency in manifest.exec_depends}
    required = set(map(import_name, metadata.install_requires)) - WITHOUT_ROSDEP_KEY
    assert {ROSDEP_KEYS[name] for name in required} <= declared


def test_setup_requires_what_the_installed_package_imports(metadata, repository):
    optional = {
        import_name(requirement)
        for extra in ("ros", "convert", "cpu", "onnx", "tensorrt", "quantize")
        for requirement in metadata.extras_require[extra]
    }
    # Part of every ROS installation, and of the wheels behind rclpy.
    optional |= {"rcl_interfaces", "builtin_interfaces", "vision_msgs", "message_filters"}
    required = set(map(import_name, metadata.install_requires))
    imported = third_party(repository / "scene_perception")
    assert imported - optional == required


def test_offline_extra_has_what_the_tools_import_beyond_the_package(metadata, repository):
    required = set(map(import_name, metadata.install_requires))
    extra = set(map(import_name, metadata.extras_require["offline"]))
    imported = third_party(repository / "offline")
    assert imported - required <= extra | training_imports(metadata)


def training_imports(metadata):
    return set(map(import_name, metadata.extras_require["train"]))


def test_only_training_imports_what_its_extra_brings(metadata, repository):
    folders = (path for path in (repository / "offline").iterdir() if path.is_dir())
    importing = {path.name for path in folders if third_party(path) & training_imports(metadata)}
    assert importing == {"training"}


def test_ros_wheels_are_of_one_distribution(metadata):
    wheels = metadata.extras_require["ros"]
    assert all(requirement.startswith("ros-kilted-") for requirement in wheels)
    assert wheels[0] == "ros-kilted-rclpy[fastrtps]"


def test_executables_call_the_console_scripts_entry_points(metadata, repository):
    scripts = metadata.entry_points["console_scripts"]
    entries = dict(script.split(" = ") for script in scripts)
    folder = repository / "resource" / "executables"
    assert {path.name for path in folder.iterdir()} == set(entries)
    for name, entry in entries.items():
        module = entry.removesuffix(":main")
        assert f"from {module} import main" in (folder / name).read_text()
        assert Path(repository / f"{module.replace('.', '/')}.py").exists()
