"""What is done with a network's parts on their way to engines: ONNX files and int8."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from torch import nn

from offline.calibration import Size, calibration_inputs, calibration_windows
from offline.exporting.kept import MIB
from scene_perception.engines.backends import BACKENDS, Request
from scene_perception.engines.build import Built, build_engines, resolve_device, specifications
from scene_perception.engines.cache import EngineCache
from scene_perception.engines.cache_key import key_of
from scene_perception.engines.config import NetworkConfig
from scene_perception.engines.onnx_export import to_onnx

_INT8, _INT8_BACKEND = "int8", "openvino"

Parts = Mapping[str, nn.Module]
Shapes = Mapping[str, Mapping[str, Sequence[int]]]


@dataclass(frozen=True)
class Calibration:
    """Where the images come from that int8 takes its ranges from.

    Attributes:
        path: a recording, a video or a folder; None for the generated street.
        stereo: whether a frame is a pair of images.
    """

    path: Path | None
    stereo: bool


@dataclass(frozen=True)
class ExportBuild:
    """Builds engines as ``build_engines`` does, and what has to be there before.

    Attributes:
        cache: that the engines go to.
        calibration: for int8; None makes no int8 engines.
        onnx: folder of ONNX files; None for none.
    """

    cache: EngineCache
    calibration: Calibration | None = None
    onnx: Path | None = None

    def __call__(self, parts: Parts, shapes: Shapes, config: NetworkConfig) -> Built:
        """Return an engine for each part.

        Raises:
            EngineError, ValueError: as ``build_engines``, or if a part cannot be exported.
            OSError: if calibration images cannot be read or an ONNX file not be written.
        """
        device = resolve_device(config.device, config.backend)
        requests = {
            part: Request(part, module.eval().to(device), specifications(shapes[part]),
                          config.precision, device)
            for part, module in parts.items()
        }  # fmt: skip
        if self.onnx is not None:
            for request in requests.values():
                self._write_onnx(request, self.onnx)
        if self.calibration is not None:
            self._quantize(requests, self.calibration, Size(config.height, config.width))
        return build_engines(parts, shapes, config)

    def _write_onnx(self, request: Request, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{request.part}.onnx"
        to_onnx(replace(request, precision="float32"), path)
        print(f"{path}: {path.stat().st_size / MIB:.1f} MiB")

    def _quantize(
        self, requests: Mapping[str, Request], calibration: Calibration, size: Size
    ) -> None:
        """Put int8 engines into the cache, anew: their images may be others."""
        from scene_perception.engines.quantize import compile_int8  # noqa: PLC0415

        start = time.perf_counter()
        parts = {part: request.module for part, request in requests.items()}
        inputs = {part: request.inputs for part, request in requests.items()}
        windows = calibration_windows(calibration.path, size, stereo=calibration.stereo)
        examples = calibration_inputs(parts, inputs, windows)
        for part, request in requests.items():
            key = key_of(request, BACKENDS[_INT8_BACKEND])
            self.cache.drop(key)
            self.cache.folder(key, partial(compile_int8, request, examples[part]))
        print(f"int8: {' '.join(parts)} calibrated with {len(windows)} frames of "
              f"{calibration.path or 'the generated street'} "
              f"in {time.perf_counter() - start:.1f} s")  # fmt: skip
