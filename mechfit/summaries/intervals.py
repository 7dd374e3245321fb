"""Statistics of a spike train: how often a neuron fires, and how regularly.

Of the n intervals I_1 ... I_n between the spikes in a time T, with mean m and variance s²,

| name | unit | definition |
|---|---|---|
| rate | Hz | number of spikes over T |
| cv | | coefficient of variation, s / m: 0 for a clock, 1 for a Poisson process |
| shortest | ms | mean of the shortest 5 % of the intervals, at least one |
| skewness | | mean of ((I_k - m) / s)³ |
| lag_1 | | autocorrelation, sum of (I_k - m) (I_(k+1) - m) over (n - 1) s² |

Fewer than three spikes leave all but the rate undefined, NaN; equal intervals the last two. A
renewal process, whose intervals are independent, has lag_1 = 0 but for chance. Taught in
``book/models/integrate-and-fire.md``.
"""

import math

import numpy as np
from numba.extending import register_jitable
from numpy.typing import ArrayLike

from mechfit.compile import compiled
from mechfit.summaries.arguments import array_of, number_of
from mechfit.summaries.moments import moments_of

__all__ = ["INTERVAL_STATISTICS", "interval_statistics"]

INTERVAL_STATISTICS = {"rate": "Hz", "cv": "", "shortest": "ms", "skewness": "", "lag_1": ""}
"""Names of the statistics of a spike train, and their units."""


def interval_statistics(spikes: ArrayLike, duration: float) -> np.ndarray:
    """Return the five statistics (5,) of increasing spike times (n,) in ms, from `duration` ms.

    Example:
        >>> interval_statistics([10.0, 20.0, 40.0, 50.0], 100.0).round(2)
        array([40.  ,  0.35, 10.  ,  0.71, -1.  ])
    """
    spikes = array_of("spikes", spikes, "(n,)")
    duration, out = number_of("duration", duration, positive=True), np.empty(5)
    if not (np.diff(spikes) > 0).all():
        raise ValueError("spikes has times that do not increase, expected times in order")
    write_intervals(spikes, 1.0, duration, out)
    return out


@compiled
def write_intervals(spikes: np.ndarray, unit: float, duration: float, out: np.ndarray) -> None:
    """Write the statistics to out (5,), of increasing spike times (n,) in units of `unit` ms."""
    out[:] = math.nan
    out[0] = 1000.0 * spikes.size / duration
    if spikes.size < 3:
        return
    intervals = np.empty(spikes.size - 1)
    for k in range(intervals.size):
        intervals[k] = spikes[k + 1] - spikes[k]
    mean, variance, skewness, _ = moments_of(intervals)
    some = max(1, math.ceil(0.05 * intervals.size))
    out[1] = math.sqrt(variance) / mean
    out[3] = skewness
    out[4] = lag_1(intervals, mean, variance)
    intervals.sort()
    out[2] = intervals[:some].mean() * unit


@register_jitable
def lag_1(intervals: np.ndarray, mean: float, variance: float) -> float:
    """Autocorrelation of intervals (n,) at lag 1; NaN where they are all equal."""
    if variance == 0.0:
        return math.nan
    product = 0.0
    for k in range(intervals.size - 1):
        product += (intervals[k] - mean) * (intervals[k + 1] - mean)
    return product / ((intervals.size - 1) * variance)
