r"""Bursts: groups of spikes, and how long the voltage stays up in them.

Spikes are found in a voltage smoothed by a polynomial of degree 3 over 21 samples (Savitzky &
Golay 1964, doi:10.1021/ac60214a047): a sample above -10 mV that is no lower than the one before
and no lower than the one after, timed one sample early as the authors do. Two spikes belong to
one burst if less than 150 ms lie between them; a burst that lasts no longer than a threshold is
dropped. A plateau is the longest time above -30 mV between the start of a burst and that of the
next. Definitions of Gonçalves, Lueckmann, Deistler et al. (2020), doi:10.7554/eLife.56261. Taught
in ``book/geometry/pyloric-circuit.md``.
"""

from __future__ import annotations

import numpy as np
from scipy.signal import savgol_filter

__all__ = ["bursts", "plateau", "smoothed", "spike_samples"]

WINDOW_MS, DEGREE = 0.5, 3
SPIKE_MV, PLATEAU_MV = -10.0, -30.0
SILENCE_MS = 150.0
EVERY, SHORTEST, FLOOR = 10, 200, 100
"""A plateau is looked at every tenth sample; below 200 samples it counts as 100."""


def smoothed(voltage: np.ndarray, dt: float) -> np.ndarray:
    """Voltages (..., time) in mV, smoothed over half a millisecond; dt in ms."""
    samples = int(WINDOW_MS / dt)
    return savgol_filter(voltage, samples + (samples + 1) % 2, DEGREE)


def spike_samples(v: np.ndarray) -> np.ndarray:
    """Samples of the spikes in a smoothed voltage v (time,), each one before its peak."""
    middle = v[1:-1]
    return np.flatnonzero((middle > SPIKE_MV) & (middle >= v[:-2]) & (v[2:] <= middle))


def bursts(spikes: np.ndarray, dt: float, threshold: float) -> np.ndarray:
    """First and last sample (b, 2) of the bursts of spikes (s,) that last longer than threshold.

    Args:
        spikes: Samples of the spikes, increasing.
        dt: Step in ms.
        threshold: Longest duration (ms) that is dropped.

    Example:
        >>> bursts(np.array([0, 10, 100, 108, 400]), dt=10.0, threshold=50.0).tolist()
        [[0, 10], [100, 108]]
    """
    if not len(spikes):
        return np.empty((0, 2), int)
    breaks = np.flatnonzero(np.diff(spikes * dt) >= SILENCE_MS)
    first, last = spikes[np.r_[0, breaks + 1]], spikes[np.r_[breaks, len(spikes) - 1]]
    kept = (last - first) * dt > threshold
    return np.stack([first, last], 1)[kept]


def plateau(v: np.ndarray, found: np.ndarray, spikes: np.ndarray, dt: float) -> float:
    """Mean plateau (ms) after the starts of bursts found (b, 2) in v (time,); NaN without one."""
    if not len(found):
        return np.nan
    stops = np.r_[found[1:, 0], spikes[-1]]
    lengths = [longest(v[a:b:EVERY] > PLATEAU_MV) for a, b in zip(found[:, 0], stops, strict=True)]
    samples = EVERY * float(np.mean(lengths))
    return (FLOOR if samples < SHORTEST else samples) * dt


def longest(up: np.ndarray) -> int:
    """Length of the longest run of True in up (n,) that a False ends."""
    ends = np.flatnonzero(~up)
    return int(np.diff(np.r_[-1, ends]).max(initial=1)) - 1
