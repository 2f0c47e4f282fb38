"""What the training loop needs of a recipe."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from offline.training.batch import Batch


@dataclass(frozen=True)
class Progress:
    """Where the run is.

    Attributes:
        step: optimiser steps made so far.
        steps: of the whole run.
        epoch: steps made divided by ``steps_per_epoch``, rounded down.
    """

    step: int
    steps: int
    epoch: int


class Recipe(nn.Module):
    """Networks with the loss that trains them.

    ``forward`` is what runs under DDP, so everything with gradients happens inside it. What a
    recipe learns about the run besides weights (a masking schedule) belongs into its state
    dictionary (``get_extra_state``), so that it is resumed.
    """

    # Names of the batch's tensors that ``forward`` reads, for a message before the first step.
    needs: Sequence[str] = ()
    # What it reads besides, where a sample has it; None: anything may be read.
    welcome: Sequence[str] | None = None
    # Tasks of ``offline.evaluation`` that validation scores, such as ``depth``.
    tasks: Sequence[str] = ()

    @abstractmethod
    def forward(self, batch: Batch, progress: Progress) -> dict[str, Tensor]:
        """Return the loss terms by name, weighted; their sum is what is minimised."""

    @abstractmethod
    def weights(self) -> Mapping[str, Tensor]:
        """Return what ``engines.load`` and ``offline.predictors`` read as a weights file."""

    @abstractmethod
    def weights_metadata(self) -> Mapping[str, str]:
        """Return the weights file's metadata, so that a reader knows which model it holds."""

    def parameter_groups(self, learning_rate: float) -> list[dict[str, Any]]:
        """Return the optimiser's parameter groups; usually one with every trained parameter."""
        trained = [parameter for parameter in self.parameters() if parameter.requires_grad]
        return [{"params": trained, "lr": learning_rate}]

    def finish_epoch(self, epoch: int) -> None:
        """Do what the recipe does at the end of each epoch, on every process alike."""

    def pictures(self, batch: Batch) -> dict[str, Tensor]:
        """Return pictures of the first sample for the log, RGB uint8. # (H, W, 3)."""
        return {}
