"""Distributions of which both tails are computed, each for itself: accurate far out in either.

The probability u above the middle is known to within 1e-16, so the standard normal number of it
is lost beyond 8; the complement 1 - u, computed for itself, gives it up to 37. A *truncated*
distribution is a truncated normal in its own normal scores n = Phi^-1(F(theta)),

    log [Phi(b) - Phi(a)] = log Phi(b) + log(1 - exp(log Phi(a) - log Phi(b))),

mirrored above 0, which holds far out too. Taught in
``book/inference/density-estimators.md``.
"""

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np
from scipy import special
from scipy.special import log_ndtr, ndtr, ndtri, xlog1py, xlogy

from mechfit.models.distributions import SMALLEST_U, Distribution, normal_of

__all__ = ["Beta", "Gamma", "Truncated", "TwoTailed"]

TINY, BELOW_1 = 1e-300, 1 - 2.0**-53


class TwoTailed(Distribution):
    """A distribution that knows the probabilities below and above a number."""

    @abstractmethod
    def tails(self, value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Probabilities below and above a number."""

    @abstractmethod
    def between(self, below: np.ndarray, above: np.ndarray) -> np.ndarray:
        """Inverse of `tails`; never outside the support."""

    def cdf(self, value: np.ndarray) -> np.ndarray:  # noqa: D102
        return self.tails(value)[0]

    def quantile(self, u: np.ndarray) -> np.ndarray:  # noqa: D102
        return self.between(u, 1 - u)

    def to_normal(self, value: np.ndarray) -> np.ndarray:
        """The standard normal number of the same cumulative probability, 8.2 for a bound."""
        below, above = self.tails(value)
        tail = np.minimum(below, above)
        return np.where(below < above, 1, -1) * ndtri(np.where(tail > 0, tail, SMALLEST_U))

    def from_normal(self, z: np.ndarray) -> np.ndarray:  # noqa: D102
        return self.between(ndtr(z), ndtr(-z))


@dataclass(frozen=True)
class Beta(TwoTailed):
    """Between `low` and `high`, with density ∝ t^(a - 1) (1 - t)^(b - 1) at the fraction t."""

    a: float
    b: float
    low: float = 0.0
    high: float = 1.0

    def __post_init__(self) -> None:
        self.floats()
        finite = np.isfinite([self.a, self.b, self.low, self.high]).all()
        if not (finite and min(self.a, self.b) > 0 and self.low < self.high):
            raise ValueError(f"expected finite a > 0, b > 0 and low < high, got {self}")

    def log_prob(self, value: np.ndarray) -> np.ndarray:  # noqa: D102
        inside = (value >= self.low) & (value <= self.high)
        t = self._fraction(value)
        log = xlogy(self.a - 1, t) + xlog1py(self.b - 1, -t) - special.betaln(self.a, self.b)
        return np.where(inside, log - np.log(self.high - self.low), -np.inf)

    def score(self, value: np.ndarray) -> np.ndarray:  # noqa: D102
        t = self._fraction(value)
        return ((self.a - 1) / t - (self.b - 1) / (1 - t)) / (self.high - self.low)

    def tails(self, value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:  # noqa: D102
        t = self._fraction(value)
        return special.betainc(self.a, self.b, t), special.betaincc(self.a, self.b, t)

    def between(self, below: np.ndarray, above: np.ndarray) -> np.ndarray:  # noqa: D102
        t, rest = (
            special.betaincinv(self.a, self.b, below),
            special.betaincinv(self.b, self.a, above),
        )
        t, rest = np.fmax(t, 0.0), np.fmax(rest, 0.0)  # both are NaN at probabilities like 1e-180
        width = self.high - self.low
        value = np.where(below < above, self.low + width * t, self.high - width * rest)
        return np.clip(value, self.low, self.high)

    def _fraction(self, value: np.ndarray) -> np.ndarray:
        return np.clip((value - self.low) / (self.high - self.low), TINY, BELOW_1)


@dataclass(frozen=True)
class Gamma(TwoTailed):
    """A positive number with density ∝ t^(shape - 1) exp(-t) at t = value / scale."""

    shape: float
    scale: float

    def __post_init__(self) -> None:
        self.floats()
        if not (np.isfinite([self.shape, self.scale]).all() and min(self.shape, self.scale) > 0):
            raise ValueError(f"expected finite shape > 0 and scale > 0, got {self}")

    def log_prob(self, value: np.ndarray) -> np.ndarray:  # noqa: D102
        inside = (value >= 0) & (value < np.inf)
        t = np.maximum(np.where(inside, value, 1.0) / self.scale, TINY)
        log = xlogy(self.shape - 1, t) - t - special.gammaln(self.shape) - np.log(self.scale)
        return np.where(inside, log, -np.inf)

    def score(self, value: np.ndarray) -> np.ndarray:  # noqa: D102
        return ((self.shape - 1) / np.maximum(value / self.scale, TINY) - 1) / self.scale

    def tails(self, value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:  # noqa: D102
        t = np.maximum(value / self.scale, TINY)
        return special.gammainc(self.shape, t), special.gammaincc(self.shape, t)

    def between(self, below: np.ndarray, above: np.ndarray) -> np.ndarray:  # noqa: D102
        low, high = special.gammaincinv(self.shape, below), special.gammainccinv(self.shape, above)
        return self.scale * np.where(below < above, low, high)


@dataclass(frozen=True)
class Truncated(TwoTailed):
    """Another distribution, between `low` and `high` alone; either may be infinite.

    Example:
        >>> Truncated(Gamma(2.0, 10.0), high=50.0).limits(0.001)
        (0.0, 50.0)
    """

    distribution: Distribution
    low: float = -np.inf
    high: float = np.inf

    def __post_init__(self) -> None:
        if not isinstance(self.distribution, Distribution):
            raise TypeError(f"expected a distribution, got a {type(self.distribution).__name__}")
        low, high = self.distribution.limits(0.0)
        vars(self).update(low=max(float(self.low), low), high=min(float(self.high), high))
        if not (self.low < self.high and np.isfinite(log_mass(*self._ends))):
            raise ValueError(f"expected low < high and probability between them, got {self}")

    def limits(self, tail: float) -> tuple[float, float]:  # noqa: D102
        ends = self.low, self.high
        return tuple(np.where(np.isfinite(ends), ends, super().limits(tail)).tolist())

    def log_prob(self, value: np.ndarray) -> np.ndarray:  # noqa: D102
        inside = (value >= self.low) & (value <= self.high)
        log = self.distribution.log_prob(value) - log_mass(*self._ends)
        return np.where(inside, log, -np.inf)

    def score(self, value: np.ndarray) -> np.ndarray:  # noqa: D102
        return self.distribution.score(value)

    def tails(self, value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:  # noqa: D102
        a, b = self._ends
        n = np.clip(self.distribution.to_normal(np.clip(value, self.low, self.high)), a, b)
        below, above = (np.exp(log_mass(*part) - log_mass(a, b)) for part in ((a, n), (n, b)))
        return np.minimum(below, 1.0), np.minimum(above, 1.0)

    def between(self, below: np.ndarray, above: np.ndarray) -> np.ndarray:  # noqa: D102
        a, b = self._ends
        with np.errstate(divide="ignore"):
            parts = np.log([below, above]) + log_mass(a, b)
        below, above = np.logaddexp(log_ndtr(a), parts[0]), np.logaddexp(log_ndtr(-b), parts[1])
        value = self.distribution.from_normal(normal_of(below, above))
        return np.clip(value, self.low, self.high)

    @property
    def _ends(self) -> tuple[np.ndarray, np.ndarray]:
        """The normal scores of both bounds, infinite where nothing is cut off."""
        low, high = self.distribution.limits(0.0)
        a, b = self.distribution.to_normal(np.array([self.low, self.high]))
        return (a if self.low > low else -np.inf), (b if self.high < high else np.inf)


def log_mass(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Logarithm of a standard normal's probability between a and b."""
    a, b = np.where(a > 0, -b, a), np.where(a > 0, -a, b)
    with np.errstate(divide="ignore", invalid="ignore"):
        return log_ndtr(b) + np.log(-np.expm1(log_ndtr(a) - log_ndtr(b)))
