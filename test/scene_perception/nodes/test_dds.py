import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from scene_perception.nodes.dds import (
    profile_path,
    transport_in_effect,
    use_large_messages,
)

DDS = "{http://www.eprosima.com}"


def test_the_profile_gives_16_mb_of_shared_memory_beside_udp() -> None:
    root = ET.parse(profile_path()).getroot()
    assert [entry.text for entry in root.iter(f"{DDS}segment_size")] == [str(16 * 2**20)]
    assert [entry.text for entry in root.iter(f"{DDS}type")] == ["SHM", "UDPv4"]
    assert [entry.text for entry in root.iter(f"{DDS}useBuiltinTransports")] == ["false"]


def test_an_unset_environment_gets_the_profile() -> None:
    environment: dict[str, str] = {}
    use_large_messages(environment)
    assert environment["FASTDDS_DEFAULT_PROFILES_FILE"] == str(profile_path())
    assert "FASTRTPS_DEFAULT_PROFILES_FILE" not in environment
    assert str(profile_path()) in transport_in_effect(environment)


@pytest.mark.parametrize("distro", ["humble", "iron"])
def test_older_distributions_get_the_older_variable(distro: str) -> None:
    environment = {"ROS_DISTRO": distro}
    use_large_messages(environment)
    assert environment["FASTRTPS_DEFAULT_PROFILES_FILE"] == str(profile_path())
    assert "FASTDDS_DEFAULT_PROFILES_FILE" not in environment


@pytest.mark.parametrize(
    "name",
    [
        "FASTDDS_DEFAULT_PROFILES_FILE",
        "FASTRTPS_DEFAULT_PROFILES_FILE",
        "FASTDDS_BUILTIN_TRANSPORTS",
    ],
)
def test_what_the_user_chose_stays(name: str) -> None:
    environment = {name: "mine"}
    use_large_messages(environment)
    assert {key for key in environment if key.startswith("FAST")} == {name}
    assert environment[name] == "mine"
    assert transport_in_effect(environment) == f"Fast DDS reads {name}=mine"


def test_a_profile_in_the_working_directory_stays_in_effect(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "DEFAULT_FASTDDS_PROFILES.xml").write_text("<dds/>")
    monkeypatch.chdir(tmp_path)
    environment: dict[str, str] = {}
    use_large_messages(environment)
    assert "FASTDDS_DEFAULT_PROFILES_FILE" not in environment
    assert "working directory" in transport_in_effect(environment)


def test_the_log_says_what_default_transports_cost() -> None:
    assert "0.5 MB" in transport_in_effect({})


def test_sending_is_left_to_a_thread_of_the_middleware_unless_the_user_says_otherwise() -> None:
    environment: dict[str, str] = {}
    use_large_messages(environment)
    assert environment["RMW_FASTRTPS_PUBLICATION_MODE"] == "ASYNCHRONOUS"
    environment = {"RMW_FASTRTPS_PUBLICATION_MODE": "SYNCHRONOUS"}
    use_large_messages(environment)
    assert environment["RMW_FASTRTPS_PUBLICATION_MODE"] == "SYNCHRONOUS"
