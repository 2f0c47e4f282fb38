"""Which weights a setting means."""

from __future__ import annotations

from pathlib import Path

import pytest

from scene_perception.checkpoints import shipped
from scene_perception.checkpoints.shipped import meant_weights, shipped_weights

BY = {"setting": "network.weights", "random_by": "network.random_weights"}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the weights of omeganet in a package that has no others."""
    folder = tmp_path / "weights" / "omeganet"
    folder.mkdir(parents=True)
    (folder / "1_of_1.safetensors").touch()
    monkeypatch.setattr(shipped.resources, "files", lambda _: tmp_path)
    return folder


def test_without_a_path_the_packages_own_are_meant(package: Path) -> None:
    assert meant_weights("omeganet", "", **BY) == str(package)


def test_a_path_comes_first(package: Path) -> None:
    assert meant_weights("omeganet", "mine.safetensors", **BY) == "mine.safetensors"
    assert package.exists()


def test_random_ones_are_meant_where_they_are_asked_for(package: Path) -> None:
    assert not meant_weights("omeganet", "", random=True, **BY)
    assert package.exists()


@pytest.mark.usefixtures("package")
def test_a_model_without_any_is_told_how_to_get_them() -> None:
    with pytest.raises(ValueError, match=r"offline.convert dwarf CHECK.* or set network.random"):
        meant_weights("dwarf", "", **BY)


@pytest.mark.usefixtures("package")
def test_a_folder_without_weights_is_none(tmp_path: Path) -> None:
    (tmp_path / "weights" / "dwarf").mkdir()
    assert shipped_weights("dwarf") is None
