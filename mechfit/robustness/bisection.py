r"""Bisection: the distance at which a circuit stops working, with its likelihood interval.

Simulations are noisy: a circuit works at a distance r with the probability

    p(r) = 1 / (1 + exp((r - R) / w)).

Doubled distances find the first at which most repeats fail, and bisection narrows the bracket.
With k_j of m repeats working at r_j, the interval holds the R that a likelihood ratio does not
reject,

    2 [max log L - max_w log L(R, w)] <= 3.84.

By the chi-squared limit it holds 95 %; with the few repeats of a bisection, 87 to 93 %. Without
noise w tends to 0, and the interval is the bracket.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from mechfit.simulation.progress import progress_bar

__all__ = ["Place", "Rule", "Breakdown", "find_breakdowns"]

Rule = Callable[[np.ndarray, int, int], np.ndarray]
"""Whether parameters (m, d) work (m,), given a seed and the number of the first simulation."""
Place = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Parameters (m, d) of the circuits with these numbers (m,), moved by distances (m,)."""

GROWTH, SMALLEST = 2.0, 0.02
STEEPNESS = np.geomspace(1e-3, 1.0, 13)
"""Widths w of the profile, in units of the bracketed radius."""
AWAY = np.geomspace(1e-4, 2.0, 150)
"""Differences of R from the bracketed radius in the profile, in units of it."""
LARGEST_DROP = 3.84


class Breakdown(NamedTuple):
    """Radii (r,): the most likely, its profile-likelihood interval, and one that fails."""

    radius: np.ndarray
    low: np.ndarray
    high: np.ndarray
    beyond: np.ndarray


def find_breakdowns(
    works: Rule, place: Place, reach: np.ndarray, *, repeats: int, halvings: int, seed: int
) -> Breakdown:
    """Estimate the distance, up to a reach (r,), at which each stops working; infinite if none."""
    told = np.empty((3, 0))  # way, distance, and how many repeats worked

    def share(rows: np.ndarray, radius: np.ndarray) -> np.ndarray:
        nonlocal told
        points = np.repeat(place(rows, radius), repeats, 0)
        count = works(points, seed, repeats * told.shape[1]).reshape(-1, repeats).sum(1)
        told = np.hstack([told, [rows, radius, count]])
        return count / repeats

    inside, outside = np.zeros(len(reach)), np.full(len(reach), np.inf)
    with progress_bar(len(reach), " ways") as bar:
        going, step = np.arange(len(reach)), SMALLEST
        while len(going):
            radius = np.minimum(step, reach[going])
            fails = share(going, radius) < 0.5
            outside[going[fails]] = radius[fails]
            inside[going[~fails]] = radius[~fails]
            on = ~fails & (radius < reach[going])
            bar.update(int((~on).sum()))
            going, step = going[on], step * GROWTH
    found = np.flatnonzero(np.isfinite(outside))
    for _ in range(halvings if len(found) else 0):
        middle = (inside[found] + outside[found]) / 2
        fails = share(found, middle) < 0.5
        outside[found[fails]], inside[found[~fails]] = middle[fails], middle[~fails]
    return Breakdown(*_intervals(told, repeats, inside, outside), outside)


def _intervals(
    told: np.ndarray, m: int, inside: np.ndarray, outside: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Most likely radii (r,) and their intervals, from how many of m repeats worked (3, all)."""
    middle = (inside + np.where(np.isfinite(outside), outside, inside)) / 2
    radius, start, stop = np.full((3, len(inside)), np.inf)
    for way in range(len(inside)):
        r, count = told[1:, told[0] == way]
        unit = max(middle[way], SMALLEST)
        places = unit * np.unique(np.maximum(1 + np.r_[-AWAY, 0, AWAY], 0))
        width = STEEPNESS[:, None, None] * unit
        odds = np.clip((r - places[:, None]) / width, -300, 300)
        likely = -(count * np.logaddexp(0, odds) + (m - count) * np.logaddexp(0, -odds)).sum(2)
        profile = likely.max(0)
        kept = places[profile >= profile.max() - LARGEST_DROP / 2]
        start[way] = kept[0]
        if np.isfinite(outside[way]):
            best = np.flatnonzero(profile >= profile.max() - 1e-6)
            radius[way] = places[best].mean()
            stop[way] = kept[-1]
    return radius, start, stop
