r"""Uniformity: an exact test of n numbers on (0, 1), and simultaneous bands for their ECDF.

The number N(z) of uniform numbers below z is binomial for each z. Over many z at once a curve is
as unusual as its most extreme point,

    g = min_z 2 min(P[B(n, z) <= N(z)], P[B(n, z) >= N(z)]).

The distribution of g is computed, not simulated: the counts between K evenly spaced z are those of
K independent Poisson numbers given their sum n, and a convolution for each z keeps the probability
of the curves that have stayed inside. Säilynoja, Bürkner & Vehtari (2022),
doi:10.1007/s11222-022-10090-6. Taught in ``book/inference/calibration.md``.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.stats import binom, poisson

from mechfit.models.inputs import numbers

__all__ = ["band", "grid", "p_value"]

POINTS = 100
"""Number K of intervals at whose ends a curve is evaluated."""
HALVINGS = 30
SURE = 1e-14


def grid(n: int) -> np.ndarray:
    """Where the ECDF of n numbers is evaluated, evenly spaced inside (0, 1)."""
    points = min(POINTS, n)
    return np.arange(1, points) / points


def counts(u: np.ndarray) -> np.ndarray:
    """Number of u (n,) that are at most each z of their grid."""
    return np.searchsorted(np.sort(u), grid(len(u)), side="right")


def p_value(u: np.ndarray) -> float:
    """Probability that uniform numbers deviate from uniformity as far as u (n,) do.

    Example:
        >>> p_value(np.linspace(0.001, 0.999, 500)) > 0.99
        True
    """
    u = numbers(u, "u")
    if u.ndim != 1 or len(u) < 2 or not ((u >= 0) & (u <= 1)).all():
        raise ValueError(
            f"u has shape {u.shape}, expected at least 2 numbers from 0 to 1, in (n,)"
        )
    n, found = len(u), counts(u)
    z = grid(n)
    g = 2 * np.minimum(binom.cdf(found, n, z), binom.sf(found - 1, n, z)).min()
    return float(np.clip(1 - staying(g * (1 + 1e-9), n), 0, 1))


@cache
def band(n: int, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper curve (k,) that contain the ECDF of n uniform numbers on `grid(n)`.

    `level` is the probability that it stays inside at every point.
    """
    if not 0 < level < 1:
        raise ValueError(f"level is {level}, expected between 0 and 1")
    low, high = 0.0, 1 - level
    for _ in range(HALVINGS):
        g = (low + high) / 2
        low, high = (g, high) if staying(g, n) >= level else (low, g)
    lower, upper = limits(low, n)
    return lower / n, upper / n


def limits(g: float, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Smallest and largest counts (k,) with two-sided probabilities of at least g."""
    z = grid(n)
    if g < SURE:  # so far out that quantiles are no longer found
        return np.zeros(len(z), int), np.full(len(z), n)
    return binom.ppf(g / 2, n, z).astype(int), binom.isf(g / 2, n, z).astype(int)


def staying(g: float, n: int) -> float:
    """Probability that n uniform numbers stay between `limits` at every z."""
    lower, upper = limits(g, n)
    mean = n / (len(lower) + 1)
    step = poisson.pmf(np.arange(int(mean + 12 * mean**0.5) + 30), mean)
    first, p = 0, np.ones(1)  # p[i] is the probability of the count first + i
    for low, high in zip(lower, upper, strict=True):
        p = np.convolve(p, step)
        skip = max(0, low - first)
        p = p[skip : high + 1 - first]
        first += skip
        if not len(p):
            return 0.0
    left = n - first - np.arange(len(p))
    return float(p @ poisson.pmf(left, mean) / poisson.pmf(n, n))
