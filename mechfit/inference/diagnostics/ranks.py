r"""Ranks: simulation-based calibration, expected coverage and TARP by one comparison.

Draw theta from the prior and x from the model, then L draws theta_l from the posterior at x. If
the posterior is right, theta and the theta_l are L + 1 draws of one distribution, and for any
number f(theta, x) the normalized rank of the truth is uniform, with U ~ U(0, 1) breaking ties:

    u = (#{l : f(theta_l, x) < f(theta, x)} + U) / (L + 1).

f = theta_j gives simulation-based calibration (Talts, Betancourt, Simpson, Vehtari & Gelman 2018,
arXiv:1804.06788); f = -log q(theta | x) the level of the smallest credible region that contains
the truth, hence expected coverage (Hermans et al. 2022, arXiv:2110.06581); the distance of theta
to a random point TARP (Lemos, Coogan, Hezaveh & Perreault-Levasseur 2023, arXiv:2302.03026); and
the residual of theta_j after regression on the other parameters, (S^-1 theta)_j with the
covariance S of all L + 1, tests posteriors that are narrow only *given the others*. Invalid
simulations are left out without bias. Taught in ``book/inference/calibration.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import Protocol

import numpy as np
from scipy.special import ndtri

from mechfit.models.inputs import whole
from mechfit.models.prior import Prior
from mechfit.simulation import Bank

__all__ = ["Amortized", "Calibration", "calibrate"]

FEWEST = 20
EDGE = 1e-12
OWN = 0x5BC
"""Distinguishes the random stream of a seed from those that a bank is made with."""


class Amortized(Protocol):
    """A posterior for many observations: trained, or known exactly."""

    prior: Prior

    def sample_batched(self, n: int, seed: int, *, x: np.ndarray) -> np.ndarray:
        """Draw n times for each row of x (m, k); returns theta (m, n, d)."""

    def log_prob_batched(self, theta: np.ndarray, *, x: np.ndarray) -> np.ndarray:
        """Log-densities (m, n), up to a constant for each x, of theta (m, n, d)."""


@dataclass(frozen=True, repr=False)
class Calibration:
    """Normalized ranks of n known parameter sets among L draws each.

    Attributes:
        prior: Prior over the d parameters.
        theta: The parameter sets (n, d).
        x: Their data (n, k).
        draws: Draws (n, L, d) of the posterior at each x.
        ranks: Ranks of each parameter (n, d), in (0, 1).
        residuals: Ranks of each parameter given all others (n, d).
        levels: Level of the smallest credible region that contains each set (n,).
        distances: Ranks (n,) of the distances to the reference points.
        references: Reference points (n, d), drawn from the prior.
        invalid: Simulations that were left out.
    """

    prior: Prior
    theta: np.ndarray
    x: np.ndarray
    draws: np.ndarray
    ranks: np.ndarray
    residuals: np.ndarray
    levels: np.ndarray
    distances: np.ndarray
    references: np.ndarray
    invalid: int

    def __len__(self) -> int:
        return len(self.theta)

    def __repr__(self) -> str:
        return f"<Calibration of {len(self)} runs, parameters {', '.join(self.names)}>"

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the d parameters."""
        return self.prior.names

    def coverage(self, level: np.ndarray | float) -> np.ndarray:
        """Share of the parameter sets inside the credible regions of these levels."""
        return np.searchsorted(np.sort(self.levels), level, side="right") / len(self)

    @property
    def shift(self) -> np.ndarray:
        """Bias of each parameter (d,) in posterior standard deviations, positive where too low."""
        return ndtri(self.ranks).mean(0)

    @property
    def stretch(self) -> np.ndarray:
        """Factor by which each parameter's posterior (d,) is too narrow."""
        return ndtri(self.ranks).std(0)

    @property
    def contraction(self) -> np.ndarray:
        """One minus the mean posterior variance over that of the truths (d,)."""
        return 1 - self.draws.var(1, ddof=1).mean(0) / self.theta.var(0, ddof=1)


def readable(posterior: Amortized, bank: Bank) -> np.ndarray:
    """Which simulations (n,) a posterior can read: the valid ones, or by its own rule."""
    return getattr(posterior, "readable", attrgetter("valid"))(bank)


def calibrate(posterior: Amortized, bank: Bank, *, draws: int = 200, seed: int) -> Calibration:
    """Compare known parameters with the posteriors of their simulations.

    Args:
        posterior: The posterior to be tested.
        bank: Fresh simulations of the prior, or of the region that the posterior was learned on;
            invalid ones are left out.
        draws: Draws L of each posterior.
        seed: Seed of draws, reference points and ties.
    """
    bank, draws = bank.under(posterior.prior), whole(draws, "draws", 1)
    rows = np.flatnonzero(readable(posterior, bank))
    if len(rows) < FEWEST:
        raise ValueError(
            f"{len(rows)} of {len(bank)} simulations are valid, expected at least {FEWEST}"
        )
    theta, x, prior = bank.theta[rows], bank.x[rows], posterior.prior
    rng = np.random.default_rng([seed, OWN])
    samples = posterior.sample_batched(draws, int(rng.integers(2**63)), x=x)
    all_of_them = np.concatenate([theta[:, None], samples], 1)
    log_q = posterior.log_prob_batched(all_of_them, x=x)
    points = rng.random(theta.shape)
    away, rest = np.empty(log_q.shape), np.empty(all_of_them.shape)
    for i in range(len(rows)):
        u = prior.to_unit(all_of_them[i])[0]
        away[i] = np.linalg.norm(u - points[i], axis=1)
        rest[i] = u @ np.linalg.pinv(np.atleast_2d(np.cov(u.T)), hermitian=True)
    return Calibration(
        prior,
        theta,
        x,
        samples,
        ranks=rank(all_of_them, rng),
        residuals=rank(rest, rng),
        levels=rank(-log_q, rng),
        distances=rank(away, rng),
        references=prior.from_unit(points)[0],
        invalid=len(bank) - len(rows),
    )


def rank(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Rank (n, ...) of the first of values (n, L + 1, ...) among the others; ties are broken."""
    truth, draws = values[:, :1], values[:, 1:]
    below, equal = (draws < truth).sum(1), (draws == truth).sum(1)
    u = (below + (equal + 1) * rng.random(below.shape)) / values.shape[1]
    return u.clip(EDGE, 1 - EDGE)
