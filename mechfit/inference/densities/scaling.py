r"""Scaling: the inputs of a network made of statistics.

Columns are standardized, (x - m) / s, with mean m and standard deviation s of the simulations. For
a column far from normal, such as a rate that spans decades, outliers dominate s; the network is
then given its *normal score* Phi^-1(F(x)) instead, with F the share of simulations below x: linear
between quantiles, logarithmic beyond the outer ones. Counts, many of which are equal, have scores
that tear apart what is close; they keep their column, and the score of one still further from
normal is given too. A constant column is multiplied by 0, and what is further from the mean than
any simulation counts as at a fixed distance (`FARTHEST`): `unlike` names such observations. How
far from normal a column is tells its correlation with its score, whose square is the statistic W'
of Shapiro & Francia (1972), doi:10.1080/01621459.1972.10481232. Taught in
``book/inference/density-estimators.md``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from mechfit.inference.densities.embedding import Embedding
from mechfit.inference.densities.moments import ROUNDING, bounded, moments, tamed, varying

__all__ = ["FARTHEST", "Featurizer", "Scores", "Standardizer", "unlike"]

QUANTILES = 129
TOLD = 3
NORMAL, COUNTED = 0.95, 0.8
"""Correlation with its normal score above which a column is normal enough, and one of counts."""
FARTHEST = np.float64(1e3)
"""Standardized size of the largest input; of n simulations, none is further away than sqrt(n)."""


@dataclass(frozen=True)
class Standardizer:
    """Subtract a mean (d,) and divide by a standard deviation (d,)."""

    mean: np.ndarray
    std: np.ndarray

    @classmethod
    def of(cls, rows: np.ndarray, constant: float = np.inf) -> Standardizer:
        """Take mean and scale of rows (n, d), see `tamed`, and that of a constant column."""
        mean, std = moments(tamed(rows))
        return cls(mean, np.where(np.isinf(std), constant, std))

    def apply(self, rows: np.ndarray) -> np.ndarray:
        """Standardize rows (n, d)."""
        return (rows - self.mean) / self.std

    def invert(self, rows: np.ndarray) -> np.ndarray:
        """Inverse of `apply`."""
        return self.mean + self.std * rows


@dataclass(frozen=True)
class Scores:
    """Normal scores (m,) of increasing values (m,) of one column."""

    values: np.ndarray
    scores: np.ndarray

    @classmethod
    def of(cls, column: np.ndarray) -> Scores:
        """Take the quantiles of a column (n,); equal ones share the mean of their scores."""
        count = min(QUANTILES, len(column) // 4)
        share = (np.arange(count) + 0.5) / count
        values, same = np.unique(np.quantile(column, share), return_inverse=True)
        return cls(values, np.bincount(same, ndtri(share)) / np.bincount(same))

    def apply(self, column: np.ndarray) -> np.ndarray:
        """Scores (n,) of a column (n,)."""
        v, s = self.values, self.scores
        end = -(-len(v) // 20)
        low, high = (s[end] - s[0]) / (v[end] - v[0]), (s[-1] - s[~end]) / (v[-1] - v[~end])
        below = np.arcsinh(low * np.minimum(column - v[0], 0))
        above = np.arcsinh(high * np.maximum(column - v[-1], 0))
        return np.interp(column, v, s) + below + above


@dataclass(frozen=True)
class Featurizer:
    """Standardized columns, and normal scores of those far from normal.

    Attributes:
        standard: Standardization of all k columns.
        scores: Scores of the columns that have some, by number, which replace them.
        beside: Numbers of the columns whose scores are appended.
    """

    standard: Standardizer
    scores: dict[int, Scores]
    beside: tuple[int, ...] = ()

    @classmethod
    def of(cls, rows: np.ndarray, embedding: Embedding | None) -> Featurizer:
        """Take scales and scores of rows (n, k); most embeddings have scales of their own."""
        rows = bounded(rows)
        if embedding is not None and not embedding.scored:
            return cls(Standardizer(*embedding.scale(rows)), {})
        scores, beside = {}, []
        for j in np.flatnonzero(varying(rows)):
            column, each = rows[:, j], Scores.of(rows[:, j])
            if len(each.values) == 1:  # all quantiles are equal
                continue
            counted = 2 * len(np.unique(column)) < len(column)  # most numbers are there again
            normal = np.corrcoef(column, each.apply(column))[0, 1]
            if normal < (COUNTED if counted else NORMAL):
                scores[int(j)] = each
                if counted and embedding is None:
                    beside.append(int(j))
        return cls(Standardizer(*moments(rows)), scores, tuple(beside))

    @property
    def columns(self) -> int:
        """Number of inputs of the network."""
        return len(self.standard.mean) + len(self.beside)

    def apply(self, rows: np.ndarray) -> np.ndarray:
        """Inputs of the network for rows (n, k)."""
        rows = bounded(np.ascontiguousarray(rows))
        inputs = bounded(self.standard.apply(rows), FARTHEST)
        scored = {j: each.apply(rows[:, j]) for j, each in self.scores.items()}
        for j in scored.keys() - set(self.beside):
            inputs[:, j] = scored[j]
        return np.column_stack([inputs, *(scored[j] for j in self.beside)])


def unlike(x: np.ndarray, standard: Standardizer, names: Sequence[str]) -> str:
    """Tell in which statistics x (k,) or a row of x (m, k) is unlike all simulations, or ""."""
    mean, std, rows = standard.mean, standard.std, np.atleast_2d(bounded(x))
    rows = np.where(np.isfinite(rows), rows, np.nan)
    away, constant = abs(rows - mean), np.isinf(std)
    other = constant & (away > ROUNDING * np.maximum(abs(mean), abs(rows)))
    odd = other | (away > FARTHEST * std)
    if not odd.any():
        return ""
    i, count = odd.any(1).argmax(), odd.any(1).sum()
    told = [
        f"{names[j]} = {rows[i, j]:.6g}, "
        + (f"always {mean[j]:.6g}" if constant[j] else f"{mean[j]:.6g} ± {std[j]:.3g}")
        for j in np.flatnonzero(odd[i])
    ]
    more = f", and in {len(told) - TOLD} others" if len(told) > TOLD else ""
    where = f" (row {i}; {count} of {len(rows)} rows are)" if len(rows) > 1 else ""
    return "x_o is unlike every simulation in " + "; ".join(told[:TOLD]) + " there" + more + where
