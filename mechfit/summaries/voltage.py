"""The seven statistics of the response of a neuron to a current step.

| name | unit | definition |
|---|---|---|
| spike_count | | spikes strictly inside the step, see `spikes` |
| rest_mean | mV | mean voltage before the step |
| rest_std | mV | standard deviation over the last tenth of the time before the step |
| mean, variance, skewness, kurtosis | mV, mV² | moments inside the step, see `moments` |

Definitions of Gonçalves, Lueckmann, Deistler et al. (2020), doi:10.7554/eLife.56261; their smaller
sets of one and four features are the first one and the first four. Taught in
``book/models/hodgkin-huxley.md``.
"""

import math

import numpy as np
from numba.extending import register_jitable
from numpy.typing import ArrayLike

from mechfit.compile import compiled
from mechfit.summaries.arguments import array_of, number_of, window_of
from mechfit.summaries.moments import LARGEST, moments_of
from mechfit.summaries.spikes import THRESHOLD, mark_spikes, rule_of, warn_of_baseline

__all__ = ["STATISTIC_NAMES", "STATISTIC_UNITS", "features", "voltage_statistics"]

STATISTIC_UNITS = ("", "mV", "mV", "mV", "mV²", "", "")
STATISTIC_NAMES = (
    "spike_count",
    "rest_mean",
    "rest_std",
    "mean",
    "variance",
    "skewness",
    "kurtosis",
)


def features(count: int) -> tuple[str, ...]:
    """Names of the authors' set of 1, 4 or 7 features.

    Example:
        >>> features(4)
        ('spike_count', 'rest_mean', 'rest_std', 'mean')
    """
    if count not in (1, 4, 7):
        raise ValueError(f"count is {count}, expected 1, 4 or 7")
    return STATISTIC_NAMES[: int(count)]


@register_jitable
def marks(dt: float, t_on: float, t_off: float) -> tuple[int, int, int, int]:
    """Samples at which the last tenth of the rest, the step and the window begin, and its end."""
    tenth = int(0.9 * t_on / dt + 1e-9)
    before = int(math.ceil(t_on / dt - 1e-9))
    first = int(math.floor(t_on / dt + 1e-9)) + 1
    return tenth, before, first, int(math.ceil(t_off / dt - 1e-9))


@register_jitable
def statistics_of(
    voltage: np.ndarray, marks: tuple, rule: tuple, spikes: np.ndarray, out: np.ndarray
) -> None:
    """Write the seven statistics of voltage (time,) to `out` (7,); `spikes` is work space."""
    tenth, before, first, end = marks
    out[0] = mark_spikes(voltage, rule, spikes)
    out[1] = voltage[:before].mean()
    out[2] = voltage[tenth:before].std()
    out[3], out[4], out[5], out[6] = moments_of(voltage[first:end])


@compiled
def statistics_rows(voltage: np.ndarray, marks: tuple, rule: tuple, out: np.ndarray) -> None:
    """Write the statistics of every row of voltage (n, time) to out (n, 7)."""
    spikes = np.empty(voltage.shape[1] // 2 + 1)
    for row in range(voltage.shape[0]):
        statistics_of(voltage[row], marks, rule, spikes, out[row])


def seven(
    rows: np.ndarray, dt: float, window: tuple[float, float], threshold: float
) -> np.ndarray:
    """Statistics (n, 7) of contiguous voltages (n, time); see `voltage_statistics`."""
    out = np.empty((len(rows), 7))
    statistics_rows(rows, marks(dt, *window), rule_of(dt, *window, threshold), out)
    out[~(np.abs(rows) < LARGEST).all(1)] = np.nan
    return out


def voltage_statistics(
    voltage: ArrayLike, dt: float, window: tuple[float, float], threshold: float = THRESHOLD
) -> np.ndarray:
    """Compute the seven statistics of voltage traces.

    Args:
        voltage: Membrane voltage (n, time) or (time,) in mV.
        dt: Sampling interval (ms); sample i is at time i dt.
        window: Onset and end (ms) of the current step.
        threshold: Voltage (mV) above which a local maximum is a spike.

    Returns:
        Statistics (n, 7), columns in the order of `STATISTIC_NAMES`; NaN where undefined, as all
        are of a voltage that is not finite throughout.

    Raises:
        ValueError: The shape is not (n, time), or the window does not lie inside the trace.

    Warns:
        UserWarning: A voltage rests above the threshold, where noise counts.
    """
    return seven(*checked(voltage, dt, window, threshold))


def checked(
    voltage: ArrayLike, dt: float, window: tuple[float, float], threshold: float
) -> tuple[np.ndarray, float, tuple[float, float], float]:
    """Return the arguments of `voltage_statistics`, the voltage as (n, time), or refuse them."""
    rows = np.atleast_2d(array_of("voltage", voltage, "(n, time)", "(time,)", finite=False))
    dt, threshold = number_of("dt", dt, positive=True), number_of("threshold", threshold)
    window = check_window(window, dt, rows.shape[1])
    warn_of_baseline(rows[:, : marks(dt, *window)[1]], threshold, depth=4)
    return rows, dt, window, threshold


def check_window(window: tuple[float, float], dt: float, samples: int) -> tuple[float, float]:
    """Return the window, or raise ValueError unless it leaves room for every statistic."""
    t_on, t_off = window_of(window)
    end = (samples - 1) * dt
    if not (10 * dt <= t_on <= t_off - 3 * dt and t_off <= end + 1e-9):
        raise ValueError(
            f"window is ({t_on}, {t_off}) ms, expected an onset of at least {10 * dt:g} ms "
            f"and an end later than the onset and no later than the trace, {end:g} ms"
        )
    return t_on, t_off
