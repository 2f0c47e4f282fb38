"""Samples are scored in their order; what cannot be read is named, or passed over if asked."""

import dataclasses

import numpy as np
import pytest

from offline.evaluation.depth import DepthTask
from offline.evaluation.frames import best_and_worst, ranked
from offline.evaluation.run import Evaluation, Source, evaluate
from offline.metrics.depth_protocol import DepthProtocol
from offline.sharding import Shard

TASK = DepthTask(DepthProtocol(crop="none", scaling="none"))


def constant(depth_m):
    """Return a source that says one depth everywhere."""

    def predict(_, sample, __):
        shape = sample.known("depth").shape
        return {"depth": np.full(shape, depth_m, np.float32)}

    return Source((), predict, "constant")


def damaged(sample):
    def read():
        raise ValueError("scan.bin cannot be read")

    return dataclasses.replace(sample, truth={"depth": read}, where="list.txt:7")


def test_every_sample_is_scored_in_its_order(depth_samples):
    found = evaluate(depth_samples, constant(20.0), TASK, Shard())
    assert [record.name for record in found.records.values()] == ["000000", "000001", "000002"]
    assert [record.score.abs_rel for record in found.records.values()] == pytest.approx(
        [1.0, 0.0, 1 / 3]
    )


def test_a_process_scores_its_own_samples_only(depth_samples):
    asked = []
    source = constant(20.0)
    watched = Source((), lambda i, s, images: asked.append(i) or source.predict(i, s, images), "")
    share = Shard(1, 2)
    with pytest.raises(ValueError, match="process group"):
        evaluate(depth_samples, watched, TASK, share)
    assert asked == [1]


def test_a_damaged_file_ends_the_run_naming_sample_file_and_line(depth_samples):
    samples = (depth_samples[0], damaged(depth_samples[1]))
    with pytest.raises(ValueError, match=r"000001 \(list\.txt:7\): scan\.bin cannot be read"):
        evaluate(samples, constant(20.0), TASK, Shard())


def test_a_damaged_file_is_passed_over_if_asked(depth_samples, capsys):
    samples = (damaged(depth_samples[0]), depth_samples[1])
    found = evaluate(samples, constant(20.0), TASK, Shard(), skip_missing=True)
    assert list(found.records) == [1]
    assert "scan.bin" in found.skipped[0]
    assert "skipped sample 000000" in capsys.readouterr().err


def test_a_frame_without_a_true_value_is_passed_over_if_asked(depth_samples):
    empty = dataclasses.replace(
        depth_samples[0], truth={"depth": lambda: np.zeros((40, 120), np.float32)}
    )
    samples = (depth_samples[1], empty)
    with pytest.raises(ValueError, match="sample 000000: truth must have values between"):
        evaluate(samples, constant(20.0), TASK, Shard())
    found = evaluate(samples, constant(20.0), TASK, Shard(), skip_missing=True)
    assert (list(found.records), list(found.skipped)) == ([0], [1])


def test_what_is_skipped_is_told_in_the_order_of_the_samples(depth_samples):
    found = evaluate(
        tuple(map(damaged, depth_samples)), constant(20.0), TASK, Shard(), skip_missing=True
    )
    assert [text[:13] for text in found.skipped.values()] == [
        "sample 000000",
        "sample 000001",
        "sample 000002",
    ]


def test_a_prediction_that_is_not_a_number_names_the_sample(depth_samples):
    with pytest.raises(ValueError, match=r"sample 000000: .*NaN at 4800 of 4800"):
        evaluate(depth_samples, constant(np.nan), TASK, Shard())


def test_a_prediction_of_another_size_names_both(depth_samples):
    source = Source((), lambda *_: {"depth": np.ones((20, 60), np.float32)}, "small")
    with pytest.raises(ValueError, match=r"must be 120x40 px .*, got 60x20"):
        evaluate(depth_samples, source, TASK, Shard())


def test_nothing_scored_is_an_error_that_says_why():
    with pytest.raises(ValueError, match="got none; the first problem was: x is missing"):
        Evaluation(skipped={4: "x is missing"}).conclude(TASK)


def test_frames_are_ranked_from_good_to_bad(depth_samples):
    found = evaluate(depth_samples, constant(20.0), TASK, Shard())
    assert list(ranked(found, TASK)) == [1, 2, 0]


def test_no_frame_is_shown_as_best_and_as_worst(depth_samples):
    source = constant(20.0)
    found = evaluate(depth_samples, source, TASK, Shard())
    best, worst = best_and_worst(depth_samples, source, TASK, found, 2)
    assert [shown.title.split(":")[0] for shown in best] == ["000001", "000002"]
    assert [shown.title.split(":")[0] for shown in worst] == ["000000"]


def test_no_pictures_are_drawn_if_none_are_asked_for(depth_samples):
    found = evaluate(depth_samples, constant(20.0), TASK, Shard())
    assert best_and_worst(depth_samples, constant(20.0), TASK, found, 0) == ([], [])
