"""A training run's configuration: one YAML file that says everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from offline.datasets.registry import DATASETS
from offline.predictors.base import TASKS
from offline.synthetic.sensor import SensorSettings
from offline.synthetic.settings import WorldSettings
from offline.training.registry import RECIPES, recipe_entry
from offline.training.yaml_settings import build, override, read_yaml, render
from scene_perception.settings import setting

PRECISIONS = ("32-true", "bf16-mixed", "16-mixed")
_TITLE = "# Every setting of `python -m offline.train`; what is not here is not a setting."


@dataclass(frozen=True)
class SyntheticData:
    """Worlds that are made and rendered as they are needed."""

    source: str = setting("synthetic", "worlds, rendered as needed", choices=("synthetic",))
    weight: float = setting(1.0, "share of the batches, relative to the others'", minimum=0)
    seeds: str = setting("0-899999", "of the worlds, first and last; 900000-900099 validate")
    rays: int = setting(1, "along each axis of a pixel, for its colour", minimum=1, maximum=4)
    world: WorldSettings = field(default_factory=WorldSettings)
    sensor: SensorSettings = field(default_factory=SensorSettings)


@dataclass(frozen=True)
class ShardData:
    """Samples that ``python -m offline.generate`` has written."""

    source: str = setting("shards", "samples of offline.generate", choices=("shards",))
    weight: float = setting(1.0, "share of the batches, relative to the others'", minimum=0)
    folder: str = setting("", "of the .npz files")


@dataclass(frozen=True)
class DatasetData:
    """Samples of a data set, with what it knows of them."""

    source: str = setting("dataset", "samples of a data set", choices=("dataset",))
    weight: float = setting(1.0, "share of the batches, relative to the others'", minimum=0)
    dataset: str = setting(
        "kitti_odometry", "as for offline.evaluate; camvid has labels", choices=tuple(DATASETS)
    )
    folder: str = setting("", "of the data set")
    split: str = setting("", "name or list file; empty: the usual one")
    intrinsics: tuple[float, ...] = setting(
        (), "fx, fy, cx, cy in px of the stored images, where the data set does not know them"
    )


Data = SyntheticData | ShardData | DatasetData
SOURCES: Mapping[str, type[Data]] = {
    "synthetic": SyntheticData,
    "shards": ShardData,
    "dataset": DatasetData,
}


@dataclass(frozen=True)
class Augmentation:
    """How samples are varied; intrinsics, flow, disparity and poses follow."""

    flip: float = setting(
        0.5, "share that is mirrored; stereo pairs with truth never are", minimum=0, maximum=1
    )
    least_scale: float = setting(
        1.0, "smallest share of the image's height and width that a crop shows", minimum=0.2,
        maximum=1,
    )  # fmt: skip
    keep_aspect: bool = setting(
        False, "whether crops have the aspect of the images that networks take, instead of the "
        "sample's, and least_scale is a share of the largest such crop",
    )  # fmt: skip
    jitter: float = setting(0.8, "share whose colours are changed", minimum=0, maximum=1)
    brightness: float = setting(0.2, "largest relative change", minimum=0, maximum=0.9)
    contrast: float = setting(0.2, "largest relative change", minimum=0, maximum=0.9)
    saturation: float = setting(0.2, "largest relative change", minimum=0, maximum=0.9)
    hue: float = setting(0.05, "largest change, turns", minimum=0, maximum=0.5)


@dataclass(frozen=True)
class Optimizer:
    """What turns gradients into steps."""

    name: str = setting("adamw", "rule; adam adds weight decay to the gradient",
                        choices=("adam", "adamw"))  # fmt: skip
    learning_rate: float = setting(2e-4, "before the schedule's factor", minimum=0)
    beta1: float = setting(0.9, "of the mean gradient", minimum=0, maximum=0.9999)
    beta2: float = setting(0.999, "of the mean square", minimum=0, maximum=0.99999)
    weight_decay: float = setting(1e-4, "share of the weights per unit of rate", minimum=0)
    clip_norm: float = setting(1.0, "longest gradient; 0 does not clip", minimum=0)


@dataclass(frozen=True)
class Schedule:
    """Factor of the learning rate by step."""

    name: str = setting("cosine", "shape after the warm-up", choices=("constant", "step", "cosine"))
    warmup_steps: int = setting(500, "steps over which it rises from 0", minimum=0)
    final: float = setting(0.01, "where cosine ends", minimum=0, maximum=1)
    step_every: int = setting(10000, "steps after which step falls", minimum=1)
    step_factor: float = setting(0.1, "by which step falls", minimum=0, maximum=1)


@dataclass(frozen=True)
class Validation:
    """How the averaged weights are measured during the run."""

    every: int = setting(2000, "steps; 0 never", minimum=0)
    dataset: str = setting("generated", "as for offline.evaluate", choices=tuple(DATASETS))
    folder: str = setting("", "of the data set; generated needs none")
    split: str = setting("900000-900015", "name, list file or seeds; empty: the usual one")
    samples: int = setting(16, "at most", minimum=1)
    tasks: tuple[str, ...] = setting((), "empty: those of the recipe", choices=TASKS)


@dataclass(frozen=True)
class TrainConfig:
    """Everything about a run.

    Raises:
        ValueError: for settings that do not go together.
    """

    recipe: str = setting("supervised", "what is trained", choices=tuple(RECIPES))
    settings: Any = field(default=None, metadata={})
    height: int = setting(192, "of the images, px", minimum=128, maximum=2048, multiple_of=64)
    width: int = setting(640, "of the images, px", minimum=128, maximum=4096, multiple_of=64)
    data: tuple[Data, ...] = (SyntheticData(),)
    augmentation: Augmentation = field(default_factory=Augmentation)
    optimizer: Optimizer = field(default_factory=Optimizer)
    schedule: Schedule = field(default_factory=Schedule)
    steps: int = setting(100000, "of the whole run", minimum=1)
    steps_per_epoch: int = setting(1000, "what recipes with a schedule count by", minimum=1)
    batch_size: int = setting(8, "samples in a step, of all processes together", minimum=1)
    precision: str = setting("32-true", "arithmetic of the networks", choices=PRECISIONS)
    ema_decay: float = setting(
        0.999, "of the averaged weights, which are kept; 0 averages nothing", minimum=0,
        maximum=0.999999,
    )  # fmt: skip
    seed: int = setting(0, "of everything that is drawn", minimum=0)
    workers: int = setting(2, "processes that make samples, for each that trains", minimum=0)
    device: str = setting("auto", "where the networks run", choices=("auto", "cpu", "cuda"))
    validation: Validation = field(default_factory=Validation)
    checkpoint_every: int = setting(1000, "steps after which the state is written", minimum=1)
    log_every: int = setting(20, "steps between scalars for TensorBoard", minimum=1)
    pictures_every: int = setting(1000, "steps between pictures; 0 draws none", minimum=0)
    output: str = setting("results/train", "folder of weights, state and logs")

    def __post_init__(self) -> None:
        if not any(data.weight > 0 for data in self.data):
            raise ValueError("data must have a source with a weight > 0, got none")
        if self.schedule.warmup_steps >= self.steps:
            raise ValueError(
                f"schedule.warmup_steps must be below steps, got {self.schedule.warmup_steps} "
                f"of {self.steps}"
            )


def default_config(recipe: str) -> TrainConfig:
    """Return the configuration of a recipe with every default.

    Raises:
        ValueError: for another recipe.
    """
    settings = recipe_entry(recipe).settings()
    return TrainConfig(recipe=recipe, settings=settings, output=f"results/train/{recipe}")


def config_text(config: TrainConfig) -> str:
    """Return the YAML of a configuration, with every setting's meaning."""
    return "\n".join([_TITLE, *render(config)]) + "\n"


