"""The weights that come with this package, and which weights a setting means."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from scene_perception.checkpoints.shards import SUFFIX


def shipped_weights(model: str) -> Path | None:
    """Return the folder of the package's own weights of ``model``; None where it has none."""
    folder = Path(str(resources.files("scene_perception"))) / "weights" / model
    return folder if any(folder.glob(f"*{SUFFIX}")) else None


def meant_weights(
    model: str, weights: str, *, setting: str, random: bool = False, random_by: str = ""
) -> str:
    """Return what weights of ``model`` are meant: the named, the package's own, or random ones.

    Args:
        model: that runs them.
        weights: file or folder; empty for the package's own.
        setting: that gives ``weights``, for messages.
        random: whether random ones are what is wanted.
        random_by: what asks for random ones, for messages; empty where nothing does.

    Returns:
        A path; empty for random ones.

    Raises:
        ValueError: if both are asked for, or nothing is and the package has no weights of
            ``model``.
    """
    if weights and random:
        raise ValueError(f"{setting} must be empty with {random_by}, got {weights}")
    if weights or random:
        return weights
    shipped = shipped_weights(model)
    if shipped is None:
        see = f", or set {random_by} to see it run" if random_by else ""
        raise ValueError(
            f"{setting} must name a .safetensors file, got an empty path, and the package has no "
            f"weights of {model}: convert the published checkpoint with `python -m offline.convert "
            f"{model} CHECKPOINT OUT.safetensors`{see}"
        )
    return str(shipped)
