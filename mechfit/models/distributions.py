"""Distributions of one number, with their maps to (0, 1) and to a standard normal.

The cumulative function F of a continuous distribution maps theta to u = F(theta) in (0, 1), and
the normal quantile function maps u to z = Phi^-1(u), a standard normal. Taught in
``book/inference/hodgkin-huxley-posterior.md``.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri, ndtri_exp

__all__ = ["Distribution", "LogNormal", "LogUniform", "Normal", "Uniform"]

LOG_SQRT_2PI = 0.5 * np.log(2 * np.pi)
SMALLEST_U = 2.0**-53


class Distribution(ABC):
    """A continuous distribution of one number; all methods take and return arrays."""

    @abstractmethod
    def log_prob(self, value: np.ndarray) -> np.ndarray:
        """Log-density; -inf outside the support."""

    @abstractmethod
    def cdf(self, value: np.ndarray) -> np.ndarray:
        """Cumulative probability u in [0, 1]."""

    @abstractmethod
    def quantile(self, u: np.ndarray) -> np.ndarray:
        """Inverse of `cdf`; never outside the support, also after rounding."""

    @abstractmethod
    def score(self, value: np.ndarray) -> np.ndarray:
        """Derivative of the log-density inside the support."""

    def floats(self) -> None:
        """Turn the numbers that the distribution was made with, of numpy or not, into floats."""
        for name, value in vars(self).items():
            object.__setattr__(self, name, float(value))

    def limits(self, tail: float) -> tuple[float, float]:
        """The support where it is bounded, else the `tail` quantiles."""
        with np.errstate(all="ignore"):
            low, high = self.quantile(0.0), self.quantile(1.0)
            return (
                float(low if np.isfinite(low) else self.quantile(tail)),
                float(high if np.isfinite(high) else self.quantile(1 - tail)),
            )

    def to_normal(self, value: np.ndarray) -> np.ndarray:
        """The standard normal number of the same cumulative probability (at most 8.2 in size)."""
        return ndtri(np.clip(self.cdf(value), SMALLEST_U, 1 - SMALLEST_U))

    def from_normal(self, z: np.ndarray) -> np.ndarray:
        """Inverse of `to_normal`."""
        return self.quantile(ndtr(z))


@dataclass(frozen=True)
class Uniform(Distribution):
    """Uniform between `low` and `high`."""

    low: float
    high: float

    def __post_init__(self) -> None:
        self.floats()
        if not (np.isfinite([self.low, self.high]).all() and self.low < self.high):
            raise ValueError(f"expected finite low < high, got low={self.low}, high={self.high}")

    def limits(self, tail: float) -> tuple[float, float]:  # noqa: D102
        return self.low, self.high

    def log_prob(self, value: np.ndarray) -> np.ndarray:  # noqa: D102
        inside = (value >= self.low) & (value <= self.high)
        return np.where(inside, -np.log(self.high - self.low), -np.inf)

    def cdf(self, value: np.ndarray) -> np.ndarray:  # noqa: D102
        return np.clip((value - self.low) / (self.high - self.low), 0.0, 1.0)

    def quantile(self, u: np.ndarray) -> np.ndarray:  # noqa: D102
        return np.clip(self.low + (self.high - self.low) * u, self.low, self.high)

    def score(self, value: np.ndarray) -> np.ndarray:  # noqa: D102
        return np.zeros(np.shape(value))


@dataclass(frozen=True)
class LogUniform(Uniform):
    """A positive number whose logarithm is uniform between log `low` and log `high`."""

    def __post_init__(self) -> None:
        self.floats()
        if not (np.isfinite(self.high) and 0 < self.low < self.high):
            raise ValueError(f"expected 0 < low < high, got low={self.low}, high={self.high}")

    def log_prob(self, value: np.ndarray) -> np.ndarray:  # noqa: D102
        inside = (value >= self.low) & (value <= self.high)
        log = np.log(np.where(inside, value, 1.0))
        return np.where(inside, -log - np.log(np.log(self.high / self.low)), -np.inf)

    def cdf(self, value: np.ndarray) -> np.ndarray:  # noqa: D102
        inside = np.clip(value, self.low, self.high)
        return np.log(inside / self.low) / np.log(self.high / self.low)

    def quantile(self, u: np.ndarray) -> np.ndarray:  # noqa: D102
        return np.clip(self.low * (self.high / self.low) ** u, self.low, self.high)

    def score(self, value: np.ndarray) -> np.ndarray:  # noqa: D102
        return -1 / value


@dataclass(frozen=True)
class Normal(Distribution):
    """Normal with the given mean and standard deviation."""

    mean: float
    std: float

    def __post_init__(self) -> None:
        self.floats()
        if not (np.isfinite([self.mean, self.std]).all() and self.std > 0):
            raise ValueError(f"expected a finite mean and std > 0, got {self.mean}, {self.std}")

    def log_prob(self, value: np.ndarray) -> np.ndarray:  # noqa: D102
        return -0.5 * self.to_normal(value) ** 2 - LOG_SQRT_2PI - np.log(self.std)

    def cdf(self, value: np.ndarray) -> np.ndarray:  # noqa: D102
        return ndtr(self.to_normal(value))

    def quantile(self, u: np.ndarray) -> np.ndarray:  # noqa: D102
        return self.from_normal(ndtri(u))

    def score(self, value: np.ndarray) -> np.ndarray:  # noqa: D102
        return -self.to_normal(value) / self.std

    def to_normal(self, value: np.ndarray) -> np.ndarray:  # noqa: D102
        return (value - self.mean) / self.std

    def from_normal(self, z: np.ndarray) -> np.ndarray:  # noqa: D102
        return self.mean + self.std * z


@dataclass(frozen=True)
class LogNormal(Normal):
    """A positive number whose logarithm is normal with the given mean and standard deviation."""

    def log_prob(self, value: np.ndarray) -> np.ndarray:  # noqa: D102
        positive = np.asarray(value) > 0
        safe = np.where(positive, value, 1.0)
        return np.where(positive, super().log_prob(safe) - np.log(safe), -np.inf)

    def score(self, value: np.ndarray) -> np.ndarray:  # noqa: D102
        return (super().score(value) - 1) / value

    def to_normal(self, value: np.ndarray) -> np.ndarray:  # noqa: D102
        return super().to_normal(np.log(np.maximum(value, np.finfo(float).tiny)))

    def from_normal(self, z: np.ndarray) -> np.ndarray:  # noqa: D102
        return np.exp(super().from_normal(z))


def normal_of(log_below: np.ndarray, log_above: np.ndarray) -> np.ndarray:
    """Standard normal numbers with these log-probabilities below and above them."""
    return np.where(log_below < log_above, ndtri_exp(log_below), -ndtri_exp(log_above))
