r"""Conditional densities and correlations of two parameters, all others fixed.

With all parameters but i and j fixed at a draw, their conditional density and its correlation are

    q(a, b) ∝ q(theta_1, ..., a, ..., b, ..., theta_d),      rho_ij = cov(a, b) / (sd(a) sd(b)),

and the mean of rho_ij over draws tells whether one can compensate for a change of the other.
Published on a grid of 50 x 50 over the prior: Gonçalves, Lueckmann, Deistler et al. (2020),
doi:10.7554/eLife.56261. A conditional thinner than a step of that grid falls on one point, and
most points lie where there is no mass: by default the points are those of ``lattice.py``. Taught
in ``book/geometry/compensation.md``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mechfit.geometry import lattice
from mechfit.geometry.slopes import Function
from mechfit.models.inputs import aligned, finite, numbers
from mechfit.simulation import map_cores

__all__ = ["conditional_density", "pair_correlations", "partners"]


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
        point: Values (d,) at which the others are fixed.
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
    point, low, high = aligned(point=point, low=low, high=high)
    x, low, high = lattice.check_samples(finite(point, "point", rows=None)[None], low, high)
    free = lattice.check_parameters(parameters, x.shape[1])
    axes = tuple(
        np.linspace(low[k], high[k], grid)
        if isinstance(grid, int | np.integer)
        else numbers(grid[m], "grid")
        for m, k in enumerate(free)
    )
    log_q = lattice.on_axes(log_prob, x[0], free, axes)
    density = np.exp(log_q - log_q.max())
    mass = density
    for axis in reversed(axes):
        mass = np.trapezoid(mass, axis)
    return *axes, density / mass


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

    The adapted grid resolves a conditional at the draw, however narrow it is, and elsewhere what
    is wider than a 30th of the box; a fixed grid resolves what is wider than its step.

    Args:
        log_prob: Log-density (n,) of parameters (n, d), up to a constant.
        samples: Draws of the posterior (n, d).
        low: Lower bounds of the parameters (d,).
        high: Upper bounds (d,).
        pairs: Numbers (p, 2) of the parameters; by default all d (d - 1) / 2, row by row.
        grid: Points along each side of a fixed grid, 50 in the study; by default an adapted one.

    Raises:
        ValueError: A sample lies outside the bounds or where the density is 0, or log q is NaN.

    Example:
        >>> precision = np.array([[2.0, -1.0], [-1.0, 2.0]])
        >>> def normal(x):
        ...     return -np.einsum("ni,ij,nj->n", x, precision, x) / 2
        >>> pair_correlations(normal, np.zeros((1, 2)), -9.0, 9.0).round(2)
        array([[0.5]])
    """
    x, low, high = lattice.check_samples(samples, low, high)
    i, j = np.triu_indices(x.shape[1], 1) if pairs is None else _pairs(pairs, x.shape[1])

    def row(point: np.ndarray) -> np.ndarray:
        if grid is not None:
            return _over_box(log_prob, point, i, j, low, high, grid)
        mean, sd = lattice.slice_moments(log_prob, point, low, high)
        at, weights = lattice.sinh_nodes(mean, sd, low, high)
        log_q = lattice.fill(log_prob, point, i, j, at)
        return _correlation(log_q, at[i], at[j], weights[i], weights[j])

    return np.array(map_cores(row, x, " draws"))


def partners(
    correlations: np.ndarray,
    parameter: int | str,
    names: Sequence[str] | None = None,
    most: int = 5,
) -> list[tuple[int | str, float]]:
    """The parameters that compensate best for one, the strongest first, with their correlations.

    Args:
        correlations: Conditional correlations (d, d).
        parameter: Number of the parameter, or its name.
        names: Names of all parameters; without them numbers are returned.
        most: Number of partners.

    Example:
        >>> rho = np.array([[1.0, 0.2, -0.7], [0.2, 1.0, 0.1], [-0.7, 0.1, 1.0]])
        >>> partners(rho, "g_Na", ["g_Na", "g_K", "g_leak"], 1)
        [('g_leak', -0.7)]
    """
    rho = numbers(correlations, "correlations")
    names = list(range(len(rho)) if names is None else names)
    if parameter not in (names if isinstance(parameter, str) else range(len(rho))):
        raise ValueError(f"parameter is {parameter!r}, expected one of {names}, or its number")
    k = names.index(parameter) if isinstance(parameter, str) else parameter
    order = [m for m in np.argsort(-abs(rho[k]), kind="stable") if m != k]
    return [(names[m], float(rho[k, m])) for m in order[:most]]


def _over_box(log_prob, x, i, j, low, high, grid):  # noqa: ANN001, ANN202
    """Correlations (p,) of pairs at x from a fixed grid over the whole box."""
    found = []
    for pair in zip(i, j, strict=True):
        axes = [np.linspace(low[m], high[m], grid) for m in pair]
        log_q = lattice.on_axes(log_prob, x, np.array(pair), axes)
        found.append(_correlation(log_q[None], axes[0][None], axes[1][None], 1.0, 1.0)[0])
    return np.array(found)


def _correlation(log_q, a, b, by_a, by_b):  # noqa: ANN001, ANN202
    """Correlation (p,) of densities (p, n, m) on nodes (p, n) and (p, m) with weights."""
    q = np.exp(log_q - log_q.max((1, 2), keepdims=True))
    q = q * np.asarray(by_a)[..., None] * np.expand_dims(by_b, -2 if np.ndim(by_b) > 1 else 0)
    q /= q.sum((1, 2), keepdims=True)
    first, second = q.sum(2), q.sum(1)
    a = a - (first * a).sum(1, keepdims=True)
    b = b - (second * b).sum(1, keepdims=True)
    covariance = (a[:, None] @ q @ b[:, :, None])[:, 0, 0]
    with np.errstate(invalid="ignore", divide="ignore"):
        return covariance / np.sqrt((first * a**2).sum(1) * (second * b**2).sum(1))


def _pairs(pairs, d):  # noqa: ANN001, ANN202
    """Numbers (p,) of the first and the second parameters of pairs."""
    found = [lattice.check_parameters(pair, d) for pair in pairs]
    if any(len(pair) != 2 for pair in found):
        raise ValueError(f"pairs are {pairs}, expected (p, 2) of different parameters")
    return np.array(found).reshape(-1, 2).T
