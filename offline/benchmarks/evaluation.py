"""What an evaluation of depth costs besides the network: files, projection, resizing, scores."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from offline.benchmarks.table import Row, spread_columns
from offline.benchmarks.timing import take_turns
from offline.datasets.kitti_object import read_kitti_object
from offline.datasets.samples import Sample
from offline.evaluation.depth import DepthTask
from offline.evaluation.run import Source, evaluate
from offline.in_order import one_thread_each
from offline.metrics.depth import depth_at_truth, score_depth
from offline.metrics.depth_protocol import DepthProtocol
from offline.metrics.protocols import PROTOCOLS
from offline.predictors.resizing import area
from offline.sharding import Shard
from offline.synthetic.stereo import sequence

_CAMERA, _NETWORK = (375, 1242), (192, 640)
_RINGS, _STEPS = 64, 1900  # as a Velodyne HDL-64E: 121600 points
_FRAMES = 60
_CALIBRATION = (
    "P2: 721.5 0 609.6 44.9 0 721.5 172.9 0.2 0 0 1 0.003\n"
    "R0_rect: 1 0 0 0 1 0 0 0 1\n"
    "Tr_velo_to_cam: 0 -1 0 0 0 0 -1 -0.08 1 0 0 -0.27\n"
)


def evaluation_rows(repeats: int, workers: Sequence[int] = (1, 2)) -> list[Row]:
    """Return the time of each step of one frame, and of a frame in a walk over many.

    The network is left out: predictions are constants of its size. 1242x375, a scan of 121600
    points, OmegaNet's protocol; every operation has one thread.

    Args:
        repeats: rounds that count.
        workers: numbers of frames that are worked on at once in the walks.
    """
    protocol = PROTOCOLS["omeganet"].depth
    assert protocol is not None
    with tempfile.TemporaryDirectory() as folder, one_thread_each():
        sample = _sample(Path(folder))
        rows = _step_rows(sample, protocol, repeats)
        return [*rows, *(_walk_row(sample, protocol, number) for number in workers)]


def _step_rows(sample: Sample, protocol: DepthProtocol, repeats: int) -> list[Row]:
    image, known = sample.image("current"), np.asarray(sample.known("depth"))
    inverse_depth = _prediction()
    depth = depth_at_truth(inverse_depth, _CAMERA, protocol)
    timings = take_turns(
        {
            "read the image": lambda: sample.image("current"),
            "read and project the scan": lambda: sample.known("depth"),
            "shrink the image for the network": lambda: area(image, *_NETWORK),
            "enlarge the prediction": lambda: depth_at_truth(inverse_depth, _CAMERA, protocol),
            "score": lambda: score_depth(depth, known, protocol),
        },
        repeats=repeats,
    )
    return [{"what": name, **spread_columns(timing)} for name, timing in timings.items()]


def _walk_row(sample: Sample, protocol: DepthProtocol, workers: int) -> Row:
    samples = (sample,) * _FRAMES
    inverse_depth = _prediction()

    def predict(
        _: int, __: Sample, images: dict[str, NDArray[np.uint8]]
    ) -> dict[str, NDArray[np.float32]]:
        area(images["current"], *_NETWORK)
        return {"inverse_depth": inverse_depth}

    source = Source(("current",), predict, "constant")
    start = time.perf_counter()
    evaluate(samples, source, DepthTask(protocol), Shard(), workers=workers)
    mean_ms = 1e3 * (time.perf_counter() - start) / len(samples)
    name = f"a frame of {_FRAMES}, {workers} at once"
    return {"what": name, "median ms": mean_ms, "p10 ms": mean_ms, "p90 ms": mean_ms}


def _prediction() -> NDArray[np.float32]:
    return np.random.default_rng(0).uniform(0.02, 0.2, _NETWORK).astype(np.float32)


def _sample(folder: Path) -> Sample:
    """Write one frame of KITTI object and return it."""
    for name in ("image_2", "velodyne", "calib"):
        (folder / name).mkdir()
    image = next(sequence(1, height=_CAMERA[0], width=_CAMERA[1])).image
    cv2.imwrite(str(folder / "image_2/000000.png"), image[..., ::-1])
    _scan().tofile(folder / "velodyne/000000.bin")
    (folder / "calib/000000.txt").write_text(_CALIBRATION)
    (sample,) = read_kitti_object(folder)
    return sample


def _scan() -> NDArray[np.float32]:
    """Return points all around at 5 to 60 m, forward, left, up and reflectance. # (N, 4)."""
    distance = np.random.default_rng(0).uniform(5.0, 60.0, (_RINGS, _STEPS))
    up = np.radians(np.linspace(-24.8, 2.0, _RINGS))[:, None]
    around = np.linspace(-np.pi, np.pi, _STEPS)[None]
    forward, left = np.cos(up) * np.cos(around), np.cos(up) * np.sin(around)
    ray = np.stack(np.broadcast_arrays(forward, left, np.sin(up)), axis=-1)
    points = (distance[..., None] * ray).reshape(-1, 3)
    return np.pad(points, ((0, 0), (0, 1))).astype(np.float32)
