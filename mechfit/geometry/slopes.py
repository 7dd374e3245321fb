"""Gradients of functions by central differences."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mechfit.models.inputs import on_copies

__all__ = ["Function", "Slope", "slope_of"]

Function = Callable[[np.ndarray], np.ndarray]
"""Values (n,) at parameters (n, d)."""
Slope = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""Values (n,) and gradients (n, d) at parameters (n, d)."""
STEP = 1e-4


def slope_of(f: Function, given: Slope | None = None, scale: np.ndarray | float = 1.0) -> Slope:
    """The function with its gradient: the given one, or (f(x + h) - f(x - h)) / 2 h.

    Args:
        f: Function of parameters (n, d).
        given: The same with its gradient, if there is one.
        scale: What counts as a unit of each parameter (d,); h is 1e-4 of it.

    Example:
        >>> value, slope = slope_of(lambda x: (x**2).sum(1))(np.array([[1.0, 2.0]]))
        >>> slope.round(6)
        array([[2., 4.]])
    """
    if given is not None:
        return on_copies(given)
    f = on_copies(f)

    def both(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        n, d = x.shape
        h = STEP * np.broadcast_to(np.asarray(scale, float), d)
        around = x[:, None] + np.concatenate([np.diag(h), -np.diag(h), np.zeros((1, d))])
        values = f(around.reshape(-1, d)).reshape(n, 2 * d + 1)
        with np.errstate(invalid="ignore"):  # a log-density may be -inf on both sides
            return values[:, -1], (values[:, :d] - values[:, d:-1]) / (2 * h)

    return both
