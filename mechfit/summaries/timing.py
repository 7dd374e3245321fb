"""Timing of the spikes during a step.

With spike times t_1 ... t_n (see `spikes`) and intervals I_k = t_(k+1) - t_k,

| name | unit | definition | otherwise | in eFEL |
|---|---|---|---|---|
| latency | ms | t_1 - onset; without a spike: | length of the step | time_to_first_spike - dt |
| isi_mean | ms | mean of I_k; below two spikes: | length of the step | mean of all_ISI_values |
| isi_cv | | sqrt(sum (I_k - isi_mean)² / (n - 2)) / isi_mean; below three: | 0 | ISI_CV |
| adaptation | | mean of (I_(k+1) - I_k) / (I_(k+1) + I_k); below three: | 0 | adaptation_index |

None is NaN, as training leaves out rows with NaN, and so every silent neuron. A time that is not
reached within the step has its lower bound instead, the length of the step; one interval has
neither spread nor trend. eFEL (Blue Brain Project), doi:10.5281/zenodo.593869,
times a spike at its peak, a sample later, and needs four spikes for adaptation. Taught in
``book/summaries/which-features.md``.
"""

import math

import numpy as np
from numba.extending import register_jitable

__all__ = ["TIMING"]

TIMING = {"latency": "ms", "isi_mean": "ms", "isi_cv": "", "adaptation": ""}


@register_jitable
def timing(
    spikes: np.ndarray, count: int, dt: float, t_on: float, t_off: float
) -> tuple[float, float, float, float]:
    """Latency, mean, variation and adaptation of the first `count` spikes, given by sample.

    Example:
        >>> timing(np.array([30, 40, 70]), 3, dt=1.0, t_on=10.0, t_off=100.0)
        (20.0, 20.0, 0.7071067811865476, 0.5)
    """
    latency = spikes[0] * dt - t_on if count > 0 else t_off - t_on
    if count < 2:
        return float(latency), t_off - t_on, 0.0, 0.0
    mean = (spikes[count - 1] - spikes[0]) * dt / (count - 1)
    squares = trend = before = 0.0
    for k in range(count - 1):
        interval = (spikes[k + 1] - spikes[k]) * dt
        squares += (interval - mean) ** 2
        if k > 0:
            trend += (interval - before) / (interval + before)
        before = interval
    if count < 3:
        return float(latency), float(mean), 0.0, 0.0
    cv = math.sqrt(squares / (count - 2)) / mean
    return float(latency), float(mean), float(cv), float(trend / (count - 2))
