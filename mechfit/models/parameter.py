"""Parameter: a named number with its distribution; several of them; and all as plain data.

A distribution is described by its class and the numbers it was made with; one of a user's own
class, which has to be given again, by its quantiles. Taught in
``book/inference/hodgkin-huxley-posterior.md``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from mechfit.models.distributions import Distribution, LogNormal, LogUniform, Normal, Uniform
from mechfit.models.inputs import named
from mechfit.models.tails import Beta, Gamma, Truncated

__all__ = ["OWN", "Parameter", "Parameters", "kind_of"]

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


@dataclass(frozen=True)
class Parameters:
    """Several parameters with distinct names."""

    parameters: tuple[Parameter, ...]

    def __post_init__(self) -> None:
        names = [p.name for p in self.parameters]
        if not names or len(set(names)) < len(names):
            raise ValueError(f"expected at least one parameter and distinct names, got {names}")

    def __len__(self) -> int:
        return len(self.parameters)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the d parameters, in the order of the columns of theta."""
        return tuple(p.name for p in self.parameters)

    @property
    def labels(self) -> tuple[str, ...]:
        """Symbol and unit of each parameter, for the axes of a chart."""
        return tuple(p.label for p in self.parameters)

    def limits(self, tail: float = 0.001) -> np.ndarray:
        """Axis limits (d, 2): the support where it is bounded, else the `tail` quantiles."""
        return np.array([p.distribution.limits(tail) for p in self.parameters], float)

    def index(self, name: str) -> int:
        """Column of the parameter called `name`."""
        if name not in self.names:
            known = ", ".join(self.names)
            raise ValueError(f"unknown parameter {name!r}, expected one of {known}")
        return self.names.index(name)

    def vector(self, values: Mapping[str, float]) -> np.ndarray:
        """Parameter vector (d,) from a value for every name."""
        missing = [n for n in self.names if n not in values]
        if missing:
            raise ValueError(f"no value given for {', '.join(missing)}")
        theta = np.empty(len(self))
        for name, value in values.items():
            theta[self.index(name)] = value
        return theta

    def check(self, theta: ArrayLike | Mapping) -> np.ndarray:
        """Return theta as floats of shape (n, d); a (d,) vector becomes one row.

        A table with named columns, or a mapping from names, is put in the parameters' order.

        Raises:
            ValueError: The shape is not (n, d) or (d,), or names are unknown or missing.
            TypeError: Theta holds other things than real numbers.
        """
        theta = named(theta, self.names, "theta")
        rows = theta[None] if theta.ndim == 1 else theta
        if rows.ndim != 2 or rows.shape[1] != len(self):
            raise ValueError(
                f"theta has shape {theta.shape}, expected (n, {len(self)}) or ({len(self)},) "
                f"for the parameters {', '.join(self.names)}"
            )
        return rows


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
