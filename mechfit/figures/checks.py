"""What the charts accept: finite numbers in the expected shape. Each check is written once."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike


def numbers(name: str, values: ArrayLike, *shape: int | str, least: int = 1) -> np.ndarray:
    """Return finite floats of a shape; a letter in the shape is any length from `least` on."""
    values = np.asarray(values, float)
    fits = len(shape) == values.ndim and all(
        size >= least if isinstance(wanted, str) else size == wanted
        for size, wanted in zip(values.shape, shape, strict=True)
    )
    if not fits:
        wanted = ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "")
        more = f" with n >= {least}" if least > 1 else ""
        raise ValueError(f"{name} has shape {values.shape}, expected ({wanted}){more}")
    if not np.isfinite(values).all():
        raise ValueError(f"{name} has non-finite values, expected finite numbers")
    return values


def increasing(time: ArrayLike) -> np.ndarray:
    """Return at least two increasing times (t,)."""
    time = np.asarray(time, float)
    if time.ndim != 1 or len(time) < 2 or not np.all(np.diff(time) > 0):
        raise ValueError(f"time has shape {time.shape}, expected (t,) increasing, t >= 2")
    return time


def trace_of(time: ArrayLike, voltage: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return times (t,) and the traces (..., t) that belong to them."""
    time = increasing(time)
    return time, numbers("voltage", voltage, *np.shape(voltage)[:-1], len(time))


def ranges(limits: ArrayLike, d: int) -> np.ndarray:
    """Return the low and high end of each of d parameters, shape (d, 2)."""
    limits = np.asarray(limits, float)
    if limits.shape != (d, 2) or not np.all(limits[:, 0] < limits[:, 1]):
        raise ValueError(f"limits have shape {limits.shape}, expected ({d}, 2) with low < high")
    return limits


def units_of(units: Sequence[str] | None, k: int) -> list[str]:
    """Return the units of k statistics, "" by default."""
    units = [""] * k if units is None else list(units)
    if len(units) != k:
        raise ValueError(f"units has {len(units)} entries, expected {k}")
    return units
