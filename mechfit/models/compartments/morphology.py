"""Morphology: the shape of a neuron, traced or made by hand, and its compartments.

A neuron is a tree of sections: runs of points with a radius that has no branch and one SWC type.
Section 0 is the soma where there is one: one compartment, the sphere of its area, at whose center
the trunks begin. Taught in ``book/models/compartments.md``; file format: `read_swc`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from mechfit.models.compartments.discretization import counts_of, tree_of
from mechfit.models.compartments.points import SOMA, Section, sections_of, tree_faults
from mechfit.models.compartments.tree import Tree
from mechfit.models.inputs import numbers
from mechfit.summaries.arguments import array_of, number_of

__all__ = ["Morphology"]

DENDRITE = 3


@dataclass(frozen=True, eq=False, repr=False)
class Morphology:
    """The shape of a neuron; made by `read_swc` or by one of the methods here.

    Attributes:
        sections: The sections in depth-first order, each with its ``points`` (k, 4), x, y, z and
            radius (µm), its SWC type ``kind`` (1 soma, 2 axon, 3 basal, 4 apical dendrite, …) and
            the index ``parent`` of the section that it begins on, -1 at the root.

    Example:
        >>> neuron = Morphology.ball_and_stick(20, 500, 2)
        >>> neuron
        Morphology(2 sections, 500 µm, 4398 µm²)
        >>> neuron.discretize(max_length=20).area.size
        26
    """

    sections: tuple[Section, ...]

    @classmethod
    def cylinder(cls, length: float, diameter: float) -> "Morphology":
        """A cable without a soma, of this length and diameter (µm)."""
        length = number_of("length", length, positive=True)
        radius = number_of("diameter", diameter, positive=True) / 2
        return cls.from_points([[0, 0, 0, radius], [length, 0, 0, radius]], [-1, 0])

    @classmethod
    def ball_and_stick(cls, soma_diameter: float, length: float, diameter: float) -> "Morphology":
        """A spherical soma and a dendrite of this length and diameter (all in µm)."""
        ball = number_of("soma_diameter", soma_diameter, positive=True) / 2
        length = number_of("length", length, positive=True)
        radius = number_of("diameter", diameter, positive=True) / 2
        stick = [[ball, 0, 0, radius], [ball + length, 0, 0, radius]]
        return cls.from_points([[0, 0, 0, ball], *stick], [-1, 0, 1], [SOMA, DENDRITE, DENDRITE])

    @classmethod
    def from_points(
        cls, points: ArrayLike, parent: ArrayLike, kind: ArrayLike = DENDRITE
    ) -> "Morphology":
        """Join points to a tree, as an SWC file does.

        Args:
            points: x, y, z and radius (µm) of each point, (n, 4). A step in radius takes two
                points in one place; the ring between them is no membrane.
            parent: Index of the point that each one is joined to, -1 for the root, (n,).
            kind: SWC type of each point, (n,), or one for all; 1 is the soma.

        Raises:
            ValueError: The points are no tree or not finite, or a radius is not positive.
        """
        points = array_of("points", points, "(n, 4)")
        parent, kind = numbers(parent, "parent"), numbers(kind, "kind")
        n = len(points)
        if points.shape[1:] != (4,) or parent.shape != (n,) or kind.shape not in ((), (n,)):
            raise ValueError(
                f"points, parent and kind have shapes {points.shape}, {parent.shape} and "
                f"{kind.shape}, expected (n, 4), (n,) and (n,) or one number"
            )
        kind = np.broadcast_to(kind, n)
        for what, values, least, most in (("parent", parent, -1, n - 1), ("kind", kind, 0, 2**31)):
            bad = np.flatnonzero(~((values >= least) & (values <= most) & (values % 1 == 0)))
            if len(bad):
                raise ValueError(
                    f"{what} of point {bad[0]} is {values[bad[0]]:g}, expected a whole number "
                    f"from {least} to {most}"
                )
        parent, kind = parent.astype(int), kind.astype(int)
        names = [f"point {i}" for i in range(n)]
        faults, several, _ = tree_faults(parent, kind, names)
        faults += [f"{several}, expected one"] if several else []
        faults += [
            f"{names[i]}: radius {points[i, 3]:g}, expected more than 0 µm"
            for i in np.flatnonzero(points[:, 3] <= 0)
        ]
        if faults:
            raise ValueError("; ".join(faults[:20]))
        sections, _ = sections_of(points, parent, kind)
        if not sections:
            raise ValueError("point 0: a single place, expected a soma or the points of a path")
        return cls(sections)

    @property
    def length(self) -> float:
        """Path length (µm) of all sections; the soma has none."""
        return sum(section.length for section in self.sections)

    @property
    def area(self) -> float:
        """Membrane area (µm²) of all sections with the soma."""
        balls = (each.points[0, 3] for each in self.sections if len(each.points) == 1)
        sides = sum(section.pieces[1].sum() for section in self.sections)
        return float(sides + sum(4 * np.pi * r**2 for r in balls))

    def discretize(
        self,
        max_length: float | None = None,
        *,
        per_section: ArrayLike | None = None,
        R_a: float = 150.0,
        C_m: float = 1.0,
        frequency: float = 100.0,
    ) -> Tree:
        """Cut the sections into compartments: by the rule d_lambda, a length, or given numbers.

        Args:
            max_length: Length (µm) that no compartment exceeds.
            per_section: Number of compartments of each section, (sections,), or one for all.
            R_a: Axial resistivity (Ω·cm) in the rule; where it is inferred, the largest one.
            C_m: Capacitance (µF/cm²) in the rule.
            frequency: Frequency (Hz) in the rule; four times as much halves the compartments.

        Example:
            >>> Morphology.cylinder(1000, 2).discretize(R_a=150).area.size
            31
        """
        rule = {"R_a": R_a, "C_m": C_m, "frequency": frequency}
        return tree_of(self.sections, counts_of(self.sections, max_length, per_section, rule))

    def __repr__(self) -> str:
        n = len(self.sections)
        return f"Morphology({n} section{'s' * (n > 1)}, {self.length:.0f} µm, {self.area:.0f} µm²)"
