"""The single-precision twin of a scalar function, made from the function itself.

A model's step is written once, in plain Python. For the fast paths every float literal in it
becomes a float32 and every function it calls its own twin; then it is compiled for its target. On
the processor exp, expm1 and log become polynomials that the compiler can run on many simulations
at once; a GPU has its own. Nothing else changes: there is no second copy of the physics.

exp and expm1: x = k ln 2 + r, exp(x) - 1 = 2^k (exp(r) - 1) + (2^k - 1), with the polynomial of
the Cephes library for exp(r); k is rounded by adding 1.5 * 2^23, whose low bits then hold k.
"""

import math
from collections.abc import Callable
from types import BuiltinFunctionType, CellType, FunctionType

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from mechfit.compile import FAST

__all__ = ["single", "twin_of"]

INT, FLOAT = ir.IntType(32), ir.FloatType()
f32, i32, u32 = np.float32, np.int32, np.uint32
SOURCES: dict[Callable, Callable] = {}
TWINS: dict[tuple[Callable, Callable], Callable] = {}
inlined = numba.njit(nogil=True, error_model="numpy", fastmath=FAST, forceinline=True)
ROUNDER = f32(1.5 * 2**23)
LOG2_E, LN2_HIGH, LN2_LOW = f32(1.4426950408889634), f32(0.693359375), f32(-2.12194440e-4)
LN2 = f32(0.6931471805599453)


def twin_of(function: Callable) -> Callable:
    """Declare the decorated function to be the source of another one's float32 twin."""

    def declare(source: Callable) -> Callable:
        SOURCES[function] = source
        return source

    return declare


@intrinsic
def bits_of(_, x):  # noqa: ANN001, ANN201
    """The bits of a float32 as an int32."""
    return types.int32(types.float32), lambda c, builder, s, args: builder.bitcast(args[0], INT)


@intrinsic
def float_of(_, x):  # noqa: ANN001, ANN201
    """The float32 with the given bits."""
    return types.float32(types.int32), lambda c, builder, s, args: builder.bitcast(args[0], FLOAT)


@inlined
def power_of_two(rounded: f32) -> f32:
    """2^k from k + ROUNDER."""
    return float_of(i32(i32(bits_of(rounded) << i32(23)) + i32(0x3F800000)))


@inlined
def split(x: f32) -> tuple[f32, f32]:
    """2^k and exp(r) - 1 for x = k ln 2 + r."""
    x = min(max(x, f32(-87.0)), f32(88.0))
    rounded = x * LOG2_E + ROUNDER
    k = rounded - ROUNDER
    r = x - k * LN2_HIGH - k * LN2_LOW
    q = f32(1.9875691500e-4)
    q = q * r + f32(1.3981999507e-3)
    q = q * r + f32(8.3334519073e-3)
    q = q * r + f32(4.1665795894e-2)
    q = q * r + f32(1.6666665459e-1)
    q = q * r + f32(5.0000001201e-1)
    return power_of_two(rounded), q * r * r + r


@twin_of(math.exp)
def exp(x: f32) -> f32:
    """Exponential."""
    power, rest = split(x)
    return power * rest + power


@twin_of(math.expm1)
def expm1(x: f32) -> f32:
    """Exponential minus one, accurate near 0."""
    power, rest = split(x)
    return power * rest + (power - f32(1.0))


@twin_of(math.log)
def log(x: f32) -> f32:
    """Natural logarithm of a positive normal number (Cephes)."""
    bits = bits_of(x)
    k = i32(i32(bits - i32(0x3F3504F3)) >> i32(23))
    m = float_of(i32(bits - i32(k << i32(23)))) - f32(1.0)
    z = m * m
    q = f32(7.0376836292e-2)
    q = q * m - f32(1.1514610310e-1)
    q = q * m + f32(1.1676998740e-1)
    q = q * m - f32(1.2420140846e-1)
    q = q * m + f32(1.4249322787e-1)
    q = q * m - f32(1.6668057665e-1)
    q = q * m + f32(2.0000714765e-1)
    q = q * m - f32(2.4999993993e-1)
    q = q * m + f32(3.3333331174e-1)
    return m * z * q - f32(0.5) * z + m + f32(k) * LN2


def single(function: Callable, jit: Callable = inlined) -> Callable:
    """Compile the float32 twin of a scalar Python function, to be inlined into a loop.

    Args:
        function: Takes and returns numbers or tuples of them; calls only functions of its module
            or of a function around it for which the same holds, and exp, expm1, log, sqrt of
            `math`. What it makes of float64 arguments stays float64.
        jit: Compiler of the target: by default that of the lanes, or one of `numba.cuda`.

    Returns:
        The compiled twin.
    """
    if (function, jit) not in TWINS:
        known = SOURCES if jit is inlined else {}
        source = SOURCES.get(function) or copied(
            function, lambda f: single(f, jit), known, _literal
        )
        TWINS[function, jit] = jit(source)
    return TWINS[function, jit]


def copied(function: Callable, twin: Callable, known: dict, literal: Callable) -> Callable:
    """Copy a function: its literals changed, and what it calls replaced by twins.

    Of the functions that are not written in Python only those that are `known` have one.
    """

    def changed(value: object) -> object:
        value = getattr(value, "py_func", value)
        builtin = isinstance(value, BuiltinFunctionType) and value in known
        return twin(value) if builtin or isinstance(value, FunctionType) else literal(value)

    code, namespace = function.__code__, dict(function.__globals__)
    for name in namespace.keys() & set(code.co_names):
        namespace[name] = changed(namespace[name])
    cells = tuple(CellType(changed(cell.cell_contents)) for cell in function.__closure__ or ())
    constants = tuple(map(literal, code.co_consts))
    code, defaults = code.replace(co_consts=constants), literal(function.__defaults__)
    return FunctionType(code, namespace, function.__name__, defaults, cells)


def _literal(value: object) -> object:
    """Turn a float, or those in a tuple, into float32."""
    if type(value) is tuple:
        return tuple(map(_literal, value))
    return f32(value) if isinstance(value, float) else value
