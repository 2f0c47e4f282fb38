"""What a process that sends images must set before ``rclpy.init()``."""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping
from importlib import resources
from pathlib import Path

from scene_perception.allocator import keep_freed_messages

PROFILES_FILE = "FASTDDS_DEFAULT_PROFILES_FILE"
OLD_PROFILES_FILE = "FASTRTPS_DEFAULT_PROFILES_FILE"
PUBLICATION_MODE = "RMW_FASTRTPS_PUBLICATION_MODE"
_USERS_CHOICES = (PROFILES_FILE, OLD_PROFILES_FILE, "FASTDDS_BUILTIN_TRANSPORTS")
_USERS_FILE = "DEFAULT_FASTDDS_PROFILES.xml"
_DISTROS_WITH_OLD_NAME = ("humble", "iron")


def profile_path() -> Path:
    """Return the path of the Fast DDS profile with 16 MB of shared memory."""
    return Path(str(resources.files("scene_perception.nodes") / "fastdds_profile.xml"))


def use_large_messages(environment: MutableMapping[str, str]) -> None:
    """Choose Fast DDS's profile and thread for images, unless the user has chosen.

    Call it with ``os.environ`` before ``rclpy.init()``; other middlewares ignore it.
    """
    # An image's many fragments are sent by a thread of Fast DDS: `publish` takes a third less
    # and does not hold Python's lock meanwhile.
    environment.setdefault(PUBLICATION_MODE, "ASYNCHRONOUS")
    if any(environment.get(name) for name in _USERS_CHOICES) or Path(_USERS_FILE).exists():
        return
    old = environment.get("ROS_DISTRO", "") in _DISTROS_WITH_OLD_NAME
    environment[OLD_PROFILES_FILE if old else PROFILES_FILE] = str(profile_path())


def transport_in_effect(environment: Mapping[str, str]) -> str:
    """Return one line for the log: which transport settings Fast DDS reads."""
    for name in _USERS_CHOICES:
        if environment.get(name):
            return f"Fast DDS reads {name}={environment[name]}"
    if Path(_USERS_FILE).exists():
        return f"Fast DDS reads {_USERS_FILE} in the working directory"
    return "Fast DDS has its default transports: best-effort images above 0.5 MB may not arrive"


def prepare_process() -> None:
    """Do both for this process."""
    use_large_messages(os.environ)
    keep_freed_messages()
