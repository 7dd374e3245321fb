r"""Conditionals: what a posterior says of some parameters when all others are known.

With all parameters but i and j held at a draw, their conditional density and its correlation are

    q(a, b) ∝ q(theta_1, ..., a, ..., b, ..., theta_d),      rho_ij = cov(a, b) / (sd(a) sd(b)),

and the mean of rho_ij over draws tells whether a change of one can be made up for by the other,
where the correlation of the draws themselves is blurred by all that is not held. Published on a
grid of 50 x 50 over the prior: Gonçalves, Lueckmann, Deistler et al. (2020),
doi:10.7554/eLife.56261. Here log q, which is smooth where q is a thin bent ridge, is filled in
over a lattice: from level to level cubic interpolation doubles it, and log q is asked for only
where the interpolation was seen to err and where there may be mass. Nodes lie closer around the
draw where a conditional is narrow. Draws of conditionals come from slice sampling along random
lines, Neal (2003), doi:10.1214/aos/1056562461. Taught in ``book/geometry/compensation.md``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import maximum_filter

from mechfit.geometry.slopes import Function
from mechfit.simulation.progress import progress_bar

__all__ = [
    "conditional_correlations",
    "conditional_density",
    "mean_correlations",
    "pair_correlations",
    "partners",
    "sample_conditional",
    "sample_conditional_on_grid",
]

ROWS = 4000
"""Rows of one call of log q."""
FIRST, DROPS = 9, (60.0, 25.0, 10.0)
"""Nodes of the first lattice, and how far below the peak log q still matters at each doubling."""
LAST = (FIRST - 1) * 2 ** len(DROPS) + 1
DOUBT, GAIN, RISE = 0.15, 4.0, 0.5
"""Error of log q that is let pass; by what it falls from one lattice to the next; what rises by
more above its neighbors is not believed unless it is asked."""
NARROW = 0.7
"""Widest distance of nodes around a draw, in standard deviations of a conditional."""
CHAINS, BLOCKS, TRIES = 200, 7, 100


def conditional_density(
    log_prob: Function,
    point: np.ndarray,
    parameters: int | Sequence[int],
    low: np.ndarray | float,
    high: np.ndarray | float,
    grid: int | Sequence[np.ndarray] = 50,
) -> tuple[np.ndarray, ...]:
    """Density of one or two parameters with all others fixed.

    Args:
        log_prob: Log-density (n,) of parameters (n, d), up to a constant.
        point: Where the others are fixed (d,).
        parameters: Number of one parameter, or of two.
        low: Lower bounds (d,).
        high: Upper bounds (d,).
        grid: Points along each parameter from bound to bound, or the points themselves.

    Returns:
        The points (grid,) along each parameter, then the density (grid,) or (grid, grid), the
        first parameter along the rows; its integral is 1 by the trapezoidal rule.

    Raises:
        ValueError: A bad point or parameters, or log q is nowhere finite on the grid.

    Example:
        >>> def correlated(x):
        ...     return -(x[:, 0] ** 2 - 1.8 * x[:, 0] * x[:, 1] + x[:, 1] ** 2)
        >>> a, density = conditional_density(correlated, [0.0, 1.0], 0, -3.0, 3.0, 61)
        >>> float(a[density.argmax()].round(2))
        0.9
    """
    x, low, high = _boxed(np.asarray(point, float)[None], low, high)
    free = np.unique(parameters)
    if np.size(parameters) != len(free) or len(free) > 2:
        raise ValueError(f"parameters are {parameters}, expected one or two different ones")
    free = _chosen(parameters, x.shape[1])
    axes = tuple(
        np.linspace(low[k], high[k], grid) if isinstance(grid, int) else np.asarray(grid[m], float)
        for m, k in enumerate(free)
    )
    log_q = _on_axes(log_prob, x[0], free, axes)
    density = np.exp(log_q - log_q.max())
    mass = density
    for axis in reversed(axes):
        mass = np.trapezoid(mass, axis)
    return *axes, density / mass


def conditional_correlations(
    log_prob: Function,
    samples: np.ndarray,
    low: np.ndarray | float,
    high: np.ndarray | float,
    *,
    grid: int | None = None,
) -> np.ndarray:
    """Correlation (d, d) of each two parameters given all others, in the mean over draws.

    Args:
        log_prob: Log-density (n,) of parameters (n, d), up to a constant.
        samples: Draws of the posterior (n, d).
        low: Lower bounds of the parameters (d,).
        high: Upper bounds (d,).
        grid: Points along each side of a fixed grid, 50 in the study; by default an adapted one.

    Example:
        >>> precision = np.array([[2.0, -1.0], [-1.0, 2.0]])
        >>> def normal(x):
        ...     return -np.einsum("ni,ij,nj->n", x, precision, x) / 2
        >>> conditional_correlations(normal, np.zeros((1, 2)), -9.0, 9.0).round(2)
        array([[1. , 0.5],
               [0.5, 1. ]])
    """
    values = pair_correlations(log_prob, samples, low, high, grid=grid)
    return mean_correlations(values, np.shape(samples)[1])[0]


def pair_correlations(
    log_prob: Function,
    samples: np.ndarray,
    low: np.ndarray | float,
    high: np.ndarray | float,
    pairs: Sequence[tuple[int, int]] | np.ndarray | None = None,
    *,
    grid: int | None = None,
) -> np.ndarray:
    """Correlation (n, p) of pairs of parameters given all others, at each draw.

    The adapted grid sees a conditional that is narrow at the draw, however narrow it is, and what
    is wider than a 30th of the box anywhere else; a fixed one what is wider than its step.

    Args:
        log_prob: Log-density (n,) of parameters (n, d), up to a constant.
        samples: Draws of the posterior (n, d).
        low: Lower bounds of the parameters (d,).
        high: Upper bounds (d,).
        pairs: Numbers (p, 2) of the parameters; by default all d (d - 1) / 2, row by row.
        grid: Points along each side of a fixed grid, 50 in the study; by default an adapted one.

    Raises:
        ValueError: A sample lies outside the bounds or where the density is 0, or log q is NaN.
    """
    x, low, high = _boxed(samples, low, high)
    i, j = _pairs(pairs, x.shape[1])
    found = np.empty((len(x), len(i)))
    with progress_bar(len(x), " draws") as bar:
        for row, at in enumerate(x):
            if grid is None:
                nodes, weights = _nodes(*_slices(log_prob, at, low, high), low, high)
                log_q = _lattice(log_prob, at, i, j, nodes)
                found[row] = _correlation(log_q, nodes[i], nodes[j], weights[i], weights[j])
            else:
                for k, (a, b) in enumerate(zip(i, j, strict=True)):
                    axes = [np.linspace(low[m], high[m], grid)[None] for m in (a, b)]
                    log_q = _on_axes(log_prob, at, np.array([a, b]), [axis[0] for axis in axes])
                    found[row, k] = _correlation(log_q[None], *axes, 1.0, 1.0)[0]
            bar.update(1)
    return found


def mean_correlations(values: np.ndarray, d: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean (d, d) and standard error (d, d) over draws of the correlations (n, p) of all pairs."""
    i, j = np.triu_indices(d, 1)
    if np.ndim(values) != 2 or np.shape(values)[1] != len(i):
        raise ValueError(f"values has shape {np.shape(values)}, expected (n, {len(i)})")
    mean, error = np.eye(d), np.zeros((d, d))
    mean[i, j] = mean[j, i] = np.mean(values, 0)
    n = len(values)
    error[i, j] = error[j, i] = np.std(values, 0, ddof=1) / np.sqrt(n) if n > 1 else np.nan
    return mean, error


