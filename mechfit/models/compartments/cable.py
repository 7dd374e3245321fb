r"""Cable: currents into a tree of compartments, and the voltages that they make.

The cable equation, with the radius a(x), in compartments of area A that are joined by axial
conductances g (`Tree`),

    C_m dV/dt = 1 / (2 pi a R_a) d/dx (pi a^2 dV/dx) + sum of g_k (E_k - V) + I,
    C dV_i/dt = sum over neighbors of g_ij (V_j - V_i) + sum of G (E - V_i) + I_i.

C (nF) = C_m A 1e-5 and G (µS) = density A 1e-5, for A in µm², C_m in µF/cm² and densities in
mS/cm². See `kernel` for the steps. Rall (1964); Hines & Carnevale (1997),
doi:10.1162/neco.1997.9.6.1179. Taught in ``book/models/compartments.md``.
"""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from mechfit.models.compartments.channels import CORTICAL, Channels
from mechfit.models.compartments.kernel import LANES, ROWS, run_double, run_single
from mechfit.models.compartments.tree import Tree
from mechfit.models.inputs import numbers, spans, whole
from mechfit.models.model import Traces
from mechfit.summaries.arguments import array_of, number_of

__all__ = ["Cable"]

METHODS = ("backward Euler", "Crank-Nicolson")
PER_AREA = 1e-5
FOREVER = 1e6
RINGING_MS = 10.0
"""Time for which Crank-Nicolson may ring after a step of the current without a warning."""


