"""Each task compares what it should, and concludes from the scores in their order."""

import json

import numpy as np
import pytest

from offline.datasets.kitti_2015 import read_kitti_2015_truth
from offline.evaluation.depth import DepthTask, sequence_factors
from offline.evaluation.flow import FlowTask
from offline.evaluation.motion import MotionTask
from offline.evaluation.pose import PoseTask
from offline.evaluation.run import Source, evaluate
from offline.evaluation.scene_flow import SceneFlowTask
from offline.evaluation.semantics import SemanticsTask
from offline.evaluation.sources import file_source
from offline.evaluation.task import Record
from offline.metrics.depth_protocol import DepthProtocol
from offline.metrics.flow import FlowProtocol
from offline.metrics.semantics import SemanticsProtocol
from offline.sharding import Shard

SHAPE = (40, 120)
IMAGE = np.zeros((*SHAPE, 3), np.uint8)


@pytest.fixture
def sample(depth_samples):
    return depth_samples[0]


@pytest.mark.parametrize("pixels", ["occ", "noc"])
def test_scene_flow_from_files_is_what_the_development_kit_says(repository, pixels):
    golden = repository / "test/data/kitti_scene_flow"
    samples = read_kitti_2015_truth(golden / "gt")
    task = SceneFlowTask(pixels)
    source = file_source(golden / "prediction", "scene_flow", samples)
    rows = task.rows(list(evaluate(samples, source, task, Shard()).records.values()))
    published = json.loads((golden / "results.json").read_text())[pixels]
    for sample, row in rows.items():
        for measure, values in published.items():
            kit = values["per_image_fractions"][int(sample[:6])]
            for kind in ("bg", "fg", "all"):
                figure = row[f"{measure.lower()}_{kind}"]
                assert figure == pytest.approx(100 * kit[kind], abs=1e-4)


def test_depth_is_scaled_by_its_sequence_where_the_protocol_says_so(depth_samples):
    protocol = DepthProtocol(crop="none", scaling="sequence")
    source = Source((), lambda *_: {"depth": np.ones(SHAPE, np.float32)}, "ones")
    first = DepthTask(DepthProtocol(crop="none", scaling="median"))
    found = evaluate(depth_samples, source, first, Shard())
    factors = sequence_factors(list(found.records.values()))
    assert factors == {"drive": 20.0}
    scaled = evaluate(depth_samples, source, DepthTask(protocol, factors), Shard())
    assert [record.score.abs_rel for record in scaled.records.values()] == pytest.approx(
        [1.0, 0.0, 1 / 3]
    )


def test_a_networks_inverse_depth_is_brought_to_the_truths_size(sample):
    task = DepthTask(DepthProtocol(crop="none", scaling="none"))
    outputs = {"inverse_depth": np.full((4, 12), 0.1, np.float32)}
    score = task.score(sample, {"depth": sample.known("depth")}, outputs)
    assert score.abs_rel == pytest.approx(0.0, abs=1e-6)


def test_flow_is_scored_on_both_sets_of_pixels(sample):
    known = np.ones(SHAPE, bool)
    inside = known.copy()
    inside[:, :60] = False
    true = np.zeros((*SHAPE, 2), np.float32)
    true[:, :60] = 8.0
    truth = {
        "flow_occ": (true, known),
        "flow_noc": (true, inside),
        "object_map": np.zeros(SHAPE, np.uint8),
    }
    task = FlowTask(FlowProtocol())
    score = task.score(sample, truth, {"flow": np.zeros((10, 30, 2), np.float32)})
    figures = task.conclude([Record("a", "", score)])
    assert figures["fl_all_occ"] == pytest.approx(50.0)
    assert figures["fl_all_noc"] == 0.0
    assert figures["epe_occ"] == pytest.approx(np.hypot(8, 8) / 2, rel=1e-5)


def test_labels_are_compared_by_the_kind_of_truth_that_samples_have(sample):
    task = SemanticsTask(SemanticsProtocol())
    assert task.fitted([sample]).kinds == ("labels",)
    labels = np.full(SHAPE, 13, np.uint8)
    ids = np.full(SHAPE, 26, np.uint8)  # Cityscapes' id of a car, whose train id is 13
    by_id = task.score(sample, {"label_ids": ids}, {"labels": labels})
    by_train_id = task.fitted([sample]).score(sample, {"labels": labels}, {"labels": labels})
    assert (by_id == by_train_id).all()
    assert by_id[13, 13] == labels.size


