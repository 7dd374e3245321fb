r"""Networks that keep themselves active, with synapses that add to a current or a conductance.

Each ordered pair of n neurons, four fifths of them excitatory, is connected with probability p.
There is no input from outside and no noise: all that differs is the wiring and the start. Where
synapses are currents (`CUBA`), each neuron would fire alone, as it rests above its threshold;
where they are conductances (`COBA`), it would not: the activity lives from itself, begins only
with a kick, and may die. Vogels & Abbott (2005), doi:10.1523/JNEUROSCI.3508-05.2005; parameters
as in benchmarks 1 and 2 of Brette et al. (2007), doi:10.1007/s10827-007-0038-6. Taught in
``book/models/balanced-networks.md``.
"""

from typing import ClassVar

import numpy as np

from mechfit.models.networks.network import Network
from mechfit.models.networks.network_model import NetworkModel, uniform
from mechfit.models.networks.neurons import FINEST, ConductanceNeurons, CurrentNeurons
from mechfit.models.networks.wiring import Wiring
from mechfit.models.prior import Prior

__all__ = ["COBA", "CUBA"]

NAMES, UNITS = ["w_e", "w_i", "tau_e", "tau_i", "D"], ["ms", "ms", "ms"]
SYMBOLS = ["w_e", "w_i", "τ_e", "τ_i", "D"]
KICK = {"v": (-65.0, 5.0), "g_e": (4.0, 1.5), "g_i": (20.0, 12.0)}
"""Mean and spread of voltages and conductances at first, about those of the active state."""


class CUBA(NetworkModel):
    """The network whose synapses are currents.

    The columns of theta are the weights w_e > 0 and w_i < 0 (mV), the time constants tau_e and
    tau_i (ms), the delay D (ms), which is rounded to steps, and the voltage at rest E_L (mV). The
    default is a quarter of the published network, ``CUBA(4000, 0.02)``, with as many inputs. The
    statistics are those of `Brunel`.

    Args:
        n: Number of neurons, a multiple of 5.
        p: Probability that one neuron connects to another.
        duration: How long a simulation is (ms).
        burn_in: Time (ms) at first that is left out of the statistics.
        dt: Step (ms).
        precision: "float32", or "float64", the reference.

    Example:
        >>> model = CUBA()
        >>> model.spikes(model.truth, seed=1).runaway
        False
    """

    kind: ClassVar[type[CurrentNeurons]] = CurrentNeurons
    signs: ClassVar[tuple[float, float]] = (1.0, -1.0)
    prior = Prior.uniform(
        [*NAMES, "E_L"],
        [0.5, -18.0, 2.0, 4.0, 0.1, -52.0],
        [3.0, -3.0, 10.0, 20.0, 2.0, -46.0],
        units=["mV", "mV", *UNITS, "mV"],
        symbols=[*SYMBOLS, "E_L"],
    )
    truth = np.array([1.62, -9.0, 5.0, 10.0, 0.1, -49.0])
    truth.flags.writeable = False

    def __init__(
        self,
        n: int = 1000,
        p: float = 0.08,
        *,
        duration: float = 1200.0,
        burn_in: float = 200.0,
        dt: float = 0.1,
        precision: str = "float32",
    ) -> None:
        super().__init__(n, (duration, burn_in, dt, precision), self.kind())
        if not 0 < p < 1:
            raise ValueError(f"p is {p}, expected a probability above 0 and below 1")
        self.p = float(p)
        finest, late = FINEST * self.dt, self.duration
        inhibition = (0.0, 1e4) if self.signs[1] > 0 else (-1e4, 0.0)
        least = 0.0, inhibition[0], finest, finest, self.dt, -1e4
        most = 1e4, inhibition[1], 1e4, 1e4, late, 1e4
        self.least, self.most = least[: len(self.prior)], most[: len(self.prior)]

    def network(self, theta: np.ndarray, seed: int, number: int = 0) -> Network:
        """Network `number` of a seed, with the parameters theta (d,)."""
        w_e, w_i, tau_e, tau_i, delay, *rest = (float(value) for value in theta)
        neurons = self.kind(tau_e=tau_e, tau_i=tau_i, **({"rest": rest[0]} if rest else {}))
        wiring = Wiring.bernoulli(self.excitatory, self.n - self.excitatory, self.p, seed, number)
        return Network(neurons, wiring, (w_e, w_i), delay, dt=self.dt, precision=self.precision)

    def start(self, z: np.ndarray) -> tuple[np.ndarray, tuple]:
        """Voltages between reset and threshold."""
        return uniform(z[0], CurrentNeurons.reset, CurrentNeurons.threshold), (0.0, 0.0)


class COBA(CUBA):
    """The network whose synapses are conductances.

    The columns of theta are the weights w_e and w_i (in units of the leak), the time constants
    tau_e and tau_i (ms) and the delay D (ms), which is rounded to steps. The default is a quarter
    of the published network, ``COBA(4000, 0.02)``, with as many inputs; so small a network often
    dies within a second, and a large part of the prior is silent. Arguments as those of `CUBA`.

    Example:
        >>> model = COBA()
        >>> x = model.statistics([[0.2, 2.0, 2.0, 4.0, 0.1]], seed=1)
        >>> dict(zip(model.statistic_names, x[0]))["alive"]
        np.float64(0.0)
    """

    kind = ConductanceNeurons
    signs = 1.0, 1.0
    prior = Prior.uniform(
        NAMES,
        [0.2, 2.0, 2.0, 4.0, 0.1],
        [1.2, 12.0, 10.0, 20.0, 2.0],
        units=["", "", *UNITS],
        symbols=SYMBOLS,
    )
    truth = np.array([0.6, 6.7, 5.0, 10.0, 0.1])
    truth.flags.writeable = False

    def start(self, z: np.ndarray) -> tuple[np.ndarray, tuple]:
        """A kick: voltages and conductances about those of the active state."""
        v, *g = (m + sd * z[i] for i, (m, sd) in enumerate(KICK.values()))
        return v, tuple(np.maximum(each, 0.0) for each in g)
