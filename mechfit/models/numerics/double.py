"""The double-precision twin of a scalar function, for loops over simulations side by side.

The compiler cannot run the library's exp on several numbers at once; the twin has a polynomial for
it. As in `single`, x = k ln 2 + r, and exp(r) - 1 is its series up to r^13 / 13!, whose rest is
below the rounding of double precision for |r| <= ln 2 / 2. Everything else stays as it is.
"""

import math
from collections.abc import Callable

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from mechfit.models.numerics.single import copied, inlined

__all__ = ["double"]

INT, FLOAT = ir.IntType(64), ir.DoubleType()
i64 = np.int64
ROUNDER = 1.5 * 2**52
LOG2_E, LN2_HIGH, LN2_LOW = (
    1.4426950408889634,
    6.93147180369123816490e-1,
    1.90821492927058770002e-10,
)
C = tuple(1 / math.factorial(k) for k in range(14))
TWINS: dict[Callable, Callable] = {}


@intrinsic
def bits_of(_, x):  # noqa: ANN001, ANN201
    """The bits of a float64 as an int64."""
    return types.int64(types.float64), lambda c, builder, s, args: builder.bitcast(args[0], INT)


@intrinsic
def float_of(_, x):  # noqa: ANN001, ANN201
    """The float64 with the given bits."""
    return types.float64(types.int64), lambda c, builder, s, args: builder.bitcast(args[0], FLOAT)


@inlined
def split(x: float) -> tuple[float, float]:
    """2^k and exp(r) - 1 for x = k ln 2 + r."""
    x = min(max(x, -708.0), 709.0)
    rounded = x * LOG2_E + ROUNDER
    k = rounded - ROUNDER
    r = x - k * LN2_HIGH - k * LN2_LOW
    q = C[13] * r + C[12]
    q = q * r + C[11]
    q = q * r + C[10]
    q = q * r + C[9]
    q = q * r + C[8]
    q = q * r + C[7]
    q = q * r + C[6]
    q = q * r + C[5]
    q = q * r + C[4]
    q = q * r + C[3]
    q = q * r + C[2]
    power = float_of((bits_of(rounded) << i64(52)) + i64(0x3FF0000000000000))
    return power, q * r * r + r


def exp(x: float) -> float:
    """Exponential."""
    power, rest = split(x)
    return power * rest + power


def expm1(x: float) -> float:
    """Exponential minus one, accurate near 0."""
    power, rest = split(x)
    return power * rest + (power - 1.0)


SOURCES = {math.exp: exp, math.expm1: expm1}


def double(function: Callable) -> Callable:
    """Compile the twin of a scalar Python function, to be inlined into a loop.

    Args:
        function: Takes and returns numbers or tuples of them; calls only functions of its module's
            namespace for which the same holds, and exp, expm1, sqrt of `math`.
    """
    if function not in TWINS:
        source = SOURCES.get(function) or copied(function, double, SOURCES, lambda value: value)
        TWINS[function] = inlined(source)
    return TWINS[function]
