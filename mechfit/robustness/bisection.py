r"""Bisection: where along a way a circuit stops working, and how well that is known.

Simulations are noisy, and so a circuit works at a distance r with the probability

    p(r) = 1 / (1 + exp((r - R) / w)).

A growing series of distances finds the first at which most repeats fail, bisection narrows the
bracket, and all repeats on the way, k_j of m working at r_j, say how well R is known: the values
that a likelihood ratio does not reject,

    2 [max log L - max_w log L(R, w)] <= 3.84.

By the chi-squared limit that would be 95 %; with the few repeats of a bisection it is 87 to 93 %.
Without noise w tends to 0, and the interval is the bracket.
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
"""Parameters (m, d) on the ways with some numbers (m,), at distances (m,)."""

GROWTH, SMALLEST = 2.0, 0.02
STEEPNESS = np.geomspace(1e-3, 1.0, 13)
"""Widths w that are tried, in units of the bracketed radius."""
AWAY = np.geomspace(1e-4, 2.0, 150)
"""Distances of the places that are tried from the bracketed radius, in units of it."""
LARGEST_DROP = 3.84


class Breakdown(NamedTuple):
    """Radii (r,) of breakdown: the most likely, its profile-likelihood interval, a failing one."""

    radius: np.ndarray
    low: np.ndarray
    high: np.ndarray
    beyond: np.ndarray


def find_breakdowns(
    works: Rule, place: Place, reach: np.ndarray, *, repeats: int, halvings: int, seed: int
) -> Breakdown:
    """Estimate at which distance, up to a reach (r,), each way stops working; infinite if none."""
    tried, worked, at = [], [], 0

    def share(rows: np.ndarray, radius: np.ndarray) -> np.ndarray:
        nonlocal at
        points = np.repeat(place(rows, radius), repeats, 0)
        count = works(points, seed, at).reshape(-1, repeats).sum(1)
        at += len(points)
        for into, values in ((tried, radius), (worked, count)):
            column = np.full(len(reach), np.nan)
            column[rows] = values
            into.append(column)
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
    likely = _intervals(np.array(tried), np.array(worked), repeats, inside, outside)
    return Breakdown(*likely, outside)


def _intervals(
    tried: np.ndarray, worked: np.ndarray, m: int, inside: np.ndarray, outside: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Most likely radius and the ends of its interval (r,), from k of m that work at (t, r)."""
    middle = (inside + np.where(np.isfinite(outside), outside, inside)) / 2
    radius, start, stop = np.full((3, len(inside)), np.inf)
    for way in range(len(inside)):
        known = np.isfinite(tried[:, way])
        r, count = tried[known, way], worked[known, way]
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
