import pytest

from scene_perception.nodes.journal import Journal
from scene_perception.nodes.statistics import Statistics
from scene_perception.nodes.swap_watch import SWAPPED_IMAGES, SwapWatch
from scene_perception.nodes.throttled_log import ThrottledLog


class Lines:
    """A logger that keeps the errors it is told."""

    def __init__(self) -> None:
        self.errors: list[str] = []

    def error(self, text: str) -> None:
        self.errors.append(text)


class Bench:
    """A watch with its parts at hand."""

    def __init__(self) -> None:
        self.lines, self.statistics = Lines(), Statistics()
        self._watch = SwapWatch(Journal(self.statistics, ThrottledLog(self.lines)))

    def observe(self, *shares: float) -> int:
        """Show it estimates and return how many it has objected to so far."""
        for share in shares:
            self._watch.observe(share)
        return self.statistics.total(SWAPPED_IMAGES)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_negative_disparities_in_several_images_running_name_the_share_and_the_remedy(
    bench: Bench,
) -> None:
    assert bench.observe(0.98, 0.98, 0.98) == 1
    assert bench.lines.errors == [
        "swapped_images: disparity is negative on 98 % of the image: left and right are probably "
        "swapped; exchange left/image_rect and right/image_rect, and their camera_info with them "
        "if it is exchanged too"
    ]


def test_it_counts_every_image_until_the_cameras_are_exchanged(bench: Bench) -> None:
    assert bench.observe(0.95, 0.95, 0.95, 0.95, 0.95, 0.0, 0.95) == 3


def test_single_odd_images_prove_nothing(bench: Bench) -> None:
    assert bench.observe(1.0, 1.0, 0.2, 1.0, 1.0, 0.2) == 0


def test_an_image_that_is_mostly_but_not_nearly_all_negative_is_none_of_them(bench: Bench) -> None:
    assert bench.observe(0.9, 0.9, 0.9, 0.9) == 0
