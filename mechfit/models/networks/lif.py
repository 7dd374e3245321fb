r"""Leaky integrate-and-fire: a voltage that leaks, a threshold, a reset, and white noise.

    tau dV/dt = -V + mu + sigma sqrt(tau) xi(t);    V >= threshold: spike, V <- reset, wait t_ref.

Between spikes V is an Ornstein–Uhlenbeck process, whose step is exact for any dt:

    V <- mu + (V - mu) P + sigma sqrt((1 - P²) / 2) r,    P = exp(-dt / tau),    r ~ N(0, 1),

so without a threshold V would spread by sigma / sqrt(2). A step updates V, unless the neuron is
refractory, and then compares it with the threshold: a spike has the time of the end of its step.
After it, V stays at the reset for round(t_ref / dt) steps. Units: mV, ms; mu is the mean input
times the membrane's resistance, and V is counted from rest. Brunel (2000),
doi:10.1023/A:1008925309027. Taught in ``book/models/integrate-and-fire.md``.
"""

from collections.abc import Mapping

import numpy as np
from numba.extending import register_jitable
from numpy.typing import ArrayLike

from mechfit.compile import compiled, compiled_fast
from mechfit.models.inputs import check_possible
from mechfit.models.model import Model, Traces
from mechfit.models.numerics.noise import given_or_drawn, key_of, normal_pair
from mechfit.models.numerics.single import single
from mechfit.models.prior import Prior
from mechfit.summaries.arguments import array_of, number_of
from mechfit.summaries.intervals import INTERVAL_STATISTICS, write_intervals

__all__ = ["LIF"]

LANES = 32
f32, u32 = np.float32, np.uint32
PRIOR = Prior.uniform(
    ["mu", "sigma", "tau", "t_ref"],
    [10.0, 0.5, 5.0, 0.5],
    [30.0, 10.0, 40.0, 5.0],
    units=["mV", "mV", "ms", "ms"],
    symbols=["μ", "σ", "τ", "t_ref"],
)


@register_jitable
def step(state: tuple, drive: float, noise: float, values: tuple) -> tuple:
    """One step of V and the steps to wait; V before a reset comes first."""
    v, wait = state
    decay, hold, threshold, reset = values
    reached = drive + (v - drive) * decay + noise if wait <= 0.0 else v
    spikes = reached >= threshold
    return reached, reset if spikes else reached, hold if spikes else wait - 1.0


@compiled
def voltage_rows(theta, drive, noise, rule, out):
    """Write the voltages before resets (n, steps + 1); theta (n, 4) as `_coefficients` has it."""
    v_init, threshold, reset = rule
    for row in range(theta.shape[0]):
        mu, scale, decay, hold = theta[row]
        v, wait = v_init, 0.0
        out[row, 0] = v_init
        for i in range(drive.size):
            reached, v, wait = step(
                (v, wait), mu + drive[i], scale * noise[row, i], (decay, hold, threshold, reset)
            )
            out[row, i + 1] = reached


step_single, noise_single = single(step), single(normal_pair)


@compiled_fast
def spike_lanes(theta, drive, rule, key, index, spikes, counts):
    """Write the steps (LANES, most) at whose ends the neurons of theta (4, LANES) spike."""
    v_init, threshold, reset = rule
    mu, scale, decay, hold = theta[0], theta[1], theta[2], theta[3]
    v, wait, reached = np.full(LANES, v_init), np.zeros(LANES, f32), np.empty(LANES, f32)
    noise = np.empty((2, LANES), f32)
    first, second = noise[0], noise[1]
    for i in range(drive.size):
        if i % 2 == 0:
            for j in range(LANES):
                first[j], second[j] = noise_single(key[0], key[1], index[j], u32(i >> 1))
        r, hits = noise[i % 2], 0
        for j in range(LANES):
            reached[j], v[j], wait[j] = step_single(
                (v[j], wait[j]),
                mu[j] + drive[i],
                scale[j] * r[j],
                (decay[j], hold[j], threshold, reset),
            )
        for j in range(LANES):
            hits += reached[j] >= threshold
        if hits:
            for j in range(LANES):
                if reached[j] >= threshold:
                    spikes[j, counts[j]] = i + 1
                    counts[j] += 1


