r"""Repeated trials: the posterior given any number of trials, of a network trained on few.

The trials x_1 ... x_N of one cell are independent given its parameters theta, so that

    p(theta | x_1 ... x_N) ∝ p(theta) prod_i p(x_i | theta) ∝ p(theta)^(1-N) prod_i q(theta | x_i).

A network with `Trials` is given blocks of trials instead. The errors of log q add up: one that all
trials share grows like N, and like sqrt(N) in units of the posterior's width. Networks trained on
10,000 simulations of a Gaussian problem were off by at most 0.3 standard deviations for N = 10,
and by up to 0.8 for N = 50; of a parameter that no trial tells about, a flow in unbounded space
had nothing but errors by then, which `chains` told.

Draws of this density t are made in the prior's unbounded space. Points begin at draws of s, half
the mean of the q_i, half a normal with the precision that those of the q_i add up to. They are
carried along s^(1-b) t^b from b = 0 to 1: weighted and resampled at each rise of b, then moved
within slices (``slices.py``) in the directions from one of the others to another. This is
sequential Monte Carlo: Del Moral, Doucet & Jasra (2006), doi:10.1111/j.1467-9868.2006.00553.x.
Groups of points are resampled apart; whether they agree is told by the nested R-hat of Margossian
et al. (2021), arXiv:2110.13017. Taught in ``book/summaries/learned-features.md``.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp, softmax
from scipy.stats import multivariate_normal

from mechfit.inference.densities.embedding import Sets, quotient
from mechfit.inference.posterior import Posterior
from mechfit.inference.sequential.losses import effective_sample_size
from mechfit.inference.slices import slice_step
from mechfit.models.inputs import numbers, shaped, whole
from mechfit.models.prior import standard_normal_log_prob

__all__ = ["Chains", "RepeatedTrials"]

GROUPS, EACH, PILOT = 16, 32, 500
POINTS = GROUPS * EACH
STAGES, ROUNDS, SWEEPS = 100, 5, 5
CHORD, LIMIT = 4.0, 5.0
"""Length of a chord for one parameter, in units of the distance between two points; largest size
of a number in the unbounded space."""
LARGEST_R_HAT, LARGEST_LEVEL = 1.05, 0.95


@dataclass(frozen=True)
class Chains:
    """Draws of chains, and whether to believe them.

    Attributes:
        theta: Parameters (n, d), in random order.
        r_hat: Nested R-hat of each parameter (d,), 1 where the chains agree.
        effective_sample_size: Number of independent draws that tell as much.
        levels: For each row of x, the mean level of its posterior's smallest credible region that
            holds a draw (m,): about 1/2, and near 1 if the trials contradict each other.
        log_normalizer: Logarithm of the integral of the product.
    """

    theta: np.ndarray
    r_hat: np.ndarray
    effective_sample_size: float
    levels: np.ndarray
    log_normalizer: float


class RepeatedTrials:
    """The posterior given repeated trials.

    Args:
        posterior: A posterior for any observation, as `fit` learns it.
        x: Trials in rows, (N, k); or (N, size) for a network with `Trials(size)`, where a trial
            with a NaN is missing.
    """

    def __init__(self, posterior: Posterior, x: np.ndarray) -> None:
        self.posterior, self.prior = posterior, posterior.prior
        embedding, names = posterior.flow.embedding, posterior.statistic_names
        if isinstance(embedding, Sets):
            x = numbers(x, "x")
            x = x.reshape(quotient(x.size, embedding.size, "numbers of a trial"), -1)
            x = x[np.isfinite(x).all(1)]
            blocks = [b.ravel() for b in np.array_split(x, max(1, -(-x.size // len(names))))]
            x = [np.pad(b, (0, len(names) - b.size), constant_values=np.nan) for b in blocks]
        self.x = posterior.check(x)
        self._log_rates = np.log(posterior.acceptance_rates(self.x))[:, None]

    @shaped
    def sample(self, n: int | Sequence[int], seed: int | None = None) -> np.ndarray:
        """Draw n parameter sets (n, d) by `chains`."""
        return self.chains(n, seed).theta

    def log_prob(self, theta: np.ndarray) -> np.ndarray:
        """Log of the product (n,) at theta (n, d), whose integral is told by `chains`."""
        log_q, log_prior = self._log_q(theta), self.prior.log_prob(self.prior.round(theta))
        return log_q.sum(0) - (len(log_q) - 1) * np.where(np.isfinite(log_prior), log_prior, 0.0)

    def chains(self, n: int, seed: int | None = None) -> Chains:
        """Draw n parameter sets, and tell whether the chains agree.

        Warns if most draws lie in the tails of the posteriors that are multiplied.

        Raises:
            RuntimeError: The chains disagree.
        """
        n, rng, d = whole(n, "n", 1), np.random.default_rng(seed), len(self.prior)
        pilot = self.posterior.sample_batched(PILOT, int(rng.integers(2**63)), x=self.x)
        z, log_start = self._start(pilot, rng)
        b, log_normalizers, own = 0.0, np.zeros(GROUPS), np.arange(POINTS)

        def both(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            """Log-densities (n,) of s and of t at z (n, d)."""
            inside = (abs(z) < LIMIT).all(1)
            theta, log_det = self.prior.from_unbounded(np.where(inside[:, None], z, 0.0))
            log_q = self._log_q(theta) + log_det
            log_t = log_q.sum(0) - (len(log_q) - 1) * standard_normal_log_prob(z)
            return log_start(z, log_q), np.where(inside, log_t, -np.inf)

        def log_prob(z: np.ndarray) -> np.ndarray:
            log_s, log_t = both(z)
            return (1 - b) * log_s + b * log_t

        def sweep(z: np.ndarray, value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            for _ in range(d):
                first, second = (own + rng.integers(1, POINTS, (2, POINTS))) % POINTS
                line, level = spread[first] - spread[second], value - rng.exponential(size=POINTS)
                chord = CHORD / np.sqrt(d) * (np.array([[0.0], [1.0]]) - rng.random(POINTS))
                z, value = slice_step(log_prob, z, value, level, line, chord, rng)
            return z, value

        for _ in range(STAGES):
            log_s, log_t = both(z)
            gap = np.nan_to_num(log_t - log_s, nan=-1e30, neginf=-1e30).reshape(GROUPS, EACH)
            steps = (1 - b) * 0.5 ** np.arange(100)
            sizes = (effective_sample_size(softmax(s * gap).ravel()) for s in steps)
            step = next(s for s, size in zip(steps, sizes, strict=True) if size > POINTS / 3)
            log_normalizers += logsumexp(step * gap, axis=1) - np.log(EACH)
            weights = softmax(step * gap, axis=1)
            chosen = [g * EACH + rng.choice(EACH, EACH, p=w) for g, w in enumerate(weights)]
            z, b = z[np.concatenate(chosen)], b + step
            spread = z
            z, value = sweep(z, log_prob(z))
            if b == 1:
                break
        for turn in range(ROUNDS):
            kept, spread = np.empty((max(SWEEPS << turn, -(-n // POINTS)), POINTS, d)), z
            for i in range(len(kept)):
                z, value = sweep(z, value)
                kept[i] = z
            groups = kept.reshape(-1, GROUPS, EACH, d).swapaxes(0, 1).reshape(GROUPS, -1, d)
            between, within = groups.mean(1).var(0, ddof=1), groups.var(1, ddof=1).mean(0)
            r_hat = np.sqrt(1 + between / within)
            if (r_hat < LARGEST_R_HAT).all():
                break
        if b < 1 or not (r_hat < LARGEST_R_HAT).all() or not np.isfinite(value).all():
            raise RuntimeError(
                f"the chains disagree: R-hat of {self.prior.names[r_hat.argmax()]} is "
                f"{r_hat.max():.3f}, expected below {LARGEST_R_HAT}; the posteriors of the "
                f"{len(self.x)} rows of x may contradict each other"
            )
        theta = self.prior.from_unbounded(rng.permutation(kept.reshape(-1, d))[:n])[0]
        levels = self._levels(pilot, theta[:PILOT])
        if (level := min(levels.mean(), 0.999)) > LARGEST_LEVEL:
            warnings.warn(
                f"on average, a draw lies outside the {level:.1%} credible regions of the "
                f"{len(levels)} rows of x: the trials contradict each other, or the errors of the "
                "density, which add up, are too large for so many",
                stacklevel=2,
            )
        left_out = 1 / n - 1 / kept[..., 0].size
        size = 1 / ((between / within).mean() / GROUPS + max(left_out, 0.0))
        total = float(logsumexp(log_normalizers) - np.log(GROUPS))
        return Chains(theta, r_hat, min(size, n), levels, total)

    def _log_q(self, theta: np.ndarray) -> np.ndarray:
        """Log-densities (m, n) of theta (n, d), or (m, n, d), given each row of x."""
        return self.posterior.potential(theta, x=self.x) - self._log_rates

    def _levels(self, pilot: np.ndarray, theta: np.ndarray) -> np.ndarray:
        """Mean levels (m,) of theta (n, d) under each row's posterior, with draws (m, p, d)."""
        own, there = np.sort(self._log_q(pilot)), self._log_q(theta)
        below = [np.searchsorted(a, b).mean() for a, b in zip(own, there, strict=True)]
        return 1 - np.array(below) / own.shape[1]

    def _start(self, pilot: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, Callable]:
        """Draws z (n, d) of s, and its log-density (n,) as a function of z and log q (m, n)."""
        d, one = len(self.prior), np.eye(len(self.prior))
        z = self.prior.to_unbounded(pilot.reshape(-1, d))[0].reshape(pilot.shape)
        mean = z.mean(1)
        away = z - mean[:, None]
        precision = np.linalg.inv(away.mT @ away / PILOT + 1e-8 * one)
        values, vectors = np.linalg.eigh(one + (precision - one).sum(0))
        covariance = vectors / np.maximum(values, 1) @ vectors.T  # never wider than the prior
        center = covariance @ (precision @ mean[..., None]).sum(0)[:, 0]
        normal = multivariate_normal(center, 2 * covariance, seed=rng)
        draws = normal.rvs(POINTS).reshape(POINTS, d), rng.choice(z.reshape(-1, d), POINTS)

        def log_start(z: np.ndarray, log_q: np.ndarray) -> np.ndarray:
            mixed = logsumexp(log_q, 0) - np.log(len(log_q))
            return np.logaddexp(normal.logpdf(z), mixed) - np.log(2)

        return np.where(rng.random((POINTS, 1)) < 0.5, *draws), log_start
