"""Thinning: reduce a trace to a few points and keep its extremes.

Every thirtieth sample would cut spikes of 1 ms at random heights, and the highest one of each bin
would draw a burst as a plateau; the lowest and the highest of each keep the envelope of the trace.
"""

import numpy as np
from numpy.typing import ArrayLike

from mechfit.summaries.arguments import numbers

__all__ = ["thin", "thin_together"]

POINTS = 400


def _checked(time: ArrayLike, voltage: ArrayLike, points: int) -> tuple[np.ndarray, np.ndarray]:
    """Return increasing times (t,) and the finite traces (..., t) that belong to them."""
    time, voltage = numbers(time, "time"), numbers(voltage, "voltage")
    if not isinstance(points, int | np.integer) or points < 4:
        raise ValueError(f"points is {points}, expected at least 4, a whole number")
    if time.ndim != 1 or len(time) < 2 or not np.all(np.diff(time) > 0):
        raise ValueError(f"time has shape {time.shape}, expected (t,) increasing, t >= 2")
    if voltage.ndim == 0 or voltage.shape[-1] != len(time):
        raise ValueError(f"voltage has shape {voltage.shape}, expected (..., {len(time)})")
    if not np.isfinite(voltage).all():
        raise ValueError("voltage has non-finite values, expected finite numbers")
    return time, voltage


def thin(
    time: ArrayLike, voltage: ArrayLike, points: int = POINTS
) -> tuple[np.ndarray, np.ndarray]:
    """Thin a trace (t,) at times (t,) to at most `points` of its samples, among them both ends.

    A trace that is short enough is returned unchanged.

    Example:
        >>> t, v = thin(np.arange(1000.0), np.eye(1000)[500], points=20)
        >>> len(t) <= 20, float(v.max()), float(t[v.argmax()])
        (True, 1.0, 500.0)
    """
    time, voltage = _checked(time, voltage, points)
    if voltage.ndim != 1:
        raise ValueError(f"voltage has shape {voltage.shape}, expected {time.shape}")
    if len(time) <= points:
        return time, voltage
    edges = np.linspace(0, len(time), points // 2).astype(int)
    keep = [0, len(time) - 1]
    for a, b in zip(edges[:-1], edges[1:], strict=True):
        keep += [a + voltage[a:b].argmin(), a + voltage[a:b].argmax()]
    keep = np.unique(keep)
    return time[keep], voltage[keep]


def thin_together(
    time: ArrayLike, voltage: ArrayLike, points: int = POINTS
) -> tuple[np.ndarray, np.ndarray]:
    """Thin traces (..., t) to one shared, evenly spaced time grid of at most `points` times.

    Two points stand for each bin of time: its lowest and its highest sample, in the order in which
    they come, where the trace turns within it, else the samples at these two times. So a burst
    whose spikes are closer than the bins shows its whole envelope, not a plateau of its peaks; an
    extreme keeps its height and moves by less than a bin. Short traces are returned unchanged.

    Example:
        >>> t, v = thin_together(np.arange(1000.0), np.sin(np.arange(1000.0)), points=20)
        >>> v.reshape(10, 2).min(1).max().round(1), v.reshape(10, 2).max(1).min().round(1)
        (np.float64(-1.0), np.float64(1.0))
    """
    time, voltage = _checked(time, voltage, points)
    even = np.linspace(time[0], time[-1], len(time))
    if (abs(time - even) > even[1] - even[0]).any():
        raise ValueError("time has uneven steps, expected even ones, to within one of them")
    if len(time) <= points:
        return time, voltage
    bins = points // 2
    edges = np.linspace(0, len(time), bins + 1).astype(int)
    width = (time[-1] - time[0]) / (2 * bins)
    columns = []
    for a, b in zip(edges[:-1], edges[1:], strict=True):
        block = voltage[..., a:b]
        outer = voltage[..., [max(a - 1, 0), min(b, len(time) - 1)]]
        first, last = block.argmin(-1), block.argmax(-1)
        low, high = block.min(-1), block.max(-1)
        turned = (high > outer.max(-1)) | (low < outer.min(-1))
        plain = block[..., (b - a) // 4], block[..., 3 * (b - a) // 4]
        pair = np.where(first <= last, low, high), np.where(first <= last, high, low)
        columns += [np.where(turned, *each) for each in zip(pair, plain, strict=True)]
    return time[0] + width * (np.arange(2 * bins) + 0.5), np.stack(columns, -1)
