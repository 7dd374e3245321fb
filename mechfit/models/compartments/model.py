r"""A neuron with a shape as a model: densities and axial resistance in, statistics of sites out.

Sodium and potassium have a density at the soma and another on the dendrites, sodium with a
gradient along the path d from the soma, g(d) = g_Na_dend exp(kappa d / 100 µm); the slow potassium
current and the leak have the same everywhere. White noise of sigma nA ms^½ enters the soma. All
that is not the soma, node 0, counts as dendrite. See `cable` for the equation. Taught in
``book/models/compartments.md``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from mechfit.models.compartments.cable import METHODS, Cable, groups
from mechfit.models.compartments.channels import CORTICAL, Channels
from mechfit.models.compartments.kernel import draw_single
from mechfit.models.compartments.protocol import (
    SITE_STATISTICS,
    Protocol,
    write_site_statistics,
)
from mechfit.models.compartments.tree import Tree
from mechfit.models.inputs import check_possible
from mechfit.models.model import Model, Traces
from mechfit.models.numerics.gpu import check_device
from mechfit.models.numerics.noise import given_or_drawn, key_of, normals
from mechfit.models.prior import Prior
from mechfit.summaries.arguments import number_of

__all__ = ["Compartments"]

PRIOR = Prior.uniform(
    [
        *("g_Na_soma", "g_K_soma", "g_Na_dend", "kappa_Na", "g_K_dend"),
        *("g_M", "g_leak", "R_a", "C_m", "shunt"),
    ],
    [5.0, 0.5, 0.1, -0.6, 0.1, 1e-4, 0.02, 50.0, 0.5, 0.0],
    [80.0, 15.0, 40.0, 0.1, 10.0, 0.3, 0.3, 300.0, 2.0, 0.3],
    units=[*["mS/cm²"] * 3, "1/100 µm", *["mS/cm²"] * 3, "Ω·cm", "µF/cm²", "mS/cm²"],
    symbols=[
        *("ḡ_Na,soma", "ḡ_K,soma", "ḡ_Na,dend", "κ_Na", "ḡ_K,dend"),
        *("ḡ_M", "g_l", "R_a", "C_m", "g_shunt"),
    ],
)
REFERENCE = np.array([50.0, 5.0, 20.0, -0.2, 3.0, 0.07, 0.1, 150.0, 1.0, 0.0])
KNOWN = {"C_m": 1.0, "shunt": 0.0}


class Compartments(Model):
    """A neuron of many compartments under two current steps, recorded at three sites.

    The columns of theta are the densities of sodium and potassium at the soma, of sodium at the
    start of the dendrites, its gradient κ (1/100 µm), potassium on the dendrites, slow potassium
    and leak (mS/cm²), and R_a (Ω·cm); then C_m (µF/cm²) and a leak of the soma alone, as an
    electrode makes it (mS/cm², with the reversal potential of the leak), where they are not
    `known`. The statistics are those of `SITE_STATISTICS`.

    Args:
        tree: The compartments, of which node 0 is the soma.
        sites: Nodes of soma, trunk and tuft, where the statistics are taken.
        protocol: The currents.
        dt: Time step (ms).
        precision: Of the statistics: "float32", fast, or "float64", the reference. Traces are
            always made in float64; there is no path on a GPU.
        sigma: Standard deviation (nA ms^½) of the white current into the soma.
        known: Values of parameters that are not to be inferred, by name.
        channels: Kinetics and reversal potentials of the channels.
        v_init: Voltage (mV) of the first sample.
        method: "backward Euler" or "Crank-Nicolson".

    Example:
        >>> n = np.arange(4)
        >>> area, rho = [1e3, 600, 600, 600], 20 * (n > 0)
        >>> tree = Tree(n - 1, area, rho, 50 * n, n > 0, n / 4, [1, 3, 3, 3])
        >>> model = Compartments(tree, sites=(0, 2, 3))
        >>> x = model.statistics(model.truth, seed=1)
        >>> dict(zip(model.statistic_names, x[0].round(1).tolist()))["n_s"]
        4.0
    """

    block = 512
    statistic_names = tuple(SITE_STATISTICS)
    statistic_units = tuple(SITE_STATISTICS.values())

    def __init__(
        self,
        tree: Tree,
        sites: Sequence[int],
        protocol: Protocol | None = None,
        *,
        dt: float = 0.025,
        precision: str = "float32",
        sigma: float = 0.015,
        known: Mapping[str, float] = KNOWN,
        channels: Channels = CORTICAL,
        v_init: float = -70.0,
        method: str = METHODS[0],
    ) -> None:
        check_device("cpu", precision)
        self.precision, self.sigma = precision, number_of("sigma", sigma)
        if self.sigma < 0:
            raise ValueError(f"sigma is {sigma} nA ms^½, expected at least 0")
        self.protocol = Protocol() if protocol is None else protocol
        if len(sites) != 3:
            raise ValueError(
                f"sites is {tuple(sites)}, expected the nodes of soma, trunk and tuft"
            )
        currents = self.protocol.currents(number_of("dt", dt, positive=True))
        self.cable = Cable(tree, currents, sites, dt, v_init, channels, method)
        self.known = {name: number_of(name, value) for name, value in known.items()}
        if not set(self.known) < set(PRIOR.names):
            raise ValueError(
                f"known names {sorted(self.known)}, expected some of {', '.join(PRIOR.names)}"
            )
        self.prior = Prior(tuple(p for p in PRIOR.parameters if p.name not in self.known))
        self.truth = REFERENCE[[PRIOR.names.index(name) for name in self.prior.names]]
        self.truth.flags.writeable = False
        self._values(self.truth)

    @property
    def time(self) -> np.ndarray:
        """Times of the samples (time,) in ms."""
        return self.cable.time

    def conductance(self, theta: ArrayLike) -> np.ndarray:
        """Densities (n, 4, nodes) in mS/cm² of sodium, potassium, slow potassium and leak."""
        return self._density(self._values(theta))

    def simulate(
        self,
        theta: np.ndarray,
        seed: int,
        *,
        first: int = 0,
        noise: np.ndarray | None = None,
        sites: Sequence[int] | None = None,
    ) -> Traces:
        """Simulate theta (n, d) and keep the voltages (n, sites, time).

        `noise` are standard normals (n, steps) or (steps,) to use instead of drawing them;
        `sites` are nodes to record instead of the three of the statistics, any number of them.
        """
        values, cable = self._values(theta), self.cable
        if sites is not None:
            cable = replace(cable, sites=sites)
        noise = given_or_drawn(noise, seed, first, (len(values), len(self.time) - 1))
        how = values[:, 7], values[:, 8]
        return cable.simulate(self._density(values), *how, noise=self._scale * noise)

    def summarize(self, traces: Traces) -> np.ndarray:
        """Reduce voltages (n, 3, time) at soma, trunk and tuft to the statistics (n, 16)."""
        if traces.voltage.shape[1:] != (3, len(self.time)):
            raise ValueError(
                f"traces have shape {traces.voltage.shape}, expected (n, 3, {len(self.time)})"
            )
        x = np.empty((len(traces), len(SITE_STATISTICS)))
        for voltage, row in zip(traces.voltage, x, strict=True):
            self._reduce(voltage, row)
        return x

    def statistics(self, theta: np.ndarray, seed: int, *, first: int = 0) -> np.ndarray:
        """Simulate theta (n, d) and return the statistics (n, 16), all of them finite."""
        values = self._values(theta)
        x = np.empty((len(values), len(SITE_STATISTICS)))
        for rows in groups(len(values), np.dtype(self.precision)):
            some = values[rows]
            noise = self._noise(seed, first + rows)
            voltage = self.cable.lanes(self._density(some), some[:, 7], some[:, 8], noise)
            for j in range(min(len(rows), len(values) - rows[0])):
                self._reduce(voltage[:, :, j], x[rows[j]])
        return x

    def _noise(self, seed: int, numbers: np.ndarray) -> np.ndarray:
        """Currents (steps, lanes) in nA of simulations `numbers` (lanes,)."""
        steps = len(self.time)
        if self.precision == "float64":
            return self._scale * np.stack([normals(seed, i, steps) for i in numbers], axis=1)
        noise = np.zeros((steps + steps % 2, len(numbers)), np.float32)
        if self.sigma:
            draw_single(key_of(seed), numbers.astype(np.uint32), np.float32(self._scale), noise)
        return noise

    @property
    def _scale(self) -> float:
        """What one normal is in a step (nA)."""
        return self.sigma / np.sqrt(self.cable.dt)

    def _reduce(self, voltage: np.ndarray, out: np.ndarray) -> None:
        dt, protocol = self.cable.dt, self.protocol
        write_site_statistics(voltage, dt, protocol.test, protocol.marks(dt), out)

    def _density(self, values: np.ndarray) -> np.ndarray:
        """Densities (n, 4, nodes) of the ten parameters (n, 10)."""
        out = np.empty((len(values), 4, len(self.cable.tree)))
        g_Na, g_K, start, kappa, dend, slow, leak = values.T[:7, :, None]  # noqa: N806
        out[:, 0] = start * np.exp(kappa * self.cable.tree.distance / 100)
        out[:, 1], out[:, 2], out[:, 3] = dend, slow, leak
        out[:, 0, :1], out[:, 1, :1] = g_Na, g_K
        out[:, 3, 0] += values[:, 9]
        return out

    def _values(self, theta: ArrayLike) -> np.ndarray:
        """All ten parameters (n, 10), or ValueError naming the first impossible one."""
        free = self.prior.check(theta)
        given = self.known | dict(zip(self.prior.names, free.T, strict=True))
        values = np.stack([np.broadcast_to(given[n], len(free)) for n in PRIOR.names], 1)
        possible = (values >= 0) | (np.array(PRIOR.names) == "kappa_Na")
        possible[:, [7, 8]] &= values[:, [7, 8]] > 0
        expected = "finite numbers, densities of at least 0, and R_a and C_m above 0"
        check_possible(values, possible, PRIOR.names, expected)
        return values
