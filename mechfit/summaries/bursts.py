r"""Bursts: groups of spikes, and the plateaus of the voltage in them.

The voltage is smoothed by a polynomial of degree 3 over half a millisecond (Savitzky & Golay 1964,
doi:10.1021/ac60214a047). A spike is a sample above -10 mV that is no lower than its two neighbors,
timed one sample early as the authors do. Spikes less than 150 ms apart form a burst; bursts that
last no longer than a threshold are dropped. A plateau is the longest time above -30 mV between the
start of a burst and that of the next. Definitions of Gonçalves, Lueckmann, Deistler et al. (2020),
doi:10.7554/eLife.56261. Taught in ``book/geometry/pyloric-circuit.md``.
"""

import numpy as np
from numba.extending import register_jitable
from numpy.typing import ArrayLike
from scipy.signal import savgol_filter

from mechfit.summaries.arguments import array_of, number_of

__all__ = ["burst_times", "bursts", "crossings", "plateau", "smoothed", "spike_samples", "window"]

WINDOW_MS, DEGREE = 0.5, 3
SPIKE_MV, PLATEAU_MV = -10.0, -30.0
SILENCE_MS = 150.0
EVERY, SHORTEST, FLOOR = 10, 200.0, 100.0
"""A plateau is measured at every tenth sample; below 200 samples it counts as 100."""


def window(dt: float) -> int:
    """Number of samples, an odd one, over which voltages are smoothed; dt in ms."""
    samples = int(WINDOW_MS / dt)
    if samples <= DEGREE:
        most = WINDOW_MS / (DEGREE + 1)
        raise ValueError(
            f"dt is {dt} ms, expected at most {most} ms, to smooth over {WINDOW_MS} ms"
        )
    return samples + (samples + 1) % 2


def smoothed(voltage: np.ndarray, dt: float) -> np.ndarray:
    """Voltages (..., time) in mV, smoothed over half a millisecond; dt in ms."""
    return savgol_filter(voltage, window(dt), DEGREE)


def spike_samples(v: np.ndarray) -> np.ndarray:
    """Samples of the spikes in a smoothed voltage v (time,), each one before its peak."""
    middle = v[1:-1]
    return np.flatnonzero((middle > SPIKE_MV) & (middle >= v[:-2]) & (v[2:] <= middle))


def bursts(spikes: np.ndarray, dt: float, threshold: float) -> np.ndarray:
    """First and last sample (b, 2) of the bursts of spikes (s,), given by increasing samples.

    Bursts that last no longer than `threshold` (ms) are dropped; dt is in ms.

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


def burst_times(voltage: ArrayLike, dt: float, threshold: float = 50.0) -> list[np.ndarray]:
    """First and last spike (b, 2) in ms of the bursts in each of several voltages.

    Args:
        voltage: Voltages (neurons, time) in mV.
        dt: Sampling interval in ms, at most 0.125.
        threshold: Longest duration (ms) at which a burst is dropped.

    Example:
        >>> t = np.arange(0.0, 300.0, 0.1)
        >>> v = np.where((t > 100) & (t < 200), 40.0 * np.sin(t), -60.0)
        >>> [each.round().tolist() for each in burst_times(v[None], 0.1)]
        [[[102.0, 196.0]]]
    """
    voltage = array_of("voltage", voltage, "(neurons, time)")
    dt, threshold = number_of("dt", dt, positive=True), number_of("threshold", threshold)
    if voltage.shape[1] < window(dt):
        raise ValueError(
            f"voltage has {voltage.shape[1]} samples, expected at least the {window(dt)} over "
            "which it is smoothed"
        )
    return [bursts(spike_samples(v), dt, threshold) * dt for v in smoothed(voltage, dt)]


def crossings(v: np.ndarray) -> np.ndarray:
    """Samples (c,) at which a smoothed voltage v (time,) crosses -30 mV, up and down in turn."""
    up = np.r_[False, v > PLATEAU_MV]
    return np.flatnonzero(up[1:] != up[:-1])


@register_jitable
def plateau(changes, crossed, found, n, end):
    """Mean plateau, in samples, of the first n bursts found (b, 2); NaN without a burst.

    The first `crossed` of the `crossings` (c,) count; the last plateau ends with the last spike.
    """
    total, c = 0, 0
    for b in range(n):
        stop = found[b + 1, 0] if b + 1 < n else end
        while c < crossed and changes[c] <= found[b, 0]:
            c += 1
        longest, run, k = 0, 0, c
        for at in range(found[b, 0], stop, EVERY):
            while k < crossed and changes[k] <= at:
                k += 1
            if k % 2:  # an odd number of crossings lies behind: up
                run += 1
            else:
                longest, run = max(longest, run), 0
        total += longest
    samples = EVERY * total / n if n else float("nan")
    return FLOOR if samples < SHORTEST else samples
