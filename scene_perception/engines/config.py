"""The settings that decide which engines are loaded."""

from __future__ import annotations

from dataclasses import dataclass

from scene_perception.settings import setting


@dataclass(frozen=True)
class NetworkConfig:
    """Which network runs, at what size and on what."""

    weights: str = setting("", "path of the weights (.safetensors from offline.convert)")
    allow_random_weights: bool = setting(
        False, "run with random weights where none are given (outputs are meaningless)"
    )
    height: int = setting(
        192, "network input height, px", minimum=128, maximum=2048, multiple_of=64
    )
    width: int = setting(640, "network input width, px", minimum=128, maximum=4096, multiple_of=64)
    backend: str = setting(
        "auto",
        "engine that runs the network; constant returns constants and needs no weights, for "
        "measuring everything but inference",
        choices=("auto", "torch", "constant"),
    )
    precision: str = setting("float32", "arithmetic of the network", choices=("float32",))
    device: str = setting("auto", "where the network runs", choices=("auto", "cpu", "cuda"))
