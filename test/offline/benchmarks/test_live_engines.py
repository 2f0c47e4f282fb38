from __future__ import annotations

import pytest

from offline.benchmarks.live_engines import latencies_ms

MS = 1_000_000


def test_depth_counts_from_its_image_and_flow_from_the_next_one():
    arrivals = {
        "/image_rect": {100: 0, 200: 50 * MS, 300: 100 * MS},
        "/depth/image_rect": {100: 20 * MS, 200: 80 * MS},
        "/flow/image": {100: 90 * MS, 300: 999 * MS},
    }
    found = latencies_ms(arrivals)
    assert found["depth/image_rect"] == pytest.approx([20, 30])
    assert found["flow/image"] == pytest.approx([40])  # the last frame has no next one
    assert "semantic/image" not in found
