r"""Lattices: log q of two parameters, all others fixed, from few evaluations.

Log q is smooth even where q is a thin bent ridge. Each level doubles the lattice by cubic
interpolation, and log q is evaluated only where the interpolation erred at the level before and
where there may be mass. Nodes x = m + a sinh(u), at equal steps of u, lie closer around the mean m
of a narrow conditional; mean and width come from slices through the draw. A feature far from the
draw is missed if it is narrower than a 30th of the box.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import maximum_filter

from mechfit.models.inputs import LARGEST, aligned, finite, on_copies, spans

ROWS = 4000
"""Most rows in one call of log q."""
FIRST, DROPS = 9, (60.0, 25.0, 10.0)
"""Nodes of the first lattice, and how far below the peak log q still matters at each doubling."""
LAST = (FIRST - 1) * 2 ** len(DROPS) + 1
DOUBT, GAIN, RISE = 0.15, 4.0, 0.5
"""Error of log q that is tolerated; factor by which it falls from level to level; a guess that
rises by more above its neighbors is evaluated, or lowered to them."""
NARROW = 0.7
"""Largest distance of nodes around a draw, in standard deviations of a conditional."""


def slice_moments(log_prob, x, low, high):  # noqa: ANN001, ANN202
    """Mean and standard deviation (d,) of each parameter with all others at x (d,)."""
    d, near = len(x), 2.0 ** -np.arange(1, 20)
    everywhere = low + (high - low) * np.linspace(0, 1, 33)[:, None]
    around = x + (high - low) * np.r_[near, -near, 0.0][:, None]
    t = np.sort(np.clip(np.concatenate([everywhere, around]), low, high), 0).T
    for _ in range(2):
        points = np.tile(x, (d, t.shape[1], 1))
        points[np.arange(d), :, np.arange(d)] = t
        log_q = evaluate(log_prob, points.reshape(-1, d)).reshape(t.shape)
        top = log_q.max(1, keepdims=True)
        if not np.isfinite(top).all():
            raise ValueError("the density is 0 at a sample, expected draws of the posterior")
        gap = np.diff(t, axis=1)
        w = np.exp(log_q - top) * (np.pad(gap, ((0, 0), (0, 1))) + np.pad(gap, ((0, 0), (1, 0))))
        w /= w.sum(1, keepdims=True)
        mean = (w * t).sum(1)
        sd = np.sqrt((w * (t - mean[:, None]) ** 2).sum(1))
        t = np.linspace(np.maximum(low, mean - 5 * sd), np.minimum(high, mean + 5 * sd), 33).T
    return mean, sd


def sinh_nodes(mean, sd, low, high, n=LAST):  # noqa: ANN001, ANN202
    """Nodes (d, n) from bound to bound, mean + a sinh(u), and their weights; a by bisection."""
    span = high - low
    wanted = np.minimum(NARROW * sd * (n - 1) / span, 1.0)
    few, many = np.full(len(mean), -25.0), np.full(len(mean), 6.0)
    for _ in range(60):
        a = span * np.exp((few + many) / 2)
        first, last = np.arcsinh((low - mean) / a), np.arcsinh((high - mean) / a)
        fine = a * (last - first) / span < wanted
        few, many = np.where(fine, (few + many) / 2, few), np.where(fine, many, (few + many) / 2)
    u = first[:, None] + (last - first)[:, None] * np.linspace(0, 1, n)
    weights = a[:, None] * np.cosh(u)
    weights[:, [0, -1]] /= 2
    x = np.clip(mean[:, None] + a[:, None] * np.sinh(u), low[:, None], high[:, None])
    return x, weights / weights.sum(1, keepdims=True)


def fill(log_prob, x, i, j, at):  # noqa: ANN001, ANN202
    """Log q (p, n, n) of pairs over their nodes, evaluated where interpolation is in doubt."""
    p, step = len(i), (at.shape[1] - 1) // (FIRST - 1)
    k, r, c = (each.ravel() for each in np.indices((p, FIRST, FIRST)))
    log_q = _evaluate_pairs(log_prob, x, i[k], j[k], at[i[k], r * step], at[j[k], c * step])
    log_q = log_q.reshape(p, FIRST, FIRST)
    floor = np.where(np.isfinite(log_q), log_q, np.inf).min((1, 2))
    floor = np.where(np.isfinite(floor), floor, 0.0)
    log_q = np.maximum(log_q, floor[:, None, None])
    top = log_q.max((1, 2))
    cubic = _cubic((FIRST + 1) // 2)
    error = _weighed(log_q, cubic @ log_q[:, ::2, ::2] @ cubic.T, top[:, None, None])
    for drop in DROPS:
        n, step = 2 * log_q.shape[1] - 1, step // 2
        near, doubt = _around(log_q), _around(error) / GAIN
        cubic = _cubic(log_q.shape[1])
        guess, peak = cubic @ log_q @ cubic.T, top[:, None, None]
        guess[:, ::2, ::2] = log_q
        new = np.ones((n, n), bool)
        new[::2, ::2] = False
        low = np.maximum(near, guess) < peak - drop
        rises = guess > near + RISE
        k, r, c = np.nonzero(new & (((doubt > DOUBT) & ~low) | (rises & (guess > peak - 10))))
        value = _evaluate_pairs(log_prob, x, i[k], j[k], at[i[k], r * step], at[j[k], c * step])
        value = np.maximum(value, floor[k])
        np.maximum.at(top, k, value)
        error = np.where(new & ~low, doubt, 0.0)
        error[k, r, c] = _weighed(value, guess[k, r, c], top[k])
        log_q = np.where(new & (low | rises), np.minimum(guess, near), guess)
        log_q[k, r, c] = value
    return log_q


def _weighed(value, guess, top):  # noqa: ANN001, ANN202
    """Error of a guess of log q; far below the peak it matters less."""
    return abs(value - guess) * np.exp(np.minimum(np.maximum(value, guess) - top, 0.0) / 4)


def _around(values):  # noqa: ANN001, ANN202
    """Greatest of the values (p, n, n) around each node of the doubled lattice."""
    near = np.arange(2 * values.shape[1] - 1) // 2
    return maximum_filter(values, size=(1, 3, 3))[:, near][:, :, near]


def _cubic(n: int) -> np.ndarray:
    """Matrix (2 n - 1, n) that doubles n values by cubic interpolation (Lagrange)."""
    at = np.arange(2 * n - 1) / 2
    first = np.clip(at.astype(int) - 1, 0, n - 4)
    matrix = np.zeros((len(at), n))
    for a in range(4):
        others = [first + b for b in range(4) if b != a]
        part = np.prod([(at - b) / (first + a - b) for b in others], axis=0)
        matrix[np.arange(len(at)), first + a] = part
    return matrix


def _evaluate_pairs(log_prob, x, i, j, a, b):  # noqa: ANN001, ANN202
    """Log q (m,) at x with parameter i at a and j at b, all (m,)."""
    values = np.empty(len(a))
    for k in range(0, len(a), ROWS):
        part = slice(k, k + ROWS)
        rows, points = np.arange(len(a[part])), np.tile(x, (len(a[part]), 1))
        points[rows, i[part]], points[rows, j[part]] = a[part], b[part]
        values[part] = evaluate(log_prob, points)
    return values


def on_axes(log_prob, x, free, axes):  # noqa: ANN001, ANN202
    """Log q on the grid of the axes of the free parameters, all others at x."""
    mesh = np.meshgrid(*axes, indexing="ij")
    points = np.tile(x, (mesh[0].size, 1))
    points[:, free] = np.stack([part.ravel() for part in mesh], 1)
    log_q = evaluate(log_prob, points).reshape(mesh[0].shape)
    if not np.isfinite(log_q.max()):
        raise ValueError("the density is 0 on the whole grid, expected some of its mass there")
    return log_q


def evaluate(log_prob, points):  # noqa: ANN001, ANN202
    """Log q (n,) at points (n, d), `ROWS` at a time."""
    parts, log_prob = range(0, len(points), ROWS), on_copies(log_prob)
    log_q = [np.asarray(log_prob(points[k : k + ROWS]), float) for k in parts]
    log_q = np.concatenate(log_q) if log_q else np.empty(0)
    if log_q.shape != (len(points),):
        raise ValueError(f"log_prob returned {log_q.shape}, expected {(len(points),)}")
    if (np.isnan(log_q) | (log_q == np.inf)).any():
        raise ValueError("log_prob returned NaN or inf, expected finite values or -inf")
    return log_q


def check_samples(samples, low, high):  # noqa: ANN001, ANN202
    """Samples (n, d) and bounds (d,) after checks."""
    x, low, high = aligned(samples=samples, low=low, high=high)
    d = finite(x, "samples").shape[1]
    low, high = spans(low, d, "low"), spans(high, d, "high")
    if not ((abs(low) < LARGEST) & (abs(high) < LARGEST) & (low < high)).all():
        raise ValueError(f"low is {low} and high {high}, expected finite bounds, low below high")
    out = np.flatnonzero(~((x >= low) & (x <= high)).all(0))
    if len(out):
        raise ValueError(f"samples leave the bounds in columns {out.tolist()}, expected none")
    return x, low, high


def check_parameters(parameters, d):  # noqa: ANN001, ANN202
    """Numbers of one or two different parameters, as an array."""
    free = np.atleast_1d(parameters)
    good = free.dtype.kind in "iu" and len(free) in (1, 2) and len(np.unique(free)) == len(free)
    if not good or not ((free >= 0) & (free < d)).all():
        raise ValueError(
            f"parameters are {parameters}, expected one or two different ones below {d}"
        )
    return free
