from __future__ import annotations

from offline.synthetic import palette
from offline.synthetic.palette import Material


def test_rows_hold_what_their_columns_say():
    look = Material(palette.STONES, (0.1, 0.2, 0.3), (0.4, 0.5, 0.6), measures=(0.5, 0.2))
    row = look.row(7.0)
    assert len(row) == palette.COLUMNS
    assert row[palette.KIND] == palette.STONES
    assert (row[palette.COLOUR], row[palette.SECOND]) == ((0.1, 0.2, 0.3), (0.4, 0.5, 0.6))
    assert row[palette.SEED] == 7
    assert row[palette.FIRST : palette.FIRST + 3] == (0.5, 0.2, 0.0)
