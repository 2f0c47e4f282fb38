import pytest

from offline import parity

COUNTS = {
    "dwarf_sceneflow": 38,
    "instadm_depth": 6,
    "omeganet_depth": 8,
    "omeganet_flow": 11,
    "omeganet_mask": 2,
    "omeganet_semantic": 9,
    "semseg_depth": 18,
    "semseg_segmentation": 3,
    "sgdepth_depth": 16,
    "sgdepth_pose": 2,
    "sgdepth_segmentation": 8,
}
WITHOUT_SCANS = [name for name in COUNTS if not name.endswith("_depth")]


@pytest.mark.parametrize("name", COUNTS)
def test_every_number_of_the_published_evaluators_agrees(shared, capsys, name):
    assert parity.main(["metrics", str(shared / "golden/metrics" / f"{name}.npz")]) == 0
    assert f"{COUNTS[name]} of {COUNTS[name]} arrays" in capsys.readouterr().out


@pytest.mark.parametrize("name", WITHOUT_SCANS)
def test_cases_in_the_repository_agree(repository, capsys, name):
    assert parity.main(["metrics", str(repository / "test/data/metrics" / f"{name}.npz")]) == 0
