import json

import pytest

from scene_perception.nodes.label_info import LABELS, label_info, label_messages


def test_label_info_names_every_class_by_its_train_id() -> None:
    vision_msgs = pytest.importorskip("vision_msgs.msg", reason="no wheel of vision_msgs")
    told = label_info()
    assert told is not None
    assert told.message_type is vision_msgs.LabelInfo
    names = {entry.class_id: entry.class_name for entry in told.message.class_map}
    assert (names[0], names[13], len(names)) == ("road", "car", 19)


def test_without_vision_msgs_there_is_none_and_nothing_breaks() -> None:
    try:
        import vision_msgs.msg  # noqa: F401
    except ImportError:
        assert label_info() is None
    else:
        pytest.skip("vision_msgs is installed")


def test_the_names_are_json_whatever_is_installed() -> None:
    told = json.loads(label_messages()[LABELS].data)
    assert (told["0"], told["13"], len(told)) == ("road", "car", 19)
