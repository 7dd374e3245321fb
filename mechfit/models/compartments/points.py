"""Points: a neuron traced as points with a radius, each joined to its parent, as sections.

A section is a run of points of one type without a branch; it begins with the last point of its
parent, position and radius. The soma is one sphere of the traced area,

    one point, or three in a row r apart          4 π r²,
    a chain of points                             Σ π (r₀ + r₁) √(h² + (r₁ - r₀)²),
    the outline of a soma, mean radius r          4 π r²,

and what begins on it begins at its own first point: a trunk of one point at the soma's center.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

__all__ = ["SOMA", "UNKNOWN", "Section", "frusta", "listed", "sections_of", "tree_faults"]

SOMA = 1
UNKNOWN = -2
"""Parent of a point whose parent is not known; a root has -1."""


class Section(NamedTuple):
    """Points (k, 4) of a section, its SWC type and the index of its parent, or -1."""

    points: np.ndarray
    kind: int
    parent: int

    @property
    def pieces(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Length (µm), area (µm²) and load (1/µm) between points (k - 1,); a soma has none."""
        return frusta(self.points[:-1], self.points[1:])

    @property
    def length(self) -> float:
        """Path length (µm); 0 for a soma."""
        return float(self.pieces[0].sum())


def frusta(start: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Length (µm), lateral area (µm²) and resistive load (1/µm) of frusta between points (k, 4).

    The ring between two points in one place, whose radii differ, counts for nothing.
    """
    h, r0, r1 = np.linalg.norm((end - start)[:, :3], axis=1), start[:, 3], end[:, 3]
    area = np.where(h > 0, np.pi * (r0 + r1) * np.hypot(h, r1 - r0), 0.0)
    return h, area, h / (np.pi * r0 * r1)


def tree_faults(
    parent: np.ndarray, kind: np.ndarray, names: Sequence[str]
) -> tuple[list[str], str, np.ndarray]:
    """Loops and parts of a soma, words on the trees where there are several, the largest one (k,).

    Args:
        parent: Index of each point's parent, -1 for a root, `UNKNOWN` where it is not known.
        kind: SWC type of each point.
        names: What to call each point.
    """
    top = np.where(parent < 0, np.arange(len(parent)), parent)
    for _ in range(len(parent).bit_length()):
        top = top[top]  # after 2^k steps: the root, or a point of a loop
    faults, seen = [], set()
    for first in np.unique(top[parent[top] >= 0]).tolist():
        if first in seen:
            continue
        loop = [first]
        while parent[loop[-1]] != first:
            loop.append(int(parent[loop[-1]]))
        seen |= set(loop)
        what = "parents in a loop" if len(loop) > 1 else "is its own parent"
        faults.append(
            f"{listed([names[i] for i in loop], 20)}: {what}, expected a path of parents to a root"
        )
    roots, sizes = np.flatnonzero(parent == -1), np.bincount(top, minlength=len(parent))
    if not len(roots):
        return faults, "", roots
    trees = [f"{names[i]} ({sizes[i]} in its tree)" for i in roots]
    several = f"{len(roots)} roots, {listed(trees)}" if len(roots) > 1 else ""
    largest = np.flatnonzero(top == roots[np.argmax(sizes[roots])])
    tops = np.intersect1d(soma_tops(parent, kind), largest)
    if len(tops) > 1:
        faults.append(
            f"{listed([names[i] for i in tops])}: parts of a soma, expected all its points joined"
        )
    return faults, several, largest


def listed(words: Sequence[str], most: int = 5) -> str:
    """Some words in a row."""
    return ", ".join(words[:most]) + ", …" * (len(words) > most)


def soma_tops(parent: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """Points of the soma with no parent of the soma; more than one where it is in parts."""
    soma = kind == SOMA
    return np.flatnonzero(soma & ((parent < 0) | ~soma[parent]))


def from_soma(parent: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """Parents (n,) of one tree, turned so that its root is of the soma, if there is one."""
    turned, above = parent.copy(), -1
    for top in soma_tops(parent, kind)[:1].tolist():
        while top >= 0:
            turned[top], above, top = above, top, int(parent[top])
    return turned


def children_of(parent: np.ndarray) -> list[list[int]]:
    """Children of each point, in their order."""
    children = [[] for _ in parent]
    for point, above in enumerate(parent.tolist()):
        if above >= 0:
            children[above].append(point)
    return children


def soma_of(points: np.ndarray, parent: np.ndarray, kind: np.ndarray) -> tuple[np.ndarray, str]:
    """Center and radius (4,) of the sphere with the soma's area, and what to warn of, or ""."""
    soma = np.flatnonzero(kind == SOMA)
    children = [[i for i in some if kind[i] == SOMA] for some in children_of(parent)]
    root = next(i for i in soma if parent[i] < 0)
    inner = soma[soma != root]
    h, area, _ = frusta(points[parent[inner]], points[inner])
    if not h.any():
        return points[root], ""
    branches = max(len(children[i]) - (i == root) for i in soma)
    if branches <= 1:
        arms = [[i] for i in children[root]]
        for arm in arms:
            while children[arm[-1]]:
                arm += children[arm[-1]]
        chain = points[[*(arms[1][::-1] if arms[1:] else ()), root, *arms[0]]]
        r = points[root, 3]
        if len(chain) == 3 and arms[1:] and np.allclose([*h, *chain[:, 3]], r, 0.02, 0.02):
            return points[root], ""
        center = chain.mean(0)
        outline = np.linalg.norm((chain - center)[:, :3], axis=1).mean()
        steps = np.linalg.norm(np.diff(chain[:, :3], axis=0), axis=1)
        closed = np.linalg.norm((chain[-1] - chain[0])[:3]) <= steps.max()
        thin = np.ptp(chain[:, 3]) == 0 and r < outline / 10
        if len(chain) >= 4 and (closed or thin):
            center[3] = outline
            note = f"the soma is an outline of {len(chain)} points: taken as a sphere of its mean"
            return center, f"{note} radius, {outline:.4g} µm"
    center = points[soma].mean(0)
    center[3] = np.sqrt(area.sum() / (4 * np.pi))
    note = "" if branches <= 1 else "the soma branches: its area is the sum of all its pieces"
    return center, note


def sections_of(
    points: np.ndarray, parent: np.ndarray, kind: np.ndarray
) -> tuple[tuple[Section, ...], str]:
    """Sections of one tree in depth-first order, and what to warn of about its soma, or "".

    The soma, if there is one, comes first, as one point with the radius of the sphere. What has
    no length becomes part of its parent; sections at the root then have parent -1.
    """
    parent, sections, note = from_soma(parent, kind), [], ""
    if (kind == SOMA).any():
        soma, note = soma_of(points, parent, kind)
        sections.append(Section(soma[None], SOMA, -1))
    children = children_of(parent)
    begins = [i for i in range(len(parent)) if parent[i] < 0 or kind[parent[i]] == SOMA]
    stack = [(i, len(sections) - 1) for i in begins[::-1] if kind[i] != SOMA]
    while stack:
        first, above = stack.pop()
        run, origin = [first], parent[first]
        while len(children[run[-1]]) == 1 and kind[children[run[-1]][0]] == kind[first]:
            run += children[run[-1]]
        trunk = origin < 0 or kind[origin] == SOMA
        section = Section(points[run if trunk else [origin, *run]], int(kind[first]), above)
        if trunk and sections and not section.length:
            center = np.append(soma[:3], points[run[-1], 3])
            section = section._replace(points=np.stack([center, points[run[-1]]]))
        if section.length:
            sections.append(section)
            above = len(sections) - 1
        stack += [(i, above) for i in children[run[-1]][::-1]]
    return tuple(sections), note
