r"""Draws of one or two parameters from their conditional distribution, all others fixed.

The conditional density is computed at the nodes of a lattice (``lattice.py``) and interpolated
linearly; its distribution function is inverted, first for the cell, then for the place within it.
Taught in ``book/geometry/compensation.md``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mechfit.geometry import lattice
from mechfit.geometry.slopes import Function
from mechfit.models.inputs import aligned, finite

__all__ = ["sample_conditional_on_grid"]


def sample_conditional_on_grid(
    log_prob: Function,
    point: np.ndarray,
    free: int | Sequence[int],
    low: np.ndarray | float,
    high: np.ndarray | float,
    *,
    n: int,
    seed: int,
    grid: int = 129,
) -> np.ndarray:
    """Draw parameter sets (n, d) with all but one or two parameters fixed, from a grid.

    Args:
        log_prob: Log-density (n,) of parameters (n, d), up to a constant.
        point: Values (d,) at which the others are fixed.
        free: Number of the free parameter, or of two.
        low: Lower bounds (d,).
        high: Upper bounds (d,).
        n: Number of draws.
        seed: Seed of the draws.
        grid: Nodes along each free parameter, closer where its conditional is narrow.

    Raises:
        ValueError: Not one or two free parameters, or a point outside the bounds.
    """
    point, low, high = aligned(point=point, low=low, high=high)
    x, low, high = lattice.check_samples(finite(point, "point", rows=None)[None], low, high)
    free, rng = lattice.check_parameters(free, x.shape[1]), np.random.default_rng(seed)
    at, _ = lattice.sinh_nodes(*lattice.slice_moments(log_prob, x[0], low, high), low, high, grid)
    log_q = lattice.on_axes(log_prob, x[0], free, [at[k] for k in free])
    q = np.exp(log_q - log_q.max()).reshape(grid, -1)
    wide = np.diff(at[free[0]])[:, None]
    theta, u = np.tile(x[0], (n, 1)), rng.random((3, n))
    second = at[free[1]] if len(free) == 2 else np.array([0.0, 1.0])
    q = q if len(free) == 2 else np.repeat(q, 2, 1)
    mass = (q[1:, 1:] + q[1:, :-1] + q[:-1, 1:] + q[:-1, :-1]) * wide * np.diff(second)
    total = np.cumsum(mass.ravel())
    r, c = np.unravel_index(np.searchsorted(total / total[-1], u[0], side="right"), mass.shape)
    s = _within(q[r, c] + q[r, c + 1], q[r + 1, c] + q[r + 1, c + 1], u[1])
    left, right = ((1 - s) * q[r, k] + s * q[r + 1, k] for k in (c, c + 1))
    theta[:, free[0]] = at[free[0]][r] + s * wide[r, 0]
    if len(free) == 2:
        theta[:, free[1]] = second[c] + _within(left, right, u[2]) * np.diff(second)[c]
    return theta


def _within(first: np.ndarray, last: np.ndarray, u: np.ndarray) -> np.ndarray:
    """Quantiles u of a density on [0, 1] that is linear from `first` to `last`."""
    return u * (first + last) / (first + np.sqrt(first**2 + u * (last**2 - first**2)))
