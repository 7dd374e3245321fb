r"""Search for the smallest perturbation that breaks a circuit.

A direction u in which the circuit breaks at the radius R bounds it from above. The normal of the
boundary at R u is estimated from random perturbations z ~ N(0, sigma^2 C) around it,

    n = sum_i (b_i - mean b) z_i,      b_i = 1 where the circuit is broken.

At the nearest point of a boundary u and n agree, so directions between the two are tried at
smaller radii. The one that works least is the next guess if it also breaks in fresh simulations,
as the best of many is partly lucky. The last guess is simulated again, and pushed further while it
works. C lies between the identity and the stiffness M = E[g g^T] of the posterior. As in
HopSkipJump, Chen, Jordan & Wainwright (2020), doi:10.1109/SP40000.2020.00045. Taught in
``book/robustness/perturbations.md``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mechfit.models.inputs import aligned, finite, spans
from mechfit.robustness.bisection import Rule
from mechfit.robustness.stored import Stored

__all__ = ["Breaking", "smallest_perturbation"]

SIGMA = 0.5
"""Size of the perturbations around a guess, in units of its radius."""
TOWARD = np.array([0.0, 0.3, 0.7, 1.5, 4.0])
"""How much of the normal n is added to u."""
SMALLER = np.array([0.5, 0.6, 0.7, 0.8, 0.88, 0.95])
"""Radii at which new directions are tried, in units of the smallest known."""
FARTHER, PUSHES = 1.05, 20


@dataclass(frozen=True)
class Breaking(Stored):
    """A perturbation that breaks a circuit.

    Attributes:
        direction: Unit vector (d,) in units of the scale.
        radius: Its length in these units.
        theta: The broken circuit (d,).
        share: Share of fresh simulations of it that work.
        found: Radius that the search began with.
        simulations: Number of simulations.
    """

    direction: np.ndarray
    radius: float
    theta: np.ndarray
    share: float
    found: float
    simulations: int


def smallest_perturbation(
    works: Rule,
    theta: np.ndarray,
    direction: np.ndarray,
    radius: float,
    *,
    scale: np.ndarray | float = 1.0,
    low: np.ndarray | float = -np.inf,
    high: np.ndarray | float = np.inf,
    stiffness: np.ndarray | None = None,
    rounds: int = 10,
    guesses: int = 64,
    repeats: int = 3,
    checks: int = 20,
    seed: int,
) -> Breaking:
    """Search for the smallest perturbation that breaks a circuit.

    Args:
        works: As in `breakdown_radii`.
        theta: The circuit (d,).
        direction: Direction (d,) to begin with, in units of the scale.
        radius: Breakdown radius in this direction.
        scale: Unit of each parameter (d,).
        low: Lower bounds of the parameters (d,).
        high: Upper bounds (d,).
        stiffness: M (d, d), in units of the scale; by default the identity.
        rounds: Number of estimates of the normal.
        guesses: Perturbations around each guess, simulated once.
        repeats: Simulations of each new direction at each radius.
        checks: Fresh simulations of a guess before it is believed.
        seed: Seed of the noise and of the guesses.

    Raises:
        ValueError: The direction has no length, or the radius is not positive and finite.
        RuntimeError: The circuit works even at more than twice the radius.
    """
    theta, u, scale, low, high = aligned(
        theta=theta, direction=direction, scale=scale, low=low, high=high
    )
    d = len(finite(theta, "theta", rows=None))
    scale = spans(scale, d, "scale", positive=True)
    low, high = spans(low, d, "low"), spans(high, d, "high")
    if u.shape != (d,) or not np.linalg.norm(u) > 0 or not 0 < radius < np.inf:
        raise ValueError(
            f"direction has shape {u.shape} and length {np.linalg.norm(u):.3g}, radius is "
            f"{radius}; expected ({d},), a length above 0, and a radius where the circuit breaks"
        )
    u, r, at = u / np.linalg.norm(u), float(radius), 0
    spread, rng = _spread(stiffness, d), np.random.default_rng(seed)

    def share(points: np.ndarray, times: int) -> np.ndarray:
        nonlocal at
        each = works(np.repeat(points, times, 0), seed, at).reshape(-1, times).mean(1)
        at += len(points) * times
        return each

    for _ in range(rounds):
        z = SIGMA * rng.standard_normal((guesses, d)) @ spread / np.sqrt(d)
        points = np.clip(theta + r * (u + z) * scale, low, high)
        broken = 1 - share(points, 1)
        n = (broken - broken.mean()) @ ((points - theta) / (r * scale) - u)
        v = u + TOWARD[:, None] * n / max(np.linalg.norm(n), 1e-12)
        v /= np.linalg.norm(v, axis=1, keepdims=True)
        points = np.clip(theta + r * SMALLER[:, None, None] * v * scale, low, high)
        works_at = share(points.reshape(-1, d), repeats).reshape(len(SMALLER), -1)
        way = int(np.argmin(works_at.sum(0)))
        held = np.flatnonzero(works_at[:, way] >= 0.5)
        first = held[-1] + 1 if len(held) else 0
        if first < len(SMALLER) and share(points[None, first, way], checks)[0] < 0.5:
            moved = (points[first, way] - theta) / scale
            r = float(np.linalg.norm(moved))
            u = moved / r
    for _ in range(PUSHES):
        broken = np.clip(theta + r * u * scale, low, high)
        last = float(share(broken[None], checks)[0])
        if last < 0.5:
            r = float(np.linalg.norm((broken - theta) / scale))
            return Breaking(u, r, broken, last, float(radius), at)
        r *= FARTHER
    raise RuntimeError(
        f"the circuit works in {last:.0%} of {checks} simulations even {r:.3g} away, where "
        f"{radius:.3g} was said to break it; find the radius with more repeats"
    )


def _spread(stiffness: np.ndarray | None, d: int) -> np.ndarray:
    """Square root (d, d) of the covariance of guesses, of trace d."""
    if stiffness is None:
        return np.eye(d)
    values, vectors = np.linalg.eigh(stiffness)
    values = np.maximum(values, 0) / max(values.sum(), 1e-300)
    return (vectors * np.sqrt((values * d + 1) / 2)) @ vectors.T
