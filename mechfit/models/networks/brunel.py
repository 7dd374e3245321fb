r"""Brunel's balanced network: identical neurons, delta synapses, one delay, input from outside.

Each neuron has exactly C_E excitatory inputs that move its voltage by J, and C_I = C_E / 4
inhibitory ones that move it by -g J, after a delay D; from outside it gets Poisson spikes of
weight J at eta times the rate theta / (J tau) that would just bring it to the threshold theta. The
phases of the network, from synchronous and regular to asynchronous and irregular, lie on the plane
of g and eta. Brunel (2000), model A, doi:10.1023/A:1008925309027. Taught in
``book/models/balanced-networks.md``.
"""

import numpy as np

from mechfit.models.inputs import whole
from mechfit.models.networks.network import Network
from mechfit.models.networks.network_model import NetworkModel, uniform
from mechfit.models.networks.neurons import DeltaNeurons
from mechfit.models.networks.wiring import Wiring, check_in_degrees
from mechfit.models.prior import Prior

__all__ = ["Brunel"]

NEURONS = DeltaNeurons()


class Brunel(NetworkModel):
    """Brunel's network of excitatory and inhibitory neurons.

    The columns of theta are g, the strength of inhibition relative to excitation, eta, the input
    from outside relative to that which just excites, J (mV), and the delay D (ms), which is
    rounded to steps. The default is a tenth of the published network, which is
    ``Brunel(12_500, 1250)`` with J = 0.1 mV and 50 MB of synapses.

    The 24 statistics are those of `mechfit.summaries.population_statistics`, some as logarithms,
    `alive`, whether a neuron spikes in the last 100 ms, and the logarithm of the spectrum in 8
    bands. All are finite: 0 where undefined. rate_I and cv_I tell what rate_E and cv_E tell.

    Args:
        n: Number of neurons, a multiple of 5.
        in_degree: Number of inputs of each neuron, a multiple of 5; four fifths are excitatory.
        duration: How long a simulation is (ms).
        burn_in: Time (ms) at first that is left out of the statistics.
        dt: Step (ms).
        precision: "float32", or "float64", the reference.

    Example:
        >>> model = Brunel(500, 50)
        >>> x = model.statistics(model.truth, seed=1)
        >>> dict(zip(model.statistic_names, x[0]))["alive"]
        np.float64(1.0)
    """

    prior = Prior.uniform(
        ["g", "eta", "J", "D"],
        [3.0, 0.8, 0.1, 0.5],
        [8.0, 4.0, 1.0, 3.0],
        units=["", "", "mV", "ms"],
        symbols=["g", "η", "J", "D"],
    )
    truth = np.array([5.0, 2.0, 0.5, 1.5])
    truth.flags.writeable = False

    def __init__(
        self,
        n: int = 1250,
        in_degree: int = 250,
        *,
        duration: float = 1200.0,
        burn_in: float = 200.0,
        dt: float = 0.1,
        precision: str = "float32",
    ) -> None:
        super().__init__(n, (duration, burn_in, dt, precision), NEURONS)
        if whole(in_degree, "in_degree", 0) % 5:
            raise ValueError(f"in_degree is {in_degree}, expected a multiple of 5")
        self.degrees = in_degree * 4 // 5, in_degree // 5
        check_in_degrees((self.excitatory, n - self.excitatory), self.degrees)
        self.least, self.most = (0.0, 0.0, 0.01, self.dt), (1e3, 50.0, 1e3, self.duration)

    def network(self, theta: np.ndarray, seed: int, number: int = 0) -> Network:
        """Network `number` of a seed, with the parameters theta (4,)."""
        g, eta, j, delay = (float(value) for value in theta)
        sizes = self.excitatory, self.n - self.excitatory
        return Network(
            NEURONS,
            Wiring.fixed_in_degree(*sizes, self.degrees, seed, number),
            (j, -g * j),
            delay,
            1000 * eta * NEURONS.threshold / (j * NEURONS.tau),
            self.dt,
            self.precision,
        )

    def start(self, z: np.ndarray) -> tuple[np.ndarray, tuple]:
        """Voltages between rest and threshold."""
        return uniform(z[0], NEURONS.rest, NEURONS.threshold), (0.0, 0.0)
