r"""Breakdown: how far a circuit can be pushed in a direction before it stops working.

From theta in the direction u, at a distance r, a circuit works with the probability

    p(r) = 1 / (1 + exp((r - R) / w)),

since simulations are noisy; R, where one in two works, is the *breakdown radius*. The first radius
of a growing series at which most repeats fail brackets it, bisection narrows the bracket, and all
repeats on the way, k_j of m working at r_j, say how well R is known: the values that a likelihood
ratio does not reject,

    2 [max log L - max_w log L(R, w)] <= 3.84.

By the chi-squared limit that would be 95 %; with the few repeats of a bisection it is 87 to 93 %.
Without noise w tends to 0, and the interval is the bracket. Distances are in units of a scale,
such as the standard deviations of the prior. Taught in ``book/robustness/perturbations.md``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mechfit.simulation.progress import progress_bar

__all__ = ["Radii", "breakdown_radii"]

GROWTH, SMALLEST = 2**0.5, 0.01
STEEPNESS = np.geomspace(1e-3, 1.0, 13)
"""Widths w that are tried, in units of the bracketed radius."""
AWAY = np.geomspace(1e-4, 2.0, 150)
"""Distances of the places that are tried from the bracketed radius, in units of it."""
LARGEST_DROP = 3.84


@dataclass(frozen=True)
class Radii:
    """Breakdown radii of circuits (n, directions), infinite where none was found.

    Attributes:
        radius: The most likely radius.
        low: Lower end of its 90 % interval.
        high: Upper end; infinite if the circuit still works as far as was looked.
        reach: How far was looked.
        broken: Parameters (n, directions, d) just beyond the breakdown; NaN where there is none.
    """

    radius: np.ndarray
    low: np.ndarray
    high: np.ndarray
    reach: np.ndarray
    broken: np.ndarray


def breakdown_radii(
    works: Callable[[np.ndarray, int, int], np.ndarray],
    theta: np.ndarray,
    directions: np.ndarray,
    *,
    scale: np.ndarray | float = 1.0,
    low: np.ndarray | float = -np.inf,
    high: np.ndarray | float = np.inf,
    most: float = 3.0,
    repeats: int = 5,
    halvings: int = 4,
    seed: int,
) -> Radii:
    """Push circuits in directions until they break.

    Args:
        works: Whether parameters (m, d) work (m,), given a seed and the number of the first
            simulation, such as a `Works`.
        theta: Circuits (n, d).
        directions: Directions (k, d), or (n, k, d) for each circuit its own, in units of the
            scale; of any length but 0.
        scale: Unit of each parameter (d,).
        low: Bounds of the parameters (d,) beyond which nothing is tried, such as 0 for a
            conductance.
        high: Upper bounds (d,).
        most: Largest radius that is tried.
        repeats: Simulations at each distance, with other noise each.
        halvings: Bisections of a bracket.
        seed: Seed of the noise.

    Raises:
        ValueError: A direction has no length, or shapes do not fit.
    """
    theta = np.atleast_2d(np.asarray(theta, float))
    n, d = theta.shape
    u = np.broadcast_to(directions, (n, *np.shape(directions)[-2:])).astype(float)
    norm = np.linalg.norm(u, axis=2, keepdims=True)
    if u.shape[2] != d or not (norm > 0).all():
        raise ValueError(
            f"directions have shape {np.shape(directions)}, the shortest the length "
            f"{norm.min():.3g}; expected (k, {d}) or ({n}, k, {d}), and no length of 0"
        )
    k = u.shape[1]
    rays = (u / norm * scale).reshape(-1, d)
    origins = np.repeat(theta, k, 0)
    reach = np.minimum(_room(origins, rays, low, high), most)
    tried, worked, at = [], [], 0

    def share(rows: np.ndarray, radius: np.ndarray) -> np.ndarray:
        nonlocal at
        points = np.repeat(origins[rows] + radius[:, None] * rays[rows], repeats, 0)
        count = works(points, seed, at).reshape(-1, repeats).sum(1)
        at += len(points)
        for into, values in ((tried, radius), (worked, count)):
            column = np.full(len(rays), np.nan)
            column[rows] = values
            into.append(column)
        return count / repeats

    inside, outside = np.zeros(len(rays)), np.full(len(rays), np.inf)
    with progress_bar(len(rays), " rays") as bar:
        open_rays, step = np.arange(len(rays)), SMALLEST
        while len(open_rays):
            radius = np.minimum(step, reach[open_rays])
            fails = share(open_rays, radius) < 0.5
            outside[open_rays[fails]] = radius[fails]
            inside[open_rays[~fails]] = radius[~fails]
            going = ~fails & (radius < reach[open_rays])
            bar.update(int((~going).sum()))
            open_rays, step = open_rays[going], step * GROWTH
    found = np.flatnonzero(np.isfinite(outside))
    for _ in range(halvings if len(found) else 0):
        middle = (inside[found] + outside[found]) / 2
        fails = share(found, middle) < 0.5
        outside[found[fails]], inside[found[~fails]] = middle[fails], middle[~fails]
    radius, start, stop = _intervals(np.array(tried), np.array(worked), repeats, inside, outside)
    points = np.full((len(rays), d), np.nan)
    points[found] = origins[found] + outside[found, None] * rays[found]
    shaped = (v.reshape(n, k) for v in (radius, start, stop, reach))
    return Radii(*shaped, points.reshape(n, k, d))


def _room(origins: np.ndarray, rays: np.ndarray, low: object, high: object) -> np.ndarray:
    """Distance (r,) from each origin to the bounds along its ray."""
    with np.errstate(divide="ignore", invalid="ignore"):
        up = np.where(rays > 0, (high - origins) / rays, np.inf)
        down = np.where(rays < 0, (low - origins) / rays, np.inf)
    return np.maximum(np.minimum(up, down).min(1), 0)


def _intervals(
    tried: np.ndarray, worked: np.ndarray, m: int, inside: np.ndarray, outside: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Most likely radius and the ends of its interval (r,), from k of m that work at (t, r)."""
    middle = (inside + np.where(np.isfinite(outside), outside, inside)) / 2
    radius, start, stop = np.full((3, len(inside)), np.inf)
    for ray in range(len(inside)):
        known = np.isfinite(tried[:, ray])
        r, count = tried[known, ray], worked[known, ray]
        unit = max(middle[ray], SMALLEST)
        places = unit * np.unique(np.maximum(1 + np.r_[-AWAY, 0, AWAY], 0))
        width = STEEPNESS[:, None, None] * unit
        odds = np.clip((r - places[:, None]) / width, -300, 300)
        likely = -(count * np.logaddexp(0, odds) + (m - count) * np.logaddexp(0, -odds)).sum(2)
        profile = likely.max(0)
        kept = places[profile >= profile.max() - LARGEST_DROP / 2]
        start[ray] = kept[0]
        if np.isfinite(outside[ray]):
            best = np.flatnonzero(profile >= profile.max() - 1e-6)
            radius[ray] = places[best].mean()
            stop[ray] = kept[-1]
    return radius, start, stop
