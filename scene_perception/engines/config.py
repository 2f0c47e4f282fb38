"""The settings that decide which engines are loaded."""

from __future__ import annotations

from dataclasses import dataclass

from scene_perception.engines.backends import BACKENDS, CPU, PRECISIONS
from scene_perception.settings import setting


@dataclass(frozen=True)
class NetworkConfig:
    """Which network runs, at what size and on what."""

    weights: str = setting(
        "",
        "weights, a .safetensors file or a folder of several; empty: those that come with the "
        "package (of omeganet and dwarf)",
    )
    random_weights: bool = setting(
        False, "run with random weights instead (outputs are meaningless)"
    )
    height: int = setting(
        192, "network input height, px", minimum=128, maximum=2048, multiple_of=64
    )
    width: int = setting(640, "network input width, px", minimum=128, maximum=4096, multiple_of=64)
    backend: str = setting(
        "auto",
        "engine that runs the network: auto takes the first that gives the right numbers, on a "
        "GPU tensorrt, onnx-tensorrt, cuda or torch, otherwise cpu, the fastest of openvino, "
        "onnxruntime and torch; constant returns constants and needs no weights, for measuring "
        "everything but inference",
        choices=("auto", CPU, *BACKENDS),
    )
    precision: str = setting(
        "float32",
        "arithmetic of the network, inputs and outputs stay float32; auto falls back to float32, "
        "int8 needs engines that `python -m offline.export` has calibrated",
        choices=PRECISIONS,
    )
    cache_dir: str = setting(
        "",
        "folder that keeps built engines for the next start; empty: scene_perception/engines in "
        "$XDG_CACHE_HOME or ~/.cache",
    )
    device: str = setting("auto", "where the network runs", choices=("auto", "cpu", "cuda"))
