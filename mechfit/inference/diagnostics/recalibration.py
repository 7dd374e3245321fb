r"""Recalibration: credible regions with guaranteed coverage, by conformal prediction.

With u_i the level of the smallest credible region that contains theta_i, for n known parameter
sets, use for the region that is to contain a share a of the truths the level

    a' = the ceil(a (n + 1))-th smallest of the u_i,

which has a coverage of at least a, and at most a + 1 / (n + 1), whatever the posterior (Vovk,
Gammerman & Shafer 2005, doi:10.1007/b106715). Draws are corrected alike: one of level U' with the
distribution of the u_i replaces one of level U. The order of the density, hence its shape and any
bias, does not change. Taught in ``book/inference/calibration.md``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mechfit.inference.diagnostics.ranks import Amortized, Calibration, readable
from mechfit.models.inputs import named, shaped
from mechfit.models.prior import Prior
from mechfit.simulation import Bank

__all__ = ["Recalibrated", "recalibrate"]

POOL = 2000
"""Least number of draws from which those of the wanted levels are chosen."""


@dataclass(frozen=True, repr=False)
class Recalibrated:
    """A posterior whose credible regions have corrected levels.

    Attributes:
        posterior: The posterior.
        levels: Sorted levels of known parameters (n,).
    """

    posterior: Amortized
    levels: np.ndarray

    @property
    def prior(self) -> Prior:
        """The prior."""
        return self.posterior.prior

    @property
    def provenance(self) -> dict:
        """How the posterior was made."""
        return getattr(self.posterior, "provenance", {})

    def readable(self, bank: Bank) -> np.ndarray:
        """Which simulations (n,) the posterior can read."""
        return readable(self.posterior, bank)

    def level(self, share: float) -> float:
        """The level of the posterior's region that contains a truth with this probability."""
        n = len(self.levels)
        if not 0 < share < 1:
            raise ValueError(f"share is {share}, expected between 0 and 1")
        number = int(np.ceil(share * (n + 1)))
        return 1.0 if number > n else float(self.levels[number - 1])

    def sample(self, n: int | Sequence[int], seed: int, *, x: np.ndarray) -> np.ndarray:
        """Draw n parameter sets (n, d) given x (k,)."""
        x = named(x, getattr(self.posterior, "statistic_names", ()), "x").reshape(1, -1)
        return self.sample_batched(n, seed, x=x)[0]

    @shaped
    def sample_batched(self, n: int | Sequence[int], seed: int, *, x: np.ndarray) -> np.ndarray:
        """Draw n times for each row of x (m, k), at corrected levels; returns (m, n, d)."""
        rng, pool = np.random.default_rng(seed), max(POOL, 2 * n)
        grid = np.linspace(0, 1, len(self.levels) + 2)
        quantiles = np.concatenate([[0.0], self.levels, [1.0]])
        theta = np.empty((len(x), n, len(self.prior)))
        for row, out in zip(x, theta, strict=True):
            draws = self.posterior.sample_batched(pool, int(rng.integers(2**63)), x=row[None])
            order = np.argsort(-self.posterior.log_prob_batched(draws, x=row[None])[0])
            u = np.interp(rng.random(n), grid, quantiles)
            out[:] = draws[0, order[(u * pool).astype(int).clip(0, pool - 1)]]
        return theta

    def log_prob_batched(self, theta: np.ndarray, *, x: np.ndarray) -> np.ndarray:
        """The posterior's own log-densities (m, n), whose order is unchanged."""
        return self.posterior.log_prob_batched(theta, x=x)


def recalibrate(posterior: Amortized, calibration: Calibration) -> Recalibrated:
    """Correct the levels of a posterior's credible regions by known parameters."""
    return Recalibrated(posterior, np.sort(calibration.levels))
