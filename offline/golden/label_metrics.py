"""Published evaluations of labels and motion masks in a golden case.

Ground truth is that of ``inputs_segmentation.npz`` beside the case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from offline.golden.case import Array, Case
from offline.metrics.motion_mask import MotionScore, conclude_motion_mask, score_motion_mask
from offline.metrics.protocols import (
    OMEGANET_SEMANTICS,
    PROTOCOLS,
    SEMSEG_SEMANTICS,
    SGDEPTH_SEMANTICS,
)
from offline.metrics.semantics import (
    Confusion,
    Labels,
    SemanticsProtocol,
    class_name,
    conclude_semantics,
    confusion_matrix,
    labels_at_truth,
)

_GIVEN = re.compile(r"(gt_(train)?id|pred_trainid(_with_ignore)?|logits|obj_map|pred_png)_\d+")
_TRUTH = "gt_trainid_0"
_MASK_NAMES = ("pixel_accuracy", "mean_accuracy", "miou", "fw_iou", "iou_static", "iou_moving")


def inputs(case: Case) -> set[str]:
    """Return the names of a case's arrays that metrics are computed from."""
    return {name for name in case if _GIVEN.fullmatch(name)} if _kind(case) else set()


def arrays(case: Case, _: int) -> dict[str, Array]:
    """Return our arrays for a case, by its names; none for a case of another kind.

    Raises:
        ValueError: for a case of labels without its ground truth beside it.
    """
    kind = _kind(case)
    if kind is None:
        return {}
    if kind is not _omeganet_mask and _TRUTH not in case:
        raise ValueError(f"case needs {_TRUTH} ... of inputs_segmentation.npz beside it")
    return kind(case)


def _kind(case: Case) -> Callable[[Case], dict[str, Array]] | None:
    return next((kind for name, kind in _KINDS.items() if name in case), None)


def _omeganet(case: Case) -> dict[str, Array]:
    crop = PROTOCOLS["omeganet"].semantics_variants["cityscapes_crop"]
    tables = {
        "kitti": OMEGANET_SEMANTICS,
        "kitti_pred_as_id": OMEGANET_SEMANTICS,  # the same labels, stored as ids
        "cityscapes_crop": crop,
    }
    labels = _numbered(case, "pred_trainid_with_ignore")
    results: dict[str, Array] = {}
    for table, protocol in tables.items():
        confusion = _pooled(_numbered(case, "gt_id"), labels, protocol, "label_ids")
        scores = conclude_semantics(confusion, protocol)
        names = ("miou", "category_miou", "pixel_accuracy")
        results |= {
            f"{table}_confusion": confusion,
            f"{table}_scores": np.array([scores[name] for name in names]),
            f"{table}_class_iou": _class_iou(scores, protocol),
        }
    return results


def _sgdepth(case: Case) -> dict[str, Array]:
    truths = _numbered(case, "gt_trainid")
    labels = [
        labels_at_truth(logits, truth.shape, SGDEPTH_SEMANTICS)
        for logits, truth in zip(_numbered(case, "logits"), truths, strict=True)
    ]
    confusion = _pooled(truths, labels, SGDEPTH_SEMANTICS, "labels")
    scores = conclude_semantics(confusion, SGDEPTH_SEMANTICS)
    names = ("miou", "pixel_accuracy", "mean_accuracy", "fw_iou", "mean_precision")
    hits = np.diag(confusion)
    with np.errstate(invalid="ignore"):
        return {
            **{f"pred_upsampled_{index}": label for index, label in enumerate(labels)},
            "confusion": confusion,
            "scores": np.array([scores[name] for name in names]),
            "class_iou": _class_iou(scores, SGDEPTH_SEMANTICS),
            "class_acc": hits / confusion.sum(axis=1),
            "class_prec": hits / confusion.sum(axis=0),
        }


def _semseg(case: Case) -> dict[str, Array]:
    labels = _numbered(case, "pred_trainid")
    confusion = _pooled(_numbered(case, "gt_id"), labels, SEMSEG_SEMANTICS, "label_ids")
    scores = conclude_semantics(confusion, SEMSEG_SEMANTICS)
    names = ("pixel_accuracy", "mean_accuracy", "fw_iou", "miou")
    return {
        "confusion": confusion,
        "scores": np.array([scores[name] for name in names]),
        "class_iou": _class_iou(scores, SEMSEG_SEMANTICS),
    }


def _omeganet_mask(case: Case) -> dict[str, Array]:
    pairs = zip(_numbered(case, "pred_png"), _numbered(case, "obj_map"), strict=True)
    scores = [score_motion_mask(mask, objects) for mask, objects in pairs]
    figures = np.array([_mask_figures(conclude_motion_mask([score])) for score in scores])
    for row, score in zip(figures, scores, strict=True):
        if _shows_one_class(score):
            row[-1] = np.nan  # the published list of such an image has a single entry
    return {"per_image": figures, "mean": _mask_figures(conclude_motion_mask(scores))}


def _shows_one_class(score: MotionScore) -> bool:
    wrong = score.static_moving + score.moving_static
    return not wrong and not (score.static_static and score.moving_moving)


def _mask_figures(concluded: Mapping[str, float]) -> Array:
    return np.array([concluded[name] for name in _MASK_NAMES])


def _pooled(
    truths: Sequence[Labels], labels: Sequence[Labels], protocol: SemanticsProtocol, kind: str
) -> Confusion:
    total = np.zeros((protocol.classes, protocol.classes), np.int64)
    for truth, label in zip(truths, labels, strict=True):
        total += confusion_matrix(truth, label, protocol, kind=kind)
    return total


def _class_iou(scores: Mapping[str, float], protocol: SemanticsProtocol) -> Array:
    names = (class_name(index) for index in range(protocol.classes))
    return np.array([scores.get(f"iou_{name}", np.nan) for name in names])


def _numbered(case: Case, name: str) -> list[Array]:
    count = sum(re.fullmatch(rf"{name}_\d+", key) is not None for key in case)
    return [case[f"{name}_{index}"] for index in range(count)]


# By an array that no other evaluator's case has; Semseg's are those that are left.
_KINDS: Mapping[str, Callable[[Case], dict[str, Array]]] = MappingProxyType(
    {
        "kitti_confusion": _omeganet,
        "logits_0": _sgdepth,
        "per_image": _omeganet_mask,
        "confusion": _semseg,
    }
)
