"""Spikes: the local maxima of a voltage above a threshold.

Sample j is a peak when

    v[j-1] > threshold,    v[j-1] <= v[j],    v[j] > v[j+1],

and its spike time is that of sample j-1, the last one before the peak. Of spikes at most 0.5 ms
after the one before, none is counted: they are one event with a ragged top. This is the
definition behind Gonçalves, Lueckmann, Deistler et al. (2020), doi:10.7554/eLife.56261; noise on a
depolarized membrane counts too. Taught in ``book/models/hodgkin-huxley.md``.
"""

import numpy as np
from numba.extending import register_jitable

__all__ = ["spike_times"]

THRESHOLD = -10.0
MERGE_MS = 0.5


@register_jitable
def is_peak(before: float, here: float, after: float) -> bool:
    """Whether the middle one of three successive voltages (mV) is the peak of a spike."""
    return before > THRESHOLD and before <= here and here > after


@register_jitable
def mark_spikes(voltage: np.ndarray, dt: float, t_on: float, t_off: float, out: np.ndarray) -> int:
    """Write the sample numbers of the spikes with t_on < t < t_off to `out`; return their count.

    `out` must hold half as many numbers as there are samples.
    """
    count = 0
    previous = -np.inf
    for i in range(voltage.size - 2):
        time = i * dt
        if is_peak(voltage[i], voltage[i + 1], voltage[i + 2]) and t_on < time < t_off:
            if time - previous > MERGE_MS:
                out[count] = i
                count += 1
            previous = time
    return count


def spike_times(
    voltage: np.ndarray, dt: float, window: tuple[float, float] = (-np.inf, np.inf)
) -> np.ndarray:
    """Find the spikes of one voltage trace.

    Args:
        voltage: Membrane voltage (time,) in mV.
        dt: Time step in ms; sample i is at time i dt.
        window: Only spikes strictly between these two times (ms) are kept.

    Returns:
        Spike times in ms, one sample before each peak.

    Example:
        >>> spike_times(np.array([-70.0, -5.0, 30.0, -60.0, -70.0]), dt=0.1)
        array([0.1])
    """
    voltage = np.asarray(voltage, float)
    if voltage.ndim != 1:
        raise ValueError(f"voltage has shape {voltage.shape}, expected (time,)")
    out = np.empty(voltage.size // 2 + 1, np.int64)
    count = mark_spikes(voltage, dt, window[0], window[1], out)
    return out[:count] * dt
