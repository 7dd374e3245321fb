"""Farthest-point sampling: a few points that lie as far apart as possible.

The next point is the one whose nearest chosen point is farthest away (Gonzalez 1985,
doi:10.1016/0304-3975(85)90224-5). Taught in the chapter geometry/pyloric-circuit.
"""

import numpy as np
from numpy.typing import ArrayLike

from mechfit.models.inputs import finite, numbers, whole

__all__ = ["farthest_points"]


def farthest_points(points: ArrayLike, n: int, first: int = 0) -> np.ndarray:
    """Choose n points far apart from each other.

    Args:
        points: Points (m, d), in units in which Euclidean distances make sense.
        n: Number of points to choose, at most m.
        first: Index of the first one.

    Returns:
        Their indices (n,), in the order in which they were chosen.

    Example:
        >>> farthest_points([[0.0], [1.0], [10.0], [4.0]], 3)
        array([0, 2, 3])
    """
    points, n = numbers(points, "points"), whole(n, "n", 1)
    if points.ndim != 2 or n > len(points):
        raise ValueError(f"points have shape {points.shape}, expected (m, d) with m >= {n}")
    whole(first, "first", 0, len(finite(points, "points")))
    chosen = [first]
    nearest = np.full(len(points), np.inf)
    for _ in range(n - 1):
        nearest = np.minimum(nearest, ((points - points[chosen[-1]]) ** 2).sum(1))
        chosen.append(int(nearest.argmax()))
    return np.array(chosen)
