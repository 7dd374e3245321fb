r"""Densities on a grid, ready to be drawn: bins, a light blur, outlines that hold a given mass.

With counts c on equal bins, the density relative to the uniform density over the limits is
c / mean(c): 1 means "as under a uniform prior". The blur is Gaussian, its width in each direction
n^(-1/(4+k)) times the samples' spread (Scott 1992, doi:10.1002/9780470316849), so a narrow
posterior stays narrow. The outline that holds the share q of the samples is the level l for which
the bins with density >= l hold the share q; marching squares (Lorensen & Cline 1987,
doi:10.1145/37402.37422, here in two dimensions) draws it.
"""

import numpy as np
from numpy.typing import ArrayLike


def _blur(grid: np.ndarray, axis: int, width: float) -> np.ndarray:
    """Blur along an axis by a Gaussian of the given width in bins; the limits reflect."""
    reach = min(int(np.ceil(3 * width)), grid.shape[axis])
    shift = np.arange(-reach, reach + 1)
    weight = np.exp(-0.5 * (shift / max(width, 1e-3)) ** 2)
    pad = [(reach, reach) if a == axis else (0, 0) for a in range(grid.ndim)]
    padded = np.pad(grid, pad, mode="symmetric")
    size = grid.shape[axis]
    moved = [np.take(padded, range(k, k + size), axis) for k in range(2 * reach + 1)]
    return sum(w * m for w, m in zip(weight / weight.sum(), moved, strict=True))


def _widths(samples: np.ndarray, limits: np.ndarray, bins: int) -> np.ndarray:
    """Scott's rule in bins, with the smaller of deviation and scaled quartile distance."""
    n, k = samples.shape
    quartiles = np.subtract(*np.quantile(samples, [0.75, 0.25], axis=0)) / 1.349
    spread = np.minimum(samples.std(0), quartiles)
    return n ** (-1 / (4 + k)) * spread * bins / np.diff(limits).ravel()


def density(samples: ArrayLike, limits: ArrayLike, bins: int) -> np.ndarray:
    """Bin samples and blur them lightly, without moving mass across the limits.

    Args:
        samples: Samples, shape (n, k) with k = 1 or 2.
        limits: Low and high of each column, shape (k, 2).
        bins: Bins per axis.

    Returns:
        Density relative to a uniform one over the limits, shape (bins,) * k; its mean is the
        share of samples within the limits.

    Example:
        >>> grid = density([[0.5, 0.5]], [[0, 1], [0, 1]], bins=9)
        >>> round(float(grid.mean()), 6), int(grid.argmax())
        (1.0, 40)
    """
    samples, limits = np.asarray(samples, float), np.asarray(limits, float)
    if samples.ndim != 2 or limits.shape != (samples.shape[1], 2):
        raise ValueError(
            f"samples have shape {samples.shape}, limits {limits.shape}, expected (n, k), (k, 2)"
        )
    counts = np.histogramdd(samples, bins=bins, range=limits)[0]
    for axis, width in enumerate(_widths(samples, limits, bins)):
        counts = _blur(counts, axis, float(width))
    return counts * counts.size / len(samples)


def mass_level(grid: np.ndarray, mass: float) -> float:
    """Find the density above which the given share of the mass lies.

    Args:
        grid: Densities on equal bins.
        mass: The share, between 0 and 1.

    Returns:
        The level, in the unit of the grid.

    Example:
        >>> mass_level(np.array([[4.0, 3.0], [2.0, 1.0]]), 0.7)
        3.0
    """
    if not 0 < mass < 1:
        raise ValueError(f"mass is {mass}, expected a share between 0 and 1")
    ordered = np.sort(grid, axis=None)[::-1]
    total = np.cumsum(ordered)
    return float(ordered[np.searchsorted(total, mass * total[-1] * (1 - 1e-12))])


def _crossings(grid: np.ndarray, level: float) -> dict[tuple, list[tuple]]:
    """Join, square by square, the two grid edges through which the outline passes."""
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
    """Trace the closed lines on which a gridded density has a given value.

    Args:
        grid: Density at bin centers, shape (a, b).
        level: The value.

    Returns:
        Loops, each of shape (p, 2) with its first point repeated at the end, in units of bins:
        bin k spans k to k + 1 and outlines stay within 0 to a, 0 to b.

    Example:
        >>> ring = outlines(np.pad([[1.0]], 1), 0.5)[0]
        >>> ring.shape, ring.min(0).tolist(), ring.max(0).tolist()
        ((5, 2), [1.0, 1.0], [2.0, 2.0])
    """
    grid = np.asarray(grid, float)
    padded = np.pad(np.pad(grid, 1, mode="edge"), 1)
    links = _crossings(padded, level)
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
