"""`pip install .` and `colcon build` both give everything that ros2 run and launch look for."""

import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

NAME = "scene_perception"
NODES = ("mono_node", "record_node", "replay_node")
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
    skip = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in INSTALLED_FROM:
        source = repository / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=skip)
        else:
            target.mkdir(exist_ok=True)
            shutil.copy2(source, target)
    return target


@pytest.fixture(scope="module")
def by_pip(repository, tmp_path_factory):
    """A fresh virtual environment with our package installed, and nothing else."""
    folder = tmp_path_factory.mktemp("pip")
    sources = copy_sources(repository, folder / "sources")
    prefix = folder / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", prefix)
    pip = (sys.executable, "-m", "pip", "--python", prefix / "bin" / "python3", "install")
    # setuptools comes from this environment: nothing is downloaded
    borrow_packages(prefix)
    run(*pip, "--no-deps", "--no-index", "--no-build-isolation", ".", cwd=sources)
    return prefix


def borrow_packages(prefix):
    """Let the environment import this one's packages, as if they were installed there."""
    own = Path(shutil.__file__).parent / "site-packages"
    borrowed = next(path for path in sys.path if path.endswith("site-packages")) or own
    (site,) = prefix.glob("lib/python3*/site-packages")
    (site / "borrowed.pth").write_text(f"{borrowed}\n")


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


def python_of(prefix):
    own = prefix / "bin" / "python3"
    return own if own.exists() else sys.executable


def environment_of(prefix):
    """This environment, with the installed package in the checkout's place."""
    paths = {"PYTHONPATH": str(installed_package(prefix).parent), "AMENT_PREFIX_PATH": str(prefix)}
    return {**os.environ, **paths}


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


def test_every_installed_module_imports(prefix, tmp_path):
    code = (
        "import importlib, pkgutil, scene_perception as package\n"
        "for module in pkgutil.walk_packages(package.__path__, package.__name__ + '.'):\n"
        "    importlib.import_module(module.name)\n"
        "print(package.__file__)\n"
    )
    script = tmp_path / "import_all.py"
    script.write_text(code)
    output = run(python_of(prefix), script, env=environment_of(prefix), cwd=tmp_path)
    assert Path(output.splitlines()[-1]).parent == installed_package(prefix)


@pytest.mark.parametrize("node", NODES)
def test_executable_of_every_node_can_be_executed(prefix, node):
    assert os.access(prefix / "lib" / NAME / node, os.X_OK)
    assert callable(importlib.import_module(f"{NAME}.nodes.{node}").main)


def test_executables_are_nodes_and_nothing_else(prefix):
    assert sorted(path.name for path in (prefix / "lib" / NAME).iterdir()) == sorted(NODES)
