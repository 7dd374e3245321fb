"""Pyloric: the circuit of three neurons that makes a rhythm in the stomach of crabs.

AB/PD, LP and PY have eight conductances each and inhibit each other by seven synapses; see
`mechfit.models.pyloric.equations` for the equations and `mechfit.summaries.triphasic` for the
statistics. About 1 in 75 draws of the prior is rhythmic. The prior spans the neurons of Prinz,
Bucher & Marder (2004), doi:10.1038/nn1352, as in Gonçalves, Lueckmann, Deistler et al. (2020),
doi:10.7554/eLife.56261. Taught in ``book/geometry/pyloric-circuit.md``.
"""

import math
import warnings
from collections.abc import Mapping

import numpy as np

from mechfit.models.model import Model, Traces
from mechfit.models.numerics.gpu import check_device
from mechfit.models.numerics.noise import normals
from mechfit.models.prior import Prior
from mechfit.models.pyloric import run
from mechfit.models.pyloric.equations import AREA, COLD
from mechfit.models.pyloric.recorder import Events
from mechfit.models.pyloric.reference import Q10, Setting, circuit
from mechfit.summaries.activity import PACKAGE, activity, in_package_order
from mechfit.summaries.arguments import number_of
from mechfit.summaries.bursts import bursts, window
from mechfit.summaries.triphasic import NEURONS, TRIPHASIC, rhythm_of

__all__ = ["Pyloric", "PyloricActivity"]

CURRENTS = "Na", "CaT", "CaS", "A", "KCa", "Kd", "H", "leak"
LOW = (0, 0, 0, 0, 0, 25, 0, 0), (0, 0, 2, 10, 0, 0, 0, 0.01), (0, 0, 0, 30, 0, 50, 0, 0)
HIGH = (
    (500, 7.5, 8, 60, 15, 150, 0.02, 0.01),
    (200, 2.5, 12, 60, 10, 125, 0.06, 0.04),
    (600, 12.5, 4, 60, 5, 150, 0.06, 0.04),
)
SYNAPSE_NAMES = "AB-LP", "PD-LP", "AB-PY", "PD-PY", "LP-PD", "LP-PY", "PY-LP"
PAPER_MS = 0.025
WEAKEST, STRONGEST, STRONGEST_AB_LP = (math.log(g) for g in (1e-8, 1e-3, 1e-2))


