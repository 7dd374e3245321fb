"""Inputs: what users hand in, as arrays of real numbers in a known order.

Lists, tensors, masked arrays, tables of pandas or polars, structured arrays and mappings of names
become arrays of floats; whatever has names for its columns is taken by these, never by place.
"""

import copy
import operator
from collections.abc import Callable, Mapping, Sequence
from functools import wraps

import numpy as np
from numpy.typing import ArrayLike

from mechfit.summaries.arguments import numbers

__all__ = [
    "LARGEST",
    "aligned",
    "check_possible",
    "column_names",
    "finite",
    "named",
    "numbers",
    "on_copies",
    "sample_shape",
    "shaped",
    "shortened",
    "spans",
    "whole",
]

LARGEST = np.float64(1e150)
"""Size of numbers whose squares would overflow."""


def column_names(values: object) -> tuple | None:
    """Names of the columns of a table, or of a vector's numbers; None where there are none."""
    if isinstance(values, Mapping):
        return tuple(values)
    names = getattr(getattr(values, "dtype", None), "names", None)
    names = getattr(values, "columns", None) if names is None else names
    if names is None and getattr(values, "ndim", 0) == 1:
        names = getattr(values, "index", None)
    names = None if names is None or callable(names) else tuple(names)
    return None if names == tuple(range(len(names or ()))) else names


def shortened(names: Sequence[str], most: int = 8) -> str:
    """Names in words, the first of many.

    Example:
        >>> shortened(["a", "b", "c"], most=2)
        'a, b, … (3)'
    """
    return ", ".join(names[:most]) + (f", … ({len(names)})" if len(names) > most else "")


def named(values: ArrayLike | Mapping, names: Sequence[str], what: str) -> np.ndarray:
    """The values as floats (..., d), in the order of the d names where their columns have names.

    Raises:
        ValueError: Names are unknown, missing or there twice.

    Example:
        >>> named({"b": 1.0, "a": 2.0}, ("a", "b"), "theta")
        array([2., 1.])
    """
    found = column_names(values)
    if found is None:
        return numbers(values, what)
    if len(found) != len(names) or set(found) != set(names) or len(set(found)) < len(found):
        wanted = f"each of {', '.join(names[:20])} once, or no names" if names else "no names"
        raise ValueError(
            f"{what} has columns named {', '.join(map(str, found[:20]))}, expected {wanted}"
        )
    if isinstance(values, Mapping) or hasattr(values, "dtype") and values.dtype.names:
        return np.stack([numbers(values[name], what) for name in names], -1)
    return numbers(values, what)[..., [found.index(name) for name in names]]


def aligned(**values: ArrayLike | Mapping) -> list[np.ndarray]:
    """Arrays (..., d) as floats, all in the order of the first whose columns have names."""
    names = next(filter(None, map(column_names, values.values())), ())
    return [named(value, names, what) for what, value in values.items()]


def finite(array: np.ndarray, what: str, *, rows: int | None = 1) -> np.ndarray:
    """The array (n, d), with at least so many rows, or with None (d,); its squares are finite."""
    axes = "(d,)" if rows is None else f"(n, d) with at least {rows} row{'s' * (rows > 1)}"
    good = array.ndim == (1 if rows is None else 2) and array.size and len(array) >= (rows or 1)
    if not good or not (abs(array) < LARGEST).all():
        raise ValueError(
            f"{what} has shape {array.shape}, expected {axes}, all finite and below {LARGEST}"
        )
    return array


def check_possible(
    theta: np.ndarray, possible: np.ndarray, names: Sequence[str], expected: Sequence[str] | str
) -> None:
    """Raise ValueError naming the first number of theta (n, d) that is not `possible` (n, d).

    What is not finite is impossible too; `expected` says what was, of all or of each parameter.
    """
    wrong = np.argwhere(~(possible & np.isfinite(theta)))
    if len(wrong):
        row, column = wrong[0]
        what = expected if isinstance(expected, str) else expected[column]
        raise ValueError(f"{names[column]} is {theta[row, column]} in row {row}; expected {what}")


def spans(value: np.ndarray, d: int, what: str, *, positive: bool = False) -> np.ndarray:
    """A number for each of d parameters, from (d,) or from one for all."""
    good = value > 0 if positive else ~np.isnan(value)
    if value.shape not in ((), (d,)) or not good.all():
        kind = "positive numbers" if positive else "numbers"
        raise ValueError(f"{what} is {value}, expected {kind}: one, or ({d},)")
    return np.broadcast_to(value, d)


def on_copies(f: Callable) -> Callable:
    """The function of copies, with copied results: what it keeps or changes is never ours."""
    return lambda *given: copy.deepcopy(f(*copy.deepcopy(given)))


def whole(value: int, what: str, least: int, below: float = np.inf) -> int:
    """A whole number of at least `least` and less than `below`; the error calls it `what`."""
    try:
        number = None if isinstance(value, bool | np.bool_) else operator.index(value)
    except TypeError:
        number = None
    if number is None:
        raise TypeError(f"{what} is {value!r}, expected a whole number")
    if not least <= number < below:
        limit = "" if below == np.inf else f" and below {below}"
        raise ValueError(f"{what} is {number}, expected at least {least}{limit}")
    return number


def sample_shape(n: int | Sequence[int]) -> tuple[int, ...]:
    """The shape of the draws that were asked for: n of them, or a shape such as (5, 3).

    Raises:
        TypeError: It is neither a whole number nor a sequence of whole numbers.
        ValueError: A number is below 1.
    """
    several = np.iterable(n) and not isinstance(n, str | Mapping)
    return tuple(whole(size, "n", 1) for size in (n if several else (n,)))


def shaped(draw: Callable) -> Callable:
    """Let a method that draws n times, (..., n, d), also draw in a shape: (..., *shape, d)."""

    @wraps(draw)
    def sample(self, n, *args, **kwargs):  # noqa: ANN001, ANN002, ANN003, ANN202
        shape = sample_shape(n)
        theta = draw(self, int(np.prod(shape)), *args, **kwargs)
        return theta if len(shape) == 1 else theta.reshape(*theta.shape[:-2], *shape, -1)

    return sample
