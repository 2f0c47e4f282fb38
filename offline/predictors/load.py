"""From a model's name and its weights to a predictor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from offline.predictors.base import Predictor
from offline.predictors.dwarf import DWARFPredictor
from offline.predictors.insta_dm import InstaDMPredictor
from offline.predictors.omeganet import DSNetPredictor, OmegaNetPredictor
from offline.predictors.opencv import OpenCVPredictor
from offline.predictors.resizing import area, bilinear
from offline.predictors.sgdepth import SGDepthPredictor
from scene_perception.checkpoints.insta_dm import load_insta_dm
from scene_perception.checkpoints.omeganet import load_dsnet, load_omeganet
from scene_perception.checkpoints.sgdepth import load_sgdepth
from scene_perception.checkpoints.shipped import meant_weights
from scene_perception.checkpoints.weights import load_weights
from scene_perception.engines.build import resolve_device
from scene_perception.engines.config import NetworkConfig
from scene_perception.engines.load import load_dwarf_engines
from scene_perception.engines.random_weights import (
    random_insta_dm,
    random_omeganet,
    random_sgdepth,
)
from scene_perception.settings import check


@dataclass(frozen=True)
class Setup:
    """What a predictor is made of, checked.

    Attributes:
        config: weights, size and device of the network.
        holds: the model that the weights say they are of; empty for random ones.
        script: which published script's resizing omegaNet follows, ``test`` or
            ``single_inference``; the other systems have but one.
        fit: of DWARF, ``auto``, ``pad`` or ``resize``.
    """

    config: NetworkConfig
    holds: str
    script: str = "test"
    fit: str = "auto"

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the network's input, px."""
        return self.config.height, self.config.width

    @property
    def device(self) -> str:
        """``cpu`` or ``cuda``."""
        return resolve_device(self.config.device)


@dataclass(frozen=True)
class Entry:
    """A model that can be predicted with.

    Attributes:
        height: of its published input, px.
        width: of its published input, px.
        models: that its weights may say they are of; empty where it has none.
        make: loads the weights and makes the predictor.
    """

    height: int
    width: int
    models: tuple[str, ...]
    make: Callable[[Setup], Predictor]


def load_predictor(
    model: str,
    weights: str,
    *,
    random_weights: bool = False,
    height: int | None = None,
    width: int | None = None,
    device: str = "auto",
    script: str = "test",
    fit: str = "auto",
) -> Predictor:
    """Return a predictor.

    Args:
        model: a key of ``MODELS``. Weights of DSNet alone make ``omeganet`` a ``dsnet``.
        weights: file or folder of weights; empty for those that come with the package.
        random_weights: whether random weights are what is wanted.
        height: of the network's input, px; None is the published one.
        width: of the network's input, px; None is the published one.
        device: ``auto``, ``cpu`` or ``cuda``.
        script: as ``Setup``.
        fit: as ``Setup``.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: for another model's weights, both kinds of weights, none where the package
            has none, or a model, size, device, script or fit that does not exist.
    """
    _require_one_of("model", model, MODELS)
    _require_one_of("script", script, ("test", "single_inference"))
    _require_one_of("fit", fit, ("auto", "pad", "resize"))
    entry = MODELS[model]
    meant = _meant(model, weights, random_weights=random_weights)
    config = NetworkConfig(
        weights=meant,
        random_weights=not meant,
        height=entry.height if height is None else height,
        width=entry.width if width is None else width,
        backend="torch",  # others round differently: which is fastest here must not move a table
        device=device,
    )
    check(config)
    holds = _holds(model, meant)
    return entry.make(Setup(config, holds, script, fit))


def _meant(model: str, weights: str, *, random_weights: bool) -> str:
    if MODELS[model].models:
        return meant_weights(
            model, weights, random=random_weights, setting="weights", random_by="--random-weights"
        )
    if weights or random_weights:
        raise ValueError(f"weights must not be given for {model}, which has none")
    return ""


def _holds(model: str, weights: str) -> str:
    """Return what weights say they are of, nothing of random ones; refuse another model's."""
    if not weights:
        return ""
    holds = load_weights(Path(weights))[1]["model"]
    allowed = MODELS[model].models
    if holds not in allowed:
        raise ValueError(
            f"weights of {model} must be of {' or '.join(allowed)}, {weights} holds {holds}; "
            f"convert the published checkpoint with `python -m offline.convert {model}`"
        )
    return holds


def _require_one_of(name: str, value: str, allowed: Mapping[str, object] | tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}, got {value!r}")


def _omeganet(setup: Setup) -> Predictor:
    resize = area if setup.script == "test" else bilinear
    path = Path(setup.config.weights)
    if setup.holds == "dsnet":
        return DSNetPredictor(load_dsnet(path), *setup.size, device=setup.device, resize=resize)
    network = load_omeganet(path) if setup.holds else random_omeganet()
    return OmegaNetPredictor(network, *setup.size, device=setup.device, resize=resize)


def _sgdepth(setup: Setup) -> Predictor:
    network = load_sgdepth(Path(setup.config.weights)) if setup.holds else random_sgdepth()
    return SGDepthPredictor(network, *setup.size, device=setup.device)


def _insta_dm(setup: Setup) -> Predictor:
    network = load_insta_dm(Path(setup.config.weights)) if setup.holds else random_insta_dm()
    return InstaDMPredictor(network, *setup.size, device=setup.device)


def _dwarf(setup: Setup) -> Predictor:
    return DWARFPredictor(load_dwarf_engines(setup.config).engines, setup.fit)


MODELS: Mapping[str, Entry] = {
    "omeganet": Entry(192, 640, ("omeganet", "dsnet"), _omeganet),
    "dwarf": Entry(384, 1280, ("dwarf",), _dwarf),
    "sgdepth": Entry(192, 640, ("sgdepth",), _sgdepth),
    "insta_dm": Entry(256, 832, ("insta_dm",), _insta_dm),
    "opencv": Entry(192, 640, (), lambda _: OpenCVPredictor()),
}