class Pyloric(Model):
    """The pyloric circuit, with the 19 statistics of its rhythm.

    The columns of theta are the conductances (mS/cm²) of Na, CaT, CaS, A, KCa, Kd, H and leak in
    AB/PD, in LP and in PY, and the natural logarithms of seven synaptic conductances (mS).

    Args:
        noise_std: Standard deviation (µA) of the noise current of each step.
        temperature: In K; at 283 every Q10 factor is 1.
        duration: Length (ms) of a simulation.
        dt: Time step (ms), at most 0.125; 0.025 is that of the paper. The rhythm depends on it: at
            half or at four times the step, burst durations differ by about 5 %. A longer one is
            told.
        precision: Of the statistics: "float32", fast, or "float64", the reference. Traces are
            always made in float64.
        q10: Factors over 10 K that differ from those of `Q10`, by the same names.
        burst_threshold: Longest duration (ms) at which a burst is dropped; the default is that of
            the class. The paper's simulations have 50, its recordings 40.
        burn_in: Time (ms) before the statistics begin.
        patience: Time (ms) after the burn-in by which each neuron must have begun a burst;
            otherwise the simulation ends early and all its statistics are NaN. None simulates to
            the end. For banks from the prior, where nine circuits in ten have a neuron that never
            bursts.
        device: What computes the float32 statistics: "cpu", or "cuda", an NVIDIA GPU (install
            ``mechfit[gpu]``); then a block of simulations is as large as a GPU needs.

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
    burst_threshold = 50.0
    devices = ("cpu", "cuda")

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
        burn_in: float = 1000.0,
        patience: float | None = None,
        device: str = "cpu",
    ) -> None:
        dt, temperature = number_of("dt", dt, positive=True), number_of("temperature", temperature)
        noise_std, duration = number_of("noise_std", noise_std), number_of("duration", duration)
        burn_in = number_of("burn_in", burn_in)
        if not (0 <= burn_in < duration and noise_std >= 0 and temperature > 0):
            raise ValueError(
                f"duration, burn_in, dt are {duration}, {burn_in}, {dt} ms, noise_std "
                f"{noise_std} µA and temperature {temperature} K, expected a burn-in shorter than "
                "the duration, a positive step and temperature, and noise of at least 0"
            )
        if any(len(v) != len(Q10.get(name, ())) for name, v in (q10 or {}).items()):
            lengths = {name: len(values) for name, values in Q10.items()}
            raise ValueError(f"q10 is {q10}, expected factors as many as {lengths}")
        if patience is not None and not 0 < number_of("patience", patience) <= duration - burn_in:
            raise ValueError(
                f"patience is {patience} ms, expected None, or a time of at most the "
                f"{duration - burn_in} ms after the burn-in"
            )
        if window(dt) and dt > 1.001 * PAPER_MS:
            warnings.warn(
                f"dt is {dt} ms, longer than the paper's {PAPER_MS} ms: burst durations differ by "
                "about 5 %, and the noise of each step stays as large",
                stacklevel=2,
            )
        check_device(device, precision, self.devices)
        self.device, self.precision = device, precision
        if device == "cuda":
            self.block, self.single_batch = 2**18, True
        if burst_threshold is not None:
            self.burst_threshold = number_of("burst_threshold", burst_threshold)
        self.noise_std, self.temperature, self.dt = noise_std, temperature, dt
        self.q10 = {**Q10, **(q10 or {})}
        self.patience = patience
        self.samples, self.burn_in_samples = math.ceil(duration / dt - 1e-9), int(burn_in / dt)

    @property
    def time(self) -> np.ndarray:
        """Times (time,) of the samples in ms."""
        return np.arange(self.samples) * self.dt

    def setting(self, theta: np.ndarray) -> Setting:
        """Conductances and rates of circuits theta (..., 31) at the model's temperature."""
        return Setting.of(theta, self.dt, self.temperature, self.q10)

    def noise(self, seed: int, number: int) -> np.ndarray:
        """Noise current (time, 3) in µA of a simulation; normal 3 i + j is neuron j's at i."""
        if not self.noise_std:
            return np.zeros((self.samples, 3))
        return self.noise_std * normals(seed, number, 3 * self.samples).reshape(-1, 3)

    def simulate(
        self, theta: np.ndarray, seed: int, *, first: int = 0, noise: np.ndarray | None = None
    ) -> Traces:
        """Simulate theta (n, 31) and keep the voltages (n, 3, time) of AB/PD, LP and PY.

        `noise` are standard normals (n, 3, time) to use instead of drawing them; the first of each
        neuron is not used.
        """
        theta = self.prior.check(theta)
        if noise is not None and np.shape(noise) != (len(theta), 3, self.samples):
            raise ValueError(
                f"noise has shape {np.shape(noise)}, expected ({len(theta)}, 3, {self.samples})"
            )
        if noise is None:
            currents = (self.noise(seed, first + i) for i in range(len(theta)))
        else:
            currents = (self.noise_std * np.asarray(each).T for each in noise)
        runs = zip(theta, currents, strict=True)
        voltage = np.stack([circuit(self.setting(row), current)[0] for row, current in runs])
        return Traces(voltage, self.time)

    def summarize(self, traces: Traces) -> np.ndarray:
        """Reduce traces (n, 3, time) to statistics (n, 19), after the burn-in."""
        if traces.voltage.shape[1:] != (3, self.samples):
            raise ValueError(
                f"traces have shape {traces.voltage.shape}, expected (n, 3, {self.samples})"
            )
        kept = traces.voltage[..., self.burn_in_samples :]
        return np.stack([run.summarized(self, Events.of(v, self.dt)) for v in kept])

    def statistics(self, theta: np.ndarray, seed: int, *, first: int = 0) -> np.ndarray:
        """Simulate theta (n, 31) and return the statistics (n, k) without keeping traces."""
        return run.statistics(self, self.prior.check(theta), seed, first)

    def of_events(self, events: Events) -> np.ndarray:
        """Statistics (k,) of one circuit."""
        return rhythm_of(events.spikes, events.crossings, self.dt, self.burst_threshold)


class PyloricActivity(Pyloric):
    """The pyloric circuit, with 46 statistics of its rhythm and of its neurons' activity.

    To the rhythm come, for each neuron, mean, standard deviation, skewness and kurtosis of the
    voltage, counts of bursts and spikes, and the energy that its currents spend. The order, and
    the burst threshold of 40 ms, are those of the package ``pyloric``. In single precision the
    skewness and kurtosis of a voltage that hardly moves are not exact.

    Args:
        *args: Arguments of `Pyloric`; `device` is always "cpu".
        **kwargs: The same, by name.
    """

    statistic_names = tuple(PACKAGE)
    statistic_units = tuple(PACKAGE.values())
    burst_threshold = 40.0
    devices = ("cpu",)

    def summarize(self, traces: Traces) -> np.ndarray:
        """Refuse: energies do not follow from voltages."""
        raise TypeError("energies do not follow from traces, use statistics()")

    def of_events(self, events: Events) -> np.ndarray:
        """Statistics (46,) of one circuit."""
        found = [bursts(s, self.dt, self.burst_threshold) for s in events.spikes]
        energy = events.energy * self.dt * 1e-3 / AREA
        active = activity(events.powers, events.ends, energy, events.spikes, found)
        return in_package_order(super().of_events(events), active)
