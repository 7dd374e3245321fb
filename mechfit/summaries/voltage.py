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

from mechfit.compile import compiled
from mechfit.summaries.moments import moments
from mechfit.summaries.spikes import mark_spikes

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
    return STATISTIC_NAMES[:count]


@register_jitable
def marks(dt: float, t_on: float, t_off: float) -> tuple[int, int, int, int]:
    """Samples at which the last tenth of the rest, the step and the window begin, and its end."""
    tenth = int(0.9 * t_on / dt + 1e-9)
    before = int(math.ceil(t_on / dt - 1e-9))
    first = int(math.floor(t_on / dt + 1e-9)) + 1
    return tenth, before, first, int(math.ceil(t_off / dt - 1e-9))


@register_jitable
def statistics_of(
    voltage: np.ndarray, dt: float, t_on: float, t_off: float, spikes: np.ndarray, out: np.ndarray
) -> None:
    """Write the seven statistics of voltage (time,) to `out` (7,); `spikes` is work space."""
    tenth, before, first, end = marks(dt, t_on, t_off)
    out[0] = mark_spikes(voltage, dt, t_on, t_off, spikes)
    out[1] = voltage[:before].mean()
    out[2] = voltage[tenth:before].std()
    out[3], out[4], out[5], out[6] = moments(voltage[first:end])


@compiled
def statistics_rows(
    voltage: np.ndarray, dt: float, t_on: float, t_off: float, out: np.ndarray
) -> None:
    """Write the statistics of every row of voltage (n, time) to out (n, 7)."""
    spikes = np.empty(voltage.shape[1] // 2 + 1, np.int64)
    for row in range(voltage.shape[0]):
        statistics_of(voltage[row], dt, t_on, t_off, spikes, out[row])


def voltage_statistics(voltage: np.ndarray, dt: float, window: tuple[float, float]) -> np.ndarray:
    """Compute the seven statistics of voltage traces.

    Args:
        voltage: Membrane voltage (n, time) or (time,) in mV.
        dt: Time step in ms; sample i is at time i dt.
        window: Onset and end (ms) of the current step.

    Returns:
        Statistics (n, 7), columns in the order of `STATISTIC_NAMES`. NaN where undefined.

    Raises:
        ValueError: The shape is not (n, time), or the window does not lie inside the trace.
    """
    rows = np.atleast_2d(np.asarray(voltage, float))
    if rows.ndim != 2:
        raise ValueError(f"voltage has shape {rows.shape}, expected (n, time) or (time,)")
    check_window(window, dt, rows.shape[1])
    out = np.empty((len(rows), 7))
    statistics_rows(np.ascontiguousarray(rows), dt, float(window[0]), float(window[1]), out)
    return out


def check_window(window: tuple[float, float], dt: float, samples: int) -> None:
    """Raise ValueError unless the window leaves room for every statistic."""
    t_on, t_off = window
    end = (samples - 1) * dt
    if not (10 * dt <= t_on <= t_off - 3 * dt and t_off <= end + 1e-9):
        raise ValueError(
            f"window is ({t_on}, {t_off}) ms, expected an onset of at least {10 * dt:g} ms "
            f"and an end later than the onset and no later than the trace, {end:g} ms"
        )
