"""Stimuli: injected currents as arrays of µA/cm², one number per sample.

A current has round(duration / dt) + 1 samples, the first at 0 ms. It is on inside its window, for
window[0] <= t < window[1] with half a sample of tolerance, and 0 outside. The fluctuating current,
of Uhlenbeck & Ornstein (1930), doi:10.1103/PhysRev.36.823, is discretized exactly:

    I(t + dt) = mean + a (I(t) - mean) + std sqrt(1 - a²) r,    a = exp(-dt / tau),  r ~ N(0, 1).

Taught in ``book/models/hodgkin-huxley.md``.
"""

from collections.abc import Sequence
from itertools import accumulate
from math import exp, expm1, sqrt

import numpy as np

from mechfit.summaries.arguments import number_of, numbers, window_of

__all__ = [
    "ornstein_uhlenbeck_current",
    "ramp_current",
    "recorded_current",
    "step_current",
    "step_series",
]

Window = tuple[float, float]
MOST = 1e9
"""Samples of a current."""


def step_current(amplitude: float, duration: float, dt: float, window: Window) -> np.ndarray:
    """Return a current step.

    Args:
        amplitude: Height of the step (µA/cm²).
        duration: Length (ms); the result has round(duration / dt) + 1 samples.
        dt: Time step (ms).
        window: The current is on for window[0] <= t < window[1] (ms).

    Example:
        >>> step_current(2.0, duration=4.0, dt=1.0, window=(1.0, 3.0))
        array([0., 2., 2., 0., 0.])
    """
    height = number_of("amplitude", amplitude)
    return np.where(grid(duration, dt, window)[1], height, 0.0)


def step_series(
    amplitudes: Sequence[float], duration: float, dt: float, window: Window, pause: float = 0.0
) -> np.ndarray:
    """Return steps of several amplitudes (µA/cm²), one after the other.

    The pauses (ms) between the steps are without current; the steps share the rest of the window
    equally, to within a sample. The other arguments are those of `step_current`.

    Example:
        >>> step_series([1.0, 2.0], duration=7.0, dt=1.0, window=(1.0, 6.0), pause=1.0)
        array([0., 1., 1., 0., 2., 2., 0., 0.])
    """
    (on, off), pause = window_of(window), number_of("pause", pause)
    length = (off - on + pause) / max(len(amplitudes), 1) - pause
    if len(amplitudes) == 0 or pause < 0 or not length > dt - 1e-9:
        raise ValueError(
            f"{len(amplitudes)} steps with pauses of {pause} ms would last {length:g} ms each, "
            f"expected one step or more, pauses of at least 0 ms and steps of at least {dt} ms"
        )
    edges = np.linspace(on, off + pause, len(amplitudes) + 1)
    steps = zip(amplitudes, edges[:-1], edges[1:] - pause, strict=True)
    return sum(step_current(height, duration, dt, (on, off)) for height, on, off in steps)


def ramp_current(
    start: float, end: float, duration: float, dt: float, window: Window
) -> np.ndarray:
    """Return a current that goes linearly from start to end (µA/cm²) within the window.

    The other arguments are those of `step_current`.

    Example:
        >>> ramp_current(1.0, 3.0, duration=5.0, dt=1.0, window=(1.0, 5.0))
        array([0. , 1. , 1.5, 2. , 2.5, 0. ])
    """
    start, end = number_of("start", start), number_of("end", end)
    time, on = grid(duration, dt, window)
    return np.where(on, np.interp(time, window, (start, end)), 0.0)


def ornstein_uhlenbeck_current(
    mean: float, std: float, tau: float, duration: float, dt: float, window: Window, *, seed: int
) -> np.ndarray:
    """Return a fluctuating current, stationary from the onset of the window on.

    Its mean and std are in µA/cm²; its autocorrelation at lag s is exp(-s / tau), all in ms. The
    other arguments are those of `step_current`; the same seed gives the same current.

    Example:
        >>> ornstein_uhlenbeck_current(2.0, 0.5, 3.0, 4.0, 1.0, (1.0, 4.0), seed=1).round(2)
        array([0.  , 2.17, 2.41, 2.41, 0.  ])
    """
    mean = number_of("mean", mean)
    _, on = grid(duration, dt, window)
    if not (0 <= std < np.inf and 0 < tau < np.inf):
        raise ValueError(
            f"std is {std} µA/cm² and tau {tau} ms, expected std of at least 0 and tau above 0"
        )
    # numpy's generator: the one of `noise` would inject the membrane's own noise of this seed
    kicks = std * np.random.default_rng(seed).standard_normal(on.sum())
    kicks[1:] *= sqrt(-expm1(-2 * dt / tau))
    decay, current = exp(-dt / tau), np.zeros(on.size)
    current[on] = mean + np.fromiter(accumulate(kicks, lambda x, kick: decay * x + kick), float)
    return current


def recorded_current(time: np.ndarray, current: np.ndarray, dt: float) -> np.ndarray:
    """Return a recorded current at the samples of a model, interpolated linearly.

    Args:
        time: Times of the recording (n,) in ms, strictly increasing; time[0] becomes 0 ms and the
            duration is time[-1] - time[0]. The last value is held for the half sample after it.
        current: Recorded current (n,) in µA/cm²: the injected one divided by the membrane's area.
        dt: Time step (ms) of the result; one coarser than the recording skips samples.

    Example:
        >>> recorded_current([5.0, 6.0, 8.0], [0.0, 1.0, 3.0], dt=0.5)
        array([0. , 0.5, 1. , 1.5, 2. , 2.5, 3. ])
    """
    time, current = numbers(time, "time"), numbers(current, "current")
    if time.ndim != 1 or time.size < 2 or current.shape != time.shape:
        raise ValueError(
            f"time and current have shapes {time.shape} and {current.shape}, expected (n,), n > 1"
        )
    if not (finite := np.isfinite(time) & np.isfinite(current)).all():
        i = np.argmin(finite)
        raise ValueError(f"sample {i} is {time[i]} ms, {current[i]} µA/cm², expected finite ones")
    if not (rising := np.diff(time) > 0).all():
        i = np.argmin(rising)
        raise ValueError(f"time goes from {time[i]} to {time[i + 1]} ms, expected it to increase")
    return np.interp(time[0] + samples(time[-1] - time[0], dt), time, current)


def samples(duration: float, dt: float) -> np.ndarray:
    """Return the times (ms) of the samples."""
    duration, dt = number_of("duration", duration), number_of("dt", dt)
    if not (dt > 0 and 0.5 < duration / dt < MOST):
        raise ValueError(
            f"duration is {duration}, dt {dt} ms, expected two samples or more, up to {MOST:g}"
        )
    return dt * np.arange(round(duration / dt) + 1)


def grid(duration: float, dt: float, window: Window) -> tuple[np.ndarray, np.ndarray]:
    """Return the times (ms) of the samples, and whether each is inside the window."""
    time, half = samples(duration, dt), dt / 2
    window = window_of(window)
    # >= and < at the same edge: windows that touch neither overlap nor leave a gap
    return time, (time >= window[0] - half) & (time < window[1] - half)
