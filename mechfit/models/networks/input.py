r"""Input: a Poisson number for each neuron and step, from the key (seed, network, step, neuron).

The number of cumulative probabilities P(0), P(0) + P(1), ... that a uniform number u exceeds is a
Poisson number. 16 bits of u are enough: in each step all probabilities are rounded to whole
65,536ths, up or down by the same random number, so that over the steps each is right to 2^-32. The
bits come from a hash of the neuron's number with a 64-bit key of the step, by the multiplications
and shifts of the finalizer of MurmurHash3 (A. Appleby, public domain); `threefry` makes the key.
"""

import numpy as np
from numba.extending import register_jitable
from scipy.special import pdtr

from mechfit.models.numerics.noise import between_0_and_1, threefry

__all__ = ["draw", "poisson_table"]

i16, u32, u64 = np.int16, np.uint32, np.uint64
GROUP = 8
NEVER = 2**15 - 1


def poisson_table(mean: float) -> np.ndarray:
    """Cumulative probabilities (m,) below 1 - 2^-33, in 65,536ths; m is a multiple of 8."""
    cdf = pdtr(np.arange(int(mean + 8 * mean**0.5 + 24)), mean) if mean > 0 else np.empty(0)
    m = np.searchsorted(cdf, 1 - 2.0**-33)
    return 2.0**16 * cdf[: m + -m % GROUP]


@register_jitable
def scramble(x, key0, key1):
    """32 random bits from a number and a key."""
    x = u32(u32(x * u32(0x9E3779B1)) + key0)
    x = u32(u32(x ^ u32(x >> u32(16))) * u32(0x85EBCA6B))
    x = u32(x ^ key1)
    x = u32(u32(x ^ u32(x >> u32(13))) * u32(0xC2B2AE35))
    return u32(x ^ u32(x >> u32(16)))


@register_jitable
def draw(arrivals, noise, step, table, key):
    """Add a Poisson number to the arrivals (neurons,) at each neuron; `noise` is room for a block.

    The number is how many levels u exceeds, and `least`, those that are always exceeded.
    """
    levels, least, most = np.empty(table.size, i16), 0, 0
    key0, key1 = threefry(key[0], key[1], u32(step), u32(0))
    more = between_0_and_1(threefry(key[0], key[1], u32(step), u32(1))[0])
    for m in range(table.size):
        level = int(table[m] + more)
        least += level == 0
        most += level < 2**16
        levels[m] = NEVER if level == 0 else level - 2**15 - 1
    half = u64(noise.size // 2)
    for i in range(arrivals.size // noise.size):
        o = u64(i) * u64(2) * half
        for j in range(half):
            word = scramble(u32(u64(i) * half + j), key0, key1)
            noise[j], noise[half + j] = i16(word), i16(word >> u32(16))
        for m in range(0, most, GROUP):
            a, b, c, d = levels[m], levels[m + 1], levels[m + 2], levels[m + 3]
            e, f, g, h = levels[m + 4], levels[m + 5], levels[m + 6], levels[m + 7]
            always = i16(least if m == 0 else 0)
            for j in range(u64(noise.size)):
                u = noise[j]
                low = i16(u > a) + i16(u > b) + i16(u > c) + i16(u > d)
                high = i16(u > e) + i16(u > f) + i16(u > g) + i16(u > h)
                arrivals[o + j] += always + low + high
