r"""Firing rates of the integrate-and-fire neuron, in closed form.

Without noise, V crosses the threshold theta after the reset r at

    T = tau ln((mu - r) / (mu - theta)),    rate = 1 / (t_ref + T);    0 for mu <= theta.

With white noise (Siegert 1951, doi:10.1103/PhysRev.81.617), and y_x = (x - mu) / sigma,

    T = tau sqrt(pi) int_(y_r)^(y_theta) exp(u²) (1 + erf u) du,
    CV² = 2 pi (rate tau)² int_(y_r)^(y_theta) exp(x²) int_(-inf)^x exp(y²) (1 + erf y)² dy dx.

All factors are kept below 1: exp(u²) (1 + erf u) = erfcx(-u), which is at most 1 for u < 0, and
exponents are taken together, relative to the largest. A simulation that looks at the threshold
only at steps of dt sees V overshoot it, in the mean by 0.5826 sigma sqrt(dt / tau) and a quarter
of the drift in a step: it fires less, as if the threshold were higher by the former and spikes
dt / 4 later (Siegmund 1979, doi:10.2307/1426854).

Many such neurons drive each other. Brunel (2000), doi:10.1023/A:1008925309027, takes the input of
each for white noise whose mean and variance follow from the rate, and solves for it. Units: mV,
ms, Hz. Taught in ``book/models/integrate-and-fire.md``.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import erf, erfcx

from mechfit.summaries.arguments import number_of, numbers

__all__ = ["SHIFT", "check_noisy", "lif_rate", "mean_field", "siegert"]

SHIFT = 0.5826
"""Rise of the threshold by discrete steps, -zeta(1/2) / sqrt(2 pi), in sigma sqrt(dt / tau)."""
NODES, WEIGHTS = 0.5 * np.array(np.polynomial.legendre.leggauss(64)) + [[0.5], [0.0]]
DEEP, POISSON = 16.0, 6.0
"""Length of the inner integral, in units of its decay; a threshold so many sigma above the mean is
reached so rarely that the intervals are exponential to within rounding."""
BLOCK = 500
"""Integrals that are computed at once."""


def lif_rate(
    mu: ArrayLike,
    tau: ArrayLike = 20.0,
    t_ref: ArrayLike = 2.0,
    *,
    threshold: float = 20.0,
    reset: float = 10.0,
    dt: float | None = None,
) -> np.ndarray:
    """Rate (Hz) of a neuron without noise, in the shape of its arguments.

    Args:
        mu: Mean input (mV).
        tau: Membrane time constant (ms).
        t_ref: Refractory period (ms).
        threshold: Voltage (mV) of a spike.
        reset: Voltage (mV) after it.
        dt: Step (ms) of a simulation, whose intervals are whole steps; by default none.

    Example:
        >>> lif_rate([20.0, 25.0]).round(2), lif_rate(25.0, dt=0.1).round(2)
        (array([ 0.  , 41.71]), np.float64(41.67))
    """
    mu, tau, t_ref = numbers(mu, "mu"), numbers(tau, "tau"), numbers(t_ref, "t_ref")
    above = np.maximum(mu - threshold, 0.0)
    with np.errstate(divide="ignore"):
        climb = tau * np.log1p((threshold - reset) / above)
    if dt is not None:
        climb, t_ref = dt * np.ceil(climb / dt), dt * np.rint(t_ref / dt)
    return 1000.0 / (t_ref + climb)


def siegert(
    mu: ArrayLike,
    sigma: ArrayLike,
    tau: ArrayLike = 20.0,
    t_ref: ArrayLike = 2.0,
    *,
    threshold: float = 20.0,
    reset: float = 10.0,
    dt: float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Rate (Hz) of a neuron under white noise and the CV of its intervals.

    Args:
        mu: Mean input (mV).
        sigma: Size of the noise (mV), above 0; the free voltage has the deviation sigma / sqrt(2).
        tau: Membrane time constant (ms).
        t_ref: Refractory period (ms).
        threshold: Voltage (mV) of a spike.
        reset: Voltage (mV) after it.
        dt: Step (ms) of a simulation, which delays spikes; 0 for continuous time.

    Returns:
        Rate and CV, each in the common shape of the arguments.

    Example:
        >>> siegert(20.0, 6.0)[0].round(2), siegert(20.0, 6.0, dt=0.1)[0].round(2)
        (np.float64(30.01), np.float64(28.7))
    """
    given = {"mu": mu, "sigma": sigma, "tau": tau, "t_ref": t_ref}
    mu, sigma, tau, t_ref = np.broadcast_arrays(*(numbers(v, n) for n, v in given.items()))
    check_noisy(sigma, tau, t_ref)
    if not dt >= 0:
        raise ValueError(f"dt is {dt}, expected at least 0")
    ends = (reset - mu) / sigma, (threshold - mu) / sigma + SHIFT * np.sqrt(dt / tau)
    blocks = [np.array_split(end.ravel(), mu.size // BLOCK + 1) for end in ends]
    integrals = [_integrals(*block) for block in zip(*blocks, strict=True)]
    small, first, second = np.concatenate(integrals, axis=1).reshape(3, *mu.shape)
    interval = (t_ref + dt / 4) * small + tau * first
    cv = np.where(ends[1] > POISSON, 1.0, tau * np.sqrt(second) / interval)
    return 1000.0 * small / interval, cv[()]


def check_noisy(sigma: np.ndarray, tau: np.ndarray, t_ref: np.ndarray) -> None:
    """Raise ValueError unless sigma and tau are above 0, and t_ref is not below."""
    if not ((sigma > 0).all() and (tau > 0).all() and (t_ref >= 0).all()):
        raise ValueError(
            f"sigma is at least {sigma.min()}, tau {tau.min()} and t_ref {t_ref.min()}, expected "
            "sigma and tau above 0, and t_ref of at least 0"
        )


def _integrals(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """exp(-q), and the integrals of T and CV² over exp(q) and exp(2 q), q = max(high, 0)²; (3, m).

    The limits are y_r and y_theta (m,).
    """
    ends, q = np.arcsinh([low, high])[..., None], np.maximum(high, 0.0)[:, None] ** 2
    across = ends[0] + (ends[1] - ends[0]) * NODES
    x, dx = np.sinh(across), (ends[1] - ends[0]) * WEIGHTS * np.cosh(across)
    first = dx * _bounded(x) * np.exp(np.maximum(x, 0.0) ** 2 - q)
    depth = DEEP / (1 + abs(x))[..., None]
    y = x[..., None] - depth * NODES
    inner = np.exp((x**2 - 2 * q)[..., None] + y * abs(y)) * _bounded(y) ** 2
    second = dx * (depth * WEIGHTS * inner).sum(-1)
    return np.stack([np.exp(-q[:, 0]), np.sqrt(np.pi) * first.sum(-1), 2 * np.pi * second.sum(-1)])


def _bounded(u: np.ndarray) -> np.ndarray:
    """exp(u²) (1 + erf u) for u < 0, else without its first factor."""
    return np.where(u < 0, erfcx(abs(u)), 1 + erf(u))


def mean_field(
    g: float,
    eta: float,
    J: float = 0.1,
    *,
    inputs: int = 1000,
    gamma: float = 0.25,
    tau: float = 20.0,
    t_ref: float = 2.0,
    threshold: float = 20.0,
    reset: float = 10.0,
) -> np.ndarray:
    """Solve Brunel's mean-field equation for the rate of a balanced network.

    Each of its neurons gets `inputs` excitatory inputs of size J and gamma times as many
    inhibitory ones of size -g J from the network, and excitatory ones from outside at eta times
    the rate that alone would reach the threshold:

        mu = eta threshold + inputs J tau (1 - gamma g) rate,
        sigma² = eta threshold J + inputs J² tau (1 + gamma g²) rate,    rate = siegert(mu, sigma).

    The rates agree with simulations where neurons fire irregularly; the CV does not: for g = 5,
    eta = 2 it is 0.675, and 0.40 in simulations, whose inputs are more regular than white noise.

    Args:
        g: Inhibitory over excitatory weight.
        eta: Outside rate, relative to the one that reaches the threshold.
        J: Excitatory weight (mV).
        inputs: Number of excitatory inputs from the network.
        gamma: Number of inhibitory over excitatory inputs.
        tau: Membrane time constant (ms).
        t_ref: Refractory period (ms), above 0.
        threshold: Voltage (mV) of a spike.
        reset: Voltage (mV) after it.

    Returns:
        A row of rate (Hz), mu, sigma (mV) and CV for each solution, in the order of the rates;
        there may be several for gamma g < 1.

    Example:
        >>> mean_field(5.0, 2.0).round(2)
        array([[37.95, 21.03,  7.68,  0.68]])
    """

    def drive(rate: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        per_ms = inputs * J * tau * np.asarray(rate) / 1000
        variance = eta * threshold * J + J * (1 + gamma * g**2) * per_ms
        return eta * threshold + (1 - gamma * g) * per_ms, np.sqrt(variance)

    def both(rate: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        return siegert(*drive(rate), tau, t_ref, threshold=threshold, reset=reset)

    def excess(rate: ArrayLike) -> np.ndarray:
        return both(rate)[0] - rate

    positive = {"eta": eta, "J": J, "inputs": inputs, "gamma": gamma, "t_ref": t_ref}
    for name, value in positive.items():
        number_of(name, value, positive=True)
    number_of("g", g)
    grid = np.r_[0.0, np.geomspace(1e-6, 1, 100), np.arange(2.0, 1000 / t_ref + 1)]
    sign = np.sign(excess(grid))
    roots = [brentq(excess, *grid[k : k + 2], xtol=1e-9) for k in np.flatnonzero(np.diff(sign))]
    return np.stack([roots, *drive(roots), both(roots)[1]], axis=1)
