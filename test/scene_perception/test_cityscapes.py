"""The published table, spot-checked by hand."""

from __future__ import annotations

from scene_perception.cityscapes import CLASSES, DYNAMIC, ROAD, SIDEWALK, label_names


def test_there_are_nineteen_classes_of_different_colours():
    assert len(CLASSES) == len({entry.color for entry in CLASSES}) == 19


def test_names_and_colours_are_the_published_ones():
    assert CLASSES[0] == ("road", (128, 64, 128))
    assert CLASSES[10] == ("sky", (70, 130, 180))
    assert CLASSES[13] == ("car", (0, 0, 142))
    assert CLASSES[18] == ("bicycle", (119, 11, 32))


def test_ground_and_dynamic_classes_have_their_names():
    names = label_names()
    assert (names[ROAD], names[SIDEWALK]) == ("road", "sidewalk")
    assert [names[label] for label in DYNAMIC] == [
        "person",
        "rider",
        "car",
        "truck",
        "bus",
        "train",
        "motorcycle",
        "bicycle",
    ]
