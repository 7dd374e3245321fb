"""Moments: mean, variance, skewness and kurtosis of a stretch of voltage.

With mu_k = mean((v - mean(v))^k) over the samples, the four are

    mean(v),    mu_2,    mu_3 / mu_2^(3/2),    mu_4 / mu_2^2.

The variance has no correction for the sample size and the kurtosis of a normal is 3 (Pearson's).
A constant stretch has no skewness and no kurtosis: both are NaN. Taught in
``book/models/hodgkin-huxley.md``.
"""

import math

import numpy as np
from numba.extending import register_jitable
from numpy.typing import ArrayLike

from mechfit.summaries.arguments import array_of

__all__ = ["moments"]

TINY, LARGEST = 1e-100, 1e70
"""Below the one, a variance counts as 0; above the other, a fourth power may overflow."""


def moments(voltage: ArrayLike) -> tuple[float, float, float, float]:
    """Return mean (mV), variance (mV²), skewness and kurtosis of voltage (time,) in mV.

    Example:
        >>> moments([0.0, 2.0, 0.0, 2.0])
        (1.0, 1.0, 0.0, 1.0)
    """
    voltage = array_of("voltage", voltage, "(time,)")
    if not (voltage.size and np.abs(voltage).max() < LARGEST):
        raise ValueError(
            f"voltage has {voltage.size} samples, expected one or more below {LARGEST:g} mV"
        )
    return moments_of(voltage)


@register_jitable
def moments_of(voltage: np.ndarray) -> tuple[float, float, float, float]:
    """The same of an array in a compiled loop, unchecked."""
    mean = 0.0
    for v in voltage:
        mean += v
    mean /= voltage.size
    mu2 = mu3 = mu4 = 0.0
    for v in voltage:
        d = v - mean
        square = d * d
        mu2 += square
        mu3 += square * d
        mu4 += square * square
    mu2 /= voltage.size
    mu3 /= voltage.size
    mu4 /= voltage.size
    if mu2 < TINY:
        return float(mean), 0.0, math.nan, math.nan
    return float(mean), float(mu2), float(mu3 / mu2**1.5), float(mu4 / mu2**2)
