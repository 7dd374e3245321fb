r"""Moments: centers and scales of columns that outliers and constants do not spoil.

A column is scaled by its standard deviation, unless a few outliers make most of it: then mean and
standard deviation are those of the column clipped to 10 s around its median, with s half the
distance of its quantiles at one standard deviation of a normal (of quantiles further out, while
these are equal). A column that varies by no more than rounding errors has no scale: it is divided
by infinity, as nothing is known of other values.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

__all__ = ["ROUNDING", "bounded", "means_and_stds", "moments", "ordinary", "varying"]

ROUNDING = 1e-10
"""Range of a column, relative to its largest number, that counts as constant."""
LARGEST = np.float64(1e150)
"""Size that larger numbers are cut to, as their squares would overflow."""
FAR, MOST = 10.0, 10.0
"""Distance from the median, in s, of an outlier; factor by which outliers may raise a scale."""
TAILS = 0.1587, 0.05, 0.01, 1e-3, 1e-4


def bounded(rows: np.ndarray, limit: np.float64 = LARGEST) -> np.ndarray:
    """Rows with their finite numbers cut to +-`limit`."""
    beyond = np.isfinite(rows) & (abs(rows) > limit)
    return np.where(beyond, np.clip(rows, -limit, limit), rows) if beyond.any() else rows


def varying(rows: np.ndarray) -> np.ndarray:
    """Which columns of rows (n, d) vary by more than rounding errors (d,)."""
    rows = bounded(rows)
    return np.ptp(rows, 0) > ROUNDING * abs(rows).max(0)


def ordinary(rows: np.ndarray) -> np.ndarray:
    """Columns of rows (n, d), clipped to 10 s around their medians."""
    rows = bounded(rows)
    middle, *low = np.quantile(rows, [0.5, *TAILS], axis=0)
    high = np.quantile(rows, 1 - np.array(TAILS), axis=0)
    width = (high - low) / (-2 * ndtri(TAILS))[:, None]
    s = np.where(width > 0, width, np.inf)[(width > 0).argmax(0), np.arange(rows.shape[1])]
    return np.clip(rows, middle - FAR * s, middle + FAR * s)


def moments(
    rows: np.ndarray, typical: np.ndarray | None = None, *, ddof: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Center (d,) and scale (d,) of columns of finite numbers (n, d); inf where constant.

    `typical` are rows (m, d) without outliers; by default those that are clipped.
    """
    rows = bounded(rows)
    typical = ordinary(rows) if typical is None else bounded(typical)
    mean, std = means_and_stds(rows, ddof)
    near, narrow = means_and_stds(typical, ddof)
    outliers = varying(typical) & (std > MOST * narrow)
    mean, std = np.where(outliers, near, mean), np.where(outliers, narrow, std)
    return mean, np.where(varying(rows) & (std > 0), std, np.inf)


def means_and_stds(rows: np.ndarray, ddof: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Means (d,) and standard deviations (d,) of rows (n, d), summed in double precision."""
    return rows.mean(0, dtype=np.float64), rows.std(0, dtype=np.float64, ddof=ddof)
