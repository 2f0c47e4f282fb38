"""Left and right images that are exchanged: their calibration may not show it, disparity does."""

from __future__ import annotations

from scene_perception.nodes.journal import Journal

SWAPPED_IMAGES = "swapped_images"
_NEARLY_ALL = 0.9
_SEVERAL = 3


class SwapWatch:
    """Speaks up where nearly all disparities are negative several times in a row.

    A point in front of a rectified pair is farther right in the left image than in the right
    one. What the network says of a single odd image (fog, a covered lens) proves nothing.

    Args:
        journal: counts each estimate after that and names the remedy.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._in_a_row = 0

    def observe(self, negative_share: float) -> None:
        """Take the share of an estimate's pixels with negative disparity, 0..1."""
        self._in_a_row = self._in_a_row + 1 if negative_share > _NEARLY_ALL else 0
        if self._in_a_row >= _SEVERAL:
            self._journal.refuse(
                SWAPPED_IMAGES,
                f"disparity is negative on {100 * negative_share:.0f} % of the image: left and "
                "right are probably swapped; exchange left/image_rect and right/image_rect, and "
                "their camera_info with them if it is exchanged too",
            )
