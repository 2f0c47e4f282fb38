"""Random numbers that follow from a seed and what they are for, so that none is ever stored."""

from __future__ import annotations

import hashlib

import torch


def seed_of(*keys: int | str) -> int:
    """Return a number that follows from the keys, 0 ... 2^63 - 1."""
    digest = hashlib.blake2b("/".join(map(str, keys)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


def generator(*keys: int | str) -> torch.Generator:
    """Return a generator on the CPU whose numbers follow from the keys."""
    return torch.Generator().manual_seed(seed_of(*keys))
