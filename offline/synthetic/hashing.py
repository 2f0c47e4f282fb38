"""Random numbers that are a pure function of what they are for: the same on CPU and GPU.

The mixing function is ``lowbias32`` of C. Wellons' hash prospector, on 32 bits held in int64.
"""

from __future__ import annotations

from torch import Tensor

_BITS = 0xFFFFFFFF
# Byte sums: mean and standard deviation of four uniform bytes' sum.
_BYTES_MEAN = 4 * 127.5
_BYTES_DEVIATION = (4 * (256**2 - 1) / 12) ** 0.5


def mixed(values: Tensor) -> Tensor:
    """Return 32 well mixed bits for each integer, as int64 in 0 ... 2^32 - 1; any shape."""
    bits = values.long() & _BITS
    bits = ((bits ^ (bits >> 16)) * 0x7FEB352D) & _BITS
    bits = ((bits ^ (bits >> 15)) * 0x846CA68B) & _BITS
    return bits ^ (bits >> 16)


def uniform(values: Tensor) -> Tensor:
    """Return a number of 0 <= u < 1 for each integer, float32; any shape."""
    return (mixed(values) >> 8).float() / 2**24


def normal(values: Tensor) -> Tensor:
    """Return a number of mean 0 and variance 1 for each integer, float32; any shape.

    It is the sum of four uniform bytes, which is bell-shaped and ends at 3.5 deviations.
    """
    bits = mixed(values)
    total = (bits & 255) + ((bits >> 8) & 255) + ((bits >> 16) & 255) + (bits >> 24)
    return (total.float() - _BYTES_MEAN) / _BYTES_DEVIATION
