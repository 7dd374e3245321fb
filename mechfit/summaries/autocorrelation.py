"""Autocorrelation of the voltage inside a step.

With the mean m and the variance s² of its n voltages, and a lag of l samples,

| name | unit | definition | constant voltage |
|---|---|---|---|
| autocorrelation_{lag}ms | | sum_(t < n - l) (v_t - m) (v_(t+l) - m) / ((n - l) s²) | NaN |

It is near 1 at lags over which the voltage hardly changes and near -1 at half a period, and NaN
only where skewness and kurtosis are. Lueckmann, Gonçalves
et al. (2017), arXiv:1711.01861, use it; the code of Gonçalves, Lueckmann, Deistler et al. (2020),
doi:10.7554/eLife.56261, divides by n, not n - l. Taught in ``book/summaries/which-features.md``.
"""

import math

import numpy as np
from numba.extending import register_jitable

from mechfit.summaries.moments import TINY

WIDE = 32


@register_jitable
def covariance(voltage: np.ndarray, mean: float, lag: int) -> float:
    """Mean product of deviations `lag` samples apart, by `WIDE` independent partial sums."""
    a, b = voltage[: voltage.size - lag], voltage[lag:]
    whole = a.size - a.size % WIDE
    sums = np.zeros(WIDE)
    for start in range(0, whole, WIDE):
        x, y = a[start : start + WIDE], b[start : start + WIDE]
        for k in range(WIDE):
            sums[k] += (x[k] - mean) * (y[k] - mean)
    for k in range(a.size - whole):
        sums[k] += (a[whole + k] - mean) * (b[whole + k] - mean)
    return sums.sum() / a.size


@register_jitable
def autocorrelation(voltage: np.ndarray, lags: np.ndarray, out: np.ndarray) -> None:
    """Write the autocorrelation of voltage (time,) at lags (k,) in samples to out (k,).

    Example:
        >>> out = np.empty(2)
        >>> autocorrelation(np.array([0.0, 2.0, 0.0, 2.0]), np.array([1, 2]), out)
        >>> out
        array([-1.,  1.])
    """
    mean = 0.0
    for v in voltage:
        mean += v
    mean /= voltage.size
    variance = covariance(voltage, mean, 0)
    for k in range(lags.size):
        defined = variance >= TINY
        out[k] = covariance(voltage, mean, lags[k]) / variance if defined else math.nan
