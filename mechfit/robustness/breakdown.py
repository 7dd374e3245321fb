r"""Breakdown: how far a circuit can be pushed before it stops working.

A circuit theta is moved in a unit direction u to theta + r s u, with s the standard deviations of
the prior or another scale; or along a path, with r its length so far. A parameter that reaches its
bound stays there while the others move on, and r is the distance really moved. The *breakdown
radius* is the distance at which one in two noisy simulations works, found by bisection
(``bisection.py``); it is infinite if the circuit works at every distance tried. Taught in
``book/robustness/perturbations.md``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from mechfit.geometry import length, points_at
from mechfit.models.inputs import aligned, finite, numbers, spans
from mechfit.robustness.bisection import Place, Rule, find_breakdowns
from mechfit.robustness.stored import Stored

__all__ = ["Radii", "breakdown_along", "breakdown_radii"]


@dataclass(frozen=True)
class Radii(Stored):
    """Breakdown radii of circuits (n, ways), infinite where none was found.

    Attributes:
        radius: The most likely radius.
        low: Lower end of its 90 % interval.
        high: Upper end; infinite where the radius is.
        reach: Largest distance tried.
        broken: Parameters (n, ways, d) just beyond the breakdown, NaN where there is none; None if
            they were not kept.
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
    """Find the distance at which circuits stop working in given directions.

    Args:
        works: Whether parameters (m, d) work (m,), given a seed and the number of the first
            simulation, such as a `Criterion`.
        theta: Circuits (n, d).
        directions: Directions (k, d), or (n, k, d) for each circuit its own, in units of the
            scale; of any length but 0.
        scale: Unit of each parameter (d,).
        low: Lower bounds of the parameters (d,), such as 0 for a conductance.
        high: Upper bounds (d,).
        most: Largest distance tried, counted as if there were no bounds.
        repeats: Simulations at each distance, each with its own noise.
        halvings: Bisections of a bracket.
        seed: Seed of the noise.

    Raises:
        ValueError: A direction has no length, or shapes do not fit.
    """
    theta, scale, low, high = aligned(theta=theta, scale=scale, low=low, high=high)
    n, d = finite(np.atleast_2d(theta), "theta").shape
    theta, directions = theta.reshape(n, d), numbers(directions, "directions")
    scale = spans(scale, d, "scale", positive=True)
    low, high = spans(low, d, "low"), spans(high, d, "high")
    if directions.ndim != 3:
        finite(directions, "directions")
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
    ends = map(moved, (found.radius, found.low, found.high, reach))
    return _radii(ends, place, found.beyond, theta.shape)


def breakdown_along(
    works: Rule,
    paths: Sequence[np.ndarray],
    *,
    scale: np.ndarray | float = 1.0,
    repeats: int = 5,
    halvings: int = 5,
    seed: int,
) -> Radii:
    """Find the length at which circuits stop working along paths that begin at them.

    Args:
        works: As in `breakdown_radii`, like all that follow `paths`.
        paths: Nodes (nodes, d) of each circuit's path, straight between nodes.
        scale: Unit of each parameter (d,), in which paths are measured.
        repeats: Simulations at each distance.
        halvings: Bisections of a bracket.
        seed: Seed of the noise.

    Returns:
        Radii (n, 1), as lengths of the path; the reach of each is its whole path's.
    """
    paths = [numbers(path, "paths") for path in paths]
    if not paths:
        raise ValueError("paths is empty, expected one for each circuit")

    def place(rows: np.ndarray, radius: np.ndarray) -> np.ndarray:
        each = zip(rows, radius, strict=True)
        return np.array([points_at(paths[row], r, scale) for row, r in each])

    reach = np.array([length(path, scale) for path in paths])
    found = find_breakdowns(works, place, reach, repeats=repeats, halvings=halvings, seed=seed)
    ends = found.radius, found.low, found.high, reach
    return _radii(ends, place, found.beyond, (len(paths), paths[0].shape[1]))


def _radii(ends: Iterable, place: Place, beyond: np.ndarray, shape: tuple[int, int]) -> Radii:
    """Radii in the shape of circuits and ways, with the parameters just beyond, from theta's."""
    n, d = shape
    broken = np.full((len(beyond), d), np.nan)
    broke = np.flatnonzero(np.isfinite(beyond))
    if len(broke):
        broken[broke] = place(broke, beyond[broke])
    return Radii(*(v.reshape(n, -1) for v in ends), broken.reshape(n, -1, d))


def _room(origins: np.ndarray, rays: np.ndarray, low: object, high: object) -> np.ndarray:
    """Distance (r,) along each ray at which the last of the parameters reaches its bound."""
    with np.errstate(divide="ignore", invalid="ignore"):
        up = np.where(rays > 0, (high - origins) / rays, 0.0)
        down = np.where(rays < 0, (low - origins) / rays, 0.0)
    return np.maximum(up, down).max(1)
