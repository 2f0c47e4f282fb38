import pytest
import torch

from offline.training.student_view import (
    hide_superpixels,
    random_window,
    sample_generator,
)


def _generators(*names, step=0, seed=0):
    return [sample_generator(name, step, seed) for name in names]


def test_randomness_depends_on_the_sample_the_step_and_the_seed_alone():
    def drawn(*key):
        return int(torch.randint(1 << 30, (), generator=sample_generator(*key)))

    assert drawn("a", 0, 0) == drawn("a", 0, 0)
    assert len({drawn("a", 0, 0), drawn("b", 0, 0), drawn("a", 1, 0), drawn("a", 0, 1)}) == 4


def test_every_sample_is_cropped_at_its_own_place():
    images = torch.arange(2 * 6 * 8.0).view(2, 1, 6, 8)
    window = random_window(_generators("a", "b"), (6, 8), (2, 4))
    cropped = window.crop(images)
    assert cropped.shape == (2, 1, 4, 4)
    for image, part, top, left in zip(images, cropped, window.tops, window.lefts, strict=True):
        assert torch.equal(part, image[:, top : top + 4, left : left + 4])


def test_places_reach_both_ends():
    windows = [random_window(_generators("a", step=n), (6, 8), (1, 1)) for n in range(20)]
    assert {window.tops[0] for window in windows} == {0, 1}


def test_a_margin_that_leaves_nothing_is_refused():
    with pytest.raises(ValueError, match=r"margin must be in 0\.\.size"):
        random_window(_generators("a"), (6, 8), (6, 0))


def test_noise_takes_whole_superpixels_and_leaves_the_rest():
    image = torch.zeros(1, 3, 32, 32)
    image[..., 16:] = 1  # colours tell superpixels apart as places do
    hidden = hide_superpixels(image, _generators("a"), pixels=64, hidden=4)
    changed = (hidden != image).any(1)[0]
    assert 0.08 < changed.float().mean() < 0.6  # 4 of 16
    assert hidden.min() >= 0
    assert hidden.max() <= 1


def test_nothing_is_hidden_where_none_is_asked_for():
    image = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    assert torch.equal(hide_superpixels(image, _generators("a"), pixels=16, hidden=0), image)