class LIF(Model):
    """A leaky integrate-and-fire neuron driven by white noise.

    The columns of theta are μ and σ (mV), τ and t_ref (ms), without those that are `known`; the
    statistics are those of `mechfit.summaries.interval_statistics`. The free voltage has the
    standard deviation σ/√2. Traces hold the voltage before each reset: a sample at or above the
    threshold is a spike.

    Args:
        duration: Length (ms) of a simulation, rounded to steps.
        dt: Step (ms); t_ref is rounded to whole steps.
        precision: Of the spikes: "float32", fast, or "float64", the reference. Traces are always
            made in float64.
        drive: Input (steps,) in mV, one number for each step, that is added to μ; its length sets
            the duration.
        threshold: Voltage (mV) of a spike, above `reset`.
        reset: Voltage (mV) after it.
        v_init: Voltage (mV) at the start; by default the reset, as after a spike.
        known: Values of parameters that are not to be inferred, by name.

    Example:
        >>> model = LIF(duration=1000.0, known={"tau": 20.0, "t_ref": 2.0})
        >>> model.prior.names, model.statistics([25.0, 0.0], seed=1)[0, 0]
        (('mu', 'sigma'), np.float64(41.0))
    """

    prior = PRIOR
    statistic_names = tuple(INTERVAL_STATISTICS)
    statistic_units = tuple(INTERVAL_STATISTICS.values())

    def __init__(
        self,
        duration: float = 10_000.0,
        dt: float = 0.1,
        precision: str = "float32",
        *,
        drive: ArrayLike | None = None,
        threshold: float = 20.0,
        reset: float = 10.0,
        v_init: float | None = None,
        known: Mapping[str, float] | None = None,
    ) -> None:
        self.dt = number_of("dt", dt, positive=True)
        steps = round(number_of("duration", duration, positive=True) / self.dt)
        if precision not in ("float32", "float64"):
            raise ValueError(f"precision is {precision!r}, expected 'float32' or 'float64'")
        self.precision = precision
        self.drive = (
            np.zeros(steps) if drive is None else array_of("drive", drive, "(steps,)").copy()
        )
        if not 1 <= self.drive.size < 2**31:
            raise ValueError(f"there are {self.drive.size} steps, expected 1 to {2**31 - 1}")
        self.threshold, self.reset = number_of("threshold", threshold), number_of("reset", reset)
        self.v_init = self.reset if v_init is None else number_of("v_init", v_init)
        if not max(self.reset, self.v_init) < self.threshold:
            raise ValueError(
                f"reset is {self.reset} and v_init {self.v_init}, expected both below "
                f"the threshold, {self.threshold}"
            )
        self.known = {name: number_of(name, value) for name, value in (known or {}).items()}
        if not set(self.known) < set(PRIOR.names):
            raise ValueError(
                f"known names {sorted(self.known)}, expected some of {', '.join(PRIOR.names)}"
            )
        self.prior = Prior(tuple(p for p in PRIOR.parameters if p.name not in self.known))

    @property
    def duration(self) -> float:
        """Length of a simulation in ms."""
        return self.dt * self.drive.size

    @property
    def time(self) -> np.ndarray:
        """Times of the samples (steps + 1,) in ms."""
        return self.dt * np.arange(self.drive.size + 1)

    def simulate(
        self, theta: np.ndarray, seed: int, *, first: int = 0, noise: np.ndarray | None = None
    ) -> Traces:
        """Simulate theta (n, d) and keep the voltages before resets (n, 1, steps + 1).

        `noise` are standard normals (n, steps) or (steps,) to use instead of drawing them.
        """
        values = self._coefficients(theta)
        shape = len(values), self.drive.size
        noise = given_or_drawn(noise, seed, first, shape)
        voltage = np.empty((shape[0], shape[1] + 1))
        rule = self.v_init, self.threshold, self.reset
        voltage_rows(values, self.drive, noise, rule, voltage)
        return Traces(voltage[:, None], self.time)

    def summarize(self, traces: Traces) -> np.ndarray:
        """Reduce voltages before resets (n, 1, steps + 1) to the five statistics (n, 5)."""
        if traces.voltage.shape[1:] != (1, self.drive.size + 1):
            raise ValueError(
                f"traces have shape {traces.voltage.shape}, expected (n, 1, {self.drive.size + 1})"
            )
        steps = [np.flatnonzero(v >= self.threshold) for v in traces.voltage[:, 0]]
        return self._reduce(steps)

    def statistics(self, theta: np.ndarray, seed: int, *, first: int = 0) -> np.ndarray:
        """Simulate theta (n, d) and return the statistics (n, 5), NaN where undefined."""
        return self._reduce(self._spikes(theta, seed, first))

    def spikes(self, theta: np.ndarray, seed: int, *, first: int = 0) -> list[np.ndarray]:
        """Simulate theta (n, d) and return the spike times (ms) of each row."""
        return [self.dt * steps for steps in self._spikes(theta, seed, first)]

    def _spikes(self, theta: np.ndarray, seed: int, first: int) -> list[np.ndarray]:
        """Numbers of the steps at whose ends each row spikes."""
        values, found = self._coefficients(theta), []
        if self.precision == "float64":
            rows = enumerate(self.prior.check(theta), start=first)
            each = (self.simulate(row, seed, first=number).voltage[0, 0] for number, row in rows)
            return [np.flatnonzero(v >= self.threshold) for v in each]
        most = self.drive.size // (int(values[:, 3].min(initial=self.drive.size)) + 1) + 1
        spikes, drive = np.empty((LANES, most), np.int32), self.drive.astype(f32)
        rule = f32(self.v_init), f32(self.threshold), f32(self.reset)
        for start in range(0, len(values), LANES):
            rows = np.minimum(np.arange(start, start + LANES), len(values) - 1)
            lanes, counts = values[rows].T.astype(f32, order="C"), np.zeros(LANES, np.int64)
            index = (first + rows).astype(u32)
            spike_lanes(lanes, drive, rule, key_of(seed), index, spikes, counts)
            some = range(min(LANES, len(values) - start))
            found += [spikes[j, : counts[j]].copy() for j in some]
        return found

    def _reduce(self, spikes: list[np.ndarray]) -> np.ndarray:
        """Statistics (n, 5) of the numbers of the steps at which each row spikes."""
        x = np.empty((len(spikes), len(INTERVAL_STATISTICS)))
        for steps, row in zip(spikes, x, strict=True):
            write_intervals(steps, self.dt, self.duration, row)
        return x

    def _coefficients(self, theta: np.ndarray) -> np.ndarray:
        """Mu, size of the noise and decay in a step, and steps to wait, (n, 4)."""
        free = self.prior.check(theta)
        values = self.known | dict(zip(self.prior.names, free.T, strict=True))
        columns = np.broadcast_arrays(*(values[name] for name in PRIOR.names), free[:, 0])
        theta = np.stack(columns[:4], axis=1)
        possible = theta >= [-np.inf, 0, 0, 0]
        possible[:, 2] &= theta[:, 2] > 0
        expected = "finite numbers, sigma and t_ref of at least 0 and tau above 0"
        check_possible(theta, possible, PRIOR.names, expected)
        mu, sigma, tau, t_ref = theta.T
        decay = np.exp(-self.dt / tau)
        return np.stack(
            [mu, sigma * np.sqrt((1 - decay**2) / 2), decay, np.rint(t_ref / self.dt)], 1
        )
