r"""Drift-diffusion: a Wiener process with drift v runs until it meets one of two bounds, a apart.

From the middle, the choice of the bound and the time are independent. The choice is the upper one
with probability 1 / (1 + exp(-v a)); the density of the time t is that without drift, tilted by
exp(-v^2 t / 2). So simulations are exact, by rejection, and so is the likelihood, by the series of
Navarro & Fuss (2009), doi:10.1016/j.jmp.2009.02.003.
"""

from collections.abc import Sequence

import numpy as np


def wiener_log_density(s: np.ndarray) -> np.ndarray:
    """Log-density of leaving (0, 1) at 0 at time s, from 1/2: one series for short s, one else."""
    s = np.where(s > 0, s, np.nan)[..., None]
    odd = 0.5 + 2 * np.arange(-3, 4)
    early = (odd * np.exp((0.25 - odd**2) / (2 * s))).sum(-1)
    k = np.arange(1, 8)
    late = (k * np.sin(k * np.pi / 2) * np.exp(-((k * np.pi) ** 2) * s / 2)).sum(-1)
    s = s[..., 0]
    with np.errstate(invalid="ignore", divide="ignore"):
        early = np.log(early) - 0.125 / s - 1.5 * np.log(s) - 0.5 * np.log(2 * np.pi)
        return np.nan_to_num(np.where(s < 0.3, early, np.log(np.pi * late)), nan=-np.inf)


def exit_times() -> tuple[np.ndarray, np.ndarray]:
    """Quantiles of the time at which a Wiener process leaves (-1, 1) from 0."""
    t, odd = np.geomspace(0.02, 30, 20_000), 2 * np.arange(30) + 1
    signs = np.where(odd % 4 == 1, 1, -1) / odd
    return 1 - 4 / np.pi * np.exp(-np.outer(t, (odd * np.pi) ** 2 / 8)) @ signs, t


EXIT_TIMES = exit_times()


def decisions(theta: np.ndarray, rng: np.random.Generator, trials: int = 20) -> np.ndarray:
    """Reaction times x (n, trials) of theta = (v, a, t_0), sorted, negative at the lower bound.

    The non-decision time t_0 is added to that of the process; all times are in seconds.
    """
    v, a, t_0 = (np.repeat(column, trials) for column in theta.T)
    time, waiting = np.empty(v.size), np.arange(v.size)
    while waiting.size:  # at least a tenth of the trials is accepted
        time[waiting] = a[waiting] ** 2 / 4 * np.interp(rng.random(waiting.size), *EXIT_TIMES)
        kept = rng.random(waiting.size) < np.exp(-0.5 * (v**2 * time)[waiting])
        waiting = waiting[~kept]
    choice = np.where(rng.random(v.size) < 1 / (1 + np.exp(-v * a)), 1.0, -1.0)
    return np.sort((choice * (t_0 + time)).reshape(-1, trials))


def decisions_log_likelihood(parameters: Sequence[np.ndarray], x: np.ndarray) -> np.ndarray:
    """Log-likelihood of reaction times x (trials,) for broadcast arrays v, a, t_0."""
    v, a, t_0 = parameters
    s = (abs(x) - t_0[..., None]) / a[..., None] ** 2
    log_times = wiener_log_density(s).sum(-1) - 2 * x.size * np.log(a)
    return log_times + v * a / 2 * np.sign(x).sum() - v**2 / 2 * (abs(x).sum() - x.size * t_0)
