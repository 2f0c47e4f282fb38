"""Compare our networks with a published network's outputs for stand-in weights.

``python -m offline.parity omeganet CASE.npz --variables variables.json --seed 10`` makes the
stand-in weights and the frames (seeds 10, 11, 12; as large as the case's arrays say), runs
our network and prints one row for each array of the case. ``dwarf`` takes two stereo pairs
(seeds 10, 11) and pads, crops and writes KITTI's integers as the published test script does.
``sgdepth`` and ``insta_dm`` take their networks' cases (the variables of Insta-DM by network), and
those of their losses, geometry and metrics, which need no variables, and of one training step;
``semseg`` takes losses.
Single operations are computed from the inputs that stand beside them in the case, ``metrics``
from those of ``inputs_*.npz`` in its folder as well. The limits stand in ``tolerances.json``,
the measures in ``comparison.py``.

Status 0: every array is within its limit. 1: some are not. 2: the case holds an array that
is not covered, or the input cannot be used.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offline.benchmarks.table import format_table
from offline.golden.comparison import Comparison, compare
from offline.golden.dwarf import DWARF_CASES
from offline.golden.insta_dm import INSTA_DM_CASES
from offline.golden.metrics import METRIC_CASES
from offline.golden.omeganet import OMEGANET_CASES
from offline.golden.semseg_losses import SEMSEG_CASES
from offline.golden.sgdepth import SGDEPTH_CASES

MODELS = {
    "omeganet": OMEGANET_CASES,
    "dwarf": DWARF_CASES,
    "sgdepth": SGDEPTH_CASES,
    "insta_dm": INSTA_DM_CASES,
    "semseg": SEMSEG_CASES,
    "metrics": METRIC_CASES,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare one case and return the exit status."""
    options = _parse(arguments)
    try:
        case = _read_case(options.case)
        shapes = _read_shapes(options.variables) if options.variables else {}
        network = MODELS[options.model]
        inputs = network.inputs(case)
        golden = {name: array for name, array in case.items() if name not in inputs}
        if not golden:
            raise ValueError(f"case {options.case} must hold arrays to compare, it has none")
        ours = network.arrays(_beside(options.case, network.beside) | case, shapes, options.seed)
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    comparisons = [
        compare(name, options.model, array, ours[name])
        for name, array in golden.items()
        if name in ours
    ]
    print(format_table([_row(comparison) for comparison in comparisons]))
    return _conclude(comparisons, [name for name in golden if name not in ours])


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m offline.parity",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("model", choices=MODELS)
    parser.add_argument("case", type=Path, help=".npz with the published network's arrays")
    parser.add_argument(
        "--variables",
        type=Path,
        help=".json: name -> shape as stored; losses, geometry and metrics need none",
    )
    parser.add_argument("--seed", type=int, default=10, help="of the first frame (default 10)")
    return parser.parse_args(arguments)


def _beside(case: Path, pattern: str) -> dict[str, NDArray[Any]]:
    """Return the arrays of the files beside a case that hold more of its inputs."""
    found: dict[str, NDArray[Any]] = {}
    for path in sorted(case.parent.glob(pattern)) if pattern else ():
        found |= _read_case(path)
    return found


def _read_case(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except (zipfile.BadZipFile, EOFError, ValueError, AttributeError) as error:
        raise ValueError(f"case {path} must be a whole .npz file ({error})") from error


def _read_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    try:
        listed = json.loads(path.read_text())
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(f"variables {path} must be JSON of name -> shape ({error})") from error
    if not isinstance(listed, dict) or not listed:
        raise ValueError(f"variables {path} must be JSON of name -> shape, got {listed!r:.40}")
    shapes = _flat(listed)
    for name, shape in shapes.items():
        if not isinstance(shape, list) or not all(isinstance(n, int) and n > 0 for n in shape):
            raise ValueError(
                f"variables {path}: shape of {name} must be a list of positive integers, "
                f"got {shape!r}"
            )
    return {name: tuple(shape) for name, shape in shapes.items()}


def _flat(listed: Mapping[str, Any]) -> dict[str, Any]:
    """Join the names of several networks to those of their variables, with a slash."""
    flat: dict[str, Any] = {}
    for name, shape in listed.items():
        if isinstance(shape, dict):
            flat |= {f"{name}/{entry}": value for entry, value in shape.items()}
        else:
            flat[name] = shape
    return flat


def _row(comparison: Comparison) -> dict[str, str | int | float]:
    return {
        "array": comparison.name,
        "max abs error": f"{comparison.absolute:.2e}",
        "of range": f"{comparison.relative:.2e}",
        "equal %": f"{comparison.agreement:.3f}",
        "measure": comparison.measure,
        "limit": f"{comparison.limit:g}",
        "": "ok" if comparison.passed else f"FAIL {comparison.problem}".strip(),
    }


def _conclude(comparisons: Sequence[Comparison], uncovered: Sequence[str]) -> int:
    failed = [comparison.name for comparison in comparisons if not comparison.passed]
    print(f"{len(comparisons) - len(failed)} of {len(comparisons)} arrays within their limits")
    if failed:
        print(f"beyond their limits: {', '.join(failed)}", file=sys.stderr)
    if "input_crc32" in failed:
        print("the frames are not those of the case: check --seed", file=sys.stderr)
    if uncovered:
        print(f"error: not covered: {', '.join(uncovered)}", file=sys.stderr)
        return 2
    return 1 if failed else 0


if __name__ == "__main__":
    # The published arrays were computed with convolutions of AVX2. Those of AVX-512 round in
    # another order, which decides ties of the auto-mask: 2e-5 of Insta-DM's photometric loss.
    os.environ.setdefault("ONEDNN_MAX_CPU_ISA", "AVX2")
    sys.exit(main())
