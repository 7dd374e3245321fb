"""What the charts accept: finite numbers in the expected shape. Each check is written once."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from mechfit.summaries.arguments import numbers as real_numbers

LARGEST = 1e100
"""Beyond it squares overflow."""


def numbers(name: str, values: ArrayLike, *shape: int | str, least: int = 1) -> np.ndarray:
    """Return finite floats of a shape; a letter in the shape is any length from `least` on."""
    values = _finite(name, values)
    fits = len(shape) == values.ndim and all(
        size >= least if isinstance(wanted, str) else size == wanted
        for size, wanted in zip(values.shape, shape, strict=True)
    )
    if not fits:
        wanted = ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "")
        more = f" with n >= {least}" if least > 1 else ""
        raise ValueError(f"{name} has shape {values.shape}, expected ({wanted}){more}")
    return values


def _finite(name: str, values: ArrayLike) -> np.ndarray:
    """Return finite real numbers as floats."""
    array = real_numbers(values, name)
    if not (np.abs(array) < LARGEST).all():
        raise ValueError(f"{name} has non-finite values, expected numbers below {LARGEST:g}")
    return array


def different(name: str, words: Sequence[str]) -> list[str]:
    """Return labels or names as a list, at least one and no one twice."""
    listed = [words] if isinstance(words, str) else list(map(str, words))
    if isinstance(words, str) or not listed or len(set(listed)) < len(listed):
        raise ValueError(f"{name} has {words!r}, expected a list of words that differ")
    return listed


def outside(name: str, samples: np.ndarray, limits: np.ndarray) -> str:
    """Tell how many samples (n, d) an axis of limits (d, 2) does not show, "" for none.

    Raises:
        ValueError: None would be shown.
    """
    low, high = (limits + 1e-6 * np.diff(limits) * [-1, 1]).T  # single precision rounds
    out = ((samples < low) | (samples > high)).any(1)
    if out.all():
        reach = np.stack([samples.min(0), samples.max(0)], 1).tolist()
        raise ValueError(f"all {len(out):,} {name} lie outside the limits, between {reach}")
    return f"{out.sum():,} of {len(out):,} {name} lie outside the axes." if out.any() else ""


def increasing(time: ArrayLike) -> np.ndarray:
    """Return at least two increasing times (t,)."""
    time = _finite("time", time)
    if time.ndim != 1 or len(time) < 2 or not np.all(np.diff(time) > 0):
        raise ValueError(f"time has shape {time.shape}, expected (t,) increasing, t >= 2")
    return time


def trace_of(time: ArrayLike, voltage: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return times (t,) and the traces (..., t) that belong to them."""
    time, voltage = increasing(time), _finite("voltage", voltage)
    return time, numbers("voltage", voltage, *voltage.shape[:-1], len(time))


def ranges(limits: ArrayLike, d: int, name: str = "limits") -> np.ndarray:
    """Return the low and high end of each of d parameters, shape (d, 2)."""
    limits = numbers(name, limits, d, 2)
    if not np.all(limits[:, 0] < limits[:, 1]):
        raise ValueError(f"{name} is {limits.tolist()}, expected pairs with low < high")
    return limits


def units_of(units: Sequence[str] | None, k: int) -> list[str]:
    """Return the units of k statistics, "" by default."""
    units = [""] * k if units is None else list(units)
    if len(units) != k:
        raise ValueError(f"units has {len(units)} entries, expected {k}")
    return units
