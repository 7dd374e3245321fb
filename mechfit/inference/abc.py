r"""Approximate Bayesian computation (ABC): keep the simulations that resemble the observation.

*Rejection*: of simulations from the prior, those within a tolerance epsilon of x_o are draws of

    p_eps(theta | x_o)  ∝  p(theta) ∫ p(x | theta) 1[rho(x, x_o) <= eps] dx,

the posterior as eps -> 0. The share that is kept falls like eps^k for k statistics. The distance
rho is the root mean square of (x - x_o) / s, with s the standard deviation over the prior, which
outliers do not spoil (``densities/moments.py``). Tavaré et al.
(1997), doi:10.1093/genetics/145.2.505; Beaumont, Zhang & Balding (2002),
doi:10.1093/genetics/162.4.2025. Taught in ``book/inference/without-a-likelihood.md``.

*Importance sampling*: draw from a proposal p~ wider than the posterior, weight by p / p~. The
result is that of rejection as long as p~ covers it; the effective sample size (sum w)^2 / sum w^2
shows whether it does. p~ = (1 - c) q + c p has a share c of the prior, so that weights stay
bounded, and q is the mean of a network's posteriors at observations around x_o, then a kernel
density of the draws kept so far (population Monte Carlo). Beaumont, Cornuet, Marin & Robert
(2009), doi:10.1093/biomet/asp052. Taught in ``book/inference/predictive-checks.md``.
"""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import logsumexp

from mechfit.inference.densities.moments import bounded, moments, ordinary
from mechfit.inference.densities.scaling import Standardizer, unlike
from mechfit.inference.posterior import Posterior
from mechfit.models.distributions import LOG_SQRT_2PI
from mechfit.models.inputs import named, numbers, shaped, whole
from mechfit.models.prior import Prior
from mechfit.simulation import Bank

__all__ = ["DefensiveProposal", "KernelProposal", "importance_abc", "rejection_abc"]

BLOCK = 500
WIDER = 2.0
"""Covariance of a kernel, relative to that of the draws."""


def rejection_abc(bank: Bank, x_o: np.ndarray, keep: int) -> tuple[np.ndarray, np.ndarray]:
    """Keep the parameters of the simulations that are nearest to an observation.

    Args:
        bank: Simulations drawn from the prior; invalid ones are left out.
        x_o: Observation (k,).
        keep: How many to keep; this chooses the tolerance.

    Returns:
        Parameters (keep, d), nearest first, and their distances (keep,); the last is epsilon. A
        statistic that never varied is left out, with a warning where x_o differs in it.

    Example:
        >>> theta = np.array([[0.0], [1.0], [2.0]])
        >>> bank = Bank(theta, 10 * theta, np.ones(3, bool), 1, ("x",))
        >>> rejection_abc(bank, [11.0], keep=2)[0].ravel()
        array([1., 2.])
    """
    theta, x = bank.theta[bank.valid], bounded(bank.x[bank.valid])
    x_o, k = named(x_o, bank.statistic_names, "x_o"), len(bank.statistic_names)
    if x_o.shape != (k,) or not np.isfinite(x_o).all():
        raise ValueError(
            f"x_o has shape {x_o.shape} and the values {x_o.tolist()}, expected {k} finite "
            f"statistics: {', '.join(bank.statistic_names)}"
        )
    if not 1 <= whole(keep, "keep", 0) <= len(theta):
        raise ValueError(
            f"keep is {keep}, expected 1 to {len(theta)}, the number of valid simulations"
        )
    plain, (_, std) = Standardizer(*moments(x)), moments(ordinary(x))
    if said := unlike(x_o, plain, bank.statistic_names):
        warnings.warn(said, stacklevel=2)
    scale = np.minimum(std, plain.std)
    distance = np.sqrt((((x - bounded(x_o)) / scale) ** 2).mean(1))
    nearest = np.argsort(distance, kind="stable")[:keep]
    return theta[nearest], distance[nearest]