@dataclass(frozen=True, eq=False)
class Cable:
    """A tree with its channels, the currents into it and the sites where it is recorded.

    Attributes:
        tree: The compartments, n nodes.
        currents: Injected currents (time,) in nA by the node that they enter, each held from
            sample to sample; they set the number of samples.
        sites: Nodes to record.
        dt: Time step (ms).
        v_init: Voltage (mV) of the first sample, everywhere; the gates start at steady state.
        channels: Kinetics and reversal potentials.
        method: "backward Euler", of first order in dt, or "Crank-Nicolson", of second.

    Example:
        >>> tree = Tree([-1, 0], [1e3, 600], [0, 20], [0, 50], [0, 1], [0.5, 0.5], [1, 3])
        >>> cable = Cable(tree, {0: np.full(8001, 0.01)}, sites=(0, 1))
        >>> leak = np.outer([0, 0, 0, 0.1], [1, 1])
        >>> (cable.simulate(leak, R_a=150.0).voltage[0, :, -1] + 70).round(2)
        array([6.29, 6.18])
    """

    tree: Tree
    currents: Mapping[int, ArrayLike]
    sites: Sequence[int]
    dt: float = 0.025
    v_init: float = -70.0
    channels: Channels = CORTICAL
    method: str = METHODS[0]

    def __post_init__(self) -> None:
        if not isinstance(self.tree, Tree):
            raise TypeError(
                f"tree is of type {type(self.tree).__name__}, expected a Tree, such as "
                "Morphology.discretize() returns"
            )
        if self.method not in METHODS:
            raise ValueError(f"method is {self.method!r}, expected {' or '.join(METHODS)}")
        rows = {}
        for node, current in self.currents.items():
            current = array_of(f"the current into node {node}", current, "(time,)").copy()
            rows[node_of(self.tree, node, "currents enter")] = current
        lengths = {len(current) for current in rows.values()}
        if len(lengths) != 1 or min(lengths) < 2:
            raise ValueError(
                f"currents have {sorted(lengths)} samples, expected at least one current, all of "
                "the same number of samples, at least 2"
            )
        sites = tuple(node_of(self.tree, node, "sites have") for node in self.sites)
        values = {"currents": rows, "sites": sites, "v_init": number_of("v_init", self.v_init)}
        values["dt"] = number_of("dt", self.dt, positive=True)
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def time(self) -> np.ndarray:
        """Times of the samples (time,) in ms."""
        return self.dt * np.arange(len(next(iter(self.currents.values()))))

    def simulate(
        self,
        conductance: ArrayLike,
        R_a: ArrayLike,  # noqa: N803
        C_m: ArrayLike = 1.0,  # noqa: N803
        *,
        noise: ArrayLike | None = None,
    ) -> Traces:
        """Simulate the tree in double precision.

        Args:
            conductance: Densities (m, 4, n) or (4, n) in mS/cm² of sodium, potassium, slow
                potassium and leak, at each node; those of branch points do not matter.
            R_a: Axial resistivity in Ω·cm, one for all or (m,).
            C_m: Specific capacitance in µF/cm², one for all or (m,).
            noise: Current (m, steps) or (steps,) in nA that is added at node 0, for each step.

        Returns:
            Voltages (m, sites, time).
        """
        n, steps = len(self.tree), len(self.time) - 1
        density = array_of("conductance", conductance, "(m, 4, nodes)", "(4, nodes)")
        density = density[None] if density.ndim == 2 else density
        m = len(density)
        if density.shape[1:] != (4, n) or (density < 0).any():
            raise ValueError(
                f"conductance has shape {density.shape} and goes down to {density.min():g} "
                f"mS/cm², expected (m, 4, {n}) of at least 0"
            )
        values = {"R_a": R_a, "C_m": C_m}.items()
        columns = [spans(numbers(value, name), m, name, positive=True) for name, value in values]
        noise = (
            np.zeros(steps) if noise is None else array_of("noise", noise, "(m, steps)", "(s,)")
        )
        if noise.shape not in ((m, steps), (steps,)):
            raise ValueError(f"noise has shape {noise.shape}, expected ({m}, {steps})")
        noise = np.broadcast_to(noise, (m, steps))
        voltage = np.empty((m, len(self.sites), steps + 1))
        for rows in groups(m, noise.dtype):
            lanes = (density[rows], *(column[rows] for column in columns))
            found = self.lanes(*lanes, noise[rows].T.copy())
            some = slice(rows[0], rows[-1] + 1)
            voltage[some] = found.transpose(2, 0, 1)[: some.stop - some.start]
        return Traces(voltage, self.time)

    def lanes(
        self, density: np.ndarray, resistivity: np.ndarray, capacity: np.ndarray, noise: np.ndarray
    ) -> np.ndarray:
        """Voltages (sites, time, lanes), in the precision of the noise (steps, lanes) in nA.

        The others are densities (lanes, 4, n), R_a (lanes,) and C_m (lanes,), not checked.
        """
        kind, second = noise.dtype, self.method == METHODS[1]
        state = self.state(density, resistivity, capacity, self.dt / 2 if second else self.dt)
        voltage = np.empty((len(self.sites), len(self.time), LANES[kind]), kind)
        constants = (
            tuple(kind.type(c) for c in self.channels.constants(dt)) for dt in (FOREVER, self.dt)
        )
        currents = np.array(list(self.currents)), np.array(list(self.currents.values()), kind)
        (run_single if kind == np.float32 else run_double)(
            int(self.channels.kind == "squid"),
            state.astype(kind).ravel(),
            np.maximum(self.tree.parent, 0),
            self.tree.area > 0,
            tuple(constants),
            kind.type(second),
            currents,
            noise,
            np.array(self.sites, int),
            voltage,
        )
        return voltage

    def state(
        self, density: np.ndarray, resistivity: np.ndarray, capacity: np.ndarray, dt: float
    ) -> np.ndarray:
        """The numbers (n, rows, lanes) with which the loop starts, see `run`."""
        tree, n = self.tree, len(self.tree)
        area, axial = PER_AREA * tree.area[:, None], np.zeros((n, 1))
        axial[1:, 0] = 100 / tree.rho[1:]
        row = dict(zip(ROWS[:4], density.transpose(1, 2, 0) * area, strict=True))
        row["capacity"], row["axial"] = area * capacity / dt, axial / resistivity
        row["diagonal"] = row["capacity"] + row["leak"]
        row["leak"] = row["leak"] * self.channels.E_l
        row |= dict.fromkeys("vxb", self.v_init)
        if self.method == METHODS[1]:
            self._check_ringing(row["axial"], area * capacity)
        return np.stack(
            [np.broadcast_to(row.get(name, 0.0), (n, len(capacity))) for name in ROWS], 1
        )

    def _check_ringing(self, axial: np.ndarray, capacity: np.ndarray) -> None:
        """Warn if the fastest mode, of rate r, dies only after r dt² / 4 in steps of dt."""
        total = axial.copy()
        np.add.at(total, self.tree.parent[1:], axial[1:])
        ratio = np.divide(total, capacity, out=np.zeros_like(total), where=capacity > 0).max(1)
        worst, lasts = int(ratio.argmax()), ratio.max() * self.dt**2 / 2
        if lasts > RINGING_MS:
            fine = self.dt * np.sqrt(RINGING_MS / lasts)
            warnings.warn(
                f"Crank-Nicolson rings for {lasts:.3g} ms after a step of the current: dt is "
                f"{self.dt:g} ms and compartment {worst} takes {1 / ratio[worst]:.2g} ms to "
                f"follow its neighbors; expected dt of at most {fine:.2g} ms, longer "
                "compartments, or 'backward Euler'",
                stacklevel=5,
            )


def groups(m: int, kind: np.dtype) -> Iterator[np.ndarray]:
    """Rows (lanes,) of the simulations side by side; the last one fills the last group."""
    for start in range(0, m, LANES[kind]):
        yield np.minimum(np.arange(start, start + LANES[kind]), m - 1)


def node_of(tree: Tree, node: int, what: str) -> int:
    """The node, or ValueError if the tree has no such compartment."""
    node = whole(node, f"the node that {what}", 0, len(tree))
    if not tree.area[node]:
        raise ValueError(
            f"{what} node {node}, a branch point without an area; expected a compartment"
        )
    return node
