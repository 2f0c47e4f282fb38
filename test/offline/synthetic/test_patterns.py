from __future__ import annotations

import pytest
import torch

from offline.synthetic import palette
from offline.synthetic.palette import Material
from offline.synthetic.patterns import PATTERNS, Patch

MEASURES = {
    palette.STONES: (0.5, 0.2, 0.1),
    palette.FACADE: (2.0, 3.0, 0.5, 0.5, 3.0, 9.0, 0.5),
    palette.PLANKS: (0.15, 0.1),
    palette.BODYWORK: (2.2, 0.9, 0.3, 1.3, -1.3, 0.9),
    palette.CABIN: (1.0, -1.5, 0.8, 0.9, 1.5),
    palette.WHEEL: (0.3, 0.3, 1.3, -1.3),
    palette.STRIPES: (0.4, 0.5),
    palette.SIGN: (0.4, 2.5, 1.0),
    palette.LAMPS: (2.9, 0.3, 0.0, 0.0),
    palette.ROWS: (1.5, 0.8, 1.3, 2.6),
    palette.ROOF: (0.3,),
}


def _patch(kind: int, local: torch.Tensor, axis: int = 2, footprint: float = 0.005) -> Patch:
    look = Material(kind, (0.5, 0.4, 0.3), (0.1, 0.1, 0.1), measures=MEASURES.get(kind, ()))
    rows = torch.tensor([look.row(5.0)]).expand(len(local), -1)
    normal = torch.zeros(len(local), 3)
    normal[:, axis] = -1
    across = local[:, 2] if axis == 0 else local[:, 0]
    down = local[:, 2] if axis == 1 else local[:, 1]
    return Patch(
        rows,
        local,
        torch.stack([across, down], 1),
        normal,
        torch.full((len(local),), axis),
        torch.full((len(local),), footprint),
        torch.zeros(len(local)),
    )


@pytest.mark.parametrize("kind", sorted(PATTERNS))
@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("footprint", [1e-4, 0.05, 30.0])
def test_every_pattern_is_a_colour_at_any_distance(kind, axis, footprint):
    local = torch.rand(500, 3, generator=torch.Generator().manual_seed(1)) * 8 - 4
    colour, gloss = PATTERNS[kind](_patch(kind, local, axis, footprint))
    assert colour.isfinite().all()
    assert colour.min() >= 0
    assert colour.max() <= 3.2  # lamps shine
    assert (gloss.min() >= 0) & (gloss.max() <= 1)


@pytest.mark.parametrize("kind", sorted(set(PATTERNS) - {palette.LAMPS, palette.WHEEL}))
def test_no_pattern_flickers_where_a_pixel_covers_it(kind):
    """Half a period further on, a pixel that covers many periods shows the same."""
    steps = torch.linspace(0, 0.4, 40)
    local = torch.stack([steps, -1.2 - steps, 1 + steps], 1)
    colour, _ = PATTERNS[kind](_patch(kind, local, 2, footprint=40.0))
    assert (colour[1:] - colour[:-1]).abs().max() < 0.05


def test_windows_are_glass_and_walls_are_not():
    # Ground floor 3 m, floors 3 m: the sill of the first floor is at 3.9 m, its head at 5.4 m.
    window, wall = [0.75, -4.5, 0.0], [0.05, -4.5, 0.0]
    colour, gloss = PATTERNS[palette.FACADE](_patch(palette.FACADE, torch.tensor([window, wall])))
    assert gloss.tolist() == pytest.approx([0.75, 0.0], abs=0.02)
    assert colour[1, 0] > 0.45


def test_cars_have_white_lamps_ahead_and_red_ones_behind():
    ends = torch.tensor([[0.7, -0.72, 2.2], [0.7, -0.72, -2.2]])
    colour, _ = PATTERNS[palette.BODYWORK](_patch(palette.BODYWORK, ends))
    front, rear = colour
    assert front.tolist() == pytest.approx([0.7] * 3)
    assert rear[0] > 10 * rear[1]


def test_of_three_lamps_one_shines():
    heads = torch.tensor([[0.0, -3.2, 0.0], [0.0, -2.9, 0.0], [0.0, -2.6, 0.0]])
    colour, _ = PATTERNS[palette.LAMPS](_patch(palette.LAMPS, heads))
    assert (colour.amax(1) > 1).tolist() == [True, False, False]


def test_signs_are_blank_behind():
    patch = _patch(palette.SIGN, torch.tensor([[0.2, -2.5, 0.0]]))
    behind = Patch(
        *(getattr(patch, name) for name in ("rows", "local", "place")),
        -patch.normal,
        *(getattr(patch, name) for name in ("axis", "footprint", "grain")),
    )
    colour, _ = PATTERNS[palette.SIGN](behind)
    torch.testing.assert_close(colour, torch.tensor([palette.METAL]))
