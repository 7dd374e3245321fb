"""Pyloric: the circuit of three neurons that makes a rhythm in the stomach of crabs.

AB/PD, LP and PY have eight conductances each and inhibit each other by seven synapses; see
`mechfit.models.pyloric.equations` for the equations and `mechfit.summaries.triphasic` for the
statistics. About 1 in 75 draws of the prior is rhythmic. The prior spans the neurons of Prinz,
Bucher & Marder (2004), doi:10.1038/nn1352, as in Gonçalves, Lueckmann, Deistler et al. (2020),
doi:10.7554/eLife.56261. Taught in ``book/geometry/pyloric-circuit.md``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np

from mechfit.models.model import Model, Traces
from mechfit.models.numerics.noise import key_of, normals
from mechfit.models.prior import Prior
from mechfit.models.pyloric.equations import AREA, COLD, SYNAPSES
from mechfit.models.pyloric.gpu import statistics_cuda
from mechfit.models.pyloric.lanes import run_lanes, table
from mechfit.models.pyloric.recorder import LANES, Recorder
from mechfit.models.pyloric.reference import Q10, Setting, circuit, factors
from mechfit.summaries.activity import PACKAGE, activity, in_package_order, powers
from mechfit.summaries.bursts import bursts, crossings, smoothed, spike_samples, window
from mechfit.summaries.triphasic import NEURONS, TRIPHASIC, rhythm_of

__all__ = ["Pyloric"]

CURRENTS = "Na", "CaT", "CaS", "A", "KCa", "Kd", "H", "leak"
LOW = (0, 0, 0, 0, 0, 25, 0, 0), (0, 0, 2, 10, 0, 0, 0, 0.01), (0, 0, 0, 30, 0, 50, 0, 0)
HIGH = (
    (500, 7.5, 8, 60, 15, 150, 0.02, 0.01),
    (200, 2.5, 12, 60, 10, 125, 0.06, 0.04),
    (600, 12.5, 4, 60, 5, 150, 0.06, 0.04),
)
SYNAPSE_NAMES = "AB-LP", "PD-LP", "AB-PY", "PD-PY", "LP-PD", "LP-PY", "PY-LP"
WEAKEST, STRONGEST, STRONGEST_AB_LP = (math.log(g) for g in (1e-8, 1e-3, 1e-2))

ORDERS = {"paper": (TRIPHASIC, 50.0), "package": (PACKAGE, 40.0)}
"""Statistics of each report, with the threshold (ms) of its bursts."""


class Pyloric(Model):
    """The pyloric circuit.

    The columns of theta are the conductances (mS/cm²) of Na, CaT, CaS, A, KCa, Kd, H and leak in
    AB/PD, in LP and in PY, and the natural logarithms of seven synaptic conductances (mS).

    Args:
        noise_std: Standard deviation (µA) of the noise current of each step.
        temperature: In K; at 283 every Q10 factor is 1.
        duration: Length (ms) of a simulation.
        dt: Time step (ms). The rhythm depends on it; 0.025 is that of the paper.
        precision: Of the statistics: "float32", fast, or "float64", the reference. Traces are
            always made in float64.
        q10: Factors over 10 K that differ from those of `Q10`, by the same names.
        burst_threshold: Duration (ms) up to which a burst is dropped; by default the paper's 50,
            or the package's 40. The paper's recordings have 40.
        report: "paper", 19 statistics of the rhythm, or "package", 46 with the distribution of the
            voltages, counts of spikes and bursts, and energies, in the order of the package
            ``pyloric``. In single precision the shape of the distribution of a voltage that
            hardly moves is not exact.
        burn_in: Time (ms) before the statistics begin.
        patience: Time (ms) after the burn-in by which each neuron must have begun a burst; a
            circuit that has not is given up, and all its statistics are NaN. None waits for the
            end. For banks from the prior, where nine circuits in ten have a neuron that never
            bursts.
        device: What computes the float32 statistics of the paper: "cpu", or "cuda", an NVIDIA GPU
            (install ``mechfit[gpu]``); then a block of simulations is as large as a GPU needs.

    Example:
        >>> model = Pyloric(duration=200.0, burn_in=100.0)
        >>> model.statistics(model.prior.sample(2, seed=1), seed=1).shape
        (2, 19)
    """

    prior = Prior.uniform(
        [f"{c}_{n}" for n in NEURONS for c in CURRENTS] + list(SYNAPSE_NAMES),
        [*np.ravel(LOW), *[WEAKEST] * 7],
        [*np.ravel(HIGH), STRONGEST_AB_LP, *[STRONGEST] * 6],
        units=["mS/cm²"] * 24 + ["ln mS"] * 7,
        symbols=[f"{n} {c}" for n in NEURONS for c in CURRENTS]
        + [s.replace("-", "–") for s in SYNAPSE_NAMES],
    )
    statistic_names = tuple(TRIPHASIC)
    statistic_units = tuple(TRIPHASIC.values())
    block = 1024

    def __init__(
        self,
        noise_std: float = 0.001,
        temperature: float = COLD,
        duration: float = 11_000.0,
        dt: float = 0.025,
        precision: str = "float32",
        *,
        q10: Mapping[str, tuple[float, ...]] | None = None,
        burst_threshold: float | None = None,
        report: str = "paper",
        burn_in: float = 1000.0,
        patience: float | None = None,
        device: str = "cpu",
    ) -> None:
        if not (0 <= burn_in < duration and dt > 0 and noise_std >= 0 and temperature > 0):
            raise ValueError(
                f"duration, burn_in, dt are {duration}, {burn_in}, {dt} ms, noise_std "
                f"{noise_std} µA and temperature {temperature} K, expected a burn-in shorter than "
                "the duration, a positive step and temperature, and noise of at least 0"
            )
        unknown = {n for n, v in (q10 or {}).items() if len(v) != len(Q10.get(n, ()))}
        if unknown:
            lengths = {name: len(values) for name, values in Q10.items()}
            raise ValueError(f"q10 has {sorted(unknown)}, expected factors as many as {lengths}")
        if precision not in ("float32", "float64"):
            raise ValueError(f"precision is {precision!r}, expected 'float32' or 'float64'")
        if patience is not None and not 0 < patience <= duration - burn_in:
            raise ValueError(
                f"patience is {patience} ms, expected None, or a time of at most the "
                f"{duration - burn_in} ms after the burn-in"
            )
        if report not in ORDERS:
            raise ValueError(f"report is {report!r}, expected 'paper' or 'package'")
        if device not in ("cpu", "cuda"):
            raise ValueError(f"device is {device!r}, expected 'cpu' or 'cuda'")
        if device == "cuda":
            if (report, precision) != ("paper", "float32"):
                raise ValueError(
                    f"report is {report!r} and precision {precision!r} with device 'cuda', "
                    "expected 'paper' and 'float32': the CPU has the others"
                )
            self.block, self.single_batch = 2**18, True
        self.device = device
        names, threshold = ORDERS[report]
        self.report, self.statistic_names = report, tuple(names)
        self.statistic_units = tuple(names.values())
        self.noise_std, self.temperature, self.dt = noise_std, temperature, dt
        self.precision = precision
        self.burst_threshold = threshold if burst_threshold is None else burst_threshold
        self.q10 = {**Q10, **(q10 or {})}
        if precision == "float32":
            self._table = table(dt, factors(temperature, self.q10)["gates"])
        self.patience = patience
        self.samples, self.first = math.ceil(duration / dt - 1e-9), int(burn_in / dt)

    @property
    def time(self) -> np.ndarray:
        """Times (time,) of the samples in ms."""
        return np.arange(self.samples) * self.dt

    def simulate(
        self, theta: np.ndarray, seed: int, *, first: int = 0, noise: np.ndarray | None = None
    ) -> Traces:
        """Simulate theta (n, 31) and keep the voltages (n, 3, time) of AB/PD, LP and PY.

        Args:
            theta: Parameters (n, 31); a (31,) vector is one row.
            seed: Seed of the noise.
            first: Number of the first simulation.
            noise: Standard normals (n, 3, time) to use instead of drawing them; the first of each
                neuron is not used.
        """
        theta = self.prior.check(theta)
        if noise is not None and np.shape(noise) != (len(theta), 3, self.samples):
            raise ValueError(
                f"noise has shape {np.shape(noise)}, expected ({len(theta)}, 3, {self.samples})"
            )
        rows = [
            self._run(row, seed, first + i, None if noise is None else np.asarray(noise[i]).T)[0]
            for i, row in enumerate(theta)
        ]
        return Traces(np.stack(rows), self.time)

    def summarize(self, traces: Traces) -> np.ndarray:
        """Reduce traces (n, 3, time) to statistics (n, k), after the burn-in.

        Raises:
            ValueError: The traces have another shape, or energies are asked for, which voltages do
                not tell.
        """
        if traces.voltage.shape[1:] != (3, self.samples):
            raise ValueError(
                f"traces have shape {traces.voltage.shape}, expected (n, 3, {self.samples})"
            )
        if self.report == "package":
            raise ValueError(
                "traces do not tell the energies of report 'package', expected a call of "
                "statistics(), or report 'paper'"
            )
        return np.stack([self._of_voltage(voltage) for voltage in traces.voltage])

    def statistics(self, theta: np.ndarray, seed: int, *, first: int = 0) -> np.ndarray:
        """Simulate theta (n, 31) and return the statistics (n, k) without keeping traces."""
        theta = self.prior.check(theta)
        if self.precision == "float64":
            runs = (self._run(row, seed, first + i) for i, row in enumerate(theta))
            return np.stack([self._of_voltage(*each) for each in runs])
        if self.device == "cuda":
            return self._on_gpu(theta, seed, first)
        x, rows = np.full((len(theta), len(self.statistic_names)), np.nan), np.arange(len(theta))
        if self.patience is not None:
            last = self.first + self._awake_by() + window(self.dt)
            early = self._lanes(theta, key_of(seed), first + rows, min(last, self.samples))
            awake = [self._awake(kept.events(lane)[0]) for kept, lane in early]
            rows = rows[awake]
        self._write(x, rows, theta, seed, first)
        return x

    def _write(
        self, x: np.ndarray, rows: np.ndarray, theta: np.ndarray, seed: int, first: int
    ) -> None:
        """Write the statistics of some rows of theta (n, 31) to these rows of x, by the lanes."""
        events = self._lanes(theta[rows], key_of(seed), first + rows, self.samples)
        for row, (kept, lane) in zip(rows, events, strict=True):
            x[row] = self._of_events(*kept.events(lane), *kept.sums(lane))

    def _on_gpu(self, theta: np.ndarray, seed: int, first: int) -> np.ndarray:
        """Statistics (n, 19) from a GPU; what it cannot tell, from the lanes."""
        x, unknown = statistics_cuda(
            self.setting(theta),
            self.noise_std,
            key_of(seed),
            first,
            (self.first, self.samples),
            self.burst_threshold,
            None if self.patience is None else self._awake_by(),
        )
        self._write(x, np.flatnonzero(unknown), theta, seed, first)
        return x

    def _lanes(
        self, theta: np.ndarray, key: tuple, numbers: np.ndarray, samples: int
    ) -> Iterator[tuple[Recorder, int]]:
        """What is kept of each circuit, and its lane; the last lanes repeat the last circuit."""
        recorder = Recorder(window(self.dt), samples - self.first)
        tau = np.array([synapse[3] for synapse in SYNAPSES])
        for start in range(0, len(theta), LANES):
            rows = np.minimum(np.arange(start, start + LANES), len(theta) - 1)
            lanes = [self.setting(theta[r]) for r in rows]
            one = lanes[0]
            recorder.clear()
            run_lanes(
                self._table,
                np.stack([s.membrane.T for s in lanes], 2).reshape(8, -1).astype(np.float32),
                np.stack([s.synaptic for s in lanes], 1).astype(np.float32),
                tau / one.closing,
                tuple(np.float32(c) for c in one.clock),
                np.float32(self.noise_std),
                key,
                numbers[rows].astype(np.uint32),
                (self.first, samples),
                recorder.weights,
                recorder.kept,
            )
            for lane in range(min(LANES, len(theta) - start)):
                yield recorder, lane

    def _awake_by(self) -> int:
        """Samples after the burn-in at which patience ends."""
        return math.ceil(self.patience / self.dt - 1e-9)

    def _awake(self, spikes: list[np.ndarray]) -> bool:
        """Whether each neuron has burst before patience ends."""
        early = [s[s < self._awake_by()] for s in spikes]
        return all(len(bursts(s, self.dt, self.burst_threshold)) for s in early)

    def _of_voltage(self, voltage: np.ndarray, spent: np.ndarray | None = None) -> np.ndarray:
        """Statistics (k,) of voltages (3, time) and of the powers spent (3, time) in nW."""
        voltage = voltage[:, self.first :]
        v = smoothed(voltage, self.dt)
        sums = powers(voltage), np.arange(voltage.shape[1] + 1), np.zeros((3, v.shape[1] + 1))
        if spent is not None:
            np.cumsum(spent[:, self.first :], 1, out=sums[2][:, 1:])
        return self._of_events([spike_samples(r) for r in v], [crossings(r) for r in v], *sums)

    def _of_events(
        self,
        spikes: list[np.ndarray],
        changes: list[np.ndarray],
        means: np.ndarray,
        samples: np.ndarray,
        spent: np.ndarray,
    ) -> np.ndarray:
        """Statistics (k,) of a circuit's spikes, crossings, mean powers of V, and energy (nW)."""
        if self.patience is not None and not self._awake(spikes):
            return np.full(len(self.statistic_names), np.nan)
        x = rhythm_of(spikes, changes, self.dt, self.burst_threshold)
        if self.report == "paper":
            return x
        found = [bursts(s, self.dt, self.burst_threshold) for s in spikes]
        energy = spent * self.dt * 1e-3 / AREA
        return in_package_order(x, activity(means, samples, energy, spikes, found))

    def setting(self, theta: np.ndarray) -> Setting:
        """What circuits theta (..., 31) are made of at the model's temperature."""
        return Setting.of(theta, self.dt, self.temperature, self.q10)

    def noise(self, seed: int, number: int) -> np.ndarray:
        """Noise current (time, 3) in µA of a simulation; normal 3 i + j is neuron j's at i."""
        if not self.noise_std:
            return np.zeros((self.samples, 3))
        return self.noise_std * normals(seed, number, 3 * self.samples).reshape(-1, 3)

    def _run(
        self, theta: np.ndarray, seed: int, number: int, noise: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Voltages and powers spent."""
        current = self.noise(seed, number) if noise is None else self.noise_std * noise
        return circuit(self.setting(theta), current)
