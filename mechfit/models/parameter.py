"""Parameter: a named number with its distribution, and both as plain data.

A distribution is described by its class and the numbers it was made with; one of a user's own
class, which has to be given again, by its quantiles. Taught in
``book/inference/hodgkin-huxley-posterior.md``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from mechfit.models.distributions import Distribution, LogNormal, LogUniform, Normal, Uniform
from mechfit.models.tails import Beta, Gamma, Truncated

__all__ = ["OWN", "Parameter", "kind_of"]

KNOWN = Uniform, LogUniform, Normal, LogNormal, Beta, Gamma, Truncated
DISTRIBUTIONS = {kind.__name__: kind for kind in KNOWN}
OWN = " (own class)"
DECILES = np.array([0.1, 0.5, 0.9])


@dataclass(frozen=True)
class Parameter:
    """One parameter: its name in code, its distribution, its unit and its symbol in print."""

    name: str
    distribution: Distribution
    unit: str = ""
    symbol: str = ""

    @property
    def label(self) -> str:
        """Symbol (or name) with the unit in parentheses, for the axis of a chart."""
        symbol = self.symbol or self.name
        return f"{symbol} ({self.unit})" if self.unit else symbol

    def to_dict(self) -> dict:
        """Plain data that JSON understands, and `from_dict` unless a class is the user's own."""
        texts = {"name": str(self.name), "unit": str(self.unit), "symbol": str(self.symbol)}
        return texts | distribution_to_dict(self.distribution)

    @classmethod
    def from_dict(cls, row: Mapping) -> Self:
        """Inverse of `to_dict`."""
        return cls(row["name"], distribution_from_dict(row), row["unit"], row["symbol"])


def distribution_to_dict(distribution: Distribution) -> dict:
    """Class and numbers of a distribution, infinite ones as text."""
    kind, values = kind_of(distribution, DISTRIBUTIONS), vars(distribution).values()
    if kind.endswith(OWN):
        values = [float(f"{q:.9g}") for q in distribution.quantile(DECILES)]
    return {"distribution": kind, "values": [plain(v) for v in values]}


def distribution_from_dict(row: Mapping) -> Distribution:
    """Inverse of `distribution_to_dict`."""
    values = [distribution_from_dict(v) if isinstance(v, Mapping) else v for v in row["values"]]
    return DISTRIBUTIONS[row["distribution"]](*values)


def plain(value: Distribution | float) -> dict | float | str:
    """A value of a distribution, as plain data."""
    if isinstance(value, Distribution):
        return distribution_to_dict(value)
    return value if np.isfinite(value) else str(value)


def kind_of(value: object, known: Mapping[str, type]) -> str:
    """Name of the class of a value, marked where it is not the known one of this name."""
    name = type(value).__name__
    return name if known.get(name) is type(value) else name + OWN