def test_confusions_are_pooled_over_images(sample):
    task = SemanticsTask(SemanticsProtocol(), kinds=("labels",))
    car, road = np.full(SHAPE, 13, np.uint8), np.zeros(SHAPE, np.uint8)
    right = task.score(sample, {"labels": car}, {"labels": car})
    wrong = task.score(sample, {"labels": car}, {"labels": road})
    figures = task.conclude([Record("a", "", right), Record("b", "", wrong)])
    assert figures["pixel_accuracy"] == 0.5
    assert figures["frames"] == 2


def test_what_moves_is_decided_where_the_network_looked(sample):
    probability = np.zeros((4, 12), np.float32)
    probability[:, :6] = 0.9
    labels = np.full((4, 12), 13, np.uint8)
    truth = {"object_map": np.zeros(SHAPE, np.uint8)}
    truth["object_map"][:, :60] = 1
    task = MotionTask(threshold=0.5)
    outputs = {"motion_probability": probability, "labels": labels}
    assert task.conclude([Record("a", "", task.score(sample, truth, outputs))])["miou"] == 1.0


def straight(count, step_m):
    """Return poses of a camera that drives straight ahead."""
    poses = np.tile(np.eye(4), (count, 1, 1))
    poses[:, 2, 3] = step_m * np.arange(count)
    return poses


def pose_records(task, sample, poses, steps):
    return [
        Record(
            f"{i}", "drive", task.score(sample, {"world_from_camera": p}, {"next_from_current": s})
        )
        for i, (p, s) in enumerate(zip(poses, steps, strict=True))
    ]


def test_a_drive_in_another_unit_has_no_error_after_alignment(sample):
    truth = straight(8, 2.0)
    truth[4:, 0, 3] = 1.0  # not quite straight: a line does not determine a rotation
    steps = np.linalg.inv(np.linalg.inv(truth[:-1]) @ truth[1:])
    steps[:, :3, 3] /= 5
    task = PoseTask()
    records = pose_records(task, sample, truth, [*steps, np.eye(4)])
    figures = task.conclude(records)
    assert figures["ate"] == pytest.approx(0.0, abs=1e-9)
    assert figures["rotation_median_deg"] == pytest.approx(0.0, abs=1e-6)
    assert len(task.rows(records)) == 7
    assert task.overview(records)["trajectory"].shape[2] == 3


def test_two_drives_at_once_are_refused(sample):
    task = PoseTask()
    records = pose_records(task, sample, straight(2, 1.0), straight(2, 1.0))
    other = Record("x", "other drive", records[0].score)
    with pytest.raises(ValueError, match="on one drive, got drive, other drive"):
        task.conclude([*records, other])


@pytest.mark.parametrize(
    ("task", "truth", "outputs"),
    [
        (
            DepthTask(DepthProtocol(crop="none")),
            {"depth": np.full(SHAPE, 5.0, np.float32)},
            {"depth": np.full(SHAPE, 4.0, np.float32)},
        ),
        (
            FlowTask(FlowProtocol()),
            {"flow_occ": (np.ones((*SHAPE, 2), np.float32), np.ones(SHAPE, bool))},
            {"flow": np.zeros((*SHAPE, 2), np.float32)},
        ),
        (
            SemanticsTask(SemanticsProtocol()),
            {"label_ids": np.full(SHAPE, 26, np.uint8)},
            {"labels": np.full(SHAPE, 13, np.uint8)},
        ),
        (
            MotionTask(),
            {"object_map": np.ones(SHAPE, np.uint8)},
            {"motion_mask": np.zeros(SHAPE, np.uint8)},
        ),
        (
            SceneFlowTask(),
            {
                "disparity_occ_0": np.full(SHAPE, 5.0, np.float32),
                "disparity_occ_1": np.full(SHAPE, 5.0, np.float32),
                "flow_occ": (np.ones((*SHAPE, 2), np.float32), np.ones(SHAPE, bool)),
            },
            {
                "disparity": np.full(SHAPE, 4.0, np.float32),
                "flow": np.zeros((*SHAPE, 2), np.float32),
            },
        ),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_every_task_draws_prediction_and_truth(sample, task, truth, outputs):
    pictures = task.pictures(sample, IMAGE, truth, outputs)
    assert len(pictures) >= 2
    assert all(p.shape == (*SHAPE, 3) and p.dtype == np.uint8 for p in pictures.values())
