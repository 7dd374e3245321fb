"""Noise that depends on nothing but its key: (seed, simulation, step).

A counter-based generator is a block cipher used as a function: it scrambles a counter with a key,
so any number of the sequence can be computed by anyone, in any order. Here the key is the seed
(64 bits) and the counter is (simulation, pair of steps); Threefry-2x32 with 20 rounds turns them
into two 32-bit words u, v, and the transform of Box and Muller into two standard normals,

    r_2k = sqrt(-2 ln u) cos(2 pi v),    r_2k+1 = sqrt(-2 ln u) sin(2 pi v).

A simulation therefore gets the same noise on one thread or a hundred. Threefry: Salmon, Moraes,
Dror & Shaw (2011), doi:10.1145/2063384.2063405; Box & Muller (1958), doi:10.1214/aoms/1177706645.
"""

from math import cos, log, pi, sin, sqrt

import numpy as np
from numba.extending import register_jitable

from mechfit.compile import compiled
from mechfit.models.numerics.single import twin_of
from mechfit.summaries.arguments import array_of

__all__ = ["normals"]

PARITY = np.uint32(0x1BD11BDA)
f32, i32, u32 = np.float32, np.int32, np.uint32
PI_OVER_2_32 = f32(pi * 2.0**-32)
TWO_TO_MINUS_32 = 2.0**-32
ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))


@register_jitable
def mix(a: np.uint32, b: np.uint32, bits: int) -> tuple[np.uint32, np.uint32]:
    """One round: add, rotate, exclusive-or."""
    a = np.uint32(a + b)
    b = np.uint32(np.uint32(b << np.uint32(bits)) | np.uint32(b >> np.uint32(32 - bits)))
    return a, np.uint32(b ^ a)


@register_jitable
def four_rounds(a: np.uint32, b: np.uint32, r: tuple) -> tuple[np.uint32, np.uint32]:
    """Four rounds with one row of rotations."""
    a, b = mix(a, b, r[0])
    a, b = mix(a, b, r[1])
    a, b = mix(a, b, r[2])
    return mix(a, b, r[3])


@register_jitable
def threefry(
    key0: np.uint32, key1: np.uint32, a: np.uint32, b: np.uint32
) -> tuple[np.uint32, np.uint32]:
    """Threefry-2x32-20: two random words from a key and a counter of two words each."""
    key2 = np.uint32(key0 ^ key1 ^ PARITY)
    a, b = np.uint32(a + key0), np.uint32(b + key1)
    a, b = four_rounds(a, b, ROTATIONS[0])
    a, b = np.uint32(a + key1), np.uint32(b + key2 + np.uint32(1))
    a, b = four_rounds(a, b, ROTATIONS[1])
    a, b = np.uint32(a + key2), np.uint32(b + key0 + np.uint32(2))
    a, b = four_rounds(a, b, ROTATIONS[0])
    a, b = np.uint32(a + key0), np.uint32(b + key1 + np.uint32(3))
    a, b = four_rounds(a, b, ROTATIONS[1])
    a, b = np.uint32(a + key1), np.uint32(b + key2 + np.uint32(4))
    a, b = four_rounds(a, b, ROTATIONS[0])
    return np.uint32(a + key2), np.uint32(b + key0 + np.uint32(5))


@register_jitable
def between_0_and_1(word: np.uint32) -> float:
    """Uniform number from a random word, never 0 or 1."""
    return (word + 0.5) * TWO_TO_MINUS_32


@register_jitable
def on_circle(word: np.uint32) -> tuple[float, float]:
    """Point on the unit circle, uniform in angle, from a random word."""
    angle = 2.0 * pi * ((word + 0.5) * TWO_TO_MINUS_32)
    return cos(angle), sin(angle)


@register_jitable
def normal_pair(
    key0: np.uint32, key1: np.uint32, simulation: np.uint32, pair: np.uint32
) -> tuple[float, float]:
    """Two standard normals: the noise of steps 2 pair and 2 pair + 1 of one simulation."""
    a, b = threefry(key0, key1, simulation, pair)
    # a GPU's fast log may rise above 0 just below 1
    radius = sqrt(max(-2.0 * log(between_0_and_1(a)), 0.0))
    x, y = on_circle(b)
    return radius * x, radius * y


@twin_of(between_0_and_1)
def between_0_and_1_single(word: u32) -> f32:
    """The same from 31 bits of the word; never 0, and 1 only by rounding."""
    return (f32(i32(word >> u32(1))) + f32(0.5)) * f32(2.0**-31)


@twin_of(on_circle)
def on_circle_single(word: u32) -> tuple[f32, f32]:
    """Point on the unit circle at the angle of a random word, by the half angle."""
    t = f32(i32(word)) * PI_OVER_2_32
    z = t * t
    q = f32(2.6019031e-6)
    q = q * z - f32(1.9807380e-4)
    q = q * z + f32(8.3330255e-3)
    q = q * z - f32(1.6666657e-1)
    s = t + t * z * q
    p = f32(-2.6051615e-7)
    p = p * z + f32(2.4760495e-5)
    p = p * z - f32(1.3888378e-3)
    p = p * z + f32(4.1666638e-2)
    p = p * z - f32(0.5)
    c = p * z + f32(1.0)
    return c * c - s * s, f32(2.0) * s * c


def key_of(seed: int) -> tuple[np.uint32, np.uint32]:
    """Split a seed below 2**64 into the two words of a key."""
    if not 0 <= seed < 2**64:
        raise ValueError(f"seed is {seed}, expected an integer from 0 to 2**64 - 1")
    return np.uint32(seed & 0xFFFFFFFF), np.uint32(seed >> 32)


@compiled
def fill_normals(key0: np.uint32, key1: np.uint32, simulation: np.uint32, out: np.ndarray) -> None:
    """Write the noise of one simulation into `out` (steps,)."""
    for pair in range((out.size + 1) // 2):
        first, second = normal_pair(key0, key1, simulation, np.uint32(pair))
        out[2 * pair] = first
        if 2 * pair + 1 < out.size:
            out[2 * pair + 1] = second


def given_or_drawn(
    noise: np.ndarray | None, seed: int, first: int, shape: tuple[int, int]
) -> np.ndarray:
    """Standard normals (n, steps) of simulations `first` on: those given, or drawn if None."""
    if noise is None:
        key, noise = key_of(seed), np.empty(shape)
        for i, row in enumerate(noise, start=first):
            fill_normals(*key, np.uint32(i), row)
    noise = np.atleast_2d(array_of("noise", noise, "(n, steps)", "(steps,)"))
    if noise.shape != shape:
        raise ValueError(f"noise has shape {noise.shape}, expected {shape}")
    return noise


def normals(seed: int, simulation: int, steps: int) -> np.ndarray:
    """Return the standard normals (steps,) that simulation number `simulation` receives.

    Example:
        >>> bool((normals(1, 5, 100)[:10] == normals(1, 5, 10)).all())
        True
    """
    out = np.empty(steps)
    fill_normals(*key_of(seed), np.uint32(simulation), out)
    return out
