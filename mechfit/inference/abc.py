r"""Approximate Bayesian computation (ABC): keep the simulations that resemble the observation.

Rejection: draw parameters from the prior, simulate each once, keep those that came within a
tolerance epsilon of the observation. What is kept are draws of

    p_eps(theta | x_o)  ∝  p(theta) ∫ p(x | theta) 1[rho(x, x_o) <= eps] dx,

the posterior as eps -> 0 and the prior as eps -> infinity. Near x_o the share of simulations that
is kept falls like eps^k for k statistics, so with a few statistics hardly any comes close. The
distance is the root mean square over the statistics of (x - x_o) / std(x), with the spread over
the prior: 0.1 says "off by a tenth of the prior's spread". Tavaré, Balding, Griffiths & Donnelly
(1997), doi:10.1093/genetics/145.2.505; Beaumont, Zhang & Balding (2002),
doi:10.1093/genetics/162.4.2025.

Importance sampling: keep the simulations that come within a tolerance in every statistic. Draws of
the prior hardly ever do, so draw from a proposal that is wider than the posterior is thought to
be, and weight what is kept:

    w = p(theta) / p~(theta),    p~ = (1 - c) / m sum_i q(theta | x_i) + c p(theta),

with the network's answers q to m observations x_i scattered around x_o, and a share c of the
prior. The weighted draws are those of rejection ABC from the prior, whatever q is, as long as
p~ covers them; how many equally weighted ones they are worth, (sum w)^2 / sum w^2, tells whether
it does. Where q is too thin it is small, and a second proposal is made of what the first one found
(population Monte Carlo): q is then a normal with twice their covariance around one of the draws
kept, chosen by its weight, in the prior's unbounded space. Beaumont, Cornuet, Marin & Robert
(2009), doi:10.1093/biomet/asp052. Taught in ``book/inference/without-a-likelihood.md`` and
``book/inference/hodgkin-huxley-posterior.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from scipy.special import logsumexp

from mechfit.inference.densities.scaling import Standardizer
from mechfit.inference.posterior import Posterior
from mechfit.models.distributions import LOG_SQRT_2PI
from mechfit.models.prior import Prior
from mechfit.simulation import Bank

__all__ = ["DefensiveProposal", "KernelProposal", "importance_abc", "rejection_abc"]

BLOCK = 500
WIDER = 2.0
"""Covariance of a kernel, relative to that of the draws."""


def rejection_abc(bank: Bank, x_o: np.ndarray, keep: int) -> tuple[np.ndarray, np.ndarray]:
    """Keep the parameters of the simulations that are nearest to an observation.

    Args:
        bank: Simulations drawn from the prior; rows marked invalid are left out.
        x_o: Observation (k,).
        keep: How many to keep; this chooses the tolerance.

    Returns:
        Parameters (keep, d), nearest first, and their distances (keep,) in prior spreads. The last
        distance is the tolerance epsilon.

    Example:
        >>> theta = np.array([[0.0], [1.0], [2.0]])
        >>> bank = Bank(theta, 10 * theta, np.ones(3, bool), 1, ("x",))
        >>> rejection_abc(bank, [11.0], keep=2)[0].ravel()
        array([1., 2.])
    """
    theta, x = bank.theta[bank.valid], bank.x[bank.valid]
    x_o, k = np.asarray(x_o, float), len(bank.statistic_names)
    if x_o.shape != (k,) or not np.isfinite(x_o).all():
        raise ValueError(
            f"x_o has shape {x_o.shape} and the values {x_o.tolist()}, expected {k} finite "
            f"statistics: {', '.join(bank.statistic_names)}"
        )
    if not 1 <= keep <= len(theta):
        raise ValueError(
            f"keep is {keep}, expected 1 to {len(theta)}, the number of valid simulations"
        )
    distance = np.sqrt((((x - x_o) / Standardizer.of(x).std) ** 2).mean(1))
    nearest = np.argsort(distance, kind="stable")[:keep]
    return theta[nearest], distance[nearest]


@dataclass(frozen=True)
class DefensiveProposal:
    """A proposal wider than a posterior: its answers around an observation, and the prior.

    Attributes:
        posterior: The posterior.
        x: Observations (m, k) to ask it about.
        share: Share of the prior, above 0.

    Example:
        >>> from mechfit.inference import Training, fit
        >>> from mechfit.models import Model
        >>> from mechfit.simulation import simulate
        >>> prior = Prior.uniform(["a"], [0.0], [1.0])
        >>> model = Model.from_function(lambda theta, rng: theta + rng.normal(), prior, ["x"])
        >>> bank, training = simulate(model, 200, seed=1), Training(epochs=2)
        >>> posterior = fit(bank, prior, training=training, seed=1)
        >>> proposal = DefensiveProposal.around(posterior, [0.5], [0.2], count=8, seed=1)
        >>> proposal.sample(10, seed=1).shape, proposal.log_prob([[0.5], [2.0]]).shape
        ((10, 1), (2,))
    """

    posterior: Posterior
    x: np.ndarray
    share: float = 0.1

    def __post_init__(self) -> None:
        check_share(self.share)

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
        """Ask about `count` observations, normal around x_o (k,) with standard deviations (k,)."""
        x_o, spread = np.asarray(x_o, float), np.asarray(spread, float)
        noise = np.random.default_rng(seed).normal(size=(count, x_o.size))
        return cls(posterior, x_o + spread * noise, share)

    @property
    def prior(self) -> Prior:
        """The prior."""
        return self.posterior.prior

    def sample(self, n: int, seed: int) -> np.ndarray:
        """Draw n parameter sets (n, d)."""
        rng, each = np.random.default_rng(seed), -(-n // len(self.x))
        answers = self.posterior.sample_batched(each, int(rng.integers(2**63)), x=self.x)
        theta = rng.permutation(answers.reshape(-1, answers.shape[2]))[:n]
        return mixed(theta, self.prior, self.share, rng)

    def log_prob(self, theta: np.ndarray) -> np.ndarray:
        """Log-density (n,) at theta (n, d)."""
        theta, m = self.prior.check(theta), len(self.x)
        answers = self.posterior.log_prob_batched(
            np.broadcast_to(theta, (m, *theta.shape)), x=self.x
        )
        log_q = np.logaddexp.reduce(answers) - np.log(m)
        return log_mixed(log_q, self.prior.log_prob(theta), self.share)


@dataclass(frozen=True)
class KernelProposal:
    """A proposal around draws that were kept, and the prior.

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
        check_share(self.share)
        if np.shape(self.weights) != (len(self.theta),) or len(self.theta) <= len(self.prior):
            raise ValueError(
                f"theta and weights have shapes {np.shape(self.theta)} and "
                f"{np.shape(self.weights)}, expected more rows than the {len(self.prior)} "
                "parameters and one weight for each"
            )

    @cached_property
    def kernel(self) -> tuple[np.ndarray, np.ndarray]:
        """Draws in the prior's unbounded space (m, d), and a root (d, d) of a covariance."""
        z = self.prior.to_unbounded(self.theta)[0]
        covariance = np.atleast_2d(np.cov(z.T, aweights=self.weights))
        return z, np.linalg.cholesky(WIDER * covariance)

    def sample(self, n: int, seed: int) -> np.ndarray:
        """Draw n parameter sets (n, d)."""
        rng, (z, root) = np.random.default_rng(seed), self.kernel
        centers = rng.choice(len(z), n, p=self.weights)
        noise = rng.standard_normal((n, z.shape[1])) @ root.T
        theta = self.prior.from_unbounded(z[centers] + noise)[0]
        return mixed(theta, self.prior, self.share, rng)

    def log_prob(self, theta: np.ndarray) -> np.ndarray:
        """Log-density (n,) at theta (n, d)."""
        theta, (z, root) = self.prior.check(theta), self.kernel
        log_prior, centers = self.prior.log_prob(theta), np.linalg.solve(root, z.T).T
        log_q, inside = np.full(len(theta), -np.inf), np.flatnonzero(np.isfinite(log_prior))
        for rows in np.split(inside, range(BLOCK, len(inside), BLOCK)):
            here, slope = self.prior.to_unbounded(theta[rows])
            away = np.linalg.solve(root, here.T).T[:, None] - centers
            log_kernel = logsumexp(-0.5 * (away**2).sum(-1), b=self.weights, axis=1)
            log_q[rows] = log_kernel + slope
        constant = np.log(np.diag(root)).sum() + z.shape[1] * LOG_SQRT_2PI
        return log_mixed(log_q - constant, log_prior, self.share)


