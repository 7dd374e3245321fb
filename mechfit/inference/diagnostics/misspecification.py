r"""Misspecification: is the observation one that the model could have made?

Far from all simulations a network's posterior is arbitrary, and may be narrow. x_o is compared
with simulations x_i, i = 1 ... n, by the maximum mean discrepancy with a Gaussian kernel k between
whitened normal scores, for one observation

    MMD^2 = k(x_o, x_o) - 2 / n sum_i k(x_o, x_i) + 1 / n^2 sum_ij k(x_i, x_j),

with the null distribution that left-out simulations give. A statistic can be extreme *alone*, or
*given the others*: in the residual (C^-1 s)_j of its normal score s_j after regression on theirs,
with the scores' covariance C. Schmitt, Bürkner, Köthe & Radev (2023), arXiv:2112.08866; Gretton
et al. (2012), JMLR 13:723. Taught in ``book/inference/when-the-model-is-wrong.md``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist, pdist, squareform

from mechfit.inference.densities.moments import ROUNDING, bounded, tamed, varying
from mechfit.inference.densities.scaling import Scores
from mechfit.inference.diagnostics.predictive import tail
from mechfit.models.inputs import named
from mechfit.simulation import Bank

__all__ = ["Misspecification", "misspecification"]

FEWEST, MOST, SETS = 100, 2000, 500
SMALLEST = 1e-6
"""Variance, relative to the largest, of a direction in which the simulations do not vary."""


@dataclass(frozen=True, repr=False)
class Misspecification:
    """How far observations are from what a model can make.

    Attributes:
        names: Names of the k statistics.
        mmd: Squared maximum mean discrepancy of the observations from the simulations.
        null: The same of as many simulations (r,).
        p_value: Probability of so large a discrepancy under the null hypothesis; the smallest
            possible where an observation differs in a statistic that never varied.
        alone: p-value of each statistic by itself (k,).
        given_others: p-value of each statistic given all others (k,).
        distances: Distance of each statistic from the simulations, in their standard deviations,
            alone or given the others, whichever is larger (k,).
    """

    names: tuple[str, ...]
    mmd: float
    null: np.ndarray
    p_value: float
    alone: np.ndarray
    given_others: np.ndarray
    distances: np.ndarray

    @property
    def worst(self) -> str:
        """The most extreme statistic."""
        return self.names[int(self.distances.argmax())]


def misspecification(bank: Bank, x_o: np.ndarray, *, seed: int = 0) -> Misspecification:
    """Compare one observation, or several, with simulations.

    For several, the null is that they are independent draws from the prior. Recordings of one
    neuron or of one type of cell are not, since they resemble each other: they are rejected even
    if the model made them. Compare the `mmd` of such a set with that of simulated sets that share
    what the recordings share.

    Args:
        bank: Simulations of the prior, of which the first 2,000 valid ones are used.
        x_o: Observation (k,), or observations (m, k), for whose mean the p-values are.
        seed: Seed of the sets of m simulations that several observations are compared with.

    Example:
        >>> x = np.random.default_rng(1).normal(size=(500, 2))
        >>> x[:, 1] += 3 * x[:, 0]
        >>> bank = Bank(x, x, np.ones(500, bool), 1, ("a", "b"))
        >>> found = misspecification(bank, np.array([1.0, -3.0]))
        >>> found.p_value < 0.01, found.alone.min() > 0.1, found.given_others.max() < 0.01
        (True, np.True_, np.True_)
    """
    x, x_o = bank.x[bank.valid][:MOST], np.atleast_2d(named(x_o, bank.statistic_names, "x_o"))
    (n, k), m = x.shape, len(x_o)
    if x_o.ndim != 2 or x_o.shape[1] != k or not np.isfinite(x_o).all():
        raise ValueError(
            f"x_o has shape {x_o.shape}, expected (m, {k}) finite numbers: "
            f"{', '.join(bank.statistic_names)}"
        )
    if n < max(FEWEST, 2 * m):
        raise ValueError(
            f"{n} simulations are valid, expected at least {max(FEWEST, 2 * m)} to compare "
            f"{m} observations with"
        )
    known, x_o = Simulated(x), bounded(x_o)
    x, vary, cloud, residual = known.x, known.vary, known.cloud, known.residual
    seen = known.scored(x_o)
    rng = np.random.default_rng(seed)
    sets = np.arange(n)[:, None] if m == 1 else rng.random((SETS, n)).argsort(1)[:, :m]
    near = Kernel(cloud @ known.root)
    null = np.array([near.leave_out(rows) for rows in sets])
    mmd = near.distance(seen @ known.root)
    alone, given, far = tail(x[sets].mean(1), x_o.mean(0)), np.ones(k), np.zeros(k)
    rests, rest = (cloud @ residual)[sets].mean(1), (seen @ residual).mean(0)
    given[vary] = tail(rests, rest)
    scores, score = cloud[sets].mean(1), seen.mean(0)
    far[vary] = np.maximum(
        *(abs(b - a.mean(0)) / a.std(0) for a, b in ((scores, score), (rests, rest)))
    )
    other = ~vary & (abs(x_o - x[0]) > ROUNDING * np.maximum(abs(x_o), abs(x[0]))).any(0)
    far[other] = np.inf
    p = (1 + (0 if other.any() else (null >= mmd).sum())) / (1 + len(null))
    return Misspecification(bank.statistic_names, mmd, null, float(p), alone, given, far)


class Simulated:
    """Simulations x (n, k), tamed, and normal scores (n, v) of the v statistics that vary.

    Attributes:
        x: The simulations.
        vary: Which statistics vary (k,).
        scales: Scores of each that does.
        cloud: Their scores.
        residual: Inverse covariance C^-1 of these (v, v), of residuals given the others.
        root: A root of it, which whitens (v, v).
    """

    def __init__(self, x: np.ndarray) -> None:
        self.x, self.vary = tamed(x), varying(tamed(x))
        self.scales = [Scores.of(column) for column in self.x.T[self.vary]]
        self.cloud = self.scored(self.x)
        covariance = np.atleast_2d(np.cov(self.cloud.T))
        self.residual = np.linalg.pinv(covariance, rcond=SMALLEST, hermitian=True)
        root = np.linalg.svd(self.residual, hermitian=True)
        self.root = root.U * root.S**0.5

    def scored(self, rows: np.ndarray) -> np.ndarray:
        """Normal scores (m, v) of rows (m, k)."""
        columns = zip(self.scales, rows.T[self.vary], strict=True)
        return np.column_stack([scale.apply(column) for scale, column in columns])


class Kernel:
    """A Gaussian kernel as wide as the median distance in a cloud (n, k)."""

    def __init__(self, cloud: np.ndarray) -> None:
        apart = pdist(cloud)
        self.cloud, self.width = cloud, np.median(apart)
        self.within = squareform(np.exp(-0.5 * (apart / self.width) ** 2))
        np.fill_diagonal(self.within, 1.0)
        self.sums, self.mean = self.within.sum(1), self.within.mean()

    def distance(self, rows: np.ndarray) -> float:
        """Squared maximum mean discrepancy of rows (m, k) from the cloud."""
        own, others = (
            np.exp(-0.5 * (cdist(rows, b) / self.width) ** 2).mean() for b in (rows, self.cloud)
        )
        return float(own - 2 * others + self.mean)

    def leave_out(self, rows: np.ndarray) -> float:
        """The same of rows of the cloud (m,), given by number, from all others."""
        n, m = len(self.cloud), len(rows)
        own = self.within[np.ix_(rows, rows)].sum()
        others = (self.sums[rows].sum() - own) / (m * (n - m))
        return float(own / m**2 - 2 * others + self.mean)
