r"""Truncated proposals: draw the prior where the posterior is dense, with an unchanged loss.

The prior is restricted to the highest-density region of an estimate of the posterior,

    p~(theta) ∝ p(theta) 1[log q(theta | x_o) > t],

with t the epsilon-quantile of log q over its own draws. Draws are found by rejection; where that
takes too long, by moving known draws of the last round (``walk.py``); where too few are known, by
sampling importance resampling: of many draws of q inside the region keep one with probability
∝ p / q. Deistler, Gonçalves & Macke (2022), arXiv:2210.04815. Taught in
``book/inference/sequential.md``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mechfit.inference.posterior import Posterior
from mechfit.inference.region import BATCH, LOWEST, Region, all_inside
from mechfit.inference.sequential.walk import walk
from mechfit.models.inputs import shaped

__all__ = ["Truncated", "truncate"]

CANDIDATES = 256
FEWEST = 200
"""Known draws that a walk can begin from."""


@dataclass(frozen=True)
class Truncated(Region):
    """The prior, restricted to the highest-density region of a posterior estimate.

    Attributes:
        estimate: The posterior estimate at the observation.
        start: Known draws of the prior on the region (n, d).
    """

    estimate: Posterior
    start: np.ndarray | None = None

    def score(self, theta: np.ndarray) -> np.ndarray:
        """Log-density of the estimate (n,) at theta (n, d)."""
        return self.estimate.log_prob(theta)

    @shaped
    def sample(self, n: int | Sequence[int], seed: int) -> np.ndarray:
        """Draw n parameter sets (n, d) from the prior on the region."""
        if self.acceptance_rate >= LOWEST:
            return super().sample(n, seed)
        if self.start is not None and len(self.start) >= FEWEST:
            return walk(self, self.start, n, seed)
        rng, size = np.random.default_rng(seed), max(1, BATCH // CANDIDATES)
        return np.concatenate([self._resample(min(size, n - i), rng) for i in range(0, n, size)])

    def _resample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Choose one of `CANDIDATES` draws of the estimate n times, by Gumbel's trick."""
        theta = self.estimate.sample(n * CANDIDATES, int(rng.integers(2**63)))
        log_q = self.estimate.log_prob(theta)
        log_weight = self.prior.log_prob(theta) - log_q
        inside = log_q > self.threshold
        inside[inside] = all_inside(self.all()[:-1], theta[inside])
        log_weight[~inside] = -np.inf
        noisy = (log_weight + rng.gumbel(size=len(theta))).reshape(n, CANDIDATES)
        if np.isneginf(noisy.max(1)).any():
            raise RuntimeError(
                f"none of {CANDIDATES} draws of the estimate lies in the region: it disagrees "
                "with the estimate of an earlier round; take more simulations in each round"
            )
        best = noisy.argmax(1)
        return theta.reshape(n, CANDIDATES, -1)[np.arange(n), best]


def truncate(
    estimate: Posterior,
    *,
    within: Region | None = None,
    epsilon: float = 1e-4,
    known: np.ndarray | None = None,
    seed: int,
) -> Truncated:
    """Truncate the prior to where an estimate of the posterior is dense.

    Args:
        estimate: A posterior at an observation.
        within: An earlier region that is to contain the new one.
        epsilon: Share of the estimate that may be cut off.
        known: Draws (n, d) of the prior on the earlier region, from which the acceptance rate is
            counted and, where it is small, new draws are made.
        seed: Seed of the draws that find threshold and acceptance rate.
    """
    if not 0 <= epsilon < 1:
        raise ValueError(f"epsilon is {epsilon}, expected 0 to 1")
    own = estimate.log_prob(estimate.sample(BATCH, seed))
    threshold = float(np.quantile(own, epsilon))
    region = Truncated(estimate, prior=estimate.prior, threshold=threshold, within=within)
    if known is not None:
        region = replace(region, start=known[region.score(known) > threshold])
    return region.measured(seed, known)
