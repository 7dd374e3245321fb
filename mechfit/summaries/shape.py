"""Shape of the spikes in a step, averaged over the complete ones.

A spike peaks at the sample of `spikes`; its trough is the lowest voltage from there to the next
spike or the end of the step. It begins after the last sample before the peak at which dV/dt, by
central differences, is at most 10 mV/ms, if three or more above that follow. The means are

| name | unit | definition | no complete spike | in eFEL |
|---|---|---|---|---|
| spike_threshold | mV | voltage where it begins | highest of the step | AP_begin_voltage |
| spike_height | mV | peak - threshold | 0 | AP_amplitude |
| spike_width | ms | time above half height | 0 | AP_duration_half_width |
| ahp_depth | mV | threshold - trough | 0 | threshold - min_between_peaks_values |

The width interpolates linearly between samples; eFEL takes the nearest ones. A spike is complete
if it begins inside the step, after the trough before it, and falls below half height before the
next spike or the end of the step. None of the four is NaN, so that training keeps silent neurons:
their threshold lies above their highest voltage, and their spikes have size 0. eFEL (Blue Brain
Project), doi:10.5281/zenodo.593869. Taught in ``book/summaries/which-features.md``.
"""

import numpy as np
from numba.extending import register_jitable

__all__ = ["SHAPE"]

SHAPE = {"spike_threshold": "mV", "spike_height": "mV", "spike_width": "ms", "ahp_depth": "mV"}
SLOPE = 10.0
"""Rate (mV/ms) above which a spike has begun, when it lasts for `RUN` samples."""
RUN = 3


@register_jitable
def lowest(voltage: np.ndarray, start: int, stop: int) -> int:
    """Sample of the first minimum from start up to but without stop, or start."""
    sample, low = start, voltage[start]
    for i, v in enumerate(voltage[start:stop]):
        if v < low:
            sample, low = start + i, v
    return sample


@register_jitable
def beginning(voltage: np.ndarray, dt: float, low: int, peak: int) -> int:
    """Sample where a spike begins, or 0 where none begins after `low`."""
    run = 0
    for i in range(peak - 1, low - 1, -1):
        if voltage[i + 1] - voltage[i - 1] > 2.0 * dt * SLOPE:
            run += 1
        elif run >= RUN:
            return i + 1
        else:
            run = 0
    return 0


@register_jitable
def width_at(voltage: np.ndarray, level: float, peak: int) -> float:
    """Samples between the two crossings of a level around a peak, by linear interpolation."""
    i = j = peak
    while voltage[i] >= level:
        i -= 1
    while voltage[j] >= level:
        j += 1
    late = (level - voltage[i]) / (voltage[i + 1] - voltage[i])
    early = (level - voltage[j]) / (voltage[j - 1] - voltage[j])
    return j - early - i - late


@register_jitable
def shape(
    voltage: np.ndarray, dt: float, first: int, end: int, spikes: np.ndarray, count: int
) -> tuple[float, float, float, float]:
    """Mean threshold, height, width and depth of the `count` spikes between first and end."""
    threshold = height = width = depth = 0.0
    whole, low = 0, first
    for k in range(count):
        peak = int(spikes[k])
        while voltage[peak + 1] >= voltage[peak]:
            peak += 1
        begin = beginning(voltage, dt, low, peak)
        low = lowest(voltage, peak, int(spikes[k + 1]) if k + 1 < count else end)
        half = (voltage[begin] + voltage[peak]) / 2.0
        if begin > 0 and max(voltage[begin], voltage[low]) < half:
            threshold += voltage[begin]
            height += voltage[peak] - voltage[begin]
            width += width_at(voltage, half, peak) * dt
            depth += voltage[begin] - voltage[low]
            whole += 1
    if whole == 0:
        return float(voltage[first:end].max()), 0.0, 0.0, 0.0
    return threshold / whole, height / whole, width / whole, depth / whole
