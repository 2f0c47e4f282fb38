"""A recipe's forward pass as Fabric and DDP can call it: plain containers in, loss terms out."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from offline.training.batch import Batch
from offline.training.recipe import Progress, Recipe
from offline.training.synced_batch_norm import with_synced_batch_norm


class Forward(nn.Module):
    """Calls a recipe.

    Fabric converts and DDP moves what they find in tuples and dictionaries, not in frozen
    dataclasses.

    Args:
        recipe: whose networks are trained.
        processes: that share each batch; several need batch norm over all of it.
    """

    def __init__(self, recipe: Recipe, processes: int = 1) -> None:
        super().__init__()
        self.recipe = recipe if processes == 1 else with_synced_batch_norm(recipe)

    def forward(
        self, tensors: Mapping[str, Tensor], names: tuple[str, ...], made: tuple[int, int, int]
    ) -> dict[str, Tensor]:
        """Return the loss terms.

        Args:
            tensors: of the batch.
            names: of its samples.
            made: the fields of ``Progress``.
        """
        terms: dict[str, Tensor] = self.recipe(Batch(tensors, names), Progress(*made))
        return terms


def share_of(batch: Batch, rank: int, processes: int) -> Batch:
    """Return the rows of ``batch`` that one of several processes works on.

    Raises:
        ValueError: for a batch that cannot be dealt evenly.
    """
    count = len(batch.names)
    if count % processes:
        raise ValueError(
            f"batch must have the same number of samples for each of {processes} processes, "
            f"got {count}"
        )
    own = slice(rank * count // processes, (rank + 1) * count // processes)
    return Batch({name: tensor[own] for name, tensor in batch.tensors.items()}, batch.names[own])
