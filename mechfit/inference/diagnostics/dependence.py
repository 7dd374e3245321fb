r"""Dependence: is the posterior right at every x, or only on average?

Ranks can be uniform over all simulations and wrong for each x. If the posterior is right, the rank
u_j of parameter j is uniform *given* x, and so

    z = Phi^-1(u_j)    and    s = Phi^-1(|2 u_j - 1|)    are standard normal given x.

z is the truth's location, s its distance from the median. Over n runs, with orthonormal features Q
(n, m) of the data, a constant among them, |Q^T z|^2 is then chi-squared with m degrees of freedom,
exactly; a rank that depends on the data makes it large. The features are the leading principal
components of the data's normal scores, which limits the influence of outliers. A linear relative
of the local test of Linhart, Gramfort & Rodrigues (2023), arXiv:2306.03580, see ``lc2st.py``.
Taught in ``book/inference/calibration.md``.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri
from scipy.stats import chi2, rankdata

from mechfit.models.inputs import numbers

__all__ = ["dependence", "features", "normal_scores"]

COMPONENTS = 20
RUNS_PER_FEATURE = 10


def dependence(ranks: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Test whether the ranks of the truths depend on the data.

    Args:
        ranks: Normalized ranks (n, d) in (0, 1), see `calibrate`.
        x: Data (n, k); NaN counts as average.

    Returns:
        Two p-values for each parameter, (d,) and (d,): of location and of distance.

    Example:
        >>> from scipy.special import ndtr
        >>> rng = np.random.default_rng(1)
        >>> x = rng.normal(size=(500, 1))
        >>> place, _ = dependence(ndtr(0.5 * x + rng.normal(size=(500, 1))), x)
        >>> bool(place[0] < 1e-6)
        True
    """
    ranks, x = numbers(ranks, "ranks"), numbers(x, "x")
    if ranks.ndim != 2 or x.ndim != 2 or not x.size or len(ranks) != len(x):
        raise ValueError(
            f"ranks and x have shapes {ranks.shape} and {x.shape}, expected (n, d) and (n, k)"
        )
    q = features(x)
    scores = ndtri(ranks), ndtri(np.abs(2 * ranks - 1).clip(1e-12))
    return tuple(chi2.sf(((q.T @ s) ** 2).sum(0), q.shape[1]) for s in scores)


def features(x: np.ndarray) -> np.ndarray:
    """Orthonormal features (n, m) of data (n, k), the first of them constant."""
    scores = normal_scores(x)
    n = len(scores)
    u, s, _ = np.linalg.svd(scores - scores.mean(0), full_matrices=False)
    most = min(COMPONENTS, n // RUNS_PER_FEATURE, int((s > 1e-6 * s[0]).sum()))
    return np.column_stack([np.full(n, n**-0.5), u[:, :most]])


def normal_scores(x: np.ndarray) -> np.ndarray:
    """Normal scores (n, k) of each column; those of NaN, and of constant columns, are 0."""
    x, scores = np.asarray(x, float), np.zeros(np.shape(x))
    for column, out in zip(x.T, scores.T, strict=True):
        known = np.isfinite(column)
        if known.any():
            out[known] = ndtri((rankdata(column[known]) - 0.5) / known.sum())
    return scores
