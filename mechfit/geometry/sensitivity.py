r"""Sensitivity: the directions along which a posterior, or an output, changes most and least.

The gradient of a function f of the parameters, such as log q, in units of the prior's standard
deviations s, has the mean square along a direction v

    v^T M v,      M = E[g g^T],      g = s ∇f(theta),      theta ~ q,

and its eigenvectors are the directions from stiff, along which f changes most, to sloppy, along
which it hardly changes. For log q of a normal posterior M is the inverse of its
covariance. Constantine, Dow & Wang (2014), doi:10.1137/130916138; activity scores: Constantine &
Diaz (2017), doi:10.1016/j.ress.2017.01.013. Taught in ``book/geometry/compensation.md``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from mechfit.geometry.slopes import Function, Slope, slope_of
from mechfit.models.inputs import aligned, finite, spans

__all__ = ["ActiveSubspace", "active_subspace"]

ROWS = 200


@dataclass(frozen=True)
class ActiveSubspace:
    """The directions of a posterior or an output, from stiff to sloppy.

    Attributes:
        matrix: M (d, d), the mean of the products of the scaled gradient's entries.
        values: Mean squared slopes (d,) along the directions, the greatest first.
        directions: Unit directions (d, d), one a row; of each the largest entry is positive.
    """

    matrix: np.ndarray
    values: np.ndarray
    directions: np.ndarray

    @classmethod
    def of(cls, matrix: np.ndarray) -> Self:
        """The directions of a matrix M (d, d)."""
        values, vectors = np.linalg.eigh(matrix)
        values, directions = np.maximum(values[::-1], 0.0), vectors.T[::-1]
        largest = np.take_along_axis(directions, abs(directions).argmax(1)[:, None], 1)
        return cls(matrix, values, directions * np.sign(largest))

    @property
    def sensitivities(self) -> np.ndarray:
        """The mean squared slopes (d,) along each parameter alone, which are the diagonal of M."""
        return np.diag(self.matrix)

    def leading(self, k: int, names: Sequence[str], most: int = 5) -> list[tuple[str, float]]:
        """The parameters with the largest entries of direction k, and these entries."""
        order = np.argsort(-abs(self.directions[k]), kind="stable")[:most]
        return [(names[m], float(self.directions[k, m])) for m in order]


def active_subspace(
    f: Function, samples: np.ndarray, *, grad: Slope | None = None, scale: np.ndarray | float = 1.0
) -> ActiveSubspace:
    """Find the stiff and the sloppy directions of a function over draws of a posterior.

    Args:
        f: Log-density (n,) of parameters (n, d), or any other output, such as a statistic that a
            regression predicts.
        samples: Draws of the posterior (n, d).
        grad: The same function with its gradient; by default central differences.
        scale: Unit of each parameter (d,): the standard deviation of its prior.

    Raises:
        ValueError: Samples are not (n, d), or a gradient is not finite.

    Example:
        >>> draws = np.random.default_rng(1).normal(size=(4000, 2)) / [1.0, 4.0]
        >>> found = active_subspace(lambda x: -(x**2 @ [1.0, 16.0]) / 2, draws)
        >>> found.values.round(1)
        array([15.9,  1. ])
        >>> abs(found.directions[0]).round(1)
        array([0., 1.])
    """
    x, scale = aligned(samples=samples, scale=scale)
    scale = spans(scale, finite(x, "samples").shape[1], "scale", positive=True)
    both = slope_of(f, grad, scale)
    parts = [both(x[k : k + ROWS])[1] for k in range(0, len(x), ROWS)]
    slope = np.concatenate(parts) * scale
    if slope.shape != x.shape:
        raise ValueError(f"gradients have shape {slope.shape}, expected {x.shape}")
    bad = ~np.isfinite(slope).all(1)
    if bad.any():
        raise ValueError(
            f"the gradient is not finite at {bad.sum()} of {len(x)} samples, expected a function "
            "that is known around them: leave out samples at the bounds, or give its gradient"
        )
    with np.errstate(over="ignore", invalid="ignore"):
        matrix = slope.T @ slope / len(x)
    if not np.isfinite(matrix).all():
        raise ValueError(f"gradients reach {abs(slope).max():.3g}, too large to be squared")
    return ActiveSubspace.of(matrix)
