"""Memory that a process frees is kept for its next frame or step, where the C library is glibc.

Left alone, glibc gives large blocks back to the system, which clears their pages anew each time.
"""

from __future__ import annotations

import ctypes

# mallopt's parameter numbers, from glibc's malloc.h.
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD, _MMAP_MAX, _ARENA_MAX = -1, -2, -3, -4, -8
_MEBIBYTE = 1 << 20
_LARGEST = 2**31 - 1  # of mallopt's values


def keep_freed_messages() -> bool:
    """Let malloc reuse image-sized blocks, up to 32 MB, instead of returning them to the system.

    Without it each message of 0.1 MB or more is mapped and page-faulted anew, which triples
    the time of (de)serialising it.

    Returns:
        Whether it took effect.
    """
    return _changed({_MMAP_THRESHOLD: 32 * _MEBIBYTE, _TRIM_THRESHOLD: 256 * _MEBIBYTE})


def keep_freed_tensors() -> bool:
    """Let malloc keep whatever is freed, of any size and by any thread; for training.

    Resident memory stays at the largest step's. With it, channels last and huge pages
    (``THP_MEM_ALLOC_ENABLE=1``, which PyTorch reads when it is imported) a step's CPU time falls
    from 0.50 to 0.29 s a sample for DSNet, from 1.3 to 0.9 for SD-OFNet, from 3.4 to 2.5 for
    DWARF (192x320, batch 2, one thread).

    Returns:
        Whether it took effect.
    """
    return _changed(
        {
            _ARENA_MAX: 1,  # backward's thread frees what the main one has allocated
            _MMAP_MAX: 0,
            _TRIM_THRESHOLD: _LARGEST,
            _TOP_PAD: 256 * _MEBIBYTE,
        }
    )


def _changed(settings: dict[int, int]) -> bool:
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    accepted = [mallopt(name, value) for name, value in settings.items()]
    return all(accepted)
