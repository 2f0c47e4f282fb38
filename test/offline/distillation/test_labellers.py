"""Labels of networks whose answers are known, filtered by the way back."""

import numpy as np
import pytest

from offline.datasets.samples import Sample
from offline.distillation.labellers import ClassLabels, FlowLabels, SceneFlowLabels, network_labels


class _Pixels:
    def __init__(self, value):
        self._image = np.full((8, 16, 3), value, np.uint8)

    def pixels(self, encoding):
        return self._image, encoding


class _Answers:
    """Says what it is told to say about a task and the first image's first pixel."""

    model = "stand-in"

    def __init__(self, roles, answer):
        self.roles, self._answer = roles, answer

    def __call__(self, task, images):
        return self._answer(task, {role: int(image[0, 0, 0]) for role, image in images.items()})


def _sample(first):
    roles = ("previous", "current", "next", "right", "next_right")
    return Sample("s", {role: _Pixels(first + n) for n, role in enumerate(roles)})


def _plane(value):
    return np.full((8, 16), value, np.float32)


def _scene_flow(task, images):
    if images["current"] == 1:  # the sample itself; its mirror and the way back see others first
        flow = np.zeros((8, 16, 2), np.float32) + np.float32([2, 0])
        return {"disparity": _plane(4.0), "next_disparity": _plane(6.0), "flow": flow}
    back = np.zeros((8, 16, 2), np.float32) - np.float32([2, 0])
    own = 6.0 if images["current"] == 2 else 4.0
    return {"disparity": _plane(own), "next_disparity": _plane(0.0), "flow": back}


def test_scene_flow_is_kept_where_mirror_and_way_back_agree():
    found = SceneFlowLabels(_Answers({}, _scene_flow))(_sample(0), None)
    assert np.isnan(found["disparity"][:, :4]).all()  # the right image does not show them
    assert (found["disparity"][:, 4:] == 4).all()
    assert np.isfinite(found["flow"][:, :14]).all()
    assert np.isnan(found["flow"][:, 14:]).all()
    assert (found["next_disparity"][:, :14] == 6).all()
    assert np.isnan(found["next_disparity"][:, 14:]).all()


def test_scene_flow_can_be_kept_whole_but_for_what_is_behind_infinity():
    def answer(task, images):
        return _scene_flow(task, {"current": 1}) | {"disparity": _plane(-1.0)}

    found = SceneFlowLabels(_Answers({}, answer), filtered=False)(_sample(0), None)
    assert np.isnan(found["disparity"]).all()
    assert (found["next_disparity"] == 6).all()


def _flow_answer(task, images):
    sign = 1 if images["current"] == 1 else -1
    return {"flow": np.zeros((4, 4, 2), np.float32) + sign * np.float32([0.5, 0])}


def test_flow_grows_with_the_image_and_needs_the_frame_after_the_next_to_be_checked():
    labeller = FlowLabels(_Answers({}, _flow_answer))
    flow = labeller(_sample(0), _sample(1))["flow"]
    assert (flow[:, :14] == (2, 0)).all()
    assert np.isnan(flow[:, 14:]).all()
    assert np.isnan(labeller(_sample(0), None)["flow"]).all()


def test_labels_are_kept_where_their_probability_is_high():
    logits = np.zeros((19, 4, 4), np.float32)
    logits[3], logits[5, :, :2] = 4.0, 4.0
    answers = _Answers({}, lambda task, images: {"logits": logits})
    labels = ClassLabels(answers)(_sample(0), None)["labels"]
    assert (labels[:, 12:] == 3).all()  # e^4 of e^4 + 18 is 0.75
    assert (labels[:, :4] == 255).all()  # two are alike
    assert labels.dtype == np.uint8


def test_networks_give_what_their_tasks_allow():
    everything = {"depth": (), "semantics": (), "flow": ()}
    both = network_labels(_Answers(everything, None), (), filtered=True, least=0.7)
    assert list(both.kinds) == ["flow", "labels"]
    assert list(both.roles) == ["previous", "current", "next"]
    one = network_labels(_Answers(everything, None), ("labels",), filtered=True, least=0.7)
    assert list(one.kinds) == ["labels"]
    with pytest.raises(ValueError, match="must be some of flow, labels, got disparity"):
        network_labels(_Answers(everything, None), ("disparity",), filtered=True, least=0.7)
    with pytest.raises(ValueError, match="its depth has no unit"):
        network_labels(_Answers({"depth": ()}, None), (), filtered=True, least=0.7)
