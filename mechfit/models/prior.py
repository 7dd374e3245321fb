r"""Prior: what is known of the parameters before any data.

A prior is a product of named one-dimensional distributions,

    p(theta) = prod_j p_j(theta_j),        u_j = F_j(theta_j)  in (0, 1),
    z_j = Phi^-1(u_j)  in R,               log |dz/du| = -log phi(z),

so the cumulative distribution functions F_j map it to the unit cube, and the normal quantile
function Phi^-1 maps that to unbounded space, where *every* such prior is the standard normal. A
density estimator that works on z can therefore never leave the prior. Taught in
``book/inference/hodgkin-huxley-posterior.md``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from mechfit.models.distributions import LOG_SQRT_2PI, Uniform
from mechfit.models.inputs import named, shaped
from mechfit.models.parameter import Parameter

__all__ = ["Prior"]

ROUNDING = 1e-7
"""Distance from a bound, relative to it, at which a number in single precision is on the bound."""


@dataclass(frozen=True)
class Prior:
    """Independent named parameters.

    Example:
        >>> prior = Prior.uniform(["g_Na", "g_K"], [0.5, 0.1], [80.0, 15.0], units=["mS/cm²"] * 2)
        >>> prior.sample(3, seed=1).shape
        (3, 2)
        >>> prior.labels
        ('g_Na (mS/cm²)', 'g_K (mS/cm²)')
    """

    parameters: tuple[Parameter, ...]

    def __post_init__(self) -> None:
        names = [p.name for p in self.parameters]
        if not names or len(set(names)) < len(names):
            raise ValueError(f"expected at least one parameter and distinct names, got {names}")

    @classmethod
    def uniform(
        cls,
        names: Sequence[str],
        low: Sequence[float],
        high: Sequence[float],
        units: Sequence[str] | None = None,
        symbols: Sequence[str] | None = None,
    ) -> Self:
        """Build the uniform prior on the box from `low` to `high`, all sequences of length d."""
        none = [""] * len(names)
        columns = names, low, high, units or none, symbols or none
        lengths = [len(column) for column in columns]
        if len(set(lengths)) > 1:
            raise ValueError(
                "names, low, high, units and symbols have lengths "
                f"{lengths}, expected {len(names)} of each"
            )
        rows = zip(*columns, strict=True)
        each = (Parameter(n, Uniform(float(a), float(b)), u, s) for n, a, b, u, s in rows)
        return cls(tuple(each))

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

    def round(self, theta: ArrayLike | Mapping) -> np.ndarray:
        """The same, with numbers that only rounding to single precision put outside on the bound.

        Numbers that lie further outside, by more than 1e-7 of the bound, are left as they are.
        """
        theta = self.check(theta)
        outside = ~np.isfinite(self._columns("log_prob", theta))
        if outside.any():
            low, high = self.limits(0.0).T
            bound = np.clip(theta, low, high)
            with np.errstate(invalid="ignore"):
                near = abs(theta - bound) <= ROUNDING * abs(bound)
            theta = np.where(outside & near, bound, theta)
        return theta

    def inside(self, theta: ArrayLike | Mapping) -> np.ndarray:
        """The same, where all parameters lie inside the prior.

        Raises:
            ValueError: One lies outside; the error tells its row, name, value and bounds.
        """
        theta = self.round(theta)
        outside = ~np.isfinite(self._columns("log_prob", theta))
        if outside.any():
            i, j = np.argwhere(outside)[0]
            low, high = self.limits(0.0)[j]
            raise ValueError(
                f"{outside.any(1).sum()} of {len(theta)} parameter sets lie outside the prior: "
                f"in row {i} of theta, {self.names[j]} is {theta[i, j]}, expected {low} to {high}"
            )
        return theta

    @shaped
    def sample(self, n: int | Sequence[int], seed: int | np.random.Generator) -> np.ndarray:
        """Draw n parameter sets (n, d); a shape such as (5, 3) gives draws (5, 3, d)."""
        u = np.random.default_rng(seed).random((n, len(self)))
        return self.from_unit(u)[0]

    def log_prob(self, theta: np.ndarray) -> np.ndarray:
        """Log-density (n,) of theta (n, d); -inf outside the support."""
        return self._columns("log_prob", self.check(theta)).sum(1)

    def to_unit(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Map theta (n, d) to the unit cube: u (n, d) and ``log |du/dtheta|`` (n,)."""
        theta = self.check(theta)
        return self._columns("cdf", theta), self.log_prob(theta)

    def from_unit(self, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Inverse of `to_unit`: theta (n, d) and ``log |dtheta/du|`` (n,)."""
        theta = self._columns("quantile", self.check(u))
        return theta, -self.log_prob(theta)

    def to_unbounded(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Map theta (n, d) to z (n, d), normal under the prior; ``log |dz/dtheta|`` (n,)."""
        theta = self.check(theta)
        z = self._columns("to_normal", theta)
        return z, self.log_prob(theta) - standard_normal_log_prob(z)

    def from_unbounded(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Inverse of `to_unbounded`: theta (n, d) and ``log |dtheta/dz|`` (n,)."""
        z = self.check(z)
        theta = self._columns("from_normal", z)
        return theta, standard_normal_log_prob(z) - self.log_prob(theta)

    def unit_slopes(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Derivatives du/dtheta of `to_unit` (n, d), and those of their logarithms (n, d)."""
        theta = self.check(theta)
        return np.exp(self._columns("log_prob", theta)), self._columns("score", theta)

    def unbounded_slopes(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Derivatives dz/dtheta of `to_unbounded` (n, d), and those of their logarithms (n, d)."""
        by_u, score = self.unit_slopes(theta)
        z = self._columns("to_normal", self.check(theta))
        slopes = by_u * np.exp(0.5 * z**2 + LOG_SQRT_2PI)
        return slopes, score + z * slopes

    def to_dict(self) -> list[dict]:
        """Plain data that JSON understands, and `from_dict` unless a class is the user's own.

        A distribution of the user's own class is described by its quantiles.
        """
        return [p.to_dict() for p in self.parameters]

    @classmethod
    def from_dict(cls, rows: Sequence[Mapping]) -> Self:
        """Inverse of `to_dict`."""
        return cls(tuple(map(Parameter.from_dict, rows)))

    def _columns(self, method: str, values: np.ndarray) -> np.ndarray:
        columns = zip(self.parameters, values.T, strict=True)
        with np.errstate(over="ignore"):
            found = [np.array(getattr(p.distribution, method)(v.copy())) for p, v in columns]
        return np.stack(found, axis=1)


def standard_normal_log_prob(z: np.ndarray) -> np.ndarray:
    """Log-density (n,) of independent standard normals z (n, d)."""
    return -0.5 * (z**2).sum(1) - z.shape[1] * LOG_SQRT_2PI
