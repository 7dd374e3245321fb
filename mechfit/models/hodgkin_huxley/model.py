"""The Hodgkin–Huxley neuron as a model: prior, stimulus, traces and statistics.

The equations and the scheme stand in `equations`. Traces are integrated one by one in double
precision, the reference. Statistics are by default computed in single precision, `LANES` neurons
side by side, see `lanes`, or one neuron per thread of a GPU, see `gpu`. Extended statistics hold
the traces of `LANES` neurons in memory, for any n. Gonçalves, Lueckmann, Deistler et al. (2020),
doi:10.7554/eLife.56261. Taught in ``book/models/hodgkin-huxley.md``.
"""

import warnings
from math import ceil, pi, sqrt

import numpy as np

from mechfit.compile import compiled
from mechfit.models.hodgkin_huxley.equations import rest, step
from mechfit.models.hodgkin_huxley.gpu import neuron_statistics
from mechfit.models.hodgkin_huxley.lanes import LANES, plan, statistics_lanes
from mechfit.models.inputs import check_possible
from mechfit.models.model import CurrentClamp, Model, Traces
from mechfit.models.numerics.gpu import check_device
from mechfit.models.numerics.noise import given_or_drawn, key_of
from mechfit.models.prior import Prior
from mechfit.models.stimuli import step_current
from mechfit.summaries.arguments import array_of, number_of, window_of
from mechfit.summaries.extended import Extended
from mechfit.summaries.spikes import THRESHOLD
from mechfit.summaries.voltage import (
    STATISTIC_NAMES,
    STATISTIC_UNITS,
    check_window,
    marks,
    seven,
    voltage_statistics,
)

__all__ = ["HodgkinHuxley"]

AREA_CM2 = pi * 70e-4**2
STEP_UA = 5e-4
LONGEST_MS, SHORT_MS = 0.025, 0.01
"""Longest integration step that is not told, and the one between samples farther apart."""

PRIOR = Prior.uniform(
    ["g_Na", "g_K", "g_leak", "g_M", "tau_max", "-V_T", "sigma", "-E_leak"],
    [0.5, 1e-4, 1e-4, 1e-4, 50.0, 40.0, 1e-4, 35.0],
    [80.0, 15.0, 0.6, 0.6, 3000.0, 90.0, 0.15, 100.0],
    units=["mS/cm²"] * 4 + ["ms", "mV", "µA/cm² ms^½", "mV"],
    symbols=["ḡ_Na", "ḡ_K", "g_l", "ḡ_M", "τ_max", "−V_T", "σ", "−E_l"],
)


@compiled
def voltage_rows(theta, current, dt, every, v_init, noise, out):
    """Write the voltages (n, time) of theta (n, 8) under given noise (n, steps) to `out`.

    `every` steps of dt lead from one sample of current and voltage to the next.
    """
    for row in range(theta.shape[0]):
        g, voltage = theta[row], out[row]
        scale = g[6] / sqrt(dt)
        m, h, n, p = rest(v_init, -g[5])
        state = (v_init, m, h, n, p, 0.0, 0.0)
        values = g[0], g[1], g[2], g[3], g[4], g[5], g[6], g[7]
        voltage[0] = v_init
        for i in range(1, voltage.size):
            for s in range((i - 1) * every, i * every):
                state = step(state, current[i - 1] + scale * noise[row, s], values, dt)
            voltage[i] = state[0]


