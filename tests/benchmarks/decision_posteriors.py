r"""Posteriors of drift-diffusion by a likelihood, exact or learned, with a sampler of their own.

In the prior's unbounded space, draws of a Student distribution are weighted by prior and
likelihood, and a new one is laid around them, with their mean and covariance, until it fits:
adaptive importance sampling, Cappé, Douc, Guillin, Marin & Robert (2008),
doi:10.1007/s11222-008-9059-x. The first draws are the prior's; while they are far off, weights are
raised to the power that leaves a share of them. A last pool of draws is thinned by its weights.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import softmax
from scipy.stats import multivariate_t

from mechfit.inference import Posterior, effective_sample_size
from mechfit.inference.importance import smoothed
from mechfit.models import DriftDiffusion, Prior, decision_log_likelihood
from mechfit.models.prior import standard_normal_log_prob
from mechfit.simulation import Bank, simulate

ADAPTED, POOL, ROUNDS = 2000, 20_000, 8
SHARE, WIDER, DEGREES = 0.1, 1.5, 5
TRIALS, OBSERVED, SEED = 100, 100, 2_000_001

Likelihood = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Found:
    """Draws (n, d) of a posterior, and how well they were found.

    `kept` is the effective share of the pool that they are taken from, `k` the shape of the tail
    of its weights.
    """

    theta: np.ndarray
    log_evidence: float
    log_evidence_error: float
    kept: float
    k: float


def posterior_by(
    log_likelihood: Likelihood,
    prior: Prior,
    n: int,
    seed: int,
    *,
    start: np.ndarray | None = None,
    pool: int = POOL,
) -> Found:
    """Draw n parameter sets without repetitions, from the prior on or from draws (m, d)."""
    rng, log_prior = np.random.default_rng(seed), standard_normal_log_prob
    first = rng.standard_normal((ADAPTED, len(prior)))
    z = first if start is None else prior.to_unbounded(start)[0]

    def log_target(z: np.ndarray) -> np.ndarray:
        return log_prior(z) + log_likelihood(prior.from_unbounded(z)[0])

    log_w = log_target(z) - log_prior(z) if start is None else np.zeros(len(z))
    for turn in range(ROUNDS):
        power, least = 1.0, SHARE * np.isfinite(log_w).sum()
        while effective_sample_size(softmax(power * log_w)) < least:
            power *= 0.8
        w = softmax(power * log_w)
        proposal = multivariate_t(w @ z, WIDER * np.cov(z.T, aweights=w), DEGREES, seed=rng)
        last = power == 1.0 and turn > (2 if start is None else 0)
        z = proposal.rvs(pool if last else min(ADAPTED, pool))
        log_w = log_target(z) - proposal.logpdf(z)
        if last:
            break
    w = np.exp(log_w - log_w.max())
    smooth, k = smoothed(w)
    p = smooth / smooth.sum()
    theta = prior.from_unbounded(z[rng.choice(len(z), n, replace=False, p=p)])[0]
    evidence = float(log_w.max() + np.log(w.mean()))
    error = float(w.std() / w.mean() / len(w) ** 0.5)
    return Found(theta, evidence, error, effective_sample_size(p) / len(z), k)


def exact_posterior(x: np.ndarray, n: int, seed: int, **settings) -> Found:
    """Draw n parameter sets of the exact posterior of trials x."""
    prior = DriftDiffusion.prior
    return posterior_by(
        lambda theta: decision_log_likelihood(x, theta), prior, n, seed, **settings
    )


def observations(trials: int = TRIALS, n: int = OBSERVED, seed: int = SEED) -> Bank:
    """Simulations of parameters from the prior, to be inferred."""
    return simulate(DriftDiffusion(trials), n, seed)


def in_logs(x: np.ndarray) -> np.ndarray:
    """Trials (..., 2 n) with logarithms of the reaction times, as the networks get them."""
    return np.where(np.arange(x.shape[-1]) % 2, np.log(np.where(x > 0, x, 1)), x)


def padded(x: np.ndarray, posterior: Posterior) -> np.ndarray:
    """Fewer trials (m, 2 n) than the posterior can take, filled up with NaN."""
    missing = len(posterior.statistic_names) - x.shape[1]
    return np.pad(x, [(0, 0), (0, missing)], constant_values=np.nan)
