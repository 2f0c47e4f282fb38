"""What is measured: a task turns one sample's outputs and truth into a score, scores into a row.

A score is small and can be pickled: it is all that is kept of a sample, and all that travels
between processes. Rows are computed from the scores in the order of the samples, so that they
do not depend on who computed which.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from offline.datasets.samples import Sample, Truth

Score = TypeVar("Score")
Truths = Mapping[str, Truth]
Outputs = Mapping[str, NDArray[Any]]
Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Record(Generic[Score]):
    """A sample's score.

    Attributes:
        name: of the sample.
        sequence: that it belongs to.
        score: of the task.
    """

    name: str
    sequence: str
    score: Score


class Task(ABC, Generic[Score]):
    """One thing that is measured.

    Attributes:
        name: for tables and files.
        output: the predictor's task that gives what is needed.
        ranked_by: the figure of ``rows`` that orders frames from good to bad; empty where
            single frames are not worth a look.
        higher_is_better: whether a larger figure is a better frame.
        whole: whether no sample may be missing.
    """

    name: ClassVar[str]
    output: ClassVar[str]
    ranked_by: ClassVar[str]
    higher_is_better: ClassVar[bool] = False
    whole: ClassVar[bool] = False

    @property
    @abstractmethod
    def kinds(self) -> tuple[str, ...]:
        """Truth that a sample must have."""

    @property
    @abstractmethod
    def settings(self) -> str:
        """The protocol in words."""

    @abstractmethod
    def score(self, sample: Sample, truth: Truths, outputs: Outputs) -> Score:
        """Return the score of one sample.

        Raises:
            ValueError: for outputs that cannot be compared with the truth.
        """

    @abstractmethod
    def rows(self, records: Sequence[Record[Score]]) -> dict[str, dict[str, float]]:
        """Return the figures of each sample, by its name."""

    @abstractmethod
    def conclude(self, records: Sequence[Record[Score]]) -> dict[str, float]:
        """Return the figures of all samples, in the order of the samples."""

    @abstractmethod
    def pictures(
        self, sample: Sample, image: Picture, truth: Truths, outputs: Outputs
    ) -> dict[str, Picture]:
        """Return caption -> RGB picture of what is right and wrong in one sample. # (H, W, 3)."""

    def fitted(self, samples: Sequence[Sample]) -> Task[Score]:
        """Return the task for samples that know another kind of truth of the same things."""
        return self

    def overview(self, records: Sequence[Record[Score]]) -> dict[str, Picture]:
        """Return caption -> picture of all samples together; none for most tasks."""
        return {}


def plane(truth: Truths, kind: str) -> NDArray[Any]:
    """Return truth that is one array. # (H, W) or (4, 4)."""
    return cast(NDArray[Any], truth[kind])


def vectors(truth: Truths, kind: str) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return truth that is flow and where it is known. # (H, W, 2), (H, W)."""
    return cast(tuple[NDArray[np.float32], NDArray[np.bool_]], truth[kind])


def same_size(prediction: NDArray[Any], shape: tuple[int, ...], what: str) -> NDArray[Any]:
    """Return ``prediction``, which must have the height and width of ``shape``.

    Raises:
        ValueError: naming both sizes.
    """
    height, width = shape[:2]
    if prediction.shape[:2] != (height, width):
        found = "x".join(map(str, prediction.shape[1::-1]))
        raise ValueError(
            f"{what} must be {width}x{height} px as the ground truth is, got {found} px"
        )
    return prediction
