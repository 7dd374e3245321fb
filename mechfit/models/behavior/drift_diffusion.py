r"""Drift-diffusion: evidence accumulates until it meets one of two bounds, which is the choice.

    dX = v dt + dW,    X(0) = w a;    X = a: choice 1,    X = 0: choice 0;    reaction t + t_0.

A walk that is looked at every h seconds meets its bounds too late, by 0.58 sqrt(h) of distance.
Between two looks x and y, however, X is a Brownian bridge, whatever the drift. It has met a bound
at the distances p = |a - x| and q = |a - y| with probability exp(-2 p q / h), or surely if y lies
beyond, and first did so after the time

    h Z / (1 + Z),    Z ~ inverse Gaussian(mean p / q, shape p² / h).

So a step may be as long as meeting both bounds within it is improbable: a standard deviation of at
most a / 6 leaves it to less than 1e-6 of the trials, and no time step to choose. Ratcliff (1978),
doi:10.1037/0033-295X.85.2.59; Michael, Schucany & Haas (1976), doi:10.1080/00031305.1976.10479147.
Taught in ``book/models/decisions.md``.
"""

from math import exp, sqrt

import numpy as np
from numba.extending import register_jitable

from mechfit.compile import compiled
from mechfit.models.behavior.first_passage import PARAMETERS, check_parameters
from mechfit.models.inputs import whole
from mechfit.models.model import Model
from mechfit.models.numerics.noise import between_0_and_1, key_of, normal_pair, threefry
from mechfit.models.prior import Prior

__all__ = ["DriftDiffusion"]

PARTS = 6.0
"""Standard deviations of a step in the separation of the bounds."""
NEGLIGIBLE, TOUCH = 1e-12, 1e-12
"""Probability of a passage that is left out; least distance between a look and a bound."""
u32 = np.uint32


@register_jitable
def passage_time(p: float, q: float, h: float, z: float, u: float) -> float:
    """When a bridge of h seconds, from the distance p to q of a bound, meets it first."""
    c = z * z * h / (2 * p * q)
    ratio = 1 / (1 + c + sqrt(c * (c + 2)))
    if u * (1 + ratio) > 1:
        ratio = 1 / ratio
    return h * p * ratio / (q + p * ratio)


@register_jitable
def decision(theta: np.ndarray, h: float, key: tuple, row: u32, count: u32) -> tuple:
    """Choice and reaction time of one trial, and how many words of noise were used by then."""
    v, a, w, t_0 = theta
    x, t, move, spread = w * a, t_0, v * h, sqrt(h)
    while True:
        pair = normal_pair(key[0], key[1], row, count)
        count = u32(count + u32(1))
        for z in pair:
            y = x + move + spread * z
            upper, lower = exp(-2 * (a - x) * (a - y) / h), exp(-2 * x * y / h)
            if upper + lower > NEGLIGIBLE:
                words = threefry(key[0], key[1], row, count)
                count = u32(count + u32(1))
                u = between_0_and_1(words[0])
                if u < upper or u > 1 - lower:
                    choice = 1.0 if u < upper else 0.0
                    bound = choice * a
                    p, q = max(abs(bound - x), TOUCH), max(abs(bound - y), TOUCH)
                    normal = normal_pair(key[0], key[1], row, count)[0]
                    after = passage_time(p, q, h, normal, between_0_and_1(words[1]))
                    return choice, t + after, u32(count + u32(1))
            x = y
            t += h


@compiled
def fill_trials(theta, key, first, x):
    """Write choices and reaction times (n, 2 trials) of theta (n, 4)."""
    for i in range(len(theta)):
        v, a = theta[i, 0], theta[i, 1]
        h = (a / PARTS) ** 2 / (1 + abs(v) * a / PARTS)
        row, count = u32(first + i), u32(0)
        for j in range(0, x.shape[1], 2):
            x[i, j], x[i, j + 1], count = decision(theta[i], h, key, row, count)


class DriftDiffusion(Model):
    """Choices and reaction times of an observer who accumulates evidence.

    The columns of theta are the drift v (1/s), the separation a of the bounds, the relative start
    w and the non-decision time t₀ (s); the noise has the standard deviation 1 after a second. The
    statistics are the trials, choice (0 or 1) and reaction time (s) of each in turn: learn from
    them with the embedding `Trials(2)`. Their likelihood is `decision_log_likelihood`.

    Args:
        trials: Number of trials in a simulation.

    Example:
        >>> model = DriftDiffusion(trials=1000)
        >>> x = model.statistics([1.0, 1.4, 0.45, 0.3], seed=1)
        >>> x[0, 0::2].mean(), x[0, 1::2].mean().round(2)
        (np.float64(0.76...), np.float64(0.7...))
    """

    prior = Prior.uniform(
        PARAMETERS,
        [-3.0, 0.5, 0.2, 0.1],
        [3.0, 3.0, 0.8, 0.6],
        units=["1/s", "", "", "s"],
        symbols=["v", "a", "w", "t₀"],
    )

    def __init__(self, trials: int = 100) -> None:
        self.trials = whole(trials, "trials", 1)
        each = range(1, self.trials + 1)
        self.statistic_names = tuple(f"{what}_{i}" for i in each for what in ("choice", "rt"))
        self.statistic_units = ("", "s") * self.trials

    def statistics(self, theta: np.ndarray, seed: int, *, first: int = 0) -> np.ndarray:
        """Simulate theta (n, 4) and return the trials (n, 2 trials)."""
        theta = check_parameters(self.prior.check(theta))
        x = np.empty((len(theta), 2 * self.trials))
        fill_trials(theta, key_of(seed), first, x)
        return x
