"""Bootstrap: an interval of a statistic of a sample.

The n rows of the sample are drawn again, with replacement, and the statistic is computed anew;
quantiles of its values are the ends of the percentile interval. Efron & Tibshirani (1993), *An
Introduction to the Bootstrap*, chapter 13. Taught in ``book/robustness/perturbations.md``.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mechfit.summaries.arguments import numbers

__all__ = ["bootstrap_interval"]


def bootstrap_interval(
    statistic: Callable[..., float],
    *samples: np.ndarray,
    rng: np.random.Generator,
    level: float = 0.9,
    resamples: int = 1000,
) -> tuple[float, float]:
    """Compute the lower and upper end of the percentile bootstrap interval of a statistic.

    Args:
        statistic: Maps samples (n, ...) to a number.
        samples: One or more arrays (n, ...) whose rows are drawn together.
        rng: Generator of the resampled rows.
        level: Probability of the interval, from 0 to 1.
        resamples: Number of resamples.

    Raises:
        ValueError: No samples, samples of different length, a level outside 0 to 1, or a statistic
            that is not finite.

    Example:
        >>> x = np.arange(100.0)
        >>> low, high = bootstrap_interval(np.median, x, rng=np.random.default_rng(0))
        >>> bool(35 < low < 49.5 < high < 65)
        True
    """
    samples = [np.atleast_1d(numbers(sample, "samples")) for sample in samples]
    sizes = {len(sample) for sample in samples}
    if len(sizes) != 1 or 0 in sizes or not 0 < level < 1:
        raise ValueError(
            f"got samples of lengths {sorted(sizes)} and level {level}, expected one or more "
            "samples of one length above 0 and a level between 0 and 1"
        )
    n = sizes.pop()
    rows = rng.integers(0, n, (resamples, n))
    values = [statistic(*(sample[row] for sample in samples)) for row in rows]
    if not np.isfinite(values).all():
        bad = np.ravel(values)[~np.isfinite(np.ravel(values))][0]
        raise ValueError(f"statistic is {bad} for some resampled samples, expected finite numbers")
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