def partners(
    correlations: np.ndarray,
    parameter: int | str,
    names: Sequence[str] | None = None,
    most: int = 5,
) -> list[tuple[int | str, float]]:
    """The parameters that compensate best for one, with their conditional correlations.

    Args:
        correlations: Conditional correlations (d, d).
        parameter: Number of the parameter, or its name.
        names: Names of all parameters; without them numbers are returned.
        most: How many to return, the strongest first.

    Example:
        >>> rho = np.array([[1.0, 0.2, -0.7], [0.2, 1.0, 0.1], [-0.7, 0.1, 1.0]])
        >>> partners(rho, "g_Na", ["g_Na", "g_K", "g_leak"], 1)
        [('g_leak', -0.7)]
    """
    rho = np.asarray(correlations, float)
    names = list(range(len(rho)) if names is None else names)
    if parameter not in (names if isinstance(parameter, str) else range(len(rho))):
        raise ValueError(f"parameter is {parameter!r}, expected one of {names}, or its number")
    k = names.index(parameter) if isinstance(parameter, str) else parameter
    order = [m for m in np.argsort(-abs(rho[k]), kind="stable") if m != k]
    return [(names[m], float(rho[k, m])) for m in order[:most]]


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
    x, low, high = _boxed(np.asarray(point, float)[None], low, high)
    free, rng = _chosen(free, x.shape[1]), np.random.default_rng(seed)
    theta = np.tile(x, (max(n, CHAINS), 1))
    log_q = _ask(log_prob, theta)
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
    x, low, high = _boxed(np.asarray(point, float)[None], low, high)
    free, rng = _chosen(free, x.shape[1]), np.random.default_rng(seed)
    if len(free) > 2:
        raise ValueError(f"free is {free.tolist()}, expected one or two parameters")
    nodes, _ = _nodes(*_slices(log_prob, x[0], low, high), low, high, grid)
    log_q = _on_axes(log_prob, x[0], free, [nodes[k] for k in free])
    q = np.exp(log_q - log_q.max()).reshape(grid, -1)
    wide = np.diff(nodes[free[0]])[:, None]
    theta, u = np.tile(x[0], (n, 1)), rng.random((3, n))
    if len(free) == 1:
        q, second = np.repeat(q, 2, 1), np.array([0.0, 1.0])
    else:
        second = nodes[free[1]]
    mass = (q[1:, 1:] + q[1:, :-1] + q[:-1, 1:] + q[:-1, :-1]) * wide * np.diff(second)
    total = np.cumsum(mass.ravel())
    r, c = np.unravel_index(np.searchsorted(total / total[-1], u[0], side="right"), mass.shape)
    s = _within(q[r, c] + q[r, c + 1], q[r + 1, c] + q[r + 1, c + 1], u[1])
    left, right = ((1 - s) * q[r, k] + s * q[r + 1, k] for k in (c, c + 1))
    theta[:, free[0]] = nodes[free[0]][r] + s * wide[r, 0]
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
        tried_value = _ask(log_prob, tried)
        inside = tried_value > level[rows]
        moved[rows[inside]], value[rows[inside]] = tried[inside], tried_value[inside]
        rows, t = rows[~inside], t[~inside]
        if not len(rows):
            break
        low[rows[t < 0]], high[rows[t >= 0]] = t[t < 0], t[t >= 0]
    return moved, value


