"""Compartments: the interface between the shape of a neuron and the solver of its voltages.

A discretized neuron is a tree of n nodes. A node with an area is a compartment with its voltage at
the center, a node without one is a branch point. Each has a parent that comes before it, and the
axial conductance between the two is

    g (µS) = 100 / (R_a ρ),    ρ = ∫ dx / (π r²)  (1/µm)  from center to center, R_a in Ω·cm.

Only R_a, the capacitance and the densities of channels differ between simulations of one neuron.
Taught in ``book/models/compartments.md``.
"""

from dataclasses import dataclass

import numpy as np

from mechfit.models.inputs import numbers

__all__ = ["Tree"]

WHOLE = ("parent", "section", "kind")


@dataclass(frozen=True, eq=False)
class Tree:
    """Compartments of a discretized neuron, n nodes; the arrays are copied and cannot be changed.

    Attributes:
        parent: Node that each node is joined to, (n,), before it in the order; -1 for node 0.
        area: Membrane area (µm²), (n,); 0 marks a branch point.
        rho: Resistive load ∫ dx / (π r²) (1/µm) to the parent, (n,); 0 for node 0.
        distance: Path length (µm) from the start of the trunk to the center, (n,); 0 for a soma.
        section: Section of each node, (n,); 0 is the soma where there is one.
        loc: Place of the center along its section, from 0 to 1, (n,).
        kind: SWC type of the section: 1 soma, 2 axon, 3 basal, 4 apical dendrite, …, (n,).
        outline: For drawings, per node the points (k, 4) along it: x, y, z and radius (µm); a soma
            is its center with the radius of a sphere of its area. Empty where there is no shape.

    Raises:
        ValueError: The arrays are no tree; the error names node, value and what was expected.

    Example:
        >>> half = {"distance": [0, 50], "section": [0, 1], "loc": [0.5, 0.5], "kind": [1, 3]}
        >>> Tree(parent=[-1, 0], area=[1000, 600], rho=[0, 20], **half).site(1)
        1
    """

    parent: np.ndarray
    area: np.ndarray
    rho: np.ndarray
    distance: np.ndarray
    section: np.ndarray
    loc: np.ndarray
    kind: np.ndarray
    outline: tuple[np.ndarray, ...] = ()

    def __post_init__(self) -> None:
        n = np.size(self.parent)
        for name in ("parent", "area", "rho", "distance", "section", "loc", "kind"):
            values = numbers(getattr(self, name), name)
            if values.shape != (n,) or not n:
                raise ValueError(
                    f"{name} has shape {values.shape}, expected (n,) with as many nodes as parent "
                    f"({n}), at least 1"
                )
            self._check(name, values, np.isfinite(values), "a finite number")
            if name in WHOLE:
                self._check(name, values, values % 1 == 0, "a whole number")
            array = values.astype(np.int64 if name in WHOLE else float)  # a copy
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        node = np.arange(n)
        before = (self.parent >= 0) & (self.parent < node)
        self._check("parent", self.parent, before | (node == 0), "a node before it, from 0 on")
        self._check("parent", self.parent, (self.parent == -1) | (node > 0), "-1 for node 0")
        self._check("area", self.area, self.area >= 0, "at least 0 µm² (0 at branch points)")
        self._check("rho", self.rho, (self.rho > 0) | (node == 0), "more than 0 1/µm")
        self._check("rho", self.rho, (self.rho == 0) | (node > 0), "0 for node 0")
        self._check("section", self.section, self.section >= 0, "at least 0")
        self._check("loc", self.loc, (self.loc >= 0) & (self.loc <= 1), "a place from 0 to 1")
        if not self.area.any():
            raise ValueError(f"area is 0 at all {n} nodes, expected a compartment with an area")
        if self.outline and len(self.outline) != n:
            raise ValueError(f"outline has {len(self.outline)} nodes, expected {n} or none")

    def __len__(self) -> int:
        return len(self.parent)

    def site(self, section: int, loc: float = 0.5) -> int:
        """The compartment of a section whose center is nearest to a place.

        Args:
            section: Index of the section; 0 is the soma where there is one.
            loc: Place along the section, from 0 at its start to 1 at its end. Of two centers that
                are equally near, the first one counts.

        Raises:
            ValueError: There is no such section or place.
        """
        nodes = np.flatnonzero((self.section == section) & (self.area > 0))
        if not len(nodes) or not 0 <= loc <= 1:
            raise ValueError(
                f"the site is section {section}, loc {loc}, expected a section from 0 to "
                f"{self.section.max()} and a loc from 0 to 1"
            )
        away = abs(self.loc[nodes] - loc)
        return int(nodes[np.flatnonzero(away <= away.min() + 1e-9)[0]])

    def _check(self, name: str, values: np.ndarray, good: np.ndarray, expected: str) -> None:
        if not good.all():
            node = int(np.flatnonzero(~good)[0])
            raise ValueError(f"{name} of node {node} is {values[node]:g}, expected {expected}")
