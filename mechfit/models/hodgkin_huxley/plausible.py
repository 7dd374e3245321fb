"""Plausible: whether a recording can be that of a neuron, in the units that it claims.

A unit stored wrongly changes numbers by 10³ or more; an amplifier that stops early leaves one
value where noise should be. Both give statistics that look like any others, so they are refused.
The resistance of a membrane, R = ΔV / I where a step I (µA/cm²) moves the voltage by ΔV (mV), is
tens of kΩ·cm² in the hippocampus (Spruston & Johnston 1992, doi:10.1152/jn.1992.67.3.508).
"""

import math

import numpy as np

__all__ = ["check_range", "check_response"]

RANGES = {  # unit; lowest and highest value; absolute value that is usual
    "voltage": ("mV", -250.0, 200.0, 70.0),
    "voltage at rest": ("mV", -150.0, -2.0, 70.0),
    "sampling interval": ("ms", 1e-4, 2.0, 0.02),
    "area": ("cm²", 1e-7, 1.0, 1e-4),
    "current": ("µA/cm²", 1e-4, 200.0, 1.0),
    "resistance of the membrane": ("kΩ·cm²", 0.05, 1000.0, 20.0),
}
STILL_MS = 2.0


def check_range(what: str, value: float, why: str = "") -> None:
    """Raise ValueError unless a quantity of `RANGES` is plausible; `why` says where it is from."""
    unit, low, high, usual = RANGES[what]
    if low <= value <= high:
        return
    said = f"{what} is {value:g} {unit}{why}, expected {low:g} to {high:g} {unit}"
    if value and math.isfinite(value):
        power = round(math.log10(abs(value) / usual))
        if abs(power) > 1:
            size = "large" if power > 0 else "small"
            said += f"; about 10^{abs(power)} times too {size}: are unit and conversion right?"
    raise ValueError(said)


def check_shift(shift: float, current: float) -> None:
    """Raise ValueError unless a current (µA/cm²) can shift a voltage so far (mV)."""
    check_range("current", abs(current))
    why = f", with {shift:g} mV for {current:g} µA/cm² (or the area is wrong)"
    check_range("resistance of the membrane", abs(shift / current), why)


def check_response(
    voltage: np.ndarray, current: np.ndarray, dt: float, window: tuple[float, float]
) -> None:
    """Raise ValueError unless a response (time,) in mV to a current (time,) is a membrane's.

    It is finite, changes from the onset of the window (ms) on as noise does, and its size fits the
    current (µA/cm²); dt is in ms.
    """
    on = slice(round(window[0] / dt), round(window[1] / dt))
    for name, values in (("voltage", voltage), ("current", current)):
        if len(bad := np.flatnonzero(~np.isfinite(values))):
            raise ValueError(f"{name} is not finite from {bad[0] * dt:g} to {bad[-1] * dt:g} ms")
    start, stop = still(voltage, on.start, dt)
    if start < stop:
        raise ValueError(
            f"voltage is exactly {voltage[start]:g} mV from {start * dt:g} to {stop * dt:g} ms, "
            "expected noise: was the recording stopped, and filled up with one value?"
        )
    rest = float(np.median(voltage[: on.start]))
    check_range("voltage at rest", rest)
    for extreme in (voltage.min(), voltage.max()):
        check_range("voltage", float(extreme))
    if drive := float(np.abs(current[on]).max()):
        check_shift(float(np.sqrt(np.mean((voltage[on] - rest) ** 2))), drive)


def still(voltage: np.ndarray, first: int, dt: float) -> tuple[int, int]:
    """Ends of the longest stretch of one value that lasts beyond a sample, (0, 0) if it is short.

    A converter coarser than the noise holds a value as long as it likes; then most changes, and
    those at the ends of the stretch, are by one unit of the converter.
    """
    change = np.abs(np.diff(voltage))
    edges = np.r_[0, np.flatnonzero(change) + 1, len(voltage)]
    edges = edges[np.searchsorted(edges, first, side="right") - 1 :]
    longest = np.argmax(np.diff(edges))
    start, stop = map(int, edges[longest : longest + 2])
    ends = [change[i - 1] for i in (start, stop) if 0 < i < len(voltage)]
    unit = 1.5 * np.min(change, where=change > 0, initial=np.inf)
    coarse = ends and max(ends) < unit and np.mean(change < unit) > 0.9
    return (start, stop) if stop - start > max(STILL_MS / dt, 40) and not coarse else (0, 0)
