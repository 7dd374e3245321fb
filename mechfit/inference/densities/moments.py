r"""Moments: centers and scales of columns that outliers and constants do not spoil.

A column is scaled by its standard deviation. Where a few outliers make most of that, it is clipped
to 10 s around its median before, with s half the distance of its quantiles at one standard
deviation of a normal (of quantiles further out, while these are equal but for rounding errors). A
column that varies by no more than rounding errors is divided by infinity, as nothing is known of
other values.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from mechfit.models.inputs import LARGEST

__all__ = ["MOST", "ROUNDING", "bounded", "moments", "ordinary", "tamed", "varying"]

ROUNDING = 1e-10
"""Range of a column, relative to its largest number, that counts as constant."""
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
    wide = width > ROUNDING * width[1]
    s = np.where(wide, width, np.inf)[wide.argmax(0), np.arange(rows.shape[1])]
    return np.clip(rows, middle - FAR * s, middle + FAR * s)


def tamed(rows: np.ndarray) -> np.ndarray:
    """Rows (n, d), clipped by `ordinary` in columns where outliers make most of the deviation."""
    rows, clipped = bounded(rows), ordinary(rows)
    (_, std), (_, narrow) = moments(rows), moments(clipped)
    spoiled = np.isfinite(narrow) & (std > MOST * narrow)
    return np.where(spoiled, clipped, rows) if spoiled.any() else rows


def moments(rows: np.ndarray, *, ddof: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Mean (d,) and standard deviation (d,) of columns of finite numbers; inf where constant."""
    rows = bounded(rows)
    mean, std = rows.mean(0, dtype=np.float64), rows.std(0, dtype=np.float64, ddof=ddof)
    return mean, np.where(varying(rows) & (std > 0), std, np.inf)
