r"""Paths of high posterior probability between two parameter sets.

The cost of a path x(s) is the integral of a weight of its log-density over its length,

    C = integral_0^1 w(log q(x(s))) |x'(s)| ds,      w = exp(-b log q),

so that a step costs more where q is low. It does not depend on how the path is parametrized, and a
constant added to log q multiplies the cost of all paths alike. With b = 1 / sqrt(d / 2) a step
costs e times as much where log q is lower by its standard deviation over a normal posterior in d
dimensions. The path is a chain of nodes, which L-BFGS moves along the gradient of log C, with a
penalty on unequal spacing. The surprisal w = -log q is the weight of Gonçalves, Lueckmann,
Deistler et al. (2020), doi:10.7554/eLife.56261; with it a constant added to log q changes the
path. Taught in ``book/geometry/islands-or-valleys.md``.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize

from mechfit.geometry.slopes import Function, Slope, slope_of
from mechfit.models.inputs import aligned, finite, numbers, spans

__all__ = [
    "along",
    "high_probability_path",
    "inverse_density",
    "length",
    "orthogonal_path",
    "points_at",
    "straight",
    "surprisal",
]

Weight = Callable[[np.ndarray, np.ndarray, float], tuple[float, np.ndarray]]
"""Logarithm of the mean weight, and its derivatives (n,), from log q (n,), shares (n,) and b."""

SPACING = 10.0
"""Penalty on the squared coefficient of variation of the steps."""
SHORTEST, EDGE = 1e-10, 1e-4
"""Shortest step; distance from the bounds that a walk keeps; in units of the scale."""


def straight(start: np.ndarray, end: np.ndarray, nodes: int = 80) -> np.ndarray:
    """Nodes (nodes, d) of the straight line, equally spaced."""
    start, end = _ends(*aligned(start=start, end=end))
    return start + np.linspace(0, 1, nodes)[:, None] * (end - start)


def _ends(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Both (2, d), after checks."""
    spans(finite(end, "end", rows=None), len(finite(start, "start", rows=None)), "end")
    return np.stack([start, end])


def length(path: np.ndarray, scale: np.ndarray | float = 1.0) -> float:
    """Length of a chain of nodes (n, d), in units of the scale (d,)."""
    return float(_way(path, scale)[-1])


def along(path: np.ndarray, nodes: int, scale: np.ndarray | float = 1.0) -> np.ndarray:
    """The same path with nodes (nodes, d) at equal distances.

    Example:
        >>> along(np.array([[0.0], [1.0], [4.0]]), 3).tolist()
        [[0.0], [2.0], [4.0]]
    """
    return points_at(path, np.linspace(0, length(path, scale), nodes), scale)


def points_at(
    path: np.ndarray, distances: np.ndarray, scale: np.ndarray | float = 1.0
) -> np.ndarray:
    """Points (..., d) on a chain of nodes (n, d), at distances (...) from its start."""
    path, distances = (
        finite(numbers(path, "path"), "path", rows=2),
        numbers(distances, "distances"),
    )
    way = _way(path, scale)
    return np.stack([np.interp(distances, way, column) for column in path.T], -1)


def _way(path: np.ndarray, scale: np.ndarray | float) -> np.ndarray:
    """Length of the way (n,) from the start of a chain to each of its nodes (n, d)."""
    path, scale = aligned(path=path, scale=scale)
    steps = np.linalg.norm(np.diff(finite(path, "path", rows=2), axis=0) / scale, axis=1)
    return np.r_[0.0, np.cumsum(steps)]


def inverse_density(log_q: np.ndarray, share: np.ndarray, b: float) -> tuple[float, np.ndarray]:
    """Weight exp(-b log q): logarithm of its mean, and the derivatives by log q (n,)."""
    exponent = -b * log_q + np.log(share)
    top = exponent.max()
    parts = np.exp(exponent - top)
    return top + np.log(parts.sum()), -b * parts / parts.sum()


def surprisal(log_q: np.ndarray, share: np.ndarray, _: float) -> tuple[float, np.ndarray]:
    """Weight -log q, which has to be positive: logarithm of its mean, and its derivatives (n,)."""
    mean = -(share * log_q).sum()
    if mean <= 0:
        raise ValueError(
            "the mean of -log q along the path is not positive, where `surprisal` has no meaning; "
            "take `inverse_density`"
        )
    return np.log(mean), -share / mean


