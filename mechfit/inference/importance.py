r"""Importance sampling: correct a posterior where the likelihood can be computed after all.

Draws theta_i of the network's q are weighted by

    w_i = p(theta_i) p(x_o | theta_i) / q(theta_i | x_o),

and weighted means are those of the exact posterior, however q errs, as long as it covers it; their
mean estimates the evidence p(x_o). Dax, Green, Gair et al. (2023),
doi:10.1103/PhysRevLett.130.171403. The effective sample size tells how many draws are left. It
cannot see a part of the posterior that no draw reached; the shape k of a generalized Pareto
distribution fitted to the largest weights can: above 0.7 no number of draws is enough. These
weights are replaced by the quantiles of that distribution, which makes them less noisy: Vehtari,
Simpson, Gelman, Yao & Gabry (2024), arXiv:1507.02646. Taught in ``book/inference/calibration.md``.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import genpareto

from mechfit.inference.posterior import Posterior
from mechfit.inference.sequential.losses import effective_sample_size
from mechfit.models.inputs import numbers, on_copies, shaped, whole

__all__ = ["ImportanceSample", "importance_sample"]

FEWEST, ROUNDING = 100, 1e-6
"""Draws that a tail can be fitted to; relative size of weights that is rounding."""
LARGEST_K, LEAST_SHARE = 0.7, 0.01
RATE_DRAWS = 10_000


@dataclass(frozen=True)
class ImportanceSample:
    """Weighted draws of a posterior.

    Attributes:
        theta: Draws of the network (n, d).
        weights: Their weights (n,), which sum to 1.
        log_evidence: Estimate of log p(x_o).
        log_evidence_error: Its standard error.
        k: Shape of the tail of the weights, to be below 0.7.
    """

    theta: np.ndarray
    weights: np.ndarray
    log_evidence: float
    log_evidence_error: float
    k: float

    @property
    def effective_sample_size(self) -> float:
        """Number of equally weighted draws that would tell as much."""
        return effective_sample_size(self.weights)

    @shaped
    def sample(self, n: int | Sequence[int], seed: int | None = None) -> np.ndarray:
        """Draw n of the parameter sets (n, d) by their weights, with repetitions."""
        return np.random.default_rng(seed).choice(self.theta, n, p=self.weights)


def importance_sample(
    posterior: Posterior,
    log_likelihood: Callable[[np.ndarray], np.ndarray],
    n: int = 10_000,
    seed: int | None = None,
) -> ImportanceSample:
    """Weight draws of a posterior by an exact likelihood.

    Warns where few draws are left.

    Args:
        posterior: A posterior at an observation.
        log_likelihood: Log p(x_o | theta) (n,) for theta (n, d); -inf where x_o is impossible.
        n: Number of draws.
        seed: Seed of the draws.

    Raises:
        ValueError: The log-likelihood has a wrong shape, is NaN or inf, or -inf for all draws.
    """
    theta = posterior.sample(whole(n, "n", FEWEST), seed)
    found = numbers(on_copies(log_likelihood)(theta), "log_likelihood")
    if found.shape != (n,) or not (found < np.inf).all() or not (found > -np.inf).any():
        raise ValueError(
            f"log_likelihood returned shape {found.shape} with {np.isnan(found).sum()} NaN and "
            f"{np.isneginf(found).sum()} -inf, expected ({n},), each finite or -inf, not all -inf"
        )
    log_w = posterior.prior.log_prob(theta) + found - posterior.log_prob(theta)
    largest, w = log_w.max(), np.exp(log_w - log_w.max())
    rate = posterior.acceptance_rate(draws=RATE_DRAWS)  # its error is one of q's normalization
    error = np.sqrt(w.var(ddof=1) / n / w.mean() ** 2 + (1 - rate) / rate / RATE_DRAWS)
    smooth, k = smoothed(w)
    sample = ImportanceSample(
        theta, smooth / smooth.sum(), float(largest + np.log(w.mean())), float(error), k
    )
    if sample.effective_sample_size < LEAST_SHARE * n or k > LARGEST_K:
        warnings.warn(
            f"the effective sample size is {sample.effective_sample_size:.0f} of {n} draws, and "
            f"the tail of the weights has k = {k:.2f}, expected below {LARGEST_K}: the posterior "
            "does not cover the exact one",
            stacklevel=2,
        )
    return sample


def smoothed(weights: np.ndarray) -> tuple[np.ndarray, float]:
    """Weights (n,) with the largest replaced by quantiles of a Pareto tail, and its shape k."""
    n, weights = len(weights), weights.copy()
    order = np.argsort(weights)[-int(min(n / 5, 3 * np.sqrt(n))) - 1 :]
    cut, excess = weights[order[0]], weights[order[1:]] - weights[order[0]]
    scale = excess.mean()
    if scale < ROUNDING * weights.max():
        return weights, -np.inf
    k, _, size = genpareto.fit(excess / scale, 0.5, floc=0)
    tail = genpareto.ppf((np.arange(len(excess)) + 0.5) / len(excess), k, scale=size * scale)
    weights[order[1:]] = np.minimum(cut + tail, weights.max())
    return weights, float(k)
