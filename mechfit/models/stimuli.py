"""Stimuli: injected currents as arrays of µA/cm², one number per sample.

Taught in ``book/models/hodgkin-huxley.md``.
"""

from __future__ import annotations

import numpy as np

__all__ = ["step_current"]


def step_current(
    amplitude: float, duration: float, dt: float, window: tuple[float, float]
) -> np.ndarray:
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
    samples = round(duration / dt) + 1
    if samples < 2:
        raise ValueError(
            f"duration is {duration} ms at dt = {dt} ms, expected two samples or more"
        )
    time = dt * np.arange(samples)
    half = dt / 2
    return np.where((time > window[0] - half) & (time < window[1] - half), amplitude, 0.0)
