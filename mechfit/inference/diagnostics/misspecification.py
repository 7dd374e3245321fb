r"""Misspecification: is the observation one that the model could have made?

A network asked about data unlike all of its training answers something, and with confidence. So
compare x_o with the cloud of simulations x_i, i = 1 ... n, by the maximum mean discrepancy with a
Gaussian kernel k between whitened normal scores. For one observation it is, up to a constant,
minus twice a kernel density,

    MMD^2 = k(x_o, x_o) - 2 / n sum_i k(x_o, x_i) + 1 / n^2 sum_ij k(x_i, x_j),

large where simulations are rare; how large by chance, simulations of their own tell. Which
statistic is to blame? One that lies beyond the simulations *alone*, or one that lies where they
never are *given the others*: the residual (C^-1 s)_j of its normal score s_j after regression on
theirs, C the scores' covariance. Schmitt, Bürkner, Köthe & Radev (2023), arXiv:2112.08866; Gretton
et al. (2012), JMLR 13:723. Taught in ``book/inference/when-the-model-is-wrong.md``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist, pdist, squareform

from mechfit.inference.densities.scaling import Scores, varying
from mechfit.inference.diagnostics.predictive import tail
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
        p_value: Probability that it is as large by chance.
        alone: p-value of each statistic by itself (k,).
        given_others: p-value of each statistic given all others (k,).
        distances: How many standard deviations of the simulations each statistic is away, alone
            or given the others, whichever is more (k,).
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
        """The statistic that is most to blame."""
        return self.names[int(self.distances.argmax())]


def misspecification(bank: Bank, x_o: np.ndarray, *, seed: int = 0) -> Misspecification:
    """Compare one observation, or several of one system, with simulations.

    Args:
        bank: Simulations of the prior; invalid ones, and those beyond the first 2,000, are left
            out.
        x_o: Observation (k,), or observations (m, k), whose mean is then looked at.
        seed: Seed of the sets of m simulations that several observations are compared with.

    Returns:
        The distance and the p-values.

    Example:
        >>> x = np.random.default_rng(1).normal(size=(500, 2))
        >>> x[:, 1] += 3 * x[:, 0]
        >>> bank = Bank(x, x, np.ones(500, bool), 1, ("a", "b"))
        >>> found = misspecification(bank, np.array([1.0, -3.0]))
        >>> found.p_value < 0.01, found.alone.min() > 0.1, found.given_others.max() < 0.01
        (True, np.True_, np.True_)
    """
    x, x_o = bank.x[bank.valid][:MOST], np.atleast_2d(np.asarray(x_o, float))
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
    vary = varying(x)
    scales = [Scores.of(column) for column in x.T[vary]]
    cloud, seen = (
        np.column_stack([s.apply(c) for s, c in zip(scales, rows.T[vary], strict=True)])
        for rows in (x, x_o)
    )
    residual = np.linalg.pinv(np.atleast_2d(np.cov(cloud.T)), rcond=SMALLEST, hermitian=True)
    root = np.linalg.svd(residual, hermitian=True)
    root = root.U * root.S**0.5
    rng = np.random.default_rng(seed)
    sets = np.arange(n)[:, None] if m == 1 else rng.random((SETS, n)).argsort(1)[:, :m]
    near = Kernel(cloud @ root)
    null = np.array([near.of_its_own(rows) for rows in sets])
    mmd = near.distance(seen @ root)
    alone, given, far = tail(x[sets].mean(1), x_o.mean(0)), np.ones(k), np.zeros(k)
    rests, rest = (cloud @ residual)[sets].mean(1), (seen @ residual).mean(0)
    given[vary] = tail(rests, rest)
    scores, score = cloud[sets].mean(1), seen.mean(0)
    far[vary] = np.maximum(
        *(abs(b - a.mean(0)) / a.std(0) for a, b in ((scores, score), (rests, rest)))
    )
    far[~vary] = np.where((x_o != x[0]).any(0)[~vary], np.inf, 0.0)
    p = (1 + (null >= mmd).sum()) / (1 + len(null))
    return Misspecification(bank.statistic_names, mmd, null, float(p), alone, given, far)


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

    def of_its_own(self, rows: np.ndarray) -> float:
        """The same of rows of the cloud, by their numbers (m,), from all its others."""
        n, m = len(self.cloud), len(rows)
        own = self.within[np.ix_(rows, rows)].sum()
        others = (self.sums[rows].sum() - own) / (m * (n - m))
        return float(own / m**2 - 2 * others + self.mean)
