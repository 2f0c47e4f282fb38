import numpy as np
import pytest

from offline.datasets.samples import Sample

HEIGHT, WIDTH = 40, 120


class ArrayPicture:
    """A picture that is an array."""

    def __init__(self, image):
        self.image = image

    def pixels(self, encoding):
        return self.image, encoding or "rgb8"

    def encoded(self):
        raise ValueError("not needed here")


def make_sample(index, **truth):
    """Return a sample whose image says its index and whose truth is given."""
    image = np.full((HEIGHT, WIDTH, 3), 20 * index, np.uint8)
    return Sample(
        name=f"{index:06d}",
        pictures={"current": ArrayPicture(image)},
        truth={kind: (lambda value=value: value) for kind, value in truth.items()},
        sequence="drive",
        stamp_ns=(index + 1) * 100_000_000,
    )


@pytest.fixture
def depth_samples():
    """Three samples: everything is 10, 20 and 30 m away."""
    return tuple(
        make_sample(index, depth=np.full((HEIGHT, WIDTH), 10.0 * (index + 1), np.float32))
        for index in range(3)
    )
