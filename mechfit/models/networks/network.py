"""Network: neurons, their wiring, delay and input; it runs from a start, and its spikes come out.

The spikes are all that is kept. As a neuron is silent for R steps after one, their number has a
bound that is known before, n (1 + steps / (R + 1)): no run can exceed its store, or its time.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from mechfit.models.inputs import whole
from mechfit.models.networks.input import poisson_table
from mechfit.models.networks.kernel import BLOCK, PADDED, run_double, run_single
from mechfit.models.networks.neurons import DeltaNeurons
from mechfit.models.networks.wiring import Wiring, stream
from mechfit.models.numerics.gpu import check_device
from mechfit.models.numerics.noise import key_of
from mechfit.summaries.arguments import number_of, numbers
from mechfit.summaries.population import population_statistics

__all__ = ["Network", "Spikes"]

MOST_SPIKES = 10**9
TINY, LINE = 1e-30, 64
RUNAWAY = 0.8


@dataclass(frozen=True)
class Spikes:
    """The spikes of a network, by time.

    Attributes:
        times: Times (m,) in ms.
        ids: Who spiked (m,); excitatory neurons come first.
        excitatory: Number of excitatory neurons.
        n: Number of neurons.
        duration: How long the network was simulated (ms).
        dt: Step (ms); times are multiples of it.
        fastest: Highest rate (Hz) that the refractory time allows.
    """

    times: np.ndarray
    ids: np.ndarray
    excitatory: int
    n: int
    duration: float
    dt: float
    fastest: float

    def __len__(self) -> int:
        return len(self.times)

    @property
    def runaway(self) -> bool:
        """Whether the neurons fire at more than 80 % of the highest possible rate, on average."""
        return len(self) / (self.n * self.duration / 1000) > RUNAWAY * self.fastest

    def statistics(self, window: tuple[float, float] = (200.0, np.inf)) -> np.ndarray:
        """Population statistics, see `mechfit.summaries.population_statistics`."""
        window = window[0], min(window[1], self.duration)
        sizes = self.excitatory, self.n - self.excitatory
        return population_statistics(self.times, self.ids, sizes, window, dt=self.dt)


@dataclass(frozen=True)
class Network:
    """A network of spiking neurons.

    Attributes:
        neurons: `DeltaNeurons`, `CurrentNeurons` or `ConductanceNeurons`, all alike.
        wiring: Their synapses.
        weights: What an excitatory and an inhibitory spike add: mV, or units of the leak.
        delay: Delay of all synapses (ms), rounded to steps; a wiring by hand has its own.
        input_rate: Rate (Hz) of the excitatory Poisson spikes that each neuron gets from outside.
        dt: Step (ms).
        precision: "float32", or "float64", the reference.

    Example:
        >>> wiring = Wiring.fixed_in_degree(800, 200, (80, 20), seed=1)
        >>> network = Network(DeltaNeurons(), wiring, (0.2, -1.0), 1.5, input_rate=10_000)
        >>> spikes = network.spikes(np.zeros(1000), 100.0, seed=1)
    """

    neurons: DeltaNeurons
    wiring: Wiring
    weights: tuple[float, float] = (1.0, 1.0)
    delay: float = 0.1
    input_rate: float = 0.0
    dt: float = 0.1
    precision: str = "float32"

    def __post_init__(self) -> None:
        check_device("cpu", self.precision)
        dt = number_of("dt", self.dt, positive=True)
        self.neurons.constants(dt)
        if self.wiring.delays is None and round(number_of("delay", self.delay) / dt) < 1:
            raise ValueError(f"delay is {self.delay} ms, expected at least a step, {dt:g} ms")
        if not 0 <= number_of("input_rate", self.input_rate) * dt < 1e6:
            raise ValueError(
                f"input_rate is {self.input_rate} Hz, expected at least 0 and below 1000 per step"
            )

    def spikes(
        self,
        v: ArrayLike,
        duration: float,
        seed: int = 0,
        *,
        g: tuple[ArrayLike, ArrayLike] = (0.0, 0.0),
        drive: ArrayLike | None = None,
        number: int = 0,
    ) -> Spikes:
        """Simulate from the voltages v (n,) in mV for a duration in ms.

        Args:
            v: Voltages (n,) at first, or one for all.
            duration: How long (ms).
            seed: Seed of the input, below 2**64.
            g: Excitatory and inhibitory conductances (n,) at first.
            drive: Voltage (n,) to which each neuron goes without input; by default `rest`.
            number: Number of the network among those of a seed.

        Raises:
            ValueError: The spikes of so long a time could exceed the store, or V is not finite.
        """
        neurons, wiring, dt = self.neurons, self.wiring, self.dt
        n, steps = len(wiring), round(number_of("duration", duration, positive=True) / dt)
        refractory, constants = round(neurons.t_ref / dt), neurons.constants(dt)
        most = n * (1 + steps // (refractory + 1))
        if most > MOST_SPIKES:
            raise ValueError(
                f"in {duration:g} ms there may be {most:.1e} spikes, expected at most "
                f"{MOST_SPIKES:.0e}: simulate for a shorter time"
            )
        kind = np.float32 if self.precision == "float32" else np.float64
        places = -(-n // PADDED) * PADDED
        state = _aligned((places // BLOCK, 3, BLOCK), kind)
        rows = np.full((3, places), [[-np.inf], [0.0], [0.0]])
        for row, name, value in zip(rows, ("v", "g_e", "g_i"), (v, *g), strict=True):
            row[:n] = _each(name, value, n)
        state[:] = rows.reshape(3, -1, BLOCK).swapaxes(0, 1)
        if drive is not None:
            drive = np.pad(_each("drive", drive, n), (0, places - n)).astype(kind)
        if wiring.delays is None:
            delay, slots, own = round(self.delay / dt), 1, (None, None)
            counts = np.int16 if n < 2**14 else np.int32
        else:
            delay, counts = int(wiring.delays.min(initial=2**30)), kind
            own = wiring.weights.astype(kind), wiring.delays - np.int32(delay)
            slots = int(own[1].max(initial=0)) + 1
        starts, ids = np.empty(steps + 1, np.int64), np.empty(most, wiring.targets.dtype)
        run = run_single if kind is np.float32 else run_double
        run(
            neurons.KIND,
            state.ravel(),
            (kind(neurons.rest), drive),
            tuple(map(kind, constants)),
            constants[1:3],
            (kind(neurons.threshold), kind(neurons.reset), refractory, wiring.excitatory),
            (*(kind(number_of("weights", w)) for w in self.weights), kind(TINY)),
            (wiring.pointers, wiring.targets, *own, wiring.bits),
            (delay, _aligned((2, slots, places), counts)),
            poisson_table(self.input_rate * dt / 1000),
            stream(*key_of(seed), whole(number, "number", 0, 2**32), 3),
            starts,
            ids,
        )
        if not np.isfinite(state.swapaxes(0, 1).reshape(3, -1)[:, :n]).all():
            raise ValueError("a voltage is not finite: expected smaller weights or input")
        times = np.repeat(np.arange(1, steps + 1), np.diff(starts)) * dt
        fastest, ids = 1000 / (refractory + 1) / dt, ids[: len(times)].copy()
        return Spikes(times, ids, wiring.excitatory, n, float(duration), dt, fastest)


def _each(name: str, value: ArrayLike, n: int) -> np.ndarray:
    """A finite number for each of n neurons, from (n,) or from one for all."""
    array = numbers(value, name)
    if array.shape not in ((), (n,)) or not np.isfinite(array).all():
        raise ValueError(
            f"{name} has shape {array.shape}, expected ({n},) of finite numbers, or one"
        )
    return np.broadcast_to(array, n)


def _aligned(shape: tuple[int, ...], kind: type) -> np.ndarray:
    """Zeros from the beginning of a cache line on."""
    size = int(np.prod(shape)) * np.dtype(kind).itemsize
    room = np.zeros(size + LINE, np.uint8)
    start = -room.ctypes.data % LINE
    return room[start : start + size].view(kind).reshape(shape)