def read_config(path: Path, overrides: Sequence[str] = ()) -> TrainConfig:
    """Return a file's configuration.

    Args:
        path: of the YAML file.
        overrides: ``setting=value``, which take the place of the file's.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: naming the file and what is wrong with it.
    """
    found = read_yaml(path)
    try:
        for text in overrides:
            override(found, text)
        return config_of(found)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def config_of(found: Mapping[str, Any]) -> TrainConfig:
    """Return the configuration that a mapping says.

    Raises:
        ValueError: naming the setting that is unknown, missing or wrong.
    """
    given: dict[str, Any] = {}
    if isinstance(found.get("recipe"), str):
        given["settings"] = _settings(found)
    if "data" in found:
        given["data"] = _data(found["data"])
    return build(TrainConfig, found, "", **given)


def _settings(found: Mapping[str, Any]) -> object:
    kind = recipe_entry(found["recipe"]).settings
    return build(kind, found.get("settings"), "settings")


def _data(found: object) -> tuple[Data, ...]:
    if not isinstance(found, list):
        raise ValueError(f"data must be a list of sources, got {found!r}")
    return tuple(_source(item, f"data.{number}") for number, item in enumerate(found))


def _source(found: object, where: str) -> Data:
    name = found.get("source") if isinstance(found, Mapping) else None
    if not isinstance(name, str) or name not in SOURCES:
        raise ValueError(f"{where}.source must be one of {', '.join(SOURCES)}, got {name!r}")
    return build(SOURCES[name], found, where)
