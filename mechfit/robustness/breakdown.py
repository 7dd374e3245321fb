r"""Breakdown: how far a circuit can be pushed before it stops working.

From theta in the direction u a circuit is pushed to theta + r s u, with the standard deviations of
the prior, or another scale, s; or it is led along a path, and r is the length of the way. A
parameter that reaches its bound stays there while the others move on, and r is the distance that
is left. The *breakdown radius* R is the distance at which one in two noisy simulations works,
found by bisection (``bisection.py``). An infinite radius says that the circuit still worked as far
as was looked. Taught in ``book/robustness/perturbations.md``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mechfit.geometry import length, points_at
from mechfit.robustness.bisection import Breakdown, Rule, find_breakdowns
from mechfit.robustness.stored import Stored

__all__ = ["Radii", "breakdown_along", "breakdown_radii"]


@dataclass(frozen=True)
class Radii(Stored):
    """Breakdown radii of circuits (n, ways), infinite where none was found.

    Attributes:
        radius: The most likely radius.
        low: Lower end of its 90 % interval.
        high: Upper end; infinite if the circuit still works as far as was looked.
        reach: How far was looked.
        broken: Parameters (n, ways, d) just beyond the breakdown, NaN where there is none; or
            None, if they were not kept.
    """

    radius: np.ndarray
    low: np.ndarray
    high: np.ndarray
    reach: np.ndarray
    broken: np.ndarray | None = None


def breakdown_radii(
    works: Rule,
    theta: np.ndarray,
    directions: np.ndarray,
    *,
    scale: np.ndarray | float = 1.0,
    low: np.ndarray | float = -np.inf,
    high: np.ndarray | float = np.inf,
    most: float = 3.0,
    repeats: int = 5,
    halvings: int = 5,
    seed: int,
) -> Radii:
    """Push circuits in directions until they break.

    Args:
        works: Whether parameters (m, d) work (m,), given a seed and the number of the first
            simulation, such as a `Criterion`.
        theta: Circuits (n, d).
        directions: Directions (k, d), or (n, k, d) for each circuit its own, in units of the
            scale; of any length but 0.
        scale: Unit of each parameter (d,).
        low: Bounds of the parameters (d,), such as 0 for a conductance; a parameter that reaches
            its bound stays there.
        high: Upper bounds (d,).
        most: How far it is pushed at most, counted as if there were no bounds.
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
    rays = (u / norm * scale).reshape(-1, d)
    origins = np.repeat(theta, u.shape[1], 0)
    reach = np.minimum(_room(origins, rays, low, high), most)

    def place(rows: np.ndarray, radius: np.ndarray) -> np.ndarray:
        return np.clip(origins[rows] + radius[:, None] * rays[rows], low, high)

    def moved(radius: np.ndarray) -> np.ndarray:
        far = np.isinf(radius)
        points = place(np.arange(len(radius)), np.where(far, 0.0, radius))
        return np.where(far, np.inf, np.linalg.norm((points - origins) / scale, axis=1))

    found = find_breakdowns(works, place, reach, repeats=repeats, halvings=halvings, seed=seed)
    told = Breakdown(*(moved(each) for each in found[:3]), found.beyond)
    return _radii(told, place, moved(reach), (n, u.shape[1]))


def breakdown_along(
    works: Rule,
    paths: Sequence[np.ndarray],
    *,
    scale: np.ndarray | float = 1.0,
    repeats: int = 5,
    halvings: int = 5,
    seed: int,
) -> Radii:
    """Lead circuits along paths until they break.

    Args:
        works: As in `breakdown_radii`.
        paths: Of each circuit the nodes (nodes, d) of a path that begins at it; between nodes the
            way is straight.
        scale: Unit of each parameter (d,), in which the way is measured.
        repeats: Simulations at each distance, with other noise each.
        halvings: Bisections of a bracket.
        seed: Seed of the noise.

    Returns:
        Radii (n, 1), the lengths of the ways; the reach of each is its path's.
    """
    paths = [np.asarray(path, float) for path in paths]

    def place(rows: np.ndarray, radius: np.ndarray) -> np.ndarray:
        each = zip(rows, radius, strict=True)
        return np.array([points_at(paths[row], r, scale) for row, r in each])

    reach = np.array([length(path, scale) for path in paths])
    found = find_breakdowns(works, place, reach, repeats=repeats, halvings=halvings, seed=seed)
    return _radii(found, place, reach, (len(paths), 1))


def _radii(found, place, reach, shape):  # noqa: ANN001, ANN202
    """Radii in the shape of circuits and ways, with the parameters just beyond."""
    broke = np.flatnonzero(np.isfinite(found.beyond))
    d = place(np.zeros(1, int), np.zeros(1)).shape[1]
    points = np.full((len(reach), d), np.nan)
    if len(broke):
        points[broke] = place(broke, found.beyond[broke])
    told = (v.reshape(shape) for v in (found.radius, found.low, found.high, reach))
    return Radii(*told, points.reshape(*shape, d))


def _room(origins: np.ndarray, rays: np.ndarray, low: object, high: object) -> np.ndarray:
    """Distance (r,) from each origin along its ray at which the last parameter is at a bound."""
    with np.errstate(divide="ignore", invalid="ignore"):
        up = np.where(rays > 0, (high - origins) / rays, 0.0)
        down = np.where(rays < 0, (low - origins) / rays, 0.0)
    return np.maximum(up, down).max(1)
