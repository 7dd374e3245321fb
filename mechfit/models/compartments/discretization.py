r"""Discretization: sections cut into compartments, each with its area and its resistive load.

A section is cut into n compartments of equal path length, each of which has its voltage at its
center. Between two points the radius changes linearly, so that a frustum of length h has

    area  π (r₀ + r₁) √(h² + (r₁ - r₀)²),        load  ρ = ∫ dx / (π r²) = h / (π r₀ r₁).

A center is joined to the next by the right half of the one and the left half of the other. At the
end of a section that has children stands a branch point, a node without area, that each of them is
joined to by its own half; what begins on the soma is joined to its center.

How many compartments a section needs follows from how far a sine of 100 Hz reaches,
λ_f = ½ √(d / (π f R_a C_m)): by the rule d_lambda they are a tenth of it long or shorter, and odd
in number, so that one is at the middle (Hines and Carnevale, 2001,
doi:10.1177/107385840100700207).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from mechfit.models.compartments.points import Section, frusta
from mechfit.models.compartments.tree import Tree
from mechfit.models.inputs import numbers
from mechfit.summaries.arguments import number_of

__all__ = ["counts_of", "tree_of"]

MOST = 1_000_000
"""Number of compartments that no neuron needs."""


def counts_of(
    sections: Sequence[Section],
    longest: float | None,
    given: ArrayLike | None,
    rule: Mapping[str, float],
) -> np.ndarray:
    """Number of compartments of each section: by their length, as given, or by the rule.

    Args:
        sections: The sections.
        longest: Length (µm) that no compartment exceeds, or None.
        given: One number for all sections, or one for each, or None.
        rule: R_a (Ω·cm), C_m (µF/cm²) and frequency (Hz) of the rule d_lambda.
    """
    n = len(sections)
    if longest is not None and given is not None:
        raise ValueError(
            f"max_length is {longest} and per_section {given}, expected one of them or none"
        )
    if longest is not None:
        longest = number_of("max_length", longest, positive=True)
        return np.array([max(np.ceil(each.length / longest - 1e-9), 1.0) for each in sections])
    if given is not None:
        counts = numbers(given, "per_section")
        if counts.shape not in ((), (n,)) or not ((counts >= 1) & (counts % 1 == 0)).all():
            raise ValueError(
                f"per_section is {given}, expected whole numbers of at least 1: one, or one for "
                f"each of {n} sections"
            )
        return np.broadcast_to(counts, n)
    scale = np.prod([number_of(name, value, positive=True) for name, value in rule.items()])
    counts = []
    for section in sections:
        diameter = section.points[:-1, 3] + section.points[1:, 3]  # twice the mean radius
        reach = 1e5 * np.sqrt(diameter / (4 * np.pi * scale))
        counts.append(2 * np.floor(((section.pieces[0] / reach).sum() / 0.1 + 0.9) / 2) + 1)
    return np.array(counts)


def tree_of(sections: Sequence[Section], counts: np.ndarray) -> Tree:
    """Cut sections into so many compartments each; a soma is always one."""
    if counts.sum() > MOST:
        raise ValueError(
            f"the neuron would have {counts.sum():.3g} compartments, expected at most {MOST}"
        )
    nodes, outline, ends = [], [], {-1: (-1, 0.0)}
    parents = Counter(section.parent for section in sections)
    if parents[-1] > 1:  # the root is a branch point
        nodes, outline = [(-1, 0.0, 0.0, 0.0, 0, 0.0, sections[0].kind)], [sections[0].points[:1]]
        ends[-1] = 0, 0.0
    for index, ((points, kind, parent), n) in enumerate(zip(sections, counts, strict=True)):
        if len(points) == 1:
            nodes.append((-1, 4 * np.pi * points[0, 3] ** 2, 0.0, 0.0, index, 0.5, kind))
            outline.append(points)
            ends[index] = 0, 0.0
            continue
        (above, start), length, before = ends[parent], sections[index].length, 0.0
        area, load, paths = compartments_of(points, int(n))
        for i, loc in enumerate((np.arange(n) + 0.5) / n):
            rho = before + load[2 * i] if above >= 0 else 0.0
            nodes.append((above, area[i], rho, start + loc * length, index, loc, kind))
            above, before = len(nodes) - 1, load[2 * i + 1]
        outline += paths
        if index in parents:
            nodes.append((above, 0.0, before, start + length, index, 1.0, kind))
            outline.append(points[-1:])
        ends[index] = len(nodes) - 1, start + length
    return Tree(*zip(*nodes, strict=True), tuple(outline))


def compartments_of(points: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Area (n,) of compartments, load (2n,) of their halves, and the points along each."""
    steps, *_ = frusta(points[:-1], points[1:])
    start, step = (array[steps > 0] for array in (points[:-1], np.diff(points, axis=0)))
    steps = steps[steps > 0]
    along = np.append(0.0, steps.cumsum())
    cuts = np.linspace(0.0, along[-1], 2 * n + 1)
    grid = np.unique(np.concatenate([along, cuts]))
    middle = (grid[1:] + grid[:-1]) / 2
    piece, half = np.searchsorted(along[1:-1], middle), np.searchsorted(cuts[1:-1], middle)
    left, right = (
        start[piece] + step[piece] * ((edge - along[piece]) / steps[piece])[:, None]
        for edge in (grid[:-1], grid[1:])
    )
    _, area, load = frusta(left, right)
    ends = pairwise(np.searchsorted(half // 2, np.arange(n + 1)))
    paths = [np.concatenate([left[first:][:1], right[first:last]]) for first, last in ends]
    return np.bincount(half // 2, area, n), np.bincount(half, load, 2 * n), paths
