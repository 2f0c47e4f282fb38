"""Where predictions come from: a network, files, or a recording of the live node."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offline.datasets.label_maps import VOID
from offline.datasets.samples import Sample
from offline.evaluation.run import Images, Source
from offline.evaluation.task import Outputs
from offline.kitti_files import read_depth, read_disparity, read_flow
from offline.metrics.hole_filling import fill_flow
from offline.metrics.scene_flow import flow_with_holes
from offline.png_files import read_png
from offline.predictors.base import Predictor
from scene_perception.cityscapes import CLASSES

Reader = Callable[[Path, Sample], dict[str, NDArray[Any]]]


def network_source(predictor: Predictor, task: str) -> Source:
    """Return a network's predictions.

    Raises:
        ValueError: for a task that it, or its weights, cannot do.
    """
    if task not in predictor.roles:
        raise ValueError(
            f"task must be one that {predictor.model} with these weights can do "
            f"({', '.join(predictor.roles)}), got {task}"
        )

    def predict(_: int, __: Sample, images: Images) -> Outputs:
        outputs = predictor(task, images)
        for name, values in outputs.items():
            unknown = values.size - int(np.count_nonzero(np.isfinite(values)))
            if unknown:
                raise ValueError(
                    f"{name} of {predictor.model} must be numbers, got NaN or infinity at "
                    f"{unknown} of {values.size} elements; are the weights damaged?"
                )
        return outputs

    return Source(predictor.roles[task], predict, predictor.model)


def file_source(
    folder: Path, task: str, samples: Sequence[Sample], *, inverse: bool = False
) -> Source:
    """Return predictions from files.

    A file is called as its sample (``NAME.png``, ``NAME.npy``), or as the last part of that name;
    depth may also be one ``.npy`` with all samples (N, H, W).

    Args:
        folder: of the files, or the ``.npy`` file.
        task: that they are for.
        samples: of the data set.
        inverse: ``.npy`` files hold inverse depth, which the protocol resizes.

    Raises:
        ValueError: for a task that no files are known for, or a path that is not there.
    """
    if task not in _READERS:
        raise ValueError(
            f"predictions can be read from files for {', '.join(_READERS)}, got {task}"
        )
    if not folder.exists():
        raise ValueError(f"predictions {folder} must be a folder or a .npy file, there is none")
    if folder.is_file():
        return _stacked(folder, task, len(samples), inverse=inverse)
    read = _read_inverse_depth if task == "depth" and inverse else _READERS[task]

    def predict(_: int, sample: Sample, __: Images) -> Outputs:
        return read(folder, sample)

    return Source((), predict, str(folder))


def _stacked(file: Path, task: str, count: int, *, inverse: bool) -> Source:
    arrays = _array(file, mapped=True)
    if task != "depth" or arrays.ndim != 3 or len(arrays) != count:
        raise ValueError(
            f"predictions {file} must be depth of {count} samples (N, H, W), "
            f"got {arrays.shape} for {task}"
        )

    def predict(index: int, _: Sample, __: Images) -> Outputs:
        stored = np.asarray(arrays[index], np.float32)
        with np.errstate(divide="ignore"):
            return {"inverse_depth": stored if inverse else np.reciprocal(stored)}

    return Source((), predict, str(file))


def _read_depth(folder: Path, sample: Sample) -> dict[str, NDArray[Any]]:
    path = _found(folder, sample, (".npy", ".png"))
    if path.suffix == ".npy":
        return {"depth": _array(path)}
    return {"depth": read_depth(path)}


def _read_inverse_depth(folder: Path, sample: Sample) -> dict[str, NDArray[Any]]:
    return {"inverse_depth": _array(_found(folder, sample, (".npy",)))}


def _read_labels(folder: Path, sample: Sample) -> dict[str, NDArray[Any]]:
    """Return train ids; SGDepth's have a twentieth, void."""
    path = _found(folder, sample, (".png",))
    labels = read_png(path, np.uint8)
    seen = np.flatnonzero(np.bincount(labels.ravel(), minlength=VOID + 1))
    if unknown := [int(label) for label in seen if len(CLASSES) < label < VOID]:
        raise ValueError(
            f"{path} must hold train ids 0 ... {len(CLASSES)}, or {VOID} for void, got "
            f"{unknown[0]}; Cityscapes ids are refused"
        )
    return {"labels": labels}


def _read_mask(folder: Path, sample: Sample) -> dict[str, NDArray[Any]]:
    path = _found(folder, sample, (".png",))
    return {"motion_mask": read_png(path, np.uint8)}


def _read_flow(folder: Path, sample: Sample) -> dict[str, NDArray[Any]]:
    """Return flow with its holes filled as the development kit does."""
    flow, known = read_flow(_found(folder, sample, (".png",)))
    return {"flow": fill_flow(flow_with_holes(flow, known))}


def _read_scene_flow(folder: Path, sample: Sample) -> dict[str, NDArray[Any]]:
    """Return what there is of ``disp_0``, ``disp_1`` and ``flow``, NaN where it has holes."""
    maps: dict[str, NDArray[Any]] = {}
    for kind, name in (("disp_0", "disparity"), ("disp_1", "next_disparity")):
        if (folder / kind).is_dir():
            maps[name] = read_disparity(_found(folder / kind, sample, (".png",)))
    if (folder / "flow").is_dir():
        flow, known = read_flow(_found(folder / "flow", sample, (".png",)))
        maps["flow"] = flow_with_holes(flow, known)
    if not maps:
        raise ValueError(f"{folder} must have disp_0, disp_1 or flow, got none of them")
    return maps


_READERS: Mapping[str, Reader] = {
    "depth": _read_depth,
    "semantics": _read_labels,
    "flow": _read_flow,
    "motion": _read_mask,
    "scene_flow": _read_scene_flow,
}


def _found(folder: Path, sample: Sample, suffixes: Sequence[str]) -> Path:
    """Return the sample's file: by its whole name, or by the last part of it."""
    names = dict.fromkeys([sample.name, sample.name.rsplit("/", maxsplit=1)[-1]])
    candidates = [folder / f"{name}{suffix}" for name in names for suffix in suffixes]
    found = next((path for path in candidates if path.is_file()), None)
    if found is None:
        raise ValueError(f"prediction {candidates[0]} is missing")
    return found


def _array(path: Path, *, mapped: bool = False) -> NDArray[Any]:
    try:
        array = np.load(path, mmap_mode="r" if mapped else None, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ValueError(f"{path} must be a whole .npy file of numbers ({error})") from error
    return np.asarray(array)
