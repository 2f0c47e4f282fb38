"""Every test process is a ROS island of its own: own domain, own logs, strict message fields.

The variables are set on import, before any test imports rclpy; child processes inherit them.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
_LAST_SAFE_DOMAIN = 101  # above it DDS ports reach into the ephemeral range
_LOGS = tempfile.TemporaryDirectory(prefix="ros-test-", ignore_cleanup_errors=True)

# What ties a process to this interpreter and checkout: the ROS wheels' guard would make
# another environment's python load this one's libraries.
_OURS_ALONE = (
    "_ROS_WHEELS_BOOTSTRAP_COMPLETE",
    "LD_LIBRARY_PATH",
    "PYTHONPATH",
    "PYTHONHOME",
    "VIRTUAL_ENV",
    "AMENT_PREFIX_PATH",
    "COLCON_PREFIX_PATH",
)


def _isolate_ros() -> None:
    os.environ.update(
        ROS_DOMAIN_ID=str(1 + os.getpid() % _LAST_SAFE_DOMAIN),
        ROS_AUTOMATIC_DISCOVERY_RANGE="LOCALHOST",
        ROS_PYTHON_CHECK_FIELDS="1",
        ROS_HOME=_LOGS.name,
        ROS_LOG_DIR=str(Path(_LOGS.name) / "log"),
        OMP_WAIT_POLICY="PASSIVE",  # as the nodes; spinning threads starve their neighbours
        RCUTILS_COLORIZED_OUTPUT="0",
        RCUTILS_CONSOLE_OUTPUT_FORMAT="[{severity}] {name}: {message}",
        PYTHONPATH=os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))),
    )
    for name in ("FASTDDS_DEFAULT_PROFILES_FILE", "FASTRTPS_DEFAULT_PROFILES_FILE"):
        os.environ.pop(name, None)


_isolate_ros()


@pytest.fixture(scope="session")
def repository() -> Path:
    """The checkout's root."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The material beside the checkout; tests that need it skip where it is absent."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("needs ../shared beside the checkout")
    return folder


@pytest.fixture
def bare_environment() -> dict[str, str]:
    """Environment for a process that must see nothing of this interpreter or checkout."""
    environment = {key: value for key, value in os.environ.items() if key not in _OURS_ALONE}
    own_scripts = str(Path(sys.prefix) / "bin")
    parts = environment.get("PATH", os.defpath).split(os.pathsep)
    environment["PATH"] = os.pathsep.join(part for part in parts if part != own_scripts)
    return environment
