r"""Draws from a conditional: some parameters free, all others fixed.

With only log q to ask, every draw is the end of a walk of its own by slice sampling: along a line
through the present point, a level below log q there is drawn, and a place uniform on what lies
above it; an interval that begins as wide as the box shrinks until one is found. Neal (2003),
doi:10.1214/aos/1056562461. One or two free parameters can be drawn from a grid as well, by
inverting the distribution; the two agree. Taught in ``book/geometry/compensation.md``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mechfit.geometry.lattice import ask, boxed, chosen, nodes, on_axes, slices
from mechfit.geometry.slopes import Function

__all__ = ["sample_conditional", "sample_conditional_on_grid"]

CHAINS, BLOCKS, TRIES = 200, 7, 100
"""Walks at least; doublings of their length; shrinkages of an interval at most."""


def sample_conditional(
    log_prob: Function,
    point: np.ndarray,
    free: int | Sequence[int],
    low: np.ndarray | float,
    high: np.ndarray | float,
    *,
    n: int,
    seed: int,
) -> np.ndarray:
    """Draw parameter sets (n, d) with all but the free parameters fixed, by slice sampling.

    Each draw is the end of a walk of its own from the point. Walks are doubled in length until
    they have forgotten where they were half-way, and as a crowd stay where they are. A mode that
    no line from the point's own leads to is not found.

    Args:
        log_prob: Log-density (n,) of parameters (n, d), up to a constant.
        point: Where the others are fixed and the walks begin (d,).
        free: Numbers of the free parameters.
        low: Lower bounds (d,).
        high: Upper bounds (d,).
        n: Number of draws.
        seed: Seed of all choices.

    Raises:
        ValueError: The density is 0 at the point, or the point lies outside the bounds.
        RuntimeError: The walks still remember where they were after the last doubling.
    """
    x, low, high = boxed(np.asarray(point, float)[None], low, high)
    free, rng = chosen(free, x.shape[1]), np.random.default_rng(seed)
    theta = np.tile(x, (max(n, CHAINS), 1))
    log_q = ask(log_prob, theta)
    if not np.isfinite(log_q[0]):
        raise ValueError(f"log-density at the point is {log_q[0]}, expected a finite one")
    root, noise = np.diag(high - low)[free][:, free], 1 / np.sqrt(len(theta))
    for block in range(BLOCKS):
        half = theta[:, free]
        for step in range(20 * 2**block):
            direction = np.zeros(theta.shape)
            if step % 2 or not block:
                axis = rng.choice(free, len(theta))
                direction[np.arange(len(theta)), axis] = (high - low)[axis]
            else:
                direction[:, free] = rng.standard_normal(half.shape) @ root.T
            theta, log_q = _slice(log_prob, theta, log_q, direction, (low, high), rng)
        end = theta[:, free]
        sd, before = end.std(0), half.std(0)
        if block and (before > 0).all() and (sd > 0).all():
            memory = abs(((end - end.mean(0)) * (half - half.mean(0))).mean(0) / (sd * before))
            moved = abs(end.mean(0) - half.mean(0)) / np.maximum(sd, before)
            grown = abs(np.log(sd / before))
            if memory.max() < 4 * noise and max(moved.max(), grown.max()) < 6 * noise:
                return theta[:n]
        spread = np.atleast_2d(np.cov(end.T))
        root = np.linalg.cholesky(spread + 1e-9 * np.diag(np.diag(spread) + 1e-300))
    worst = int(free[memory.argmax()])
    raise RuntimeError(
        f"after {20 * (2**BLOCKS - 1)} steps draws still have a correlation of {memory.max():.2f} "
        f"with where their walks were half-way, in parameter {worst}, expected about 0: free "
        "fewer parameters, or look at the density for separate modes"
    )


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

    Between the nodes, which lie closer where the conditional is narrow, the density is linear.
    The arguments are those of `sample_conditional`, and the nodes along each free parameter.
    """
    x, low, high = boxed(np.asarray(point, float)[None], low, high)
    free, rng = chosen(free, x.shape[1]), np.random.default_rng(seed)
    if len(free) > 2:
        raise ValueError(f"free is {free.tolist()}, expected one or two parameters")
    at, _ = nodes(*slices(log_prob, x[0], low, high), low, high, grid)
    log_q = on_axes(log_prob, x[0], free, [at[k] for k in free])
    q = np.exp(log_q - log_q.max()).reshape(grid, -1)
    wide = np.diff(at[free[0]])[:, None]
    theta, u = np.tile(x[0], (n, 1)), rng.random((3, n))
    if len(free) == 1:
        q, second = np.repeat(q, 2, 1), np.array([0.0, 1.0])
    else:
        second = at[free[1]]
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


def _slice(log_prob, theta, log_q, direction, box, rng):  # noqa: ANN001, ANN202
    """Move each point (n, d) within its slice along its direction; return points and log q."""
    level = log_q - rng.exponential(size=len(theta))
    along = np.where(direction == 0, 1.0, direction)
    ends = np.stack([(bound - theta) / along for bound in box])
    ends = np.where(direction == 0, [[[-np.inf]], [[np.inf]]], ends)
    low, high = ends.min(0).max(1), ends.max(0).min(1)
    moved, value, rows = theta.copy(), log_q.copy(), np.arange(len(theta))
    for _ in range(TRIES):
        t = rng.uniform(low[rows], high[rows])
        tried = np.clip(theta[rows] + t[:, None] * direction[rows], *box)
        tried_value = ask(log_prob, tried)
        inside = tried_value > level[rows]
        moved[rows[inside]], value[rows[inside]] = tried[inside], tried_value[inside]
        rows, t = rows[~inside], t[~inside]
        if not len(rows):
            break
        low[rows[t < 0]], high[rows[t >= 0]] = t[t < 0], t[t >= 0]
    return moved, value