def high_probability_path(
    log_prob: Function,
    start: np.ndarray,
    end: np.ndarray,
    *,
    log_prob_grad: Slope | None = None,
    low: np.ndarray | float = -np.inf,
    high: np.ndarray | float = np.inf,
    scale: np.ndarray | float = 1.0,
    nodes: int = 80,
    sharpness: float = 1.0,
    weight: Weight = inverse_density,
    first: np.ndarray | None = None,
    most: int = 2000,
) -> np.ndarray:
    """Find a path of high probability between two parameter sets.

    Args:
        log_prob: Log-density (n,) of parameters (n, d), finite on the whole box.
        start: Where the path starts (d,).
        end: Where it ends (d,).
        log_prob_grad: The log-density with its gradient; by default central differences.
        low: Lower bounds of the parameters (d,); no node leaves them.
        high: Upper bounds (d,).
        scale: Unit of each parameter (d,) in which lengths are measured, such as the standard
            deviation of its prior.
        nodes: Number of nodes, with the start and the end.
        sharpness: b is the sharpness over sqrt(d / 2); the larger, the longer the detours around
            low densities.
        weight: The weight w: `inverse_density` or `surprisal`.
        first: Path (n, d) to begin with; by default the straight line.
        most: Most iterations.

    Returns:
        The nodes (nodes, d), at equal distances but for what the optimization leaves.

    Raises:
        ValueError: An end lies outside the bounds, or log q is not finite along the first path.

    Example:
        >>> def ring(x):
        ...     return -20 * (np.hypot(*x.T) - 1) ** 2
        >>> path = high_probability_path(ring, [1.0, 0.0], [-1.0, 0.1], sharpness=5.0)
        >>> bool(abs(np.hypot(*path.T) - 1).max() < 0.1)
        True
    """
    start, end, low, high, scale = aligned(start=start, end=end, low=low, high=high, scale=scale)
    ends = _ends(start, end)
    d = ends.shape[1]
    low, high = spans(low, d, "low"), spans(high, d, "high")
    if not ((ends >= low) & (ends <= high)).all():
        raise ValueError(f"start and end are {ends.tolist()}, expected both inside the bounds")
    scale = spans(scale, d, "scale", positive=True)
    path = straight(*ends, nodes) if first is None else along(first, nodes, scale)
    path = np.clip(path, low, high)
    path[[0, -1]] = ends
    both, b = slope_of(log_prob, log_prob_grad, scale), sharpness / np.sqrt(d / 2)
    value = both(path)[0]
    if not np.isfinite(value).all():
        raise ValueError(
            f"the log-density is not finite at {np.count_nonzero(~np.isfinite(value))} of {nodes} "
            "nodes of the first path, expected a density that is known there"
        )

    def cost(free: np.ndarray) -> tuple[float, np.ndarray]:
        path[1:-1] = free.reshape(-1, d) * scale
        return _cost(both, path, scale, weight, b)

    bounds = np.stack([np.tile(low / scale, nodes - 2), np.tile(high / scale, nodes - 2)], 1)
    found = minimize(
        cost,
        (path[1:-1] / scale).ravel(),
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"maxiter": most, "maxfun": 2 * most, "maxcor": 30, "ftol": 1e-9, "gtol": 1e-7},
    )
    path[1:-1] = found.x.reshape(-1, d) * scale
    return path


def _cost(both, path, scale, weigh, b):  # noqa: ANN001, ANN202
    """Logarithm of a path's cost, and its derivative by the inner nodes in units of the scale."""
    log_q, slope = both(path)
    share = np.full(len(path), 1 / (len(path) - 1))
    share[[0, -1]] /= 2
    value, by_log_q = weigh(log_q, share, b)
    steps = np.diff(path, axis=0) / scale
    lengths = np.maximum(np.linalg.norm(steps, axis=1), SHORTEST)
    total, mean = lengths.sum(), lengths.mean()
    relative, apart = lengths / mean, lengths / mean - 1
    uneven = SPACING * (apart**2).mean()
    # the derivative of the unevenness by a length; the mean moves along
    by_length = 2 * SPACING / len(lengths) / mean * (apart - (relative * apart).mean()) + 1 / total
    pull = by_length[:, None] * steps / lengths[:, None]
    gradient = by_log_q[:, None] * slope * scale
    gradient[1:] += pull
    gradient[:-1] -= pull
    return value + np.log(total) + uneven, gradient[1:-1].ravel()


def orthogonal_path(
    log_prob: Function,
    path: np.ndarray,
    node: int,
    *,
    log_prob_grad: Slope | None = None,
    low: np.ndarray | float = -np.inf,
    high: np.ndarray | float = np.inf,
    scale: np.ndarray | float = 1.0,
    step: float = 0.01,
    reach: float | None = None,
) -> np.ndarray:
    """Follow the negative gradient of log q from a node of a path, at a right angle to the path.

    Steps are of fixed length; a parameter that reaches its bound stays there.

    Args:
        log_prob: Log-density (n,) of parameters (n, d).
        path: Nodes (n, d) of the path.
        node: Number of the node to start from, not the first or the last.
        log_prob_grad: The log-density with its gradient; by default central differences.
        low: Lower bounds of the parameters (d,).
        high: Upper bounds (d,).
        scale: Unit of each parameter (d,), in which angles and lengths are measured.
        step: Length of a step.
        reach: Length of the walk; by default a 27th of the path's, as in the study.

    Returns:
        The nodes (m, d), the first one that of the path.
    """
    path, low, high, scale = aligned(path=path, low=low, high=high, scale=scale)
    d = finite(path, "path", rows=2).shape[1]
    scale = spans(scale, d, "scale", positive=True)
    path, low, high = path / scale, spans(low, d, "low") / scale, spans(high, d, "high") / scale
    if not 0 < node < len(path) - 1:
        raise ValueError(f"node is {node}, expected one inside a path of {len(path)} nodes")
    both = slope_of(log_prob, log_prob_grad, scale)
    normal = path[node + 1] - path[node - 1]
    normal = normal / np.linalg.norm(normal)
    walked = [path[node]]
    for _ in range(int(np.ceil((length(path) / 27 if reach is None else reach) / step - 1e-9))):
        p = walked[-1]
        down = -both(p[None] * scale)[1][0] * scale
        down = down - normal * (normal @ down)
        down[(p <= low + EDGE) | (p >= high - EDGE)] = 0.0
        p = p + step * down / np.linalg.norm(down)
        walked.append(np.clip(p, low + EDGE, high - EDGE))
    return np.array(walked) * scale