class MixedWithPrior(ABC):
    """A proposal (1 - c) q + c p: a density q, and the prior p with a share c above 0."""

    prior: Prior
    share: float

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise ValueError(f"share is {self.share}, expected above 0 and at most 1")

    @abstractmethod
    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Draw n parameter sets (n, d) from q."""

    @abstractmethod
    def log_q(self, theta: np.ndarray) -> np.ndarray:
        """Log-density (n,) of q at theta (n, d)."""

    @shaped
    def sample(self, n: int | Sequence[int], seed: int) -> np.ndarray:
        """Draw n parameter sets (n, d)."""
        rng = np.random.default_rng(seed)
        theta = self.draw(n, rng)
        plain = np.flatnonzero(rng.random(len(theta)) < self.share)
        if len(plain):
            theta[plain] = self.prior.sample(len(plain), rng)
        return theta

    def log_prob(self, theta: np.ndarray) -> np.ndarray:
        """Log-density (n,) at theta (n, d)."""
        theta = self.prior.check(theta)
        log_q, log_prior = self.log_q(theta), self.prior.log_prob(theta)
        with np.errstate(divide="ignore"):
            return np.logaddexp(np.log1p(-self.share) + log_q, np.log(self.share) + log_prior)


@dataclass(frozen=True)
class DefensiveProposal(MixedWithPrior):
    """The mean of a network's posteriors at several observations, and the prior.

    Attributes:
        posterior: The posterior.
        x: Observations (m, k) to condition on.
        share: Share of the prior, above 0.
    """

    posterior: Posterior
    x: np.ndarray
    share: float = 0.1

    @classmethod
    def around(
        cls,
        posterior: Posterior,
        x_o: np.ndarray,
        spread: np.ndarray,
        *,
        count: int = 32,
        share: float = 0.1,
        seed: int,
    ) -> DefensiveProposal:
        """Draw `count` observations from normals at x_o (k,) with standard deviations (k,)."""
        names = posterior.statistic_names
        x_o, spread = named(x_o, names, "x_o"), named(spread, names, "spread")
        noise = np.random.default_rng(seed).normal(size=(count, x_o.size))
        return cls(posterior, x_o + spread * noise, share)

    def __post_init__(self) -> None:
        super().__post_init__()
        vars(self).update(x=self.posterior.check(self.x))

    @property
    def prior(self) -> Prior:
        """The prior."""
        return self.posterior.prior

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Draw n parameter sets (n, d) from the posteriors."""
        each, seed = -(-n // len(self.x)), int(rng.integers(2**63))
        draws = self.posterior.sample_batched(each, seed, x=self.x)
        return rng.permutation(draws.reshape(-1, draws.shape[2]))[:n]

    def log_q(self, theta: np.ndarray) -> np.ndarray:
        """Log-density (n,) of the posteriors' mean at theta (n, d)."""
        log_q = self.posterior.log_prob_batched(theta, x=self.x)
        return np.logaddexp.reduce(log_q) - np.log(len(self.x))


@dataclass(frozen=True)
class KernelProposal(MixedWithPrior):
    """A kernel density of weighted draws in the prior's unbounded space, and the prior.

    The kernel is a normal with twice the covariance of the draws.

    Attributes:
        prior: The prior.
        theta: Parameters (m, d) that were kept.
        weights: Their weights (m,), which sum to 1.
        share: Share of the prior, above 0.

    Example:
        >>> prior = Prior.uniform(["a"], [0.0], [1.0])
        >>> kept = KernelProposal(prior, np.array([[0.4], [0.5]]), np.array([0.5, 0.5]))
        >>> kept.sample(10, seed=1).shape, kept.log_prob([[0.5], [2.0]]).shape
        ((10, 1), (2,))
    """

    prior: Prior
    theta: np.ndarray
    weights: np.ndarray
    share: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        vars(self).update(
            theta=self.prior.inside(self.theta), weights=numbers(self.weights, "weights")
        )
        if np.shape(self.weights) != (len(self.theta),) or len(self.theta) <= len(self.prior):
            raise ValueError(
                f"theta and weights have shapes {np.shape(self.theta)} and "
                f"{np.shape(self.weights)}, expected more rows than the {len(self.prior)} "
                "parameters and one weight for each"
            )

    @cached_property
    def kernel(self) -> tuple[np.ndarray, np.ndarray]:
        """Draws in the prior's unbounded space (m, d), and a root (d, d) of the covariance."""
        z = self.prior.to_unbounded(self.theta)[0]
        covariance = np.atleast_2d(np.cov(z.T, aweights=self.weights))
        return z, np.linalg.cholesky(WIDER * covariance)

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Draw n parameter sets (n, d) from the kernel density."""
        z, root = self.kernel
        centers = rng.choice(len(z), n, p=self.weights)
        noise = rng.standard_normal((n, z.shape[1])) @ root.T
        return self.prior.from_unbounded(z[centers] + noise)[0]

    def log_q(self, theta: np.ndarray) -> np.ndarray:
        """Log-density (n,) of the kernel density at theta (n, d)."""
        z, root = self.kernel
        centers = np.linalg.solve(root, z.T).T
        log_q = np.full(len(theta), -np.inf)
        inside = np.flatnonzero(np.isfinite(self.prior.log_prob(theta)))
        for rows in np.split(inside, range(BLOCK, len(inside), BLOCK)):
            here, slope = self.prior.to_unbounded(theta[rows])
            away = np.linalg.solve(root, here.T).T[:, None] - centers
            log_kernel = logsumexp(-0.5 * (away**2).sum(-1), b=self.weights, axis=1)
            log_q[rows] = log_kernel + slope
        return log_q - (np.log(np.diag(root)).sum() + z.shape[1] * LOG_SQRT_2PI)


def importance_abc(
    bank: Bank, proposal: MixedWithPrior, x_o: np.ndarray, tolerance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Keep simulations that are near the observation in every statistic, with their weights.

    Args:
        bank: Simulations of parameters drawn from the proposal.
        proposal: What they were drawn from.
        x_o: Observation (k,).
        tolerance: Largest difference from it in each statistic (k,), at least 0.

    Returns:
        Rows (m,) of the bank and their weights (m,), which sum to 1.

    Raises:
        RuntimeError: No simulation is that near.
    """
    bank, names = bank.under(proposal.prior), bank.statistic_names
    x_o, tolerance = named(x_o, names, "x_o"), named(tolerance, names, "tolerance")
    k = len(names)
    sizes = x_o.shape, tolerance.shape
    if sizes != ((k,), (k,)) or not np.isfinite(x_o).all() or not (tolerance >= 0).all():
        raise ValueError(
            f"x_o and tolerance have shapes {sizes[0]} and {sizes[1]}, expected ({k},) of each, "
            "x_o finite and the tolerances at least 0"
        )
    away = np.abs(bounded(bank.x) - bounded(x_o))
    rows = np.flatnonzero(bank.valid & (away <= tolerance).all(1))
    if not len(rows):
        closest = np.nanmin(np.where(bank.valid[:, None], away, np.nan), 0)
        raise RuntimeError(
            f"none of {len(bank)} simulations is within {tolerance.tolist()} of x_o; in each "
            f"statistic alone the nearest is {closest.tolist()} away: widen the tolerance"
        )
    theta = bank.theta[rows]
    log_weights = proposal.prior.log_prob(theta) - proposal.log_prob(theta)
    weights = np.exp(log_weights - log_weights.max())
    return rows, weights / weights.sum()