class HodgkinHuxley(CurrentClamp, Model):
    """A Hodgkin–Huxley neuron under an injected current.

    The columns of theta are ḡ_Na, ḡ_K, g_l, ḡ_M (mS/cm²), τ_max (ms), −V_T (mV, a positive
    number), σ (µA/cm² ms^½) and −E_l (mV, a positive number); the statistics are those of
    `mechfit.summaries.voltage`, or more.

    Args:
        dt: Sampling interval (ms) of the current and of the traces.
        current: Injected current (time,) in µA/cm², held from sample to sample; its length sets
            the number of samples. By default 0.5 nA into a sphere 70 µm across, inside the window.
        duration: Length (ms) of the default current; ignored when `current` is given.
        precision: Of the statistics: "float32", fast, or "float64", the reference. Traces are
            always made in float64.
        v_init: Voltage (mV) of the first sample.
        window: Onset and end (ms) of the step; the statistics are taken inside and before it.
        step: Longest step (ms) of the integration, which takes equal steps from sample to sample;
            by default one step where `dt` is at most 0.025 ms, else steps of at most 0.01 ms.
        threshold: Voltage (mV) above which a local maximum is a spike.
        device: What computes the float32 statistics: "cpu", or "cuda", an NVIDIA GPU (install
            ``mechfit[gpu]``); then a block of simulations is as large as a GPU needs.
        extended: Statistics beyond the seven, on the CPU alone; by default none.

    Example:
        >>> model = HodgkinHuxley()
        >>> x = model.statistics(model.truth, seed=1)
        >>> dict(zip(model.statistic_names, x[0].round(1).tolist()))["spike_count"]
        5.0
    """

    prior = PRIOR
    statistic_names = STATISTIC_NAMES
    statistic_units = STATISTIC_UNITS
    truth = np.array([50.0, 5.0, 0.1, 0.07, 600.0, 60.0, 0.1, 70.0])
    truth.flags.writeable = False

    def __init__(
        self,
        dt: float = 0.01,
        current: np.ndarray | None = None,
        duration: float = 120.0,
        precision: str = "float32",
        *,
        v_init: float = -70.0,
        window: tuple[float, float] = (10.0, 110.0),
        step: float | None = None,
        threshold: float = THRESHOLD,
        device: str = "cpu",
        extended: Extended | None = None,
    ) -> None:
        self.dt, self.v_init = number_of("dt", dt, positive=True), number_of("v_init", v_init)
        self.threshold, window = number_of("threshold", threshold), window_of(window)
        if current is None:
            duration = number_of("duration", duration, positive=True)
            current = step_current(STEP_UA / AREA_CM2, duration, self.dt, window)
        self.current = array_of("current", current, "(time,)").copy()
        if step is None:
            step = self.dt if self.dt < 1.001 * LONGEST_MS else SHORT_MS
        self.every = ceil((1 - 1e-6) * self.dt / number_of("step", step, positive=True))
        self.step = self.dt / self.every
        if self.step > 1.001 * LONGEST_MS:
            warnings.warn(
                f"the integration step is {self.step:g} ms, expected at most {LONGEST_MS} ms: "
                "spikes come late or fail",
                stacklevel=2,
            )
        check_device(device, precision)
        if device == "cuda":
            if extended is not None:
                raise ValueError(
                    "extended statistics need the traces, which device 'cuda' does not keep; "
                    "expected device 'cpu', or the seven statistics without `extended`"
                )
            self.block, self.single_batch = 2**17, True
        self.device, self.precision = device, precision
        self.window = check_window(window, self.dt, self.current.size)
        self.extended = extended
        if extended is not None:
            if not isinstance(extended, Extended):
                raise TypeError(f"extended is {extended!r}, expected an Extended(), or None")
            extended.samples(self.dt, self.window)
            self.statistic_names, self.statistic_units = extended.names, extended.units

    def simulate(
        self, theta: np.ndarray, seed: int, *, first: int = 0, noise: np.ndarray | None = None
    ) -> Traces:
        """Simulate theta (n, 8) and keep the voltages (n, 1, time).

        `noise` are standard normals (n, steps) or (steps,) to use instead of drawing them, one for
        each step of the integration and one more; with a step per sample, (n, time) or (time,).
        """
        theta = self._check(theta)
        shape = len(theta), self.current.size
        steps = shape[0], self.every * (shape[1] - 1) + 1
        noise = given_or_drawn(noise, seed, first, steps)
        voltage = np.empty(shape)
        voltage_rows(theta, self.current, self.step, self.every, self.v_init, noise, voltage)
        return Traces(voltage[:, None], self.time)

    def summarize(self, traces: Traces) -> np.ndarray:
        """Reduce voltages (n, 1, time) to the k statistics (n, k)."""
        interval = np.diff(traces.time[:2])
        if not np.allclose(interval, self.dt, rtol=1e-3, atol=0):
            raise ValueError(f"traces have a sample every {interval} ms, expected {self.dt:g} ms")
        statistics = self.extended or voltage_statistics
        return statistics(traces.voltage[:, 0], self.dt, self.window, self.threshold)

    def statistics(self, theta: np.ndarray, seed: int, *, first: int = 0) -> np.ndarray:
        """Simulate theta (n, 8) and return the k statistics (n, k), NaN where undefined."""
        theta = self._check(theta)
        if self.precision == "float32" and self.extended is None:
            return self._seven(theta, seed, first)
        end = marks(self.dt, *self.window)[3]
        voltage = np.empty((LANES, min(end + 2, self.current.size)), np.float32)
        x = np.empty((len(theta), len(self.statistic_names)))
        how = self.dt, self.window, self.threshold
        reduce = self.extended.unchecked if self.extended else seven
        for start in range(0, len(theta), LANES):
            some = theta[start : start + LANES]
            if self.precision == "float64":
                found = reduce(self.simulate(some, seed, first=first + start).voltage[:, 0], *how)
            else:
                begun = self._seven(some, seed, first + start, voltage)
                found = np.hstack([begun, self.extended.beyond(voltage[: len(some)], *how)])
            x[start : start + LANES] = found
        return x

    def _seven(
        self, theta: np.ndarray, seed: int, first: int, voltage: np.ndarray | None = None
    ) -> np.ndarray:
        """Seven statistics (n, 7) in float32; `voltage` as in `statistics_lanes`."""
        theta, current = theta.astype(np.float32), self.current.astype(np.float32)
        clock, v_init = (np.float32(self.step), self.every), np.float32(self.v_init)
        parts, rule = plan(self.dt, self.window, self.threshold, current.size)
        how = clock, v_init, key_of(seed), first, parts, rule
        out = np.empty((len(theta), len(STATISTIC_NAMES)))
        if self.device == "cuda":
            neuron_statistics(theta, current, *how, out)
        else:
            statistics_lanes(theta, current, *how, out, voltage)
        return out

    def _check(self, theta: np.ndarray) -> np.ndarray:
        """Return theta (n, 8), or raise ValueError naming the first impossible parameter."""
        theta = np.ascontiguousarray(self.prior.check(theta))
        possible = np.ones(theta.shape, bool)
        possible[:, [0, 1, 2, 3, 6]] = theta[:, [0, 1, 2, 3, 6]] >= 0
        possible[:, 4] = theta[:, 4] > 0
        expected = "finite numbers, conductances and noise of at least 0 and tau_max above 0"
        check_possible(theta, possible, self.prior.names, expected)
        if not theta[:, :4].any(axis=1).all():
            row = np.argmin(theta[:, :4].any(axis=1))
            raise ValueError(f"all conductances are 0 in row {row}, expected at least one above 0")
        return theta
