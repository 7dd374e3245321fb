r"""Poisson regression: the most probable weights of counts, and whether there are any.

Counts y with the means exp(X w) exposure, and weights w that are independent normals before the
data, N(m, s²), or anything (s infinite), have the log-posterior

    L(w) = sum_t y x_t . w - exposure exp(x_t . w) - sum_j (w_j - m_j)² / (2 s_j²) + const,
    L' = X^T (y - mean) - (w - m) / s²,    -L'' = X^T diag(mean) X + diag(1 / s²).

It is concave, and Newton's method finds its maximum. Without a prior there is none where some
direction v has x_t . v = 0 at all spikes and x_t . v <= 0, not always 0, in all other bins: along
v the likelihood grows forever. The data are then *separable*, as where no spike ever comes within
2 ms of another.
"""

from collections.abc import Sequence

import numpy as np
from scipy.linalg import null_space
from scipy.optimize import linprog

from mechfit.models.statistical.newton import maximum

__all__ = ["poisson_regression"]

RANK = 1e-9
"""Rounding of ranks, relative to their largest number."""


def poisson_regression(
    X: np.ndarray,
    y: np.ndarray,
    mean: np.ndarray,
    sd: np.ndarray,
    exposure: float,
    names: Sequence[str],
) -> tuple[np.ndarray, np.ndarray]:
    """Most probable weights (p,) and the inverse (p, p) of the Hessian.

    Args:
        X: Design matrix (T, p), whose first column is 1.
        y: Counts (T,).
        mean: Prior mean of the weights (p,).
        sd: Prior standard deviation (p,), infinite where nothing is known before.
        exposure: Length of a bin.
        names: Names of the weights (p,), for errors.

    Raises:
        ValueError: There is not one maximum: separable data, dependent columns or no spikes.

    Example:
        >>> X, y = np.ones((4, 1)), np.array([1.0, 0.0, 2.0, 1.0])
        >>> poisson_regression(X, y, np.zeros(1), np.full(1, np.inf), 0.5, ["bias"])[0].round(4)
        array([0.6931])
    """
    flat, precision = np.isinf(sd), sd**-2.0
    if flat[0] and not y.any():
        raise ValueError(f"no spike tells the {names[0]}: expected at least one, or a prior")
    _check_unique(X[:, flat], y, [names[j] for j in np.flatnonzero(flat)])

    def log_posterior(w: np.ndarray) -> float:
        with np.errstate(over="ignore"):
            likelihood = y @ (X @ w) - exposure * np.exp(X @ w).sum()
        return likelihood - precision @ (w - mean) ** 2 / 2

    def slopes(w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        expected = exposure * np.exp(X @ w)
        gradient = X.T @ (y - expected) - precision * (w - mean)
        return gradient, (X.T * expected) @ X + np.diag(precision)

    start = np.zeros(len(sd))
    start[0] = np.log((y.sum() + 0.5) / (exposure * len(y)))
    return maximum(log_posterior, slopes, start)


def _check_unique(X: np.ndarray, y: np.ndarray, names: Sequence[str]) -> None:
    """Raise ValueError unless the likelihood has a maximum, and only one."""
    size = abs(X).max(0)
    columns = X / np.where(size > 0, size, 1.0)
    free = _null(columns[y > 0])  # directions that no spike tells
    if not free.shape[1]:
        return
    dependent = _null(columns)
    if dependent.shape[1]:
        raise ValueError(
            "columns of the design are linearly dependent: no data can tell "
            f"{names[abs(dependent).max(1).argmax()]}, expected other bases or data, or a prior"
        )
    slopes = columns @ free
    found = linprog(slopes.sum(0), slopes[y == 0], np.zeros((y == 0).sum()), bounds=(-1, 1))
    if found.fun < -(RANK**0.5):
        v = free @ found.x
        at = abs(v).argmax()
        raise ValueError(
            "the data are separable: the likelihood has no maximum, it grows forever as "
            f"{names[at]} goes to {'-' if v[at] < 0 else ''}infinity; expected more spikes, or a "
            "prior"
        )


def _null(rows: np.ndarray) -> np.ndarray:
    """Directions (p, k) that are orthogonal to all rows (n, p)."""
    return null_space(np.linalg.qr(rows, mode="r"), rcond=RANK)
