r"""Exact likelihood of a spike train: the density of the intervals between its spikes.

Intervals of an integrate-and-fire neuron under white noise are independent (a renewal process),
so that I_1 ... I_n have the likelihood prod_k p(I_k | theta). An interval is the refractory period
and the time in which V first passes the threshold. In units y = (V - mu) / sigma and
s = t / tau, V is the process dy = -y ds + dW, which spreads from a to b with the density

    f(s | a) = exp(-(b - a e^-s)² / (1 - e^-2s)) / sqrt(pi (1 - e^-2s)),

and the density g of its first passage from a solves (Buonocore, Nobile & Ricciardi 1987,
doi:10.2307/1427102)

    g(s) = 2 psi(s) - 2 int_0^s g(u) K(s - u) du,
    psi(s) = f(s | a) ((b - a e^-s) / (1 - e^-2s) - b / 2),    K(s) = f(s | b) tanh(s / 2) b / 2.

This is a convolution: on a grid of steps, sums of g z^n become products, read back by a fast
Fourier transform on a circle |z| < 1. After 15 membrane time constants the density is an
exponential. Taught in ``book/models/integrate-and-fire.md``.
"""

import numpy as np
from numpy.typing import ArrayLike

from mechfit.models.networks.theory import SHIFT, check_noisy
from mechfit.summaries.arguments import array_of, number_of

__all__ = ["interval_density", "interval_log_likelihood"]

LONG = 15.0
"""Membrane time constants after which the density decays exponentially."""
ALIAS, SMALLEST = 1e-8, 1e-14
"""Part of the density that wraps around in the transform; least probability that is told."""
NUMBERS = 2**22
"""Numbers that are held at once."""


def interval_density(
    intervals: ArrayLike,
    theta: ArrayLike,
    *,
    threshold: float = 20.0,
    reset: float = 10.0,
    dt: float = 0.1,
) -> np.ndarray:
    """Density (m, n) of intervals (n,) in ms, per ms, for parameters theta (m, 4) or (4,).

    Args:
        intervals: Intervals between spikes (ms).
        theta: Parameters in rows, μ and σ (mV), τ and t_ref (ms) as in `LIF`; σ above 0.
        threshold: Voltage (mV) of a spike.
        reset: Voltage (mV) after it.
        dt: Step (ms) of the simulation or sampling interval of the recording that the intervals
            are from.

    Example:
        >>> interval_density([10.0, 20.0], [20.0, 5.0, 20.0, 2.0]).round(4)
        array([[0.0058, 0.0258]])
    """
    return _both(array_of("intervals", intervals, "(n,)"), theta, threshold, reset, dt)[0]


def interval_log_likelihood(
    intervals: ArrayLike,
    theta: ArrayLike,
    *,
    waited: float = 0.0,
    threshold: float = 20.0,
    reset: float = 10.0,
    dt: float = 0.1,
) -> np.ndarray:
    """Log-likelihood (m,) of intervals (n,) for parameters theta (m, 4), as `interval_density`.

    `waited` is the time (ms) from the last spike to the end of the recording: no spike came in it.

    Example:
        >>> theta = [[20.0, 5.0, 20.0, 2.0], [30.0, 5.0, 20.0, 2.0]]
        >>> interval_log_likelihood([20.0, 35.0, 50.0], theta).round(1)
        array([-12.1, -20.1])
    """
    each, counts = np.unique(array_of("intervals", intervals, "(n,)"), return_counts=True)
    each = np.append(each, number_of("waited", waited))
    density, later = _both(each, theta, threshold, reset, dt)
    return np.log(density[:, :-1]) @ counts + np.log(later[:, -1])


def _both(
    intervals: np.ndarray, theta: ArrayLike, threshold: float, reset: float, dt: float
) -> np.ndarray:
    """Densities of intervals and probabilities of longer ones, (2, m, n)."""
    theta = np.atleast_2d(array_of("theta", theta, "(m, 4)", "(4,)"))
    dt = number_of("dt", dt, positive=True)
    if theta.shape[1] != 4:
        raise ValueError(f"theta has shape {theta.shape}, expected (m, 4)")
    check_noisy(*theta.T[1:])
    found = np.empty((2, len(theta), len(intervals)))
    reach = min(LONG * theta[:, 2].max(initial=0), intervals.max(initial=0))
    steps = max(10, int(np.ceil(reach / dt)))
    some = max(1, NUMBERS // max(4 * steps, len(intervals)))
    for start in range(0, len(theta), some):
        mu, sigma, tau, t_ref = theta[start : start + some].T[..., None]
        a, b = (reset - mu) / sigma, (threshold - mu) / sigma + SHIFT * np.sqrt(dt / tau)
        g = np.maximum(dt / tau * passage_density(a, b, dt / tau, steps), SMALLEST)
        # looking only at steps makes a passage late, see `siegert`
        k = intervals / dt - np.rint(t_ref / dt) - 0.25
        found[:, start : start + some] = _read(g, k)
    found[0] /= dt
    return found


def _read(g: np.ndarray, k: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Density g (m, steps + 1) and what lies beyond it, at k (m, n) steps."""
    steps = g.shape[1] - 1
    low = np.clip(np.floor(k), 0, steps - 1).astype(int)
    left, right = np.take_along_axis(g, low, 1), np.take_along_axis(g, low + 1, 1)
    near = np.where(k < 0, SMALLEST, left + (right - left) * (k - low))
    beyond = (
        1 - np.take_along_axis(np.cumsum(g, 1) - g / 2, low, 1) - (left + near) / 2 * (k - low)
    )
    back = steps // 10
    decay = np.maximum(np.log(g[:, -1 - back, None] / g[:, -1:]) / back, SMALLEST)
    far = g[:, -1:] * np.exp(-decay * (k - steps))
    density, later = np.where(k < steps, [near, np.where(k < 0, 1.0, beyond)], [far, far / decay])
    return np.maximum(density, SMALLEST), np.clip(later, SMALLEST, 1.0)


def passage_density(a: np.ndarray, b: np.ndarray, h: np.ndarray, steps: int) -> np.ndarray:
    """Densities g (m, steps + 1) at 0, h, 2h ... of the first passage from a to b, all (m, 1)."""
    s = h * np.arange(1, steps + 1)
    fade, spread = np.exp(-s), -np.expm1(-2 * s)
    height = 1 / np.sqrt(np.pi * spread)
    away = b - a * fade
    psi = height * np.exp(-(away**2) / spread) * (away / spread - b / 2)
    half = np.tanh(s / 2)
    kernel = height * np.exp(-(b**2) * half) * half * b / 2
    damp = ALIAS ** (np.arange(1, steps + 1) / (2 * steps))
    transform = [np.fft.rfft(np.pad(q * damp, ((0, 0), (1, 0))), 2 * steps) for q in (psi, kernel)]
    g = np.fft.irfft(2 * transform[0] / (1 + 2 * h * transform[1]), 2 * steps)
    return np.pad(g[:, 1 : steps + 1] / damp, ((0, 0), (1, 0)))
