"""Semantic segmentation: everything follows from the confusion matrix of all pixels.

Rows are the ground truth, columns the prediction. IoU of a class = hits / (row + column -
hits), recall = hits / row, precision = hits / column. A class that is undefined (0 / 0) is left
out of a mean; one that is predicted but absent from the ground truth has an IoU of 0, which
counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from offline.datasets.label_maps import VOID, nearest_train_ids, train_ids
from offline.metrics.checks import NoTruth, check_numbers
from offline.metrics.tensorflow_resize import largest_after_resize
from scene_perception.cityscapes import CLASSES

RESIZES = ("logits_tensorflow", "labels_nearest", "truth_nearest")
UNKNOWN_IDS = ("void", "nearest")
VOID_PREDICTIONS = ("road", "dropped")
KINDS = ("label_ids", "labels")
# Cityscapes' categories of its 19 classes: flat, construction, object, nature, sky, human, vehicle.
_CATEGORIES = np.repeat(np.arange(7), (2, 3, 3, 2, 1, 2, 6))

Labels = NDArray[np.uint8]
Confusion = NDArray[np.int64]


@dataclass(frozen=True)
class SemanticsProtocol:
    """How a system scores labels.

    Attributes:
        classes: size of the confusion matrix; truth beyond it is void and not counted.
        resize: logits bilinearly to the truth's size as TensorFlow 1 does, then arg-max; labels
            by nearest neighbour to the truth's size; or the truth to the network's size.
        unknown_ids: Cityscapes ids without a class are void, or count as the nearest id.
        void_prediction: void in a prediction counts as class 0, road, or is not counted.
        top_four_fifths: the truth's upper 4/5 are stretched to its full height.
    """

    classes: int = len(CLASSES)
    resize: str = "logits_tensorflow"
    unknown_ids: str = "void"
    void_prediction: str = "dropped"
    top_four_fifths: bool = False

    def __post_init__(self) -> None:
        for name, known in (
            ("resize", RESIZES),
            ("unknown_ids", UNKNOWN_IDS),
            ("void_prediction", VOID_PREDICTIONS),
        ):
            if getattr(self, name) not in known:
                raise ValueError(
                    f"{name} must be one of {', '.join(known)}, got {getattr(self, name)!r}"
                )

    def words(self) -> str:
        """Return every setting in words."""
        resize = {
            "logits_tensorflow": "logits resized bilinearly to the truth as TensorFlow 1 does",
            "labels_nearest": "labels resized to the truth by nearest neighbour",
            "truth_nearest": "truth resized to the network's size by nearest neighbour",
        }[self.resize]
        cropped = ", its upper four fifths stretched to full height" * self.top_four_fifths
        return (
            f"{self.classes} classes, void truth dropped, ids without a class are "
            f"{'void' if self.unknown_ids == 'void' else 'the nearest id'}{cropped}; {resize}; "
            f"void in the prediction {'is road' if self.void_prediction == 'road' else 'dropped'}; "
            "pixels of all images pooled"
        )


def labels_at_truth(
    logits: NDArray[Any], shape: tuple[int, ...], protocol: SemanticsProtocol
) -> Labels:
    """Return the class of the largest logit, at the size in which ``protocol`` compares.

    Args:
        logits: # (C, h, w)
        shape: H, W of the truth.
        protocol: the rules.

    Returns:
        # (H, W), or (h, w) where the truth is resized.

    Raises:
        ValueError: for another shape of ``logits``, or a NaN in them.
    """
    if logits.ndim != 3 or not 0 < logits.shape[0] <= VOID:
        raise ValueError(f"logits must be (C, h, w) of at most {VOID} classes, got {logits.shape}")
    check_numbers("logits", logits.transpose(1, 2, 0))
    height, width = shape[:2]
    if protocol.resize == "logits_tensorflow":
        return largest_after_resize(logits, height, width)
    labels = logits.argmax(axis=0).astype(np.uint8)
    return _nearest(labels, height, width) if protocol.resize == "labels_nearest" else labels


def confusion_matrix(
    truth: Labels, labels: Labels, protocol: SemanticsProtocol, *, kind: str = "label_ids"
) -> Confusion:
    """Count the pixels of each pair of true and predicted class. # (C, C).

    Args:
        truth: # (H, W)
        labels: train ids, 255 void. # (H, W), or (h, w) where the truth is resized.
        protocol: the rules.
        kind: of ``truth``: ``label_ids``, Cityscapes ids, or ``labels``, train ids, 255 void.

    Raises:
        NoTruth: if no pixel has a class.
        ValueError: for a kind that is unknown, or shapes that differ.
    """
    if kind not in KINDS:
        raise ValueError(f"kind of truth must be one of {', '.join(KINDS)}, got {kind!r}")
    if kind == "label_ids":
        truth = (train_ids if protocol.unknown_ids == "void" else nearest_train_ids)(truth)
    truth = _framed(truth, labels.shape, protocol)
    if labels.shape != truth.shape:
        raise ValueError(f"labels must be {truth.shape} as their truth is, got {labels.shape}")
    if protocol.void_prediction == "road":
        labels = np.where(labels == VOID, np.uint8(0), labels)
    classes = protocol.classes
    pairs = truth.astype(np.int32) * 256 + labels
    counts = np.bincount(pairs.ravel(), minlength=256 * 256).reshape(256, 256)
    if not counts[:classes].any():
        raise NoTruth("true labels must have a class somewhere, they are void at every pixel")
    return counts[:classes, :classes].astype(np.int64)


def conclude_semantics(confusion: Confusion, protocol: SemanticsProtocol) -> dict[str, float]:
    """Return the scores of a confusion matrix, 0..1.

    ``miou``, ``category_miou`` (with 19 classes), ``pixel_accuracy``, ``mean_accuracy`` (mean
    recall), ``fw_iou`` (each class weighs as much as its share of the truth),
    ``mean_precision`` and ``iou_<class>`` of each class that is defined.

    Raises:
        ValueError: for a matrix of another size, or without a pixel.
    """
    if confusion.shape != (protocol.classes, protocol.classes) or not confusion.any():
        raise ValueError(
            f"confusion matrix must be {protocol.classes} x {protocol.classes} with pixels in it, "
            f"got {confusion.shape} with {confusion.sum()}"
        )
    hits, rows, columns = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    iou = _iou(confusion)
    present = rows > 0
    result = {"miou": float(np.nanmean(iou))}
    if protocol.classes == len(_CATEGORIES):
        result["category_miou"] = float(np.nanmean(_iou(_by_category(confusion))))
    return {
        **result,
        "pixel_accuracy": float(hits.sum() / confusion.sum()),
        "mean_accuracy": float(np.nanmean(_ratio(hits, rows))),
        "fw_iou": float((rows[present] / rows.sum() * iou[present]).sum()),
        "mean_precision": float(np.nanmean(_ratio(hits, columns))),
        **{
            f"iou_{class_name(index)}": float(value)
            for index, value in enumerate(iou)
            if not np.isnan(value)
        },
    }


def _framed(truth: Labels, shape: tuple[int, ...], protocol: SemanticsProtocol) -> Labels:
    height, width = truth.shape
    if protocol.top_four_fifths:
        cropped = truth[: height * 4 // 5]
        truth = np.asarray(
            cv2.resize(cropped, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8
        )
    if protocol.resize != "truth_nearest" or truth.shape == shape:
        return truth
    # As PIL, which SciPy's imresize calls: at the pixels' centres, found by adding up steps.
    rows, columns = (
        np.cumsum(np.r_[0.5 * old / new, np.full(new - 1, old / new)]).astype(np.int64)
        for new, old in zip(shape, truth.shape, strict=True)
    )
    return np.asarray(truth[rows[:, None], columns])


def _nearest(labels: Labels, height: int, width: int) -> Labels:
    """Resize as PyTorch's ``nearest``: source floor(i * in / out) in single precision."""
    rows, columns = (
        np.minimum(np.arange(new, dtype=np.float32) * np.float32(old / new), old - 1).astype(int)
        for new, old in zip((height, width), labels.shape, strict=True)
    )
    return np.asarray(labels[rows[:, None], columns])


def _iou(confusion: Confusion) -> NDArray[np.float64]:
    hits = np.diag(confusion)
    return _ratio(hits, confusion.sum(axis=0) + confusion.sum(axis=1) - hits)


def _ratio(part: Confusion, whole: Confusion) -> NDArray[np.float64]:
    return np.asarray(np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0))


def _by_category(confusion: Confusion) -> Confusion:
    member = np.eye(7, dtype=np.int64)[:, _CATEGORIES]
    return np.asarray(member @ confusion @ member.T)


def class_name(index: int) -> str:
    """Return a class's name in the scores; SGDepth's twentieth is ``void``."""
    return CLASSES[index].name.replace(" ", "_") if index < len(CLASSES) else "void"
