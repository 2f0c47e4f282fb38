"""Labelling a data set by files and by a network, and reading it back as another data set."""

import numpy as np
import pytest

from offline.datasets.registry import Selection, read_samples
from offline.distill import main
from offline.distillation.lists import LIST
from offline.kitti_files import write_disparity


def _files(kitti, proxies, output, *more):
    folders = [f"{kind}={proxies / kind}" for kind in ("disparity", "flow")]
    return main(["files", "--files", *folders, "--dataset", "kitti_2015", "--data", str(kitti),
                 "--output", str(output), *more])  # fmt: skip


def _measure(kitti, scene):
    folder = kitti / "training" / "disp_occ_0"
    folder.mkdir(exist_ok=True)
    write_disparity(folder / f"{scene:06d}_10.png", np.full((64, 128), 3.0, np.float32))


def test_proxies_become_the_truth_of_the_listed_samples(kitti, proxies, tmp_path):
    assert _files(kitti, proxies, tmp_path / "out") == 0
    assert (tmp_path / "out" / LIST).read_text().splitlines()[3:] == [
        "kinds disparity flow",
        "000000_10 proxy proxy",
        "000001_10 proxy proxy",
    ]
    samples = read_samples("distilled", tmp_path / "out", Selection())
    flow, known = samples[1].known("flow_occ")
    assert (flow[:, :64] == (2, -1)).all()
    assert known[:, :64].all()
    assert not known[:, 64:].any()
    assert (samples[1].known("disparity_occ_0") == 8).all()
    assert samples[1].image("next_right").shape == (64, 128, 3)


def test_measured_truth_goes_first_unless_it_is_not_wanted(kitti, proxies, tmp_path):
    for scene in (0, 1):
        _measure(kitti, scene)
    assert _files(kitti, proxies, tmp_path / "first") == 0
    assert _files(kitti, proxies, tmp_path / "never", "--truth", "never") == 0
    assert not (tmp_path / "first" / "disparity").exists()
    for folder, value in (("first", 3), ("never", 8)):
        sample = read_samples("distilled", tmp_path / folder, Selection())[0]
        assert (sample.known("disparity_occ_0") == value).all()


def test_a_list_may_say_that_nothing_is_known(kitti, proxies, tmp_path):
    assert _files(kitti, proxies, tmp_path / "out") == 0
    text = (tmp_path / "out" / LIST).read_text()
    (tmp_path / "out" / "mine.txt").write_text(text.replace("0_10 proxy proxy", "0_10 none none"))
    sample, other = read_samples("distilled", tmp_path / "out", Selection("mine.txt"))
    assert np.isnan(sample.known("disparity_occ_0")).all()
    assert not sample.known("flow_occ")[1].any()
    assert other.known("flow_occ")[1].any()


def test_what_is_labelled_is_not_labelled_again(kitti, proxies, tmp_path):
    assert _files(kitti, proxies, tmp_path / "out") == 0
    whole = (tmp_path / "out" / LIST).read_bytes()
    kept = tmp_path / "out" / "flow" / "000000_10.png"
    stamp = kept.stat().st_mtime_ns
    (tmp_path / "out" / "flow" / "000001_10.png").unlink()
    (tmp_path / "out" / LIST).unlink()
    assert _files(kitti, proxies, tmp_path / "out") == 0
    assert kept.stat().st_mtime_ns == stamp
    assert (tmp_path / "out" / LIST).read_bytes() == whole


def test_other_settings_need_another_folder(kitti, proxies, tmp_path, capsys):
    assert _files(kitti, proxies, tmp_path / "out") == 0
    assert _files(kitti, proxies, tmp_path / "out", "--truth", "never") == 2
    assert "was made with 'truth: first', not 'truth: never'" in capsys.readouterr().err


def test_labels_that_know_next_to_nothing_are_refused(kitti, proxies, tmp_path, capsys):
    assert _files(kitti, proxies, tmp_path / "out", "--least-share", "0.9") == 2
    assert "must be known on 90% of the pixels at least, these are on 75.0%" in (
        capsys.readouterr().err
    )
    assert not (tmp_path / "out" / LIST).exists()


def test_files_of_another_size_are_refused(kitti, proxies, tmp_path, capsys):
    write_disparity(proxies / "disparity/000001_10.png", np.ones((8, 8), np.float32))
    assert _files(kitti, proxies, tmp_path / "out") == 2
    assert "must have the size of its image, 128x64, got 8x8 px" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("000001_10 proxy", "must be a sample, once, and for each of disparity, flow"),
        ("000001_10 proxy guess", "truth, proxy or none"),
        ("000009_10 proxy proxy", "kitti_2015 must have the sample 000009_10"),
    ],
)
def test_lists_that_make_no_sense_are_refused(line, rule, kitti, proxies, tmp_path):
    assert _files(kitti, proxies, tmp_path / "out") == 0
    path = tmp_path / "out" / LIST
    path.write_text(path.read_text().replace("000001_10 proxy proxy", line))
    with pytest.raises(ValueError, match=rule):
        read_samples("distilled", tmp_path / "out", Selection())


def test_a_network_that_has_learned_nothing_is_refused(kitti, tmp_path, capsys):
    from offline.training.dwarf_motions import initialized_dwarf
    from scene_perception.checkpoints.weights import save_weights

    weights = tmp_path / "w.safetensors"
    save_weights(weights, initialized_dwarf("xavier", 0).state_dict(), {"model": "dwarf"})
    options = ["--dataset", "kitti_2015", "--data", str(kitti), "--weights", str(weights),
               "--height", "128", "--width", "128", "--limit", "1"]  # fmt: skip
    status = main(["dwarf", *options, "--output", str(tmp_path / "out"), "--least-share", "0.9"])
    assert status == 2
    assert "the weights do not fit these images" in capsys.readouterr().err
    assert (tmp_path / "out" / "next_disparity" / "000000_10.png").is_file()
