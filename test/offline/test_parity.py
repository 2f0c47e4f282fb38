import numpy as np
import pytest

from offline.parity import main


@pytest.fixture
def data(repository):
    return repository / "test/data/omeganet"


@pytest.fixture
def run(data):
    def run(case):
        arguments = ["omeganet", str(case), "--variables", str(data / "variables.json")]
        return main([*arguments, "--seed", "10"])

    return run


def changed(source, target, **arrays):
    with np.load(source) as case:
        np.savez(target, **{**case, **arrays})
    return target


def test_every_output_of_the_published_network_agrees(run, data, capsys):
    assert run(data / "outputs_10.npz") == 0
    assert "37 of 37 arrays within their limits" in capsys.readouterr().out


def test_every_single_operation_agrees(run, data, capsys):
    assert run(data / "units.npz") == 0
    assert "14 of 14 arrays within their limits" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("case", "count"), [("outputs_10", 44), ("outputs_10_padded", 6), ("operations", 10)]
)
def test_every_array_of_the_published_dwarf_agrees(repository, capsys, case, count):
    data = repository / "test/data/dwarf"
    arguments = [str(data / f"{case}.npz"), "--variables", str(data / "variables.json")]
    assert main(["dwarf", *arguments, "--seed", "10"]) == 0
    assert f"{count} of {count} arrays within their limits" in capsys.readouterr().out


def test_dwarf_of_other_images_is_beyond_its_limits(repository, capsys):
    data = repository / "test/data/dwarf"
    arguments = [str(data / "outputs_10_padded.npz"), "--variables", str(data / "variables.json")]
    assert main(["dwarf", *arguments, "--seed", "20"]) == 1
    error = capsys.readouterr().err
    assert "disparity, disparity_change, flow, kitti_disp_0, kitti_disp_1" in error


@pytest.mark.parametrize(
    ("model", "folder", "count"), [("sgdepth", "sgdepth", 16), ("insta_dm", "instadm", 16)]
)
def test_every_array_of_the_published_pytorch_networks_agrees(shared, capsys, model, folder, count):
    data = shared / "golden" / folder
    arguments = [str(data / "network.npz"), "--variables", str(data / "variables.json")]
    assert main([model, *arguments, "--seed", "10"]) == 0
    assert f"{count} of {count} arrays within their limits" in capsys.readouterr().out


@pytest.mark.parametrize(
    "case",
    [
        "omeganet/units",
        "insta_dm/geometry_20",
        "insta_dm/losses_20",
        "insta_dm/metrics",
        "sgdepth/metrics",
    ],
)
def test_operations_losses_and_metrics_need_no_variables(repository, case):
    model = case.partition("/")[0]
    assert main([model, str(repository / f"test/data/{case}.npz"), "--seed", "20"]) == 0


@pytest.mark.parametrize("model", ["omeganet", "dwarf", "sgdepth", "insta_dm"])
def test_network_without_its_variables_is_refused(tmp_path, capsys, model):
    np.savez(tmp_path / "c.npz", disp=np.ones((128, 128)), disparity=np.ones((128, 128)))
    assert main([model, str(tmp_path / "c.npz")]) == 2
    assert "arrays of a network need its --variables" in capsys.readouterr().err


def test_array_beyond_its_limit_is_named_with_status_1(run, data, tmp_path, capsys):
    with np.load(data / "units.npz") as case:
        wrong = case["warp_out"] + 0.01
    assert run(changed(data / "units.npz", tmp_path / "c.npz", warp_out=wrong)) == 1
    assert "beyond their limits: warp_out" in capsys.readouterr().err


def test_array_that_is_not_covered_is_named_with_status_2(run, data, tmp_path, capsys):
    case = changed(data / "units.npz", tmp_path / "c.npz", surprise_out=np.zeros(3))
    assert run(case) == 2
    assert "not covered: surprise_out" in capsys.readouterr().err


def test_operation_without_its_inputs_is_not_covered_and_the_others_are_compared(
    run, data, tmp_path, capsys
):
    with np.load(data / "units.npz") as units:
        case = {name: units[name] for name in units.files if name != "cost_in_x2"}
    np.savez(tmp_path / "c.npz", **case)
    assert run(tmp_path / "c.npz") == 2
    output = capsys.readouterr()
    assert "13 of 13 arrays" in output.out
    assert "not covered: cost_out" in output.err


def test_inputs_that_do_not_fit_together_are_named(run, data, tmp_path, capsys):
    case = changed(data / "units.npz", tmp_path / "c.npz", warp_in_flow=np.zeros((5, 40, 2)))
    assert run(case) == 2
    assert "warp_out cannot be computed from warp_in_features" in capsys.readouterr().err


def test_case_without_arrays_is_refused(run, tmp_path, capsys):
    np.savez(tmp_path / "c.npz")
    assert run(tmp_path / "c.npz") == 2
    assert "must hold arrays to compare" in capsys.readouterr().err


def test_case_of_other_frames_points_to_the_seed(run, tmp_path, capsys):
    np.savez(tmp_path / "c.npz", disp=np.ones((128, 128)), input_crc32=np.zeros(3, np.uint32))
    assert run(tmp_path / "c.npz") == 1
    assert "check --seed" in capsys.readouterr().err


def test_case_of_another_kind_is_refused(run, tmp_path, capsys):
    path = tmp_path / "case.npz"
    path.write_text("no arrays")
    assert run(path) == 2
    assert "must be a whole .npz file" in capsys.readouterr().err


def test_missing_case_is_refused(run, tmp_path, capsys):
    assert run(tmp_path / "none.npz") == 2
    assert "none.npz" in capsys.readouterr().err


def test_incomplete_variables_are_refused(data, tmp_path, capsys):
    variables = tmp_path / "variables.json"
    variables.write_text('{"superflow/feature_extractor/conv1_1/weights": [3, 3, 3, 16]}')
    case = str(data / "outputs_10.npz")
    assert main(["omeganet", case, "--variables", str(variables)]) == 2
    assert "are missing: MultiViewNetwork/" in capsys.readouterr().err


@pytest.mark.parametrize(
    "content", ["[1]", "{}", '{"a": "3"}', '{"a": [0]}', '{"a": {"b": 3}}', "no json"]
)
def test_variables_of_another_kind_are_refused(data, tmp_path, capsys, content):
    variables = tmp_path / "variables.json"
    variables.write_text(content)
    assert main(["omeganet", str(data / "units.npz"), "--variables", str(variables)]) == 2
    assert "variables.json" in capsys.readouterr().err
