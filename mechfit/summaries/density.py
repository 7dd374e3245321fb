r"""Densities on a grid: smoothed histograms, and outlines that hold a given mass.

With counts c on equal bins, the density relative to the uniform density over the limits is
c / mean(c): 1 means "as under a uniform prior". It is smoothed by a Gaussian whose width in each
direction is n^(-1/(4+k)) times the samples' spread (Scott 1992, doi:10.1002/9780470316849). The
outline of the mass q is at the level l for which the bins with density >= l hold the share q of
the samples; marching squares (Lorensen & Cline 1987, doi:10.1145/37402.37422) traces it.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike
from scipy.ndimage import gaussian_filter1d

from mechfit.summaries.arguments import numbers

__all__ = ["density", "heights", "mass_level", "outlines"]


def density(samples: ArrayLike, limits: ArrayLike, bins: int) -> np.ndarray:
    """Density (bins,) * k of samples (n, k), k = 1 or 2, on equal bins within the limits (k, 2).

    It is relative to a uniform one; its mean is the share of samples within the limits, across
    which smoothing moves no mass.
    """
    samples, limits = numbers(samples, "samples"), numbers(limits, "limits")
    if samples.ndim != 2 or not len(samples) or limits.shape != (samples.shape[1], 2):
        raise ValueError(
            f"samples have shape {samples.shape}, limits {limits.shape}, expected (n, k), (k, 2)"
        )
    if not np.isfinite(samples).all():
        raise ValueError("samples have non-finite values, expected finite numbers")
    if not (limits[:, 0] < limits[:, 1]).all():
        raise ValueError(
            f"limits are {limits.tolist()}, expected a lower and a higher one of each"
        )
    counts = np.histogramdd(samples, bins=bins, range=limits)[0]
    n, k = samples.shape
    quartiles = np.subtract(*np.quantile(samples, [0.75, 0.25], axis=0)) / 1.349
    spread = np.minimum(samples.std(0), quartiles)
    widths = n ** (-1 / (4 + k)) * spread * bins / np.diff(limits).ravel()
    for axis, width in enumerate(widths.tolist()):
        reach, width = min(int(np.ceil(3 * width)), bins), max(width, 1e-3)
        counts = gaussian_filter1d(counts, width, axis, mode="reflect", radius=reach)
    return counts * counts.size / n


def heights(sets: Iterable[np.ndarray], limits: np.ndarray, bins: int) -> np.ndarray:
    """Marginal densities (s, d, bins) of s sets of samples (n, d), relative to uniform ones."""
    pairs = [(slice(i, i + 1), limits[[i]]) for i in range(len(limits))]
    return np.array([[density(v[:, i], reach, bins) for i, reach in pairs] for v in sets])


def mass_level(grid: np.ndarray, mass: float) -> float:
    """Find the density on equal bins above which the given share of the mass lies."""
    if not 0 < mass < 1:
        raise ValueError(f"mass is {mass}, expected a share between 0 and 1")
    ordered = np.sort(grid, axis=None)[::-1]
    total = np.cumsum(ordered)
    return float(ordered[np.searchsorted(total, mass * total[-1] * (1 - 1e-12))])


def _crossed_edges(grid: np.ndarray, level: float) -> dict[tuple, list[tuple]]:
    """Pairs of grid edges that the outline crosses within one square, by edge."""
    links: dict[tuple, list[tuple]] = {}
    above = grid >= level
    n, m = above.shape
    full = sum(above[a : n - 1 + a, b : m - 1 + b].astype(int) for a in (0, 1) for b in (0, 1))
    for i, j in np.argwhere((full > 0) & (full < 4)).tolist():
        corners = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)]
        cut = [
            tuple(sorted((a, b)))
            for a, b in zip(corners, corners[1:] + corners[:1], strict=True)
            if above[a] != above[b]
        ]
        if len(cut) == 4 and above[corners[0]] == (grid[i : i + 2, j : j + 2].mean() >= level):
            cut = cut[1:] + cut[:1]
        for a, b in zip(cut[::2], cut[1::2], strict=True):
            links.setdefault(a, []).append(b)
            links.setdefault(b, []).append(a)
    return links


def outlines(grid: np.ndarray, level: float) -> list[np.ndarray]:
    """Trace the closed lines on which a density at bin centers (a, b) has a given value.

    Each loop (p, 2) repeats its first point at its end and is in units of bins: bin k spans k to
    k + 1, outlines stay within 0 to a, 0 to b.
    """
    grid = np.asarray(grid, float)
    padded = np.pad(np.pad(grid, 1, mode="edge"), 1)
    links = _crossed_edges(padded, level)
    place = {}
    for a, b in links:
        va, vb = padded[a], padded[b]
        share = (level - va) / (vb - va)
        place[a, b] = np.array(a) + share * (np.array(b) - np.array(a)) - 1.5
    loops, left = [], set(links)
    while left:
        start = here = min(left)
        loop = []
        while here in left:
            left.remove(here)
            loop.append(place[here])
            here = next((n for n in links[here] if n in left), start)
        loops.append(np.clip([*loop, loop[0]], 0, grid.shape))
    return loops
