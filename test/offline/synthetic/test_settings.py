from __future__ import annotations

import pytest

from offline.synthetic.settings import WorldSettings


def test_the_defaults_are_a_street_at_the_size_that_networks_train_at():
    settings = WorldSettings()
    assert (settings.mode, settings.height, settings.width, settings.times) == (
        *("street", 192, 640),
        3,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mode", "city"),
        ("height", 8),
        ("times", 1),
        ("rate_hz", 0.0),
        ("standing", 1.5),
        ("focal", (1.1, 0.5)),
        ("focal", (0.0, 1.0)),
        ("baseline_m", (0.1, float("nan"))),
        ("speed_m_s", (1.0, 2.0, 3.0)),
    ],
)
def test_what_cannot_be_a_world_is_refused_by_name(name, value):
    with pytest.raises(ValueError, match=f"^{name} must be"):
        WorldSettings(**{name: value})
