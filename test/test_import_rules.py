"""The import rules of pyproject.toml hold, and would notice if they did not."""

import subprocess
import sys
from pathlib import Path

import pytest

LINT = Path(sys.prefix) / "bin" / "lint-imports"


def lint(folder):
    if not LINT.exists():
        pytest.skip("import-linter is not installed")
    command = [str(LINT), "--no-cache", "--config", "pyproject.toml"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_every_import_rule_is_kept(repository):
    result = lint(repository)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.fixture
def copied(repository, tmp_path):
    """The project's modules without their content: the rules see what a test adds."""
    for package in ("scene_perception", "offline"):
        for module in (repository / package).rglob("*.py"):
            target = tmp_path / module.relative_to(repository)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.touch()
    (tmp_path / "pyproject.toml").write_text((repository / "pyproject.toml").read_text())
    return tmp_path


@pytest.mark.parametrize(
    ("module", "statement"),
    [
        ("scene_perception/geometry/camera.py", "import scene_perception.models.layers"),
        ("scene_perception/frame.py", "import sensor_msgs"),
        ("scene_perception/pipelines/mono.py", "import rclpy"),
        ("scene_perception/pipelines/stereo.py", "import stereo_msgs"),
        ("scene_perception/pipelines/stereo.py", "import message_filters"),
        ("scene_perception/geometry/disparity.py", "import visualization_msgs"),
        ("scene_perception/recordings/bags.py", "import std_msgs"),
        ("scene_perception/settings.py", "import scene_perception.frame"),
        ("scene_perception/pipelines/mono.py", "import scene_perception.nodes"),
        ("scene_perception/pipelines/mono.py", "import torch_tensorrt"),
        ("scene_perception/checkpoints/omeganet.py", "import tensorflow"),
        ("scene_perception/engines/load.py", "import offline"),
        ("offline/contact_sheet.py", "import scene_perception.nodes.mono_node"),
    ],
)
def test_import_that_breaks_a_rule_is_found(module, statement, copied):
    (copied / module).write_text(f"{statement}\n")
    assert lint(copied).returncode == 1
