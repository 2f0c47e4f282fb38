from __future__ import annotations

import numpy as np
import pytest

from offline.inference.estimates import Settings
from offline.inference.image_sources import image_sequence
from offline.inference.moments import Listed, Moment
from offline.inference.run import Inference, read, run
from offline.sharding import Shard
from scene_perception.pipelines.config import MotionConfig, OutputConfig, ScaleConfig

ALONE = Shard()


class Echo:
    """Says the images' first value: inverse depth of the current, flow of the next one."""

    model = "echo"
    roles = {"depth": ("current",), "flow": ("current", "next")}  # noqa: RUF012

    def __call__(self, task, images):
        value = images["next" if task == "flow" else "current"][0, 0, 0]
        shape = (4, 6, 2) if task == "flow" else (4, 6)
        name = "flow" if task == "flow" else "inverse_depth"
        return {name: np.full(shape, value, np.float32)}


class Kept:
    """A writer that keeps what it is given."""

    def __init__(self) -> None:
        self.estimates: dict[str, dict] = {}

    def write(self, moment, image, estimates):
        self.estimates[moment.name] = estimates

    def close(self):
        pass


def sequence(count: int, *, damaged: int = -1) -> Listed:
    """Moments of images whose values are 1, 2, 3 ..."""

    def load(number: int) -> np.ndarray:
        if number == damaged:
            raise ValueError(f"image {number} is damaged")
        return np.full((4, 6, 3), number + 1, np.uint8)

    def moment(number: int) -> Moment:
        near = {"current": number, "next": number + 1}
        images = {role: lambda n=n: load(n) for role, n in near.items() if n < count}
        return Moment(number, f"{number:06d}", images)

    return Listed([moment(number) for number in range(count)])


def infer(source: Listed, share: Shard = ALONE, **options):
    kept = Kept()
    settings = Settings(ScaleConfig(), OutputConfig(), MotionConfig())
    inference = Inference(Echo(), ["depth", "flow"], settings, [kept])
    return run(source, inference, share, **options), kept.estimates


def test_each_moment_gives_what_its_images_allow():
    done, kept = infer(sequence(3))
    assert list(done.written.values()) == ["000000", "000001", "000002"]
    assert [sorted(found) for found in kept.values()] == [["depth", "flow"]] * 2 + [["depth"]]
    assert kept["000001"]["depth"][0, 0] == 0.5
    assert kept["000001"]["flow"][0, 0, 0] == 3


def test_processes_share_the_moments_by_index():
    shares = [infer(sequence(5), Shard(rank, 2))[0].written for rank in range(2)]
    assert [sorted(written) for written in shares] == [[0, 2, 4], [1, 3]]


def test_the_number_of_moments_is_limited_for_all_processes_together():
    shares = [infer(sequence(5), Shard(rank, 2), limit=3)[0].written for rank in range(2)]
    assert [sorted(written) for written in shares] == [[0, 2], [1]]


def test_a_damaged_image_ends_the_run_with_its_name():
    with pytest.raises(ValueError, match="image 1 is damaged"):
        infer(sequence(3, damaged=1))


def test_a_damaged_image_can_cost_only_what_needs_it(capsys):
    done, kept = infer(sequence(4, damaged=1), skip_missing=True)
    assert {name: sorted(found) for name, found in kept.items()} == {
        "000000": ["depth"],
        "000002": ["depth", "flow"],
        "000003": ["depth"],
    }
    assert list(done.skipped) == [0, 1]
    assert "skipped 000001: image 1 is damaged" in capsys.readouterr().err


def test_a_failure_after_reading_is_never_passed_over():
    class Broken(Kept):
        def write(self, moment, image, estimates):
            raise ValueError("does not fit")

    settings = Settings(ScaleConfig(), OutputConfig(), MotionConfig())
    inference = Inference(Echo(), ["depth"], settings, [Broken()])
    with pytest.raises(ValueError, match="does not fit"):
        run(sequence(1), inference, ALONE, skip_missing=True)


def test_images_of_different_sizes_are_refused_by_role():
    images = {
        "current": lambda: np.zeros((4, 6, 3), np.uint8),
        "next": lambda: np.zeros((4, 8, 3), np.uint8),
    }
    found, problem = read(Moment(0, "a", images), ["current", "next"])
    assert list(found) == ["current"]
    assert problem == "images must have one size, current has 6x4, next 8x4 px"


def test_nothing_is_read_that_no_task_needs(tmp_path):
    settings = Settings(ScaleConfig(), OutputConfig(), MotionConfig())
    inference = Inference(Echo(), ["depth"], settings, [])
    source = image_sequence([tmp_path / f"{n}.png" for n in range(3)])
    assert [inference.roles_of(moment) for moment in source.listed] == [["current"]] * 3
