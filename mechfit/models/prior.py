r"""Prior: what is known of the parameters before any data.

A prior is a product of named one-dimensional distributions,

    p(theta) = prod_j p_j(theta_j),        u_j = F_j(theta_j)  in (0, 1),
    z_j = Phi^-1(u_j)  in R,               log |dz/du| = -log phi(z),

so the cumulative distribution functions F_j map it to the unit cube, and the normal quantile
function Phi^-1 maps that to unbounded space, where *every* such prior is the standard normal. A
density estimator that works on z can therefore never leave the prior. Where parameters depend on
each other, one more map makes z independent (``dependence.py``), and u = Phi(z). Taught in
``book/inference/hodgkin-huxley-posterior.md``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from mechfit.models.dependence import Dependence
from mechfit.models.distributions import (
    LOG_SQRT_2PI,
    SMALLEST_U,
    Distribution,
    Normal,
    Uniform,
)
from mechfit.models.inputs import named, numbers, shaped, shortened
from mechfit.models.parameter import Parameter, Parameters

__all__ = ["Prior"]

ROUNDING, EDGE = 1e-7, 0.01
"""Distance from a bound, relative to it, at which a number in single precision is on the bound;
share of the prior that counts as at a bound."""


@dataclass(frozen=True, repr=False)
class Prior(Parameters):
    """Named parameters, independent or not.

    Attributes:
        parameters: The d parameters.
        dependence: Joint distribution of their normal scores; None where they are independent.

    Example:
        >>> prior = Prior.uniform(["g_Na", "g_K"], [0.5, 0.1], [80.0, 15.0], units=["mS/cm²"] * 2)
        >>> prior.sample(3, seed=1).shape
        (3, 2)
        >>> prior.labels
        ('g_Na (mS/cm²)', 'g_K (mS/cm²)')
    """

    dependence: Dependence | None = None

    def __repr__(self) -> str:
        linked = ", dependent" if self.dependence else ""
        return f"<Prior of {shortened(self.labels)}{linked}>"

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
        return cls._of(Uniform, names, low, high, units, symbols)

    @classmethod
    def normal(
        cls,
        names: Sequence[str],
        mean: ArrayLike,
        covariance: ArrayLike,
        units: Sequence[str] | None = None,
        symbols: Sequence[str] | None = None,
    ) -> Self:
        """Build the normal prior with a mean (d,) and a covariance (d, d).

        Example:
            >>> prior = Prior.normal(["a", "b"], [0.0, 1.0], [[1.0, 0.5], [0.5, 4.0]])
            >>> prior.log_prob([0.0, 1.0]).round(4)
            array([-2.4988])
        """
        covariance, d = numbers(covariance, "covariance"), len(names)
        if covariance.shape != (d, d) or not (covariance.diagonal() > 0).all():
            raise ValueError(
                f"covariance has shape {covariance.shape}, expected ({d}, {d}), and variances > 0"
            )
        std = np.sqrt(covariance.diagonal())
        prior = cls._of(Normal, names, mean, std, units, symbols)
        return prior.correlated(covariance / np.outer(std, std))

    def correlated(self, correlation: ArrayLike) -> Self:
        """The same parameters, where their normal scores have a correlation matrix (d, d).

        Every parameter keeps its distribution (Gaussian copula); normal ones are jointly normal.

        Example:
            >>> prior = Prior.uniform(["a", "b"], [0.0, 0.0], [1.0, 1.0])
            >>> theta = prior.correlated([[1.0, 0.9], [0.9, 1.0]]).sample(1000, seed=1)
            >>> np.corrcoef(theta.T)[0, 1].round(1)
            np.float64(0.9)
        """
        return replace(self, dependence=Dependence.gaussian(correlation, len(self)))

    @classmethod
    def from_samples(
        cls, base: Self | Sequence[str], theta: ArrayLike | Mapping, *, seed: int = 0
    ) -> Self:
        """Build the prior that samples (n, d) come from, such as an earlier posterior's.

        A mixture of normals is fitted to them in the unbounded space of their prior, so that no
        draw leaves it.

        Args:
            base: The prior of the samples, which tells names, units and bounds; or names alone,
                of unbounded parameters.
            theta: The samples.
            seed: Seed of the fit.

        Example:
            >>> base = Prior.uniform(["a", "b"], [0.0, 0.0], [1.0, 1.0])
            >>> theta = base.correlated([[1.0, 0.9], [0.9, 1.0]]).sample(2000, seed=1)
            >>> np.corrcoef(Prior.from_samples(base, theta).sample(2000, seed=2).T)[0, 1].round(1)
            np.float64(0.9)
        """
        if not isinstance(base, Prior):
            theta = named(theta, base, "theta").reshape(-1, len(base))
            base = cls._of(Normal, base, theta.mean(0), theta.std(0), None, None)
        n = base._columns("to_normal", base.inside(theta))
        return replace(base, dependence=Dependence.of_samples(n, seed))

    @classmethod
    def _of(
        cls, kind: type[Distribution], names: Sequence[str], *columns: Sequence | None
    ) -> Self:
        """Parameters of one kind, from the columns of its two numbers, of units and symbols."""
        columns = [names, *([""] * len(names) if column is None else column for column in columns)]
        lengths = [len(column) for column in columns]
        if len(set(lengths)) > 1:
            raise ValueError(
                "names, the two numbers of each, units and symbols have lengths "
                f"{lengths}, expected {len(names)} of each"
            )
        rows = zip(*columns, strict=True)
        return cls(tuple(Parameter(n, kind(a, b), u, s) for n, a, b, u, s in rows))

    @property
    def bounded(self) -> np.ndarray:
        """Which parameters lie between two bounds, whatever the others are (d,)."""
        return np.isfinite(self.limits(0.0)).all(1) & (self.dependence is None)

    def round(self, theta: ArrayLike | Mapping) -> np.ndarray:
        """Theta, with numbers that only rounding to single precision put outside on the bound.

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
        """Theta as `round` returns it, where all parameters lie inside the prior.

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

    def at_bounds(self, theta: ArrayLike | Mapping) -> np.ndarray:
        """Share (d,) of theta (n, d) of which a parameter lies in the outer 1 % of the prior.

        Members of an ensemble go to different bounds where none has learned anything.
        """
        u, _ = self.to_unit(theta)
        return (np.minimum(u, 1 - u) < EDGE).mean(0)

    @shaped
    def sample(self, n: int | Sequence[int], seed: int | np.random.Generator) -> np.ndarray:
        """Draw n parameter sets (n, d); a shape such as (5, 3) gives draws (5, 3, d)."""
        rng = np.random.default_rng(seed)
        if self.dependence is not None:
            return self._columns("from_normal", self.dependence.sample(n, rng))
        return self._columns("quantile", rng.random((n, len(self))))

    def log_prob(self, theta: np.ndarray) -> np.ndarray:
        """Log-density (n,) of theta (n, d); -inf outside the support."""
        theta = self.check(theta)
        log_prob = self._columns("log_prob", theta).sum(1)
        inside = np.isfinite(log_prob)
        if self.dependence is not None and inside.any():
            n = self._columns("to_normal", theta[inside])
            log_prob[inside] += self.dependence.log_prob(n) - standard_normal_log_prob(n)
        return log_prob

    def to_unit(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Map theta (n, d) to the unit cube: u (n, d) and ``log |du/dtheta|`` (n,)."""
        theta = self.check(theta)
        independent = self.dependence is None
        u = self._columns("cdf", theta) if independent else ndtr(self._to_normal(theta))
        return u, self.log_prob(theta)

    def from_unit(self, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Inverse of `to_unit`: theta (n, d) and ``log |dtheta/du|`` (n,)."""
        u = self.check(u)
        if self.dependence is None:
            theta = self._columns("quantile", u)
        else:
            theta = self._from_normal(ndtri(np.clip(u, SMALLEST_U, 1 - SMALLEST_U)))
        return theta, -self.log_prob(theta)

    def to_unbounded(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Map theta (n, d) to z (n, d), normal under the prior; ``log |dz/dtheta|`` (n,)."""
        theta = self.check(theta)
        z = self._to_normal(theta)
        return z, self.log_prob(theta) - standard_normal_log_prob(z)

    def from_unbounded(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Inverse of `to_unbounded`: theta (n, d) and ``log |dtheta/dz|`` (n,)."""
        z = self.check(z)
        theta = self._from_normal(z)
        return theta, standard_normal_log_prob(z) - self.log_prob(theta)

    def unit_gradient(self, theta: np.ndarray, by_u: np.ndarray) -> np.ndarray:
        """Gradient (n, d) of f(u) + ``log |du/dtheta|`` at theta (n, d), from that of f by u."""
        theta = self.check(theta)
        return self._gradient(
            theta, by_u * np.exp(-0.5 * self._to_normal(theta) ** 2 - LOG_SQRT_2PI)
        )

    def unbounded_gradient(self, theta: np.ndarray, by_z: np.ndarray) -> np.ndarray:
        """Gradient (n, d) of f(z) + ``log |dz/dtheta|`` at theta (n, d), from that of f by z."""
        theta = self.check(theta)
        return self._gradient(theta, by_z + self._to_normal(theta))

    def _gradient(self, theta: np.ndarray, by_z: np.ndarray) -> np.ndarray:
        """Gradient (n, d) of f(z) + log p(theta) at theta (n, d), from that of f by z."""
        n = self._columns("to_normal", theta)
        slopes = np.exp(self._columns("log_prob", theta) + 0.5 * n**2 + LOG_SQRT_2PI)
        by_n = by_z if self.dependence is None else self.dependence.gradient(n, by_z) + n
        return by_n * slopes + self._columns("score", theta)

    def to_dict(self) -> list[dict] | dict:
        """Plain data that JSON understands, and `from_dict` unless a class is the user's own.

        A distribution of the user's own class is described by its quantiles.
        """
        rows = [p.to_dict() for p in self.parameters]
        if self.dependence is None:
            return rows
        return {"parameters": rows, "dependence": asdict(self.dependence)}

    @classmethod
    def from_dict(cls, data: Sequence[Mapping] | Mapping) -> Self:
        """Inverse of `to_dict`."""
        dependent = isinstance(data, Mapping)
        rows = data["parameters"] if dependent else data
        dependence = Dependence(**data["dependence"]) if dependent else None
        return cls(tuple(map(Parameter.from_dict, rows)), dependence)

    def _to_normal(self, theta: np.ndarray) -> np.ndarray:
        n = self._columns("to_normal", theta)
        return n if self.dependence is None else self.dependence.to_normal(n)

    def _from_normal(self, z: np.ndarray) -> np.ndarray:
        n = z if self.dependence is None else self.dependence.from_normal(z)
        return self._columns("from_normal", n)

    def _columns(self, method: str, values: np.ndarray) -> np.ndarray:
        columns = zip(self.parameters, values.T, strict=True)
        with np.errstate(over="ignore"):
            found = [np.array(getattr(p.distribution, method)(v.copy())) for p, v in columns]
        return np.stack(found, axis=1)


def standard_normal_log_prob(z: np.ndarray) -> np.ndarray:
    """Log-density (n,) of independent standard normals z (n, d)."""
    return -0.5 * (z**2).sum(1) - z.shape[1] * LOG_SQRT_2PI