def check_share(share: float) -> None:
    """Refuse a proposal without the prior, which would leave weights unbounded."""
    if not 0 < share <= 1:
        raise ValueError(f"share is {share}, expected above 0 and at most 1")


def mixed(theta: np.ndarray, prior: Prior, share: float, rng: np.random.Generator) -> np.ndarray:
    """Put draws of the prior in the place of a share of parameters (n, d)."""
    plain = np.flatnonzero(rng.random(len(theta)) < share)
    theta[plain] = prior.sample(len(plain), rng)
    return theta


def log_mixed(log_q: np.ndarray, log_prior: np.ndarray, share: float) -> np.ndarray:
    """Log-density (n,) of the mixture of a density with a share of the prior."""
    with np.errstate(divide="ignore"):
        return np.logaddexp(np.log1p(-share) + log_q, np.log(share) + log_prior)


class Weighable(Protocol):
    """A proposal whose density is known."""

    prior: Prior

    def log_prob(self, theta: np.ndarray) -> np.ndarray:
        """Log-density (n,) at theta (n, d)."""


def importance_abc(
    bank: Bank, proposal: Weighable, x_o: np.ndarray, tolerance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Keep simulations that are near the observation in every statistic, with their weights.

    Args:
        bank: Simulations of parameters drawn from the proposal.
        proposal: What they were drawn from.
        x_o: Observation (k,).
        tolerance: Largest difference from it in each statistic (k,), at least 0.

    Returns:
        Rows (m,) of the bank and their weights (m,), which sum to 1; their effective sample size
        is ``1 / (weights**2).sum()``.

    Raises:
        RuntimeError: No simulation is that near.
    """
    x_o, tolerance = np.asarray(x_o, float), np.asarray(tolerance, float)
    k = len(bank.statistic_names)
    if x_o.shape != (k,) or tolerance.shape != (k,) or not (tolerance >= 0).all():
        raise ValueError(
            f"x_o and tolerance have shapes {x_o.shape} and {tolerance.shape}, expected ({k},) "
            "of each, the tolerances at least 0"
        )
    away = np.abs(bank.x - x_o)
    near = bank.valid & (away <= tolerance).all(1)
    if not near.any():
        closest = np.nanmin(np.where(bank.valid[:, None], away, np.nan), 0)
        raise RuntimeError(
            f"none of {len(bank)} simulations is within {tolerance.tolist()} of x_o; in each "
            f"statistic alone the nearest is {closest.tolist()} away: widen the tolerance"
        )
    rows = np.flatnonzero(near)
    theta = bank.theta[rows]
    log_weights = proposal.prior.log_prob(theta) - proposal.log_prob(theta)
    weights = np.exp(log_weights - log_weights.max())
    return rows, weights / weights.sum()
