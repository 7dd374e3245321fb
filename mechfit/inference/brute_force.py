r"""Brute force: a posterior without a network, to hold a network's against.

Keep the simulations that come within a tolerance of the observation in every statistic. Draws of
the prior hardly ever do, so draw from a proposal that is wider than the posterior is thought to
be, and weight what is kept:

    w = p(theta) / p~(theta),    p~ = (1 - c) / m sum_i q(theta | x_i) + c p(theta),

with the network's answers q to m observations x_i scattered around x_o, and a share c of the
prior. The weighted draws are those of rejection ABC from the prior, whatever q is, as long as
p~ covers them; how many equally weighted ones they are worth, (sum w)^2 / sum w^2, tells whether
it does. Beaumont, Cornuet, Marin & Robert (2009), doi:10.1093/biomet/asp052. Taught in
``book/inference/hodgkin-huxley-posterior.md``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mechfit.inference.posterior import Posterior
from mechfit.models.prior import Prior
from mechfit.simulation import Bank

__all__ = ["Broadened", "accept"]


@dataclass(frozen=True)
class Broadened:
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
        >>> proposal = Broadened.around(posterior, [0.5], [0.2], count=8, seed=1)
        >>> proposal.sample(10, seed=1).shape, proposal.log_prob([[0.5], [2.0]]).shape
        ((10, 1), (2,))
    """

    posterior: Posterior
    x: np.ndarray
    share: float = 0.1

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise ValueError(f"share is {self.share}, expected above 0 and at most 1")

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
    ) -> Broadened:
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
        rng = np.random.default_rng(seed)
        each, rows = -(-n // len(self.x)), np.arange(n)
        answers = self.posterior.sample_batched(each, int(rng.integers(2**63)), x=self.x)
        theta = rng.permutation(answers.reshape(-1, answers.shape[2]))[:n]
        plain = rows[rng.random(n) < self.share]
        theta[plain] = self.prior.sample(len(plain), rng)
        return theta

    def log_prob(self, theta: np.ndarray) -> np.ndarray:
        """Log-density (n,) at theta (n, d)."""
        theta, m = self.prior.check(theta), len(self.x)
        answers = self.posterior.log_prob_batched(
            np.broadcast_to(theta, (m, *theta.shape)), x=self.x
        )
        log_q = np.logaddexp.reduce(answers) - np.log(m)
        log_prior = self.prior.log_prob(theta)
        with np.errstate(divide="ignore"):
            return np.logaddexp(np.log1p(-self.share) + log_q, np.log(self.share) + log_prior)


def accept(
    bank: Bank, proposal: Broadened, x_o: np.ndarray, tolerance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Keep simulations that are near the observation in every statistic, with their weights.

    Args:
        bank: Simulations of parameters drawn from the proposal.
        proposal: What they were drawn from.
        x_o: Observation (k,).
        tolerance: Largest difference from it in each statistic (k,), at least 0.

    Returns:
        Parameters (m, d) and weights (m,) that sum to 1; their effective sample size is
        ``1 / (weights**2).sum()``.

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
    theta = bank.theta[near]
    log_weights = proposal.prior.log_prob(theta) - proposal.log_prob(theta)
    weights = np.exp(log_weights - log_weights.max())
    return theta, weights / weights.sum()
