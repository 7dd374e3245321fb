"""Newton's method for the maximum of a concave function.

A step A^-1 g, for the gradient g and the information A (minus the Hessian), leads to the maximum
of the parabola that touches the function; it is halved until the function does not fall. Near the
maximum each step squares the error, so that about ten suffice. Of a log-likelihood or a
log-posterior, A^-1 is then the covariance of the normal approximation (Laplace).
"""

from collections.abc import Callable

import numpy as np

__all__ = ["maximum"]

STEPS, CONVERGED, ROUNDING = 100, 1e-20, 1e-12
"""Most steps; twice the rise that ends them; rounding of the function, relative to its value."""


def maximum(
    function: Callable[[np.ndarray], float],
    slopes: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]],
    start: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Place w (d,) of the maximum, and A^-1 (d, d).

    Args:
        function: A concave function of w.
        slopes: Its gradient (d,) and information (d, d) at w.
        start: Where the search starts (d,).

    Raises:
        ArithmeticError: The search did not converge, as where the function rises forever.

    Example:
        >>> def slopes(w):
        ...     return 1 - np.exp(w), [np.exp(w)]
        >>> maximum(lambda w: (w - np.exp(w)).sum(), slopes, [2.0])[0].round(12)
        array([0.])
    """
    w = np.array(start, float)
    for _ in range(STEPS):
        gradient, information = slopes(w)
        try:
            inverse = np.linalg.inv(information)
        except np.linalg.LinAlgError:
            break
        step = inverse @ gradient
        gain = gradient @ step
        if not 0 <= gain < np.inf:
            break
        if gain < CONVERGED:
            return w + step, inverse
        least = function(w) - ROUNDING * abs(function(w))
        while not function(w + step) >= least:
            step /= 2
        w += step
    raise ArithmeticError("Newton's method did not converge, expected a concave function")
