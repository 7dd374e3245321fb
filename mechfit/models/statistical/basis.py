r"""Raised cosines in log time: few numbers for a filter that is sharp early and smooth late.

A filter over the lags 1, 2, ... bins is a weighted sum of K bumps,

    f(lag) = sum_j w_j b_j(lag),    b_j(lag) = (1 + cos(clip((x - c_j) pi / (2 delta), ±pi))) / 2,
    x = ln(lag + offset),

whose centers c_j lie delta apart from the first lag to the last. Each is 4 delta wide, and where
four overlap their sum is 2: between the second center and the last but one, a filter can be
constant. A larger offset makes the short end more linear. Pillow et al. (2008),
doi:10.1038/nature07140. Taught in ``book/models/mechanism-or-statistics.md``.
"""

import numpy as np
from numpy.typing import ArrayLike

from mechfit.models.inputs import whole
from mechfit.summaries.arguments import array_of, number_of

__all__ = ["raised_cosines", "weighted_past"]


def raised_cosines(lags: int, n: int, first: float, last: float, offset: float) -> np.ndarray:
    """Basis (lags, n) of filters: row k is lag k + 1.

    A refractory period is sharper than cosines can be; `np.c_[np.arange(lags) < 2, basis]` adds a
    column for the first two lags.

    Args:
        lags: Longest lag, in bins.
        n: Number of cosines, at least 2.
        first: Center of the first, in bins.
        last: Center of the last, in bins.
        offset: Bins that are added to a lag before its logarithm is taken, above 0.

    Example:
        >>> raised_cosines(5, 3, 1.0, 4.0, 1.0).round(2)
        array([[1.  , 0.5 , 0.  ],
               [0.59, 0.99, 0.41],
               [0.14, 0.85, 0.86],
               [0.  , 0.5 , 1.  ],
               [0.  , 0.21, 0.91]])
    """
    lags, n = whole(lags, "lags", 1), whole(n, "n", 2)
    offset = number_of("offset", offset, positive=True)
    first, last = number_of("first", first), number_of("last", last)
    if not 0 <= first < last <= lags:
        raise ValueError(
            f"first is {first} and last {last}, expected 0 <= first < last <= {lags}, the lags"
        )
    centers, delta = np.linspace(*np.log([first + offset, last + offset]), n, retstep=True)
    away = (np.log(np.arange(1, lags + 1) + offset)[:, None] - centers) / delta
    return 0.5 + 0.5 * np.cos(np.clip(away * np.pi / 2, -np.pi, np.pi))


def weighted_past(signal: ArrayLike, basis: ArrayLike) -> np.ndarray:
    """Weighted sums (T, n) of the past of a signal (T,), for a basis (lags, n).

    The signal at t weighs in from t + 1 on, and is 0 before the first bin.

    Example:
        >>> weighted_past([1.0, 0.0, 0.0, 2.0], [[3.0], [4.0]]).ravel()
        array([0., 3., 4., 0.])
    """
    signal, basis = array_of("signal", signal, "(T,)"), array_of("basis", basis, "(lags, n)")
    sums = np.zeros((len(signal), basis.shape[1]))
    for column, weights in zip(sums.T, basis.T, strict=True):
        column[1:] = np.convolve(signal[:-1], weights)[: len(signal) - 1]
    return sums
