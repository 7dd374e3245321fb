"""Cut a recorded sweep to its current step, whatever file it is from."""

import numpy as np

from mechfit.models.hodgkin_huxley.recordings import Recording
from mechfit.models.model import Traces

__all__ = ["cut_to_step"]


def cut_to_step(
    voltage: np.ndarray,
    current: np.ndarray,
    dt: float,
    place: str,
    sweep: int,
    before: float,
    after: float,
) -> Recording:
    """Cut a sweep to its longest step, and to the times (ms) before and after it.

    Args:
        voltage: Response (time,) in mV.
        current: Stimulus (time,) in µA/cm².
        dt: Sampling interval (ms).
        place: What the sweep is called in errors.
        sweep: Its number.
        before: Time (ms) to keep before the step, to within a sample.
        after: Time (ms) to keep after the step, to within a sample.

    Raises:
        ValueError: There is no such step, or no plausible response to it.
    """
    first, end = find_step(current, dt, place)
    rest = len(current) - end
    if not (before < (first + 0.5) * dt and after < (rest - 0.5) * dt):
        raise ValueError(
            f"{place} has {first * dt:g} ms before its step and {rest * dt:g} ms from its end on, "
            f"expected at least {before:g} and more than {after:g} ms"
        )
    start, stop = first - round(before / dt), end + round(after / dt) + 1
    window = ((first - start) * dt, (end - start) * dt)
    traces = Traces(voltage[None, None, start:stop], dt * np.arange(stop - start))
    try:
        recording = Recording(sweep, traces, current[start:stop], window)
    except ValueError as error:
        raise ValueError(f"{place}, cut from {start * dt:g} ms on: {error}") from error
    if current[start:first].any() or current[end:stop].any():
        raise ValueError(f"{place} has another current around its step, expected none: keep less")
    return recording


def find_step(current: np.ndarray, dt: float, place: str) -> tuple[int, int]:
    """Return the first sample of the step and the first one after it."""
    on = np.pad(np.nan_to_num(current) != 0, 1)
    stretches = np.flatnonzero(on[1:] != on[:-1]).reshape(-1, 2)
    if len(stretches) == 0:
        raise ValueError(f"{place} has a stimulus of 0 throughout, expected a step")
    lengths = np.diff(stretches)[:, 0]
    longest = np.argmax(lengths)
    first, end = map(int, stretches[longest])
    low, high = current[first:end].min(), current[first:end].max()
    unclear = len(lengths) > 1 and (longest == 0 or np.sum(lengths == lengths[longest]) > 1)
    if low != high or unclear:
        each = ", ".join(f"{length * dt:g}" for length in lengths)
        raise ValueError(
            f"{place} has currents that last {each} ms, the longest of {low:g} to {high:g} "
            "µA/cm², expected a constant step, longer than all other currents and not the first "
            "of them"
        )
    return first, end
