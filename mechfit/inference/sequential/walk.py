r"""Walk: hit-and-run sampling of the prior on a region, from known draws.

In the prior's unit cube the prior on a region is uniform there. From a point of the region, choose
a direction, and a point of the region on the chord through the cube (``slices.py``). Each step
leaves the uniform distribution invariant, so that there is no burn-in: steps only carry a draw
away from where it began. Directions have the covariance of the known draws, for thin regions.
Smith (1984), doi:10.1287/opre.32.6.1296. Taught in ``book/geometry/pyloric-posterior.md``.
"""

from __future__ import annotations

import numpy as np

from mechfit.inference.region import Region
from mechfit.inference.slices import slice_step

__all__ = ["walk"]

STEPS = 20


def walk(region: Region, start: np.ndarray, n: int, seed: int, steps: int = STEPS) -> np.ndarray:
    """Draw n parameter sets (n, d) from the prior on a region.

    Each of the known draws (m, d) in `start` is a starting point equally often.
    """
    rng = np.random.default_rng(seed)
    known = region.prior.to_unit(start)[0]
    root = np.linalg.cholesky(np.cov(known.T) + 1e-6 * np.eye(known.shape[1]))
    order = np.concatenate([rng.permutation(len(known)) for _ in range(-(-n // len(known)))])
    u, zero = known[order[:n]], np.zeros(n)

    def log_prob(u: np.ndarray) -> np.ndarray:
        """0 inside the region, -inf outside."""
        return np.where(region.inside(region.prior.from_unit(u.clip(0, 1))[0]), 0.0, -np.inf)

    for _ in range(steps):
        direction = rng.standard_normal(u.shape) @ root.T
        with np.errstate(divide="ignore"):
            ends = np.stack([-u / direction, (1 - u) / direction])
        chord = np.stack([ends.min(0).max(1), ends.max(0).min(1)])
        u = slice_step(log_prob, u, zero, zero - 1, direction, chord, rng)[0].clip(0, 1)
    return region.prior.from_unit(u)[0]