def _slices(log_prob, x, low, high):  # noqa: ANN001, ANN202
    """Mean and standard deviation (d,) of each parameter with all others at x (d,)."""
    d, near = len(x), 2.0 ** -np.arange(1, 20)
    everywhere = low + (high - low) * np.linspace(0, 1, 33)[:, None]
    around = x + (high - low) * np.r_[near, -near, 0.0][:, None]
    t = np.sort(np.clip(np.concatenate([everywhere, around]), low, high), 0).T
    for _ in range(2):
        points = np.tile(x, (d, t.shape[1], 1))
        points[np.arange(d), :, np.arange(d)] = t
        log_q = _ask(log_prob, points.reshape(-1, d)).reshape(t.shape)
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


def _nodes(mean, sd, low, high, n=LAST):  # noqa: ANN001, ANN202
    """Nodes (d, n) from bound to bound and their weights; around a narrow mean they are closer.

    Nodes are x = mean + a sinh(u) at equal steps of u; a is found by bisection.
    """
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
    nodes = np.clip(mean[:, None] + a[:, None] * np.sinh(u), low[:, None], high[:, None])
    return nodes, weights / weights.sum(1, keepdims=True)


def _lattice(log_prob, x, i, j, nodes):  # noqa: ANN001, ANN202
    """Log q (p, n, n) of pairs over their nodes, asked for where interpolation is in doubt."""
    p, step = len(i), (nodes.shape[1] - 1) // (FIRST - 1)
    k, r, c = (each.ravel() for each in np.indices((p, FIRST, FIRST)))
    log_q = _ask_pairs(log_prob, x, i[k], j[k], nodes[i[k], r * step], nodes[j[k], c * step])
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
        k, r, c = np.nonzero(
            new & (((doubt > DOUBT) & ~low) | ((guess > near + RISE) & (guess > peak - 10)))
        )
        value = _ask_pairs(log_prob, x, i[k], j[k], nodes[i[k], r * step], nodes[j[k], c * step])
        value = np.maximum(value, floor[k])
        np.maximum.at(top, k, value)
        error = np.where(new & ~low, doubt, 0.0)
        error[k, r, c] = _weighed(value, guess[k, r, c], top[k])
        log_q = np.where(low & new, np.minimum(guess, near), guess)
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


