"""Spikes under a known current that fluctuates: how often, how regularly, and after what.

Beside the five statistics of `intervals`,

| name | unit | definition |
|---|---|---|
| again_{a}_{b} | | spikes a to b ms after a spike, mean of all spikes, over (b - a) rate |
| before_{a}_{b} | µA/cm² | mean current a to b ms before a spike, less the mean of the current |
| current_mean, current_std | µA/cm² | mean and standard deviation of the current |

`again` is the autocorrelogram, 1 where a spike is forgotten; of spikes near the end, of which less
than the longest lag is seen, the rest is missing. `before` is the spike-triggered average. The
current that was drawn is no property of the neuron, but tells which part of the rate is its doing.
Fewer than three spikes leave all but the rate and the current undefined, NaN. Taught in
``book/models/mechanism-or-statistics.md``.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from mechfit.summaries.arguments import array_of, number_of
from mechfit.summaries.intervals import INTERVAL_STATISTICS, interval_statistics

__all__ = ["DRIVEN", "driven_statistics"]

AGAIN = np.array([0.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0])
BEFORE = np.array([0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0])
"""Edges (ms) of the lags."""
DRIVEN = (
    INTERVAL_STATISTICS
    | {f"again_{a:g}_{b:g}": "" for a, b in pairwise(AGAIN)}
    | {f"before_{a:g}_{b:g}": "µA/cm²" for a, b in pairwise(BEFORE)}
    | dict.fromkeys(["current_mean", "current_std"], "µA/cm²")
)
"""Names of the 19 statistics, and their units."""


def driven_statistics(spikes: ArrayLike, current: ArrayLike, dt: float) -> np.ndarray:
    """Return the statistics (19,) of spikes under a current, in the order of `DRIVEN`.

    Args:
        spikes: Increasing times (n,) in ms, within the time of the current.
        current: Current (time,) in µA/cm², sample i at i dt, held until the next.
        dt: Sampling interval (ms) of the current.

    Example:
        >>> current = np.repeat([0.0, 2.0, 0.0, 2.0], 100)
        >>> x = driven_statistics([110.0, 140.0, 310.0, 340.0], current, dt=1.0)
        >>> dict(zip(DRIVEN, x.round(2).tolist()))["before_8_16"]
        0.25
    """
    spikes, current = array_of("spikes", spikes, "(n,)"), array_of("current", current, "(time,)")
    dt = number_of("dt", dt, positive=True)
    duration = dt * (len(current) - 1)
    if spikes.size and not 0 <= spikes[0] <= spikes[-1] <= duration:
        raise ValueError(
            f"spikes lie between {spikes.min():g} and {spikes.max():g} ms, expected times in the "
            f"{duration:g} ms of the current"
        )
    x = np.full(len(DRIVEN), np.nan)
    x[:5] = interval_statistics(spikes, duration)
    x[-2:] = current.mean(), current.std()
    if len(spikes) < 3:
        return x
    again, before = slice(5, 5 + len(AGAIN) - 1), slice(-2 - len(BEFORE) + 1, -2)
    later = np.searchsorted(spikes, spikes[:, None] + AGAIN, side="right")
    x[again] = np.diff(later.mean(0)) / (np.diff(AGAIN) * x[0] / 1000)
    charge = np.r_[0.0, np.cumsum(current[:-1] - current.mean())] * dt
    earlier = spikes[spikes >= BEFORE[-1], None] - BEFORE
    if len(earlier):
        moved = np.interp(earlier, dt * np.arange(len(current)), charge)
        x[before] = -np.diff(moved.mean(0)) / np.diff(BEFORE)
    return x
