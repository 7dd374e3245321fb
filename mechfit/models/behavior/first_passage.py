r"""Exact likelihood of decisions: the first passage of a Wiener process through two bounds.

Evidence dX = v dt + dW starts at w a and is absorbed at 0 (choice 0) or at a (choice 1); the
reaction takes t_0 longer. The density of a decision time t at the lower bound is

    p(t) = a^-2 exp(-v a w - v² t / 2) f(t / a²; w),

at the upper one the same for -v and 1 - w. f(u; w), that of leaving (0, 1) at 0 from w without
drift, is a sum of images or of eigenfunctions, which need few terms for short and for long u,

    f(u; w) = (2 pi u³)^-1/2 sum_k (w + 2k) exp(-(w + 2k)² / 2u)
            = pi sum_k k exp(-k² pi² u / 2) sin(k pi w).

With the largest term's exponential in front, five terms of either are exact to rounding, also in
the tails. Navarro & Fuss (2009), doi:10.1016/j.jmp.2009.02.003. The separation a is the whole one,
as in HDDM and Stan; packages whose bounds are at ±a have half of it. Taught in
``book/models/decisions.md``.
"""

from math import exp, inf, log, pi, sin

import numpy as np
from numba.extending import register_jitable
from numpy.typing import ArrayLike

from mechfit.compile import compiled
from mechfit.models.distributions import LOG_SQRT_2PI
from mechfit.models.inputs import check_possible
from mechfit.summaries.arguments import array_of

__all__ = ["decision_density", "decision_log_likelihood", "decision_moments"]

PARAMETERS = ("v", "a", "w", "t_0")
EXPECTED = ("a finite drift", "a separation above 0", "a start in (0, 1)", "a time of at least 0")
SWITCH, SMALLEST = 0.3, 1e-300
"""Time from which on eigenfunctions are summed; smallest sum, of which rounding leaves nothing."""
STILL = 1e-5
"""Drift times separation below which the mean is a series."""


def decision_density(x: ArrayLike, theta: ArrayLike) -> np.ndarray:
    """Density (m, n), per s, of each trial for parameters theta (m, 4) or (4,).

    Args:
        x: Trials in rows, (n, 2): choice, 0 or 1, and reaction time (s); or one after the other,
            (2 n,), as `DriftDiffusion` has them. Trials with a NaN are missing and left out.
        theta: Parameters in rows: drift v, separation a, relative start w, non-decision time t₀.
            The density is 0 where t₀ is not below the reaction time.

    Example:
        >>> decision_density([[1, 0.5], [0, 0.5]], [1.0, 1.4, 0.5, 0.2]).round(3)
        array([[1.296, 0.32 ]])
    """
    trials, theta = trials_of(x), check_parameters(theta)
    out = np.empty((len(theta), len(trials)))
    fill_log_density(theta, trials, out)
    return np.exp(out)


def decision_log_likelihood(x: ArrayLike, theta: ArrayLike) -> np.ndarray:
    """Log-likelihood (m,) of trials for parameters theta (m, 4), as `decision_density` has them.

    It is -inf where a reaction is faster than t₀, as `importance_sample` expects of data that are
    impossible.

    Example:
        >>> trials = [[1, 0.5], [0, 0.6], [1, 0.9]]
        >>> decision_log_likelihood(trials, [[1.0, 1.4, 0.5, 0.2], [1.0, 1.4, 0.5, 0.55]])
        array([-2.11760745,        -inf])
    """
    trials, theta = trials_of(x), check_parameters(theta)
    out = np.empty(len(theta))
    fill_log_likelihood(theta, trials, out)
    return out


def decision_moments(theta: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Probability (m,) of choice 1 and mean reaction time (m,) in s for theta (m, 4).

    Example:
        >>> p, mean = decision_moments([1.0, 1.0, 0.5, 0.3])
        >>> p.round(4), mean.round(4)
        (array([0.7311]), array([0.5311]))
    """
    v, a, w, t_0 = check_parameters(theta).T
    c, start = v * a, w * (1 - w)
    size = np.maximum(abs(c), SMALLEST)
    p = np.exp(np.minimum(2 * c * (1 - w), 0)) * np.expm1(-2 * size * w) / np.expm1(-2 * size)
    still = abs(c) < STILL
    drifting = (p - w) / np.where(still, 1.0, c)
    return p, t_0 + a**2 * np.where(still, start + c * start * (1 - 2 * w) / 3, drifting)


def trials_of(x: ArrayLike) -> np.ndarray:
    """Trials (n, 2) without missing ones, or ValueError naming the first that is impossible."""
    x = array_of("x", x, "(n, 2)", "(2 n,)", finite=False)
    if x.size % 2 or x.shape[1:] not in ((), (2,)):
        raise ValueError(
            f"x has shape {x.shape}, expected (n, 2) or (2 n,): choice, reaction time"
        )
    trials = x.reshape(-1, 2)
    trials = trials[~np.isnan(trials).any(1)]
    possible = np.stack([np.isin(trials[:, 0], (0, 1)), trials[:, 1] > 0], axis=1)
    check_possible(trials, possible, ("choice", "reaction time"), ("0 or 1", "seconds above 0"))
    return trials


def check_parameters(theta: ArrayLike) -> np.ndarray:
    """Theta (m, 4), or ValueError naming the first impossible parameter."""
    theta = np.atleast_2d(array_of("theta", theta, "(m, 4)", "(4,)", finite=False))
    if theta.shape[1] != len(PARAMETERS):
        raise ValueError(f"theta has shape {theta.shape}, expected (m, 4)")
    possible = theta >= [-np.inf, SMALLEST, SMALLEST, 0]
    possible[:, 2] &= theta[:, 2] < 1
    check_possible(theta, possible, PARAMETERS, EXPECTED)
    return theta


@register_jitable
def log_passage(u: float, w: float) -> float:
    """Log of f(u; w)."""
    total = 0.0
    if u < SWITCH:
        for k in range(-2, 3):
            y = w + 2 * k
            total += y * exp((w * w - y * y) / (2 * u))
        return log(max(total, SMALLEST)) - w * w / (2 * u) - 1.5 * log(u) - LOG_SQRT_2PI
    rate = pi * pi * u / 2
    for k in range(1, 6):
        total += k * sin(k * pi * w) * exp((1 - k * k) * rate)
    return log(pi * max(total, SMALLEST)) - rate


@register_jitable
def log_density(choice: float, t: float, theta: np.ndarray) -> float:
    """Log-density of a choice after a reaction time t."""
    v, a, w, t_0 = theta
    t -= t_0
    if t <= 0:
        return -inf
    if choice == 1:
        v, w = -v, 1 - w
    return log_passage(t / a**2, w) - 2 * log(a) - v * a * w - v * v * t / 2


@compiled
def fill_log_density(theta, trials, out):
    """Write the log-densities (m, n) of trials (n, 2) for theta (m, 4)."""
    for i in range(len(theta)):
        for j in range(len(trials)):
            out[i, j] = log_density(trials[j, 0], trials[j, 1], theta[i])


@compiled
def fill_log_likelihood(theta, trials, out):
    """Write their sums (m,) over the trials."""
    for i in range(len(theta)):
        out[i] = 0.0
        for j in range(len(trials)):
            out[i] += log_density(trials[j, 0], trials[j, 1], theta[i])
