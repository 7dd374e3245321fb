r"""Walk: hit-and-run sampling of the prior on a region, from known draws.

In the prior's unit cube the prior on a region is uniform there. From a point of the region, choose
a direction, and a point on the chord through the cube; where it lies outside the region, shorten
the chord towards the point and choose again (slice sampling by shrinkage). Each step leaves the
uniform distribution invariant, so that there is no burn-in: steps only carry a draw away from
where it began. Directions have the covariance of the known draws, for thin regions. Smith (1984),
doi:10.1287/opre.32.6.1296; Neal (2003), doi:10.1214/aos/1056562461. Taught in
``book/geometry/pyloric-posterior.md``.
"""

from __future__ import annotations

import numpy as np

from mechfit.inference.region import Region

__all__ = ["walk"]

STEPS, TRIES = 20, 50


def walk(region: Region, start: np.ndarray, n: int, seed: int, steps: int = STEPS) -> np.ndarray:
    """Draw n parameter sets (n, d) from the prior on a region.

    Each of the known draws (m, d) in `start` is a starting point equally often.
    """
    rng = np.random.default_rng(seed)
    known = region.prior.to_unit(start)[0]
    root = np.linalg.cholesky(np.cov(known.T) + 1e-6 * np.eye(known.shape[1]))
    order = np.concatenate([rng.permutation(len(known)) for _ in range(-(-n // len(known)))])
    u = known[order[:n]]
    for _ in range(steps):
        u = step(region, u, rng.standard_normal(u.shape) @ root.T, rng)
    return region.prior.from_unit(u)[0]


def step(
    region: Region, u: np.ndarray, direction: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Move points u (n, d) of the region along directions (n, d), those that find a place."""
    with np.errstate(divide="ignore"):
        ends = np.stack([-u / direction, (1 - u) / direction])
    low, high = ends.min(0).max(1), ends.max(0).min(1)
    moved, rows = u.copy(), np.arange(len(u))
    for _ in range(TRIES):
        t = rng.uniform(low[rows], high[rows])
        tried = (u[rows] + t[:, None] * direction[rows]).clip(0, 1)
        inside = region.inside(region.prior.from_unit(tried)[0])
        moved[rows[inside]] = tried[inside]
        rows, t = rows[~inside], t[~inside]
        if not len(rows):
            break
        below = t < 0
        low[rows[below]], high[rows[~below]] = t[below], t[~below]
    return moved
