"""Label images without truth by a network, or by others' files, to train another network on.

``python -m offline.distill MODEL --dataset D --data ROOT --weights W.safetensors --output DIR``
with MODEL ``dwarf`` (disparity, next disparity, flow), ``omeganet`` (flow, labels) or ``sgdepth``
(labels), or ``files`` with ``--files flow=FOLDER ...`` for PNGs that others have made.

DIR gets a folder of KITTI's PNGs for each kind, and ``labels.txt``, which says of each sample
whether a kind is measured truth, which goes first, a proxy, or none. ``--dataset distilled --data
DIR`` are these samples, for ``offline.train`` (``dataset: distilled``) as for ``offline.evaluate``.

Only what agrees with the network's own answers backwards and mirrored is kept. Interrupted, the
same command goes on where it was; ``torchrun`` shares the samples between processes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from tqdm import tqdm

from offline.command import run_shared
from offline.datasets.registry import DATASETS, Selection, read_samples
from offline.datasets.samples import Sample
from offline.distillation.kinds import KINDS, values_of
from offline.distillation.labellers import FileLabels, Labeller, network_labels
from offline.distillation.lists import LIST, NONE, PROXY, TRUTH, Labelled, write_list
from offline.in_order import positive
from offline.predictors.load import MODELS, load_predictor
from offline.sharding import Shard
from offline.whole_files import require_writable, write_whole
from scene_perception.checkpoints.weights import sha256_of

_MADE = "made_by.txt"
_FILES = "files"


class Labels(NamedTuple):
    """What became of a sample.

    Attributes:
        name: of the sample.
        origins: where each kind comes from.
        shares: of the pixels that each proxy knows.
    """

    name: str
    origins: tuple[str, ...]
    shares: tuple[float, ...]


def main(arguments: Sequence[str] | None = None) -> int:
    """Label one data set; return 0, or 2 where something cannot be read, written or trusted."""
    options = _parse(arguments)
    return run_shared(lambda share: _run(options, share))


def _run(options: argparse.Namespace, share: Shard) -> int:
    require_writable(options.output)
    labeller = _labeller(options)
    kinds = [kind for kind in KINDS if kind in (options.kinds or labeller.kinds)]
    samples = _samples(options, labeller)
    if share.is_first:
        _require_same(options, kinds)
    own = [(n, _label(samples, n, kinds, labeller, options)) for n in _shown(samples, share)]
    labelled = share.gather(own)
    if labelled is None:
        return 0
    found = [labels for _, labels in labelled]
    _require_trusted(found, options)
    folder = str(options.data.resolve()) if options.data else ""
    origins = {labels.name: labels.origins for labels in found}
    write_list(
        options.output / LIST,
        Labelled(options.dataset, folder, options.split, tuple(kinds), origins),
    )
    print("\n".join(_told(found, kinds, options.output)))
    return 0


def _shown(samples: Sequence[Sample], share: Shard) -> Iterable[int]:
    shown: Iterable[int] = tqdm(
        share.indices(len(samples)), unit="sample", disable=not share.is_first
    )
    return shown


def _label(
    samples: Sequence[Sample],
    number: int,
    kinds: Sequence[str],
    labeller: Labeller,
    options: argparse.Namespace,
) -> Labels:
    """Label a sample, unless that has been done, and return what it has."""
    sample = samples[number]
    measured = {kind for kind in kinds if KINDS[kind].truth in sample.truth}
    wanted = [kind for kind in kinds if options.truth == "never" or kind not in measured]
    paths = {kind: options.output / kind / f"{sample.name}.png" for kind in wanted}
    if not all(path.is_file() for path in paths.values()):
        found = labeller(sample, _after(samples, number))
        for kind, path in paths.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            KINDS[kind].write(path, found[kind])
    shares = {kind: _known_share(kind, path) for kind, path in paths.items()}
    origins = [(PROXY if shares[kind] else NONE) if kind in wanted else TRUTH for kind in kinds]
    return Labels(sample.name, tuple(origins), tuple(shares.values()))


def _known_share(kind: str, path: Path) -> float:
    known = KINDS[kind].known(values_of(KINDS[kind].read(path)))
    return float(known.mean())


def _after(samples: Sequence[Sample], number: int) -> Sample | None:
    if number + 1 >= len(samples):
        return None
    following = samples[number + 1]
    return following if following.sequence == samples[number].sequence else None


def _samples(options: argparse.Namespace, labeller: Labeller) -> Sequence[Sample]:
    """Return the samples that have the images.

    Raises:
        ValueError: if there are none.
    """
    samples = read_samples(options.dataset, options.data, Selection(options.split))
    usable = [sample for sample in samples if sample.pictures.keys() >= set(labeller.roles)]
    if not usable:
        has = ", ".join(samples[0].pictures) if samples else "no samples"
        raise ValueError(
            f"{options.dataset} must have the images {', '.join(labeller.roles)} for these "
            f"labels, it has {has}"
        )
    return usable[: options.limit]


def _labeller(options: argparse.Namespace) -> Labeller:
    if options.model == _FILES:
        return FileLabels(_folders(options))
    if options.files:
        raise ValueError("--files must be given with the model 'files' alone")
    predictor = load_predictor(
        options.model,
        options.weights,
        height=options.height,
        width=options.width,
        device=options.device,
    )
    return network_labels(
        predictor, options.kinds or (), filtered=options.consistency, least=options.least_confidence
    )


def _folders(options: argparse.Namespace) -> dict[str, Path]:
    """Return the folders of ``--files`` by kind.

    Raises:
        ValueError: for none, another kind, or what is no folder.
    """
    if options.weights or options.kinds or not options.files:
        raise ValueError("the model 'files' must have --files KIND=FOLDER, no --weights or --kinds")
    folders = {}
    for text in options.files:
        kind, _, folder = text.partition("=")
        if kind not in KINDS or not Path(folder).is_dir():
            raise ValueError(
                f"--files must be KIND=FOLDER with a kind of {', '.join(KINDS)}, got {text!r}"
            )
        folders[kind] = Path(folder)
    return folders


def _require_same(options: argparse.Namespace, kinds: Sequence[str]) -> None:
    """Refuse to go on with labels that were made otherwise.

    Raises:
        ValueError: naming the folder and the setting.
    """
    made = {
        "model": options.model,
        "weights": sha256_of(Path(options.weights)) if options.weights else "",
        "size": f"{options.height} {options.width}",
        "files": " ".join(sorted(options.files or ())),
        "data": f"{options.dataset} {options.data.resolve() if options.data else ''}",
        "kinds": " ".join(kinds),
        "truth": options.truth,
        "consistency": str(options.consistency),
        "least_confidence": str(options.least_confidence),
    }
    text = "".join(f"{key}: {value}\n" for key, value in made.items())
    path: Path = options.output / _MADE
    before = path.read_text("utf-8") if path.is_file() else text
    for old, new in zip(before.splitlines(), text.splitlines(), strict=False):
        if old != new:
            raise ValueError(
                f"{options.output} must be empty or hold labels of the same settings, it was made "
                f"with {old!r}, not {new!r}; give another --output"
            )
    write_whole({path: text.encode()})


def _require_trusted(found: Sequence[Labels], options: argparse.Namespace) -> None:
    """Refuse labels of which next to nothing is to be trusted: the network does not fit the images.

    Raises:
        ValueError: with the share.
    """
    shares = [share for labels in found for share in labels.shares]
    mean = sum(shares) / len(shares) if shares else 1.0
    if mean < options.least_share:
        raise ValueError(
            f"labels must be known on {options.least_share:.0%} of the pixels at least, these are "
            f"on {mean:.1%}: the weights do not fit these images, or their order; no list is "
            f"written, --least-share takes less"
        )


def _told(found: Sequence[Labels], kinds: Sequence[str], folder: Path) -> list[str]:
    lines = [f"{len(found)} samples listed in {folder / LIST}"]
    for number, kind in enumerate(kinds):
        counts = dict.fromkeys((TRUTH, PROXY, NONE), 0)
        for labels in found:
            counts[labels.origins[number]] += 1
        told = ", ".join(f"{count} {origin}" for origin, count in counts.items() if count)
        lines.append(f"  {kind}: {told}")
    return lines


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m offline.distill",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    models = [name for name in MODELS if name != "insta_dm"]
    add("model", choices=(*models, _FILES), help="whose labels")
    add("--dataset", choices=tuple(DATASETS), required=True, help="what is labelled")
    add("--data", type=Path, metavar="ROOT", help="the data set's folder")
    add("--split", default="", help="of the data set (default: the usual one)")
    add("--weights", default="", help="of the network; default: the package's own")
    add("--height", type=int, help="network input (default: the published one)")
    add("--width", type=int, help="network input (default: the published one)")
    add("--device", default="auto", choices=("auto", "cpu", "cuda"))
    add("--files", nargs="+", metavar="KIND=FOLDER", help="of the model 'files'")
    add("--kinds", nargs="+", choices=tuple(KINDS), help="of labels (default: all it can give)")
    add("--output", type=Path, required=True, metavar="DIR", help="folder of the labels")
    add("--truth", default="first", choices=("first", "never"),
        help="whether what the data set knows goes first (default)")  # fmt: skip
    add("--no-consistency", dest="consistency", action="store_false",
        help="keep disparity and flow that disagree backwards or mirrored")  # fmt: skip
    add("--least-confidence", type=float, default=0.7, metavar="P",
        help="probability below which a label is left out (default 0.7)")  # fmt: skip
    add("--least-share", type=float, default=0.05, metavar="P",
        help="share of the pixels that must be known, on average (default 0.05)")  # fmt: skip
    add("--limit", type=positive, help="samples at most")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