def _correlation(log_q, a, b, by_a, by_b):  # noqa: ANN001, ANN202
    """Correlation (p,) of densities (p, n, m) on nodes (p, n) and (p, m) with weights."""
    q = np.exp(log_q - log_q.max((1, 2), keepdims=True))
    q = q * np.asarray(by_a)[..., None] * np.expand_dims(by_b, -2 if np.ndim(by_b) > 1 else 0)
    q /= q.sum((1, 2), keepdims=True)
    first, second = q.sum(2), q.sum(1)
    a = a - (first * a).sum(1, keepdims=True)
    b = b - (second * b).sum(1, keepdims=True)
    along = (a[:, None] @ q @ b[:, :, None])[:, 0, 0]
    with np.errstate(invalid="ignore", divide="ignore"):
        return along / np.sqrt((first * a**2).sum(1) * (second * b**2).sum(1))


def _ask_pairs(log_prob, x, i, j, a, b):  # noqa: ANN001, ANN202
    """Log q (m,) at x with parameter i at a and j at b, all (m,)."""
    values = np.empty(len(a))
    for k in range(0, len(a), ROWS):
        part = slice(k, k + ROWS)
        rows, points = np.arange(len(a[part])), np.tile(x, (len(a[part]), 1))
        points[rows, i[part]], points[rows, j[part]] = a[part], b[part]
        values[part] = _ask(log_prob, points)
    return values


def _on_axes(log_prob, x, free, axes):  # noqa: ANN001, ANN202
    """Log q on the grid of the axes of the free parameters, all others at x."""
    mesh = np.meshgrid(*axes, indexing="ij")
    points = np.tile(x, (mesh[0].size, 1))
    points[:, free] = np.stack([part.ravel() for part in mesh], 1)
    log_q = _ask(log_prob, points).reshape(mesh[0].shape)
    if not np.isfinite(log_q.max()):
        raise ValueError("the density is 0 on the whole grid, expected some of its mass there")
    return log_q


def _ask(log_prob, points):  # noqa: ANN001, ANN202
    """Log q (n,) at points (n, d), some at a time."""
    parts = range(0, len(points), ROWS)
    log_q = [np.asarray(log_prob(points[k : k + ROWS]), float) for k in parts]
    log_q = np.concatenate(log_q) if log_q else np.empty(0)
    if log_q.shape != (len(points),):
        raise ValueError(f"log_prob returned {log_q.shape}, expected {(len(points),)}")
    if (np.isnan(log_q) | (log_q == np.inf)).any():
        raise ValueError("log_prob returned NaN or inf, expected finite values or -inf")
    return log_q


def _boxed(samples, low, high):  # noqa: ANN001, ANN202
    """Samples (n, d) and bounds (d,) after checks."""
    x = np.asarray(samples, float)
    if x.ndim != 2 or not len(x):
        raise ValueError(f"samples has shape {x.shape}, expected (n, d) with at least 1 row")
    low, high = (np.broadcast_to(np.asarray(b, float), x.shape[1]) for b in (low, high))
    if not (np.isfinite(high - low) & (low < high)).all():
        raise ValueError(f"low is {low} and high {high}, expected finite bounds, low below high")
    out = np.flatnonzero(~((x >= low) & (x <= high)).all(0))
    if len(out):
        raise ValueError(f"samples leave the bounds in columns {out.tolist()}, expected none")
    return x, low, high


def _chosen(parameters, d):  # noqa: ANN001, ANN202
    """Numbers of distinct parameters, as an array."""
    free = np.atleast_1d(np.asarray(parameters))
    good = free.dtype.kind in "iu" and len(free) and len(set(free.tolist())) == len(free)
    if not good or not ((free >= 0) & (free < d)).all():
        raise ValueError(f"parameters are {parameters}, expected different ones below {d}")
    return free


def _pairs(pairs, d):  # noqa: ANN001, ANN202
    """Numbers (p,) of the first and the second parameters of pairs."""
    if pairs is None:
        return np.triu_indices(d, 1)
    pairs = np.asarray(pairs)
    if pairs.ndim != 2 or pairs.shape[1] != 2 or (pairs[:, 0] == pairs[:, 1]).any():
        raise ValueError(f"pairs are {pairs.tolist()}, expected (p, 2) of different parameters")
    for pair in pairs:
        _chosen(pair, d)
    return pairs[:, 0], pairs[:, 1]
