r"""Correlation ratio: the share of the variance of one variable that another one explains.

    eta^2 = 1 - E[var(y | x)] / var(y)

It is 1 if y is a function of x, whatever its shape, and 0 if the mean of y does not depend on x.
Here x is cut into bins of equal probability, so eta^2 is a lower bound up to sampling error.
Pearson (1905), *On the General Theory of Skew Correlation*. Taught in the chapter
``book/summaries/learned-features.md``.
"""

import numpy as np
from numpy.typing import ArrayLike

from mechfit.summaries.arguments import array_of

__all__ = ["correlation_ratio"]


def correlation_ratio(y: ArrayLike, x: ArrayLike, *, bins: int = 12) -> float:
    """Compute the share of the variance of y that is explained by bins of x.

    Args:
        y: The variable to explain, shape (n,).
        x: The variable that explains, shape (n,); ties may leave fewer bins.
        bins: Number of bins of equal probability.

    Returns:
        The share, from 0 to 1.

    Example:
        >>> x = np.linspace(-1, 1, 1000)
        >>> round(correlation_ratio(x**2, x), 2)
        0.97
    """
    y, x = array_of("y", y, "(n,)"), array_of("x", x, "(n,)")
    if y.shape != x.shape or bins < 1:
        raise ValueError(f"y, x and bins are {y.shape}, {x.shape} and {bins}, expected (n,) twice")
    if not (y.size and np.abs(y).max() < 1e150 and (variance := y.var()) > 0):
        raise ValueError(f"y has {y.size} values, expected some that vary, below 1e150")
    edges = np.unique(np.quantile(x, np.linspace(0, 1, bins + 1)[1:-1]))
    which = np.searchsorted(edges, x)
    inner = [y[which == b].var() * np.mean(which == b) for b in np.unique(which)]
    return float(1 - sum(inner) / variance)
