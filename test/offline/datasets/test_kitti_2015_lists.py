from __future__ import annotations

import hashlib

import pytest

from offline.datasets.kitti_2015_lists import LISTS, list_lines

# Of the published files' lines, joined by line breaks.
PUBLISHED = {
    "omeganet": "8a59e092fcf5a92c",
    "omeganet_semantic": "395d3d1ebd050479",
    "dwarf_test": "f03539b6f4c803cc",
    "kitti_200": "471519a72daf2893",
    "kitti_160": "b7bc8104cdb74b03",
    "kitti_multiview": "ab72e69e95d8d02a",
    "kitti_multiview_partial": "dc01f29044dc9bc6",
    "kitti_mixed": "bb5889b3fb323599",
}


@pytest.mark.parametrize("name", LISTS)
def test_the_rule_gives_the_published_list(name):
    digest = hashlib.sha256("\n".join(list_lines(name)).encode()).hexdigest()
    assert digest[:16] == PUBLISHED[name]


def test_lines_are_those_of_the_systems():
    assert list_lines("omeganet")[18] == "000018_09.png 000018_10.png 000018_11.png"
    assert list_lines("dwarf_test")[3] == (
        "image_2/000003_10.png image_3/000003_10.png image_2/000003_11.png image_3/000003_11.png"
    )
    proxy = "ILG/disp_0/000000_01.png ILG/disp_1/000000_01.png ILG/flow/000000_01.png"
    assert list_lines("kitti_multiview")[1].endswith(f"image_3/000000_02.png {proxy}")


def test_the_mixed_list_has_every_pair_of_the_partial_one_once():
    images = [
        sorted(line.rsplit(" ", 3)[0] for line in list_lines(name))
        for name in ("kitti_mixed", "kitti_multiview_partial")
    ]
    assert images[0] == images[1]


def test_another_list_is_refused():
    with pytest.raises(ValueError, match=r"list of KITTI 2015 must be one of .*, got 'kitti_201'"):
        list_lines("kitti_201")
