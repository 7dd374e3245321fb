r"""What networks have in common as models: theta in, population statistics out.

For each simulation the wiring, the start and the input are drawn anew, from the key (seed, number)
and nothing else: a wiring that stayed the same would leak into the posterior. The statistics are
those of `mechfit.summaries.population`, in the window after the burn-in, so that they suit a
density estimator and a silent network says that it is silent instead of being lost:

- logarithms of what spans decades: ln(rate + 0.1 Hz), ln pop_fano, ln peak_ratio, and of the mean
  spectrum in 8 bands from 5 to 500 Hz that are equally wide in the logarithm, ln(power + 0.1 Hz²);
- the last spike as a share of the duration, and `alive`, 1 if it is within the last 100 ms;
- 0 for what is undefined; active_E, cv_n_E and alive tell that it is.

A rate of 0 is ln 0.1, to which those of nearly silent networks tend.
"""

from abc import abstractmethod

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from mechfit.compile import compiled
from mechfit.models.inputs import check_possible, whole
from mechfit.models.model import Model
from mechfit.models.networks.network import Network, Spikes
from mechfit.models.networks.neurons import DeltaNeurons
from mechfit.models.networks.wiring import stream
from mechfit.models.numerics.gpu import check_device
from mechfit.models.numerics.noise import key_of, normal_pair
from mechfit.summaries.arguments import number_of
from mechfit.summaries.population import (
    POPULATION,
    SEGMENT,
    population_spectrum,
    population_summary,
)

__all__ = ["NetworkModel"]

EDGES = np.geomspace(5.0, 500.0, 9)
LOGS = {"rate_E": 0.1, "rate_I": 0.1, "pop_fano": 0.0, "peak_ratio": 0.0}
"""What is added before the logarithm."""
FLOOR = 0.1
ALIVE_MS = 100.0
FEATURES = {
    (f"log_{name}" if name in LOGS else name): (f"ln {unit}".strip() if name in LOGS else unit)
    for name, unit in (POPULATION | {"last_spike": "", "alive": ""}).items()
} | {f"log_power_{a:.0f}-{b:.0f}": "ln Hz²" for a, b in zip(EDGES, EDGES[1:], strict=False)}


@compiled
def fill_start(key, out):
    """Write four standard normals for each neuron to `out` (4, n)."""
    for i in range(out.shape[1]):
        out[0, i], out[1, i] = normal_pair(key[0], key[1], np.uint32(i), np.uint32(0))
        out[2, i], out[3, i] = normal_pair(key[0], key[1], np.uint32(i), np.uint32(1))


def features(spikes: Spikes, burn_in: float) -> np.ndarray:
    """The statistics (24,), all finite, of a network's spikes."""
    sizes, window = (spikes.excitatory, spikes.n - spikes.excitatory), (burn_in, spikes.duration)
    each, f, power = population_summary(spikes.times, spikes.ids, sizes, window, dt=spikes.dt)
    x = dict(zip(POPULATION, each, strict=True))
    bands = [power[(f >= a) & (f < b)].mean() for a, b in zip(EDGES, EDGES[1:], strict=False)]
    x["alive"] = float(x["last_spike"] > spikes.duration - ALIVE_MS)
    x["last_spike"] /= spikes.duration
    x |= {name: np.log(x[name] + more) for name, more in LOGS.items()}
    return np.nan_to_num(np.array([*x.values(), *np.log(np.array(bands) + FLOOR)]))


class NetworkModel(Model):
    """A network of n neurons, four fifths of them excitatory, as a model.

    Subclasses set `prior`, `least` and `most`, the physical bounds of the parameters, and define
    `network` and `start`.
    """

    block = 32
    statistic_names = tuple(FEATURES)
    statistic_units = tuple(FEATURES.values())

    def __init__(
        self, n: int, how: tuple[float, float, float, str], neurons: DeltaNeurons
    ) -> None:
        duration, burn_in, dt, precision = how
        if whole(n, "n", 5) % 5:
            raise ValueError(f"n is {n}, expected a multiple of 5: four fifths are excitatory")
        self.n, self.excitatory = n, n * 4 // 5
        self.duration = number_of("duration", duration, positive=True)
        self.burn_in, self.dt = number_of("burn_in", burn_in), number_of("dt", dt, positive=True)
        if self.burn_in < 0 or self.duration - self.burn_in < SEGMENT:
            raise ValueError(
                f"burn_in is {burn_in} ms of a duration of {duration} ms, expected at least 0 ms, "
                f"and {SEGMENT} ms after it for the spectrum"
            )
        check_device("cpu", precision)
        self.precision = precision
        neurons.fine(self.dt)
        population_spectrum([], 1, (0.0, 1.0), dt=self.dt)  # whose steps have to divide 1 ms

    @abstractmethod
    def network(self, theta: np.ndarray, seed: int, number: int) -> Network:
        """Network `number` of a seed, with the parameters theta (d,)."""

    @abstractmethod
    def start(self, z: np.ndarray) -> tuple[np.ndarray, tuple]:
        """Voltages (n,) and conductances at first, from standard normals z (4, n)."""

    def spikes(self, theta: ArrayLike, seed: int, *, number: int = 0) -> Spikes:
        """Simulate one parameter set theta (d,) and return its spikes.

        Simulation `number` of a seed is that whose statistics `simulate` stores in this row.
        """
        theta = self._check(theta)
        if len(theta) > 1:
            raise ValueError(f"theta has {len(theta)} rows, expected one parameter set")
        return self._spikes(theta[0], seed, number)

    def statistics(self, theta: np.ndarray, seed: int, *, first: int = 0) -> np.ndarray:
        """Simulate theta (n, d), each in a network of its own, and return x (n, 24)."""
        rows = enumerate(self._check(theta), start=first)
        x = [features(self._spikes(row, seed, number), self.burn_in) for number, row in rows]
        return np.array(x).reshape(-1, len(FEATURES))

    def start_of(self, seed: int, number: int = 0) -> tuple[np.ndarray, tuple]:
        """Voltages (n,) and conductances at first of network `number` of a seed."""
        z = np.empty((4, self.n))
        fill_start(stream(*key_of(seed), number, 2), z)
        return self.start(z)

    def _spikes(self, theta: np.ndarray, seed: int, number: int) -> Spikes:
        v, g = self.start_of(seed, number)
        network = self.network(theta, seed, number)
        return network.spikes(v, self.duration, seed, g=g, number=number)

    def _check(self, theta: ArrayLike) -> np.ndarray:
        """Return theta (n, d), or raise ValueError naming the first impossible parameter."""
        theta = self.prior.check(theta)
        least, most = np.array(self.least) - 1e-9, np.array(self.most) + 1e-9
        expected = [f"{a:g} to {b:g}" for a, b in zip(self.least, self.most, strict=True)]
        possible = (theta >= least) & (theta <= most)
        check_possible(theta, possible, self.prior.names, expected)
        return theta


def uniform(z: np.ndarray, low: float, high: float) -> np.ndarray:
    """Uniform numbers from standard normals."""
    return low + (high - low) * ndtr(z)
