"""`pip install .` and `colcon build` both give everything that ros2 run and launch look for."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

NAME = "scene_perception"
# Each node's executable, with a parameter that the node refuses.
NODES = {
    "mono_node": "image_transport:=paper",
    "stereo_node": "image_transport:=paper",
    "record_node": "storage:=paper",
    "replay_node": "pace:=paper",
}
INSTALLED_FROM = (
    "setup.py",
    "setup.cfg",
    "pyproject.toml",
    "package.xml",
    "LICENSE",
    "resource",
    NAME,
    "offline",
    "launch",
    "config",
)


def run(*command, **options):
    done = subprocess.run(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        **options,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def copy_sources(repository, target):
    target.mkdir(parents=True)
    skip = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in INSTALLED_FROM:
        source = repository / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=skip)
        else:
            shutil.copy2(source, target)
    return target


@pytest.fixture(scope="module")
def by_pip(repository, tmp_path_factory):
    """A fresh virtual environment into which `pip install .` has put our package."""
    folder = tmp_path_factory.mktemp("pip")
    sources = copy_sources(repository, folder / "sources")
    prefix = folder / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", prefix)
    # Nothing is downloaded: setuptools and the requirements are this environment's.
    (site,) = prefix.glob("lib/python3*/site-packages")
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    pip = (sys.executable, "-m", "pip", "--python", prefix / "bin" / "python3", "install")
    run(*pip, "--no-deps", "--no-index", "--no-build-isolation", ".", cwd=sources)
    return prefix


@pytest.fixture(scope="module")
def by_colcon(repository, tmp_path_factory):
    """The install prefix of a colcon workspace."""
    workspace = tmp_path_factory.mktemp("colcon")
    copy_sources(repository, workspace / "src" / NAME)
    environment = {**os.environ, "COLCON_HOME": str(workspace / "home")}
    colcon = (sys.executable, "-m", "colcon", "--log-base", workspace / "log")
    listed = run(*colcon, "list", cwd=workspace, env=environment)
    assert "(ros.ament_python)" in listed
    run(*colcon, "build", cwd=workspace, env=environment)
    return workspace / "install" / NAME


@pytest.fixture(params=["by_pip", "by_colcon"])
def prefix(request):
    return request.getfixturevalue(request.param)


def installed_package(prefix):
    (package,) = prefix.glob(f"lib/python3*/site-packages/{NAME}")
    return package


def environment_of(prefix):
    """This environment, with the installed package in the checkout's place."""
    return {
        **os.environ,
        "AMENT_PREFIX_PATH": str(prefix),
        "PATH": os.pathsep.join([str(Path(sys.prefix) / "bin"), os.environ["PATH"]]),
        "PYTHONPATH": str(installed_package(prefix).parent),
    }


def test_ament_index_knows_the_package(prefix, monkeypatch):
    index = pytest.importorskip("ament_index_python.packages", reason="needs ament_index_python")
    monkeypatch.setenv("AMENT_PREFIX_PATH", str(prefix))
    share = Path(index.get_package_share_directory(NAME))
    assert share == prefix / "share" / NAME


def test_share_holds_manifest_launch_files_and_configuration(prefix, repository):
    share = prefix / "share" / NAME
    wanted = {"package.xml"}
    for folder in ("launch", "config"):
        wanted |= {f"{folder}/{path.name}" for path in (repository / folder).glob("*.*")}
    found = {str(path.relative_to(share)) for path in share.rglob("*") if path.is_file()}
    assert wanted <= found


def test_every_module_and_data_file_of_the_package_is_installed(prefix, repository):
    def content(root):
        return {
            str(path.relative_to(root))
            for path in root.rglob("*")
            if path.suffix in {".py", ".xml", ".typed", ".safetensors"}
        }

    assert content(installed_package(prefix)) == content(repository / NAME)


def test_offline_tools_are_not_installed(prefix):
    assert not list(prefix.glob("lib/python3*/site-packages/offline"))


def test_every_installed_module_imports_from_the_install(prefix, tmp_path):
    script = tmp_path / "import_all.py"
    script.write_text(
        "import importlib, pkgutil, scene_perception as package\n"
        "for module in pkgutil.walk_packages(package.__path__, package.__name__ + '.'):\n"
        "    print(importlib.import_module(module.name).__file__)\n"
    )
    output = run(sys.executable, script, env=environment_of(prefix), cwd=tmp_path)
    places = [Path(line) for line in output.splitlines()]
    assert len(places) > len(NODES)
    assert all(installed_package(prefix) in place.parents for place in places)


def test_executables_are_nodes_and_nothing_else(prefix):
    assert sorted(path.name for path in (prefix / "lib" / NAME).iterdir()) == sorted(NODES)


@pytest.mark.parametrize(("node", "refused"), NODES.items())
def test_executable_starts_its_node(node, refused, prefix, tmp_path):
    """Far enough that the node itself refuses a parameter."""
    pytest.importorskip("rclpy", reason="needs rclpy")
    done = subprocess.run(
        [prefix / "lib" / NAME / node, "--ros-args", "-p", refused],
        env=environment_of(prefix),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert f"{refused.partition(':')[0]} must" in done.stderr
    assert "Traceback" not in done.stderr
