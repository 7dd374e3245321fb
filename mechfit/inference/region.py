r"""Regions: parts of the prior to simulate in, without any correction of the loss.

Draw parameters from the prior restricted to a region R, where a score s is above a threshold t,

    p~(theta) ∝ p(theta) 1[theta in R],        R = {theta : s(theta) > t}.

As p~ / p is constant in R, and R does not depend on the noise of a simulation, maximum likelihood
learns the posterior itself, truncated to R. Sampling is rejection sampling from the prior.
Deistler, Gonçalves & Macke (2022), arXiv:2210.04815. Taught in ``book/inference/sequential.md``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
from scipy.stats import ks_2samp

from mechfit.models.inputs import shaped
from mechfit.models.prior import Prior
from mechfit.simulation.bank import Bank, concatenated

__all__ = ["Region"]

BATCH = 10_000
LOWEST = 1e-3
"""Share of the prior below which rejection takes too long."""
UNLIKE = 0.2
"""Kolmogorov-Smirnov distance of banks that no dependence among few draws explains."""


@dataclass(frozen=True, kw_only=True)
class Region(ABC):
    """The prior, restricted to where a score is high; a proposal for `simulate`.

    Attributes:
        prior: The prior.
        threshold: The score that the region lies above.
        acceptance_rate: Share of the prior that lies in the region, as `measured` finds it.
        within: An earlier region that contains this one, or None.
    """

    prior: Prior
    threshold: float
    acceptance_rate: float = 1.0
    within: Region | None = None

    costly: ClassVar[bool] = True
    """Whether the score is slow to evaluate."""

    @abstractmethod
    def score(self, theta: np.ndarray) -> np.ndarray:
        """Score (n,) of parameter sets (n, d); -inf outside the prior."""

    def inside(self, theta: np.ndarray) -> np.ndarray:
        """Whether parameter sets (n, d) lie in the region, and so in all earlier ones (n,)."""
        return all_inside(self.all(), self.prior.round(theta))

    def all(self) -> list[Region]:
        """This region and those that contain it, the earliest first."""
        return [*(self.within.all() if self.within else []), self]

    def log_prob(self, theta: np.ndarray) -> np.ndarray:
        """Log-density (n,) of the prior on the region, at theta (n, d)."""
        if not self.acceptance_rate:
            raise ValueError(f"none of {BATCH} draws of the prior fell inside the region")
        inside = self.inside(theta)
        return np.where(inside, self.prior.log_prob(theta), -np.inf) - np.log(self.acceptance_rate)

    def measured(self, seed: int, known: np.ndarray | None = None) -> Self:
        """The same region with its acceptance rate, by draws of the prior or of what contains it.

        `known` are draws (n, d) of the prior on the containing region, to use instead of new ones.
        """
        if known is None:
            inside = self.inside(self.prior.sample(BATCH, seed))
            return replace(self, acceptance_rate=inside.mean())
        rate = 1.0 if self.within is None else self.within.acceptance_rate
        inside = self.score(known) > self.threshold
        return replace(self, acceptance_rate=rate * inside.mean())

    @shaped
    def sample(self, n: int | Sequence[int], seed: int) -> np.ndarray:
        """Draw n parameter sets (n, d) from the prior on the region, by rejection."""
        rng, kept = np.random.default_rng(seed), np.empty((0, len(self.prior)))
        rate = max(self.acceptance_rate, 1 / BATCH)
        for _ in range(10 + int(10 * n / (rate * BATCH))):
            theta = self.prior.sample(BATCH, rng)
            kept = np.concatenate([kept, theta[self.inside(theta)]])
            if len(kept) >= n:
                return kept[:n]
        raise RuntimeError(
            f"only {len(kept)} of {n} draws of the prior fell inside the region, expected a "
            f"share of {self.acceptance_rate:.2%}; find the region anew with another seed"
        )

    def join(self, *banks: Bank) -> Bank:
        """Pool the rows of banks that lie inside, to learn from all of them by `fit`.

        Each bank must come from the prior, or from a region that contains this one: then all its
        rows inside are draws of the prior on this region. `NPE.append_simulations` also takes
        those of other regions, and weights them.

        Raises:
            ValueError: The rows of one bank are plainly distributed otherwise than the others'.
        """
        parts = [bank.under(self.prior) for bank in banks]
        parts = [bank.rows(self.inside(bank.theta)) for bank in parts]
        for i, part in enumerate(parts):
            others = np.concatenate([p.theta for p in parts if p is not part or len(parts) == 1])
            for j, name in enumerate(self.prior.names if len(part) and len(others) else ()):
                found = ks_2samp(part.theta[:, j], others[:, j], method="asymp")
                if found.pvalue < 1e-6 and found.statistic > UNLIKE:
                    raise ValueError(
                        f"in the region, bank {i} has another distribution of {name} than others, "
                        "expected draws of the prior, or of regions that contain this one; "
                        "NPE.append_simulations takes those of any region"
                    )
        return concatenated(parts)


def all_inside(regions: Sequence[Region], theta: np.ndarray) -> np.ndarray:
    """Whether parameter sets (n, d) lie in all regions (n,), given from the earliest on.

    Evaluates cheap scores first, then the most restrictive (most recent) region.
    """
    rows = np.arange(len(theta))
    for region in sorted(reversed(regions), key=lambda each: each.costly):
        if len(rows):
            rows = rows[region.score(theta[rows]) > region.threshold]
    inside = np.zeros(len(theta), bool)
    inside[rows] = True
    return inside
