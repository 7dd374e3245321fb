"""The extended statistics: the seven, followed by timing, shape and autocorrelation.

| columns | definitions |
|---|---|
| 1 to 7 | `voltage`: count, rest and moments |
| 8 to 11 | `timing`: when the spikes come |
| 12 to 15 | `shape`: what they look like |
| 16 and on | `autocorrelation` inside the step, at lags of your choice |
| last | roughness (mV) of the step, if wanted: the median of abs(v_(t-1) - 2 v_t + v_(t+1)) |

Noise moves every sample anew, spikes and channels few or slowly: the roughness tells the one and
hardly the others, as Stoehr et al. (2008) measure the noise of a spectrum. Sums are in double
precision; the voltages may be in single, which rounds the roughness to about 1e-5 mV. Taught in
``book/summaries/which-features.md``.
"""

from dataclasses import dataclass

import numpy as np
from numba.extending import register_jitable
from numpy.typing import ArrayLike

from mechfit.compile import compiled
from mechfit.summaries.arguments import array_of
from mechfit.summaries.autocorrelation import autocorrelation
from mechfit.summaries.shape import SHAPE, shape
from mechfit.summaries.spikes import THRESHOLD, mark_spikes, rule_of
from mechfit.summaries.timing import TIMING, timing
from mechfit.summaries.voltage import STATISTIC_NAMES, STATISTIC_UNITS, checked, marks, seven

__all__ = ["Extended"]


@register_jitable
def roughness(voltage: np.ndarray) -> float:
    """Median size of the second difference of voltage (time,)."""
    return np.median(np.abs(voltage[:-2] - 2.0 * voltage[1:-1] + voltage[2:]))


@compiled
def extended_rows(
    voltage: np.ndarray, dt: float, t_on: float, t_off: float, rule: tuple, lags: np.ndarray, out
) -> None:
    """Write the statistics after the seven of every row of voltage (n, time) to out.

    They are 8 + k, and the roughness where `out` has room for it.
    """
    spikes = np.empty(voltage.shape[1] // 2 + 1)
    _, _, first, end = marks(dt, t_on, t_off)
    for row in range(voltage.shape[0]):
        trace, x = voltage[row], out[row]
        count = mark_spikes(trace, rule, spikes)
        x[0], x[1], x[2], x[3] = timing(spikes, count, dt, t_on, t_off)
        x[4], x[5], x[6], x[7] = shape(trace, dt, first, end, spikes, count)
        autocorrelation(trace[first:end], lags, x[8:])
        if x.size > 8 + lags.size:
            x[8 + lags.size] = roughness(trace[first - 1 : end + 1])


@dataclass(frozen=True)
class Extended:
    """The seven statistics and 8 + k beyond them, computed when called with voltages.

    Attributes:
        lags: The k lags (ms) of the autocorrelation, each rounded to a whole number of samples.
        roughness: Whether the roughness follows as one statistic more; it doubles the time.

    Example:
        >>> extended = Extended(lags=(1.0, 2.5))
        >>> extended.names[7:]
        ('latency', 'isi_mean', 'isi_cv', 'adaptation', 'spike_threshold', 'spike_height',
        'spike_width', 'ahp_depth', 'autocorrelation_1ms', 'autocorrelation_2.5ms')
        >>> silent = np.full((1, 1000), -70.0)
        >>> extended(silent, dt=0.1, window=(20.0, 80.0))[0, 7:15]
        array([ 60.,  60.,   0.,   0., -70.,   0.,   0.,   0.])
        >>> Extended(roughness=True).names[-1]
        'roughness'
    """

    lags: tuple[float, ...] = (1.0, 2.0, 3.0, 4.0, 5.0)
    roughness: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "lags", tuple(array_of("lags", self.lags, "(k,)", finite=False).tolist())
        )
        if len(set(self.names)) < len(self.names):
            raise ValueError(f"lags are {self.lags} ms, expected different ones")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all statistics."""
        lags = (f"autocorrelation_{lag:g}ms" for lag in self.lags)
        return (*STATISTIC_NAMES, *TIMING, *SHAPE, *lags, *self._last)

    @property
    def units(self) -> tuple[str, ...]:
        """Units of all statistics."""
        units = (*TIMING.values(), *SHAPE.values())
        return (*STATISTIC_UNITS, *units, *("" for _ in self.lags), *self._last.values())

    @property
    def _last(self) -> dict[str, str]:
        """Name and unit of the roughness, if wanted."""
        return {"roughness": "mV"} if self.roughness else {}

    def samples(self, dt: float, window: tuple[float, float]) -> np.ndarray:
        """Lags (k,) in samples; ValueError if one does not fit into the window."""
        _, _, first, end = marks(dt, *window)
        lags = np.rint(np.array(self.lags) / dt)
        if not ((lags >= 1) & (lags < end - first)).all():
            raise ValueError(
                f"lags are {self.lags} ms, expected at least half a step of {dt:g} ms and less "
                f"than the window of {window[1] - window[0]:g} ms"
            )
        return lags.astype(np.int64)

    def beyond(
        self, voltage: np.ndarray, dt: float, window: tuple[float, float], threshold: float
    ) -> np.ndarray:
        """Statistics beyond the seven of contiguous voltages (n, time)."""
        out = np.empty((len(voltage), len(self.names) - len(STATISTIC_NAMES)))
        rule = rule_of(dt, *window, threshold)
        extended_rows(voltage, dt, *window, rule, self.samples(dt, window), out)
        return out

    def unchecked(
        self, rows: np.ndarray, dt: float, window: tuple[float, float], threshold: float
    ) -> np.ndarray:
        """All statistics of contiguous voltages (n, time)."""
        x, beyond = (f(rows, dt, window, threshold) for f in (seven, self.beyond))
        beyond[np.isnan(x[:, 0])] = np.nan
        return np.hstack([x, beyond])

    def __call__(
        self,
        voltage: ArrayLike,
        dt: float,
        window: tuple[float, float],
        threshold: float = THRESHOLD,
    ) -> np.ndarray:
        """Compute statistics, in the order of `names`, of voltages (n, time) in mV.

        They are (n, 15 + k), or one more with the roughness.

        Arguments are those of `voltage_statistics`. Of a voltage that is finite throughout, they
        are NaN only where it is constant.
        """
        return self.unchecked(*checked(voltage, dt, window, threshold))
