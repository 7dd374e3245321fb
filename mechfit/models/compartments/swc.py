"""SWC: a traced neuron as text, one point a line.

The columns are id, type, x, y, z, radius (µm) and the id of the parent, -1 for the root; ``#``
begins a comment. Type 1 is the soma, 2 the axon, 3 a basal and 4 an apical dendrite. Points may
stand in any order (Cannon et al., 1998, doi:10.1016/S0165-0270(98)00091-0).

Read by hand: of the libraries, morphio (3.5) is alive and small and names lines, but it stops at
the first fault, passes over what hangs in a loop in silence, reads the id ``12.0`` as another and
keeps points in single precision; neurom is built on it, and navis and swcgeom bring dozens of
packages along.
"""

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np

from mechfit.models.compartments.morphology import Morphology
from mechfit.models.compartments.points import SOMA, UNKNOWN, listed, sections_of, tree_faults
from mechfit.summaries.arguments import number_of

__all__ = ["read_swc"]

COLUMNS = ("id", "type", "x", "y", "z", "radius", "parent")
LEAST = {"id": 0, "type": 0, "parent": -1}
SHOWN = 50
"""Number of faults that an error lists."""
SHORT, WIDE, FAR = 0.1, 100.0, 1e4
"""Length of a section, radius and extent (µm) that no tracing of a neuron should have."""


def read_swc(
    path: str | Path,
    *,
    roots: Literal["largest"] | None = None,
    min_radius: float | None = None,
    scale: float = 1.0,
) -> Morphology:
    """Read the shape of a neuron from an SWC file.

    The soma becomes one sphere of its area. What begins on it begins at its own first point, and a
    trunk of one point at the soma's center, so that there is no resistance inside the soma.

    Args:
        path: The file.
        roots: "largest" keeps the largest of several trees; else they are a fault.
        min_radius: Radius (µm) that replaces all that are less, or NaN; else these are a fault.
        scale: Micrometers per unit of the file, 1e-3 for nanometers.

    Returns:
        The morphology; what is odd but can be read is told by warnings.

    Raises:
        ValueError: The file has faults; all are listed with line, id and what was expected.
    """
    scale = number_of("scale", scale, positive=True)
    if roots not in (None, "largest"):
        raise ValueError(f"roots is {roots!r}, expected 'largest' or None")
    if min_radius is not None:
        min_radius = number_of("min_radius", min_radius, positive=True)
    data = Path(path).read_bytes()
    if b"\0" in data:
        raise ValueError(f"{path} is not text, expected an SWC file")
    rows, faults = rows_of(data.decode("utf-8-sig", "replace"))
    if not rows and not faults:
        raise ValueError(f"{path} has no points, expected lines of {', '.join(COLUMNS)}")
    names, notes = [f"line {line} (id {key:.0f})" for key, (line, _) in rows.items()], []
    table = np.array([values for _, values in rows.values()]).reshape(-1, len(COLUMNS))
    kind, points, above = table[:, 1], table[:, 2:6] * scale, table[:, 6]
    index = {value: i for i, value in enumerate(rows)} | {-1: -1}
    parent = np.array([index.get(value, UNKNOWN) for value in above], int)
    faults += [
        f"{names[i]}: parent {above[i]:.0f} is not in the file, expected the id of a point or -1"
        for i in np.flatnonzero((parent == UNKNOWN) & ~np.isnan(above))
    ]
    wrong, several, largest = tree_faults(parent, kind, names)
    faults += wrong
    if several and roots is None:
        faults.append(f"{several}, expected one; roots='largest' keeps the largest tree")
    elif several:
        notes.append(f"{several}: kept the largest tree")
        points, kind, names = points[largest], kind[largest], [names[i] for i in largest]
        above = parent[largest]
        parent = np.where(above < 0, -1, np.searchsorted(largest, above))
    if min_radius is not None and (low := ~(points[:, 3] >= min_radius)).any():
        found = listed([names[i] for i in np.flatnonzero(low)])
        notes.append(f"radius replaced by {min_radius:g} µm at {low.sum()} points, {found}")
        points[low, 3] = min_radius
    faults += [
        f"{names[i]}: radius {points[i, 3]:g}, expected more than 0 µm; min_radius= replaces it"
        for i in np.flatnonzero(~((points[:, 3] > 0) & (points[:, 3] < np.inf)))
    ]
    sections, note = sections_of(points, parent, kind) if not faults else ((), "")
    if not faults and not sections:
        faults.append(f"{names[0]}: a single place, expected a soma or the points of a path")
    if faults:
        more = [f"… and {len(faults) - SHOWN} more"] * (len(faults) > SHOWN)
        count = f"{len(faults)} faults" if len(faults) > 1 else "a fault"
        raise ValueError("\n".join([f"{path} has {count}:", *faults[:SHOWN], *more]))
    short = [f"section {i}" for i, each in enumerate(sections) if 0 < each.length < SHORT]
    if short:
        notes.append(f"{listed(short)}: less than {SHORT} µm long, which may make steps ring")
    for told in [*notes, *filter(None, [note]), *oddities(points, parent, kind, names)]:
        warnings.warn(f"{path}: {told}", stacklevel=2)
    return Morphology(sections)


def rows_of(text: str) -> tuple[dict[float, tuple[int, list[float]]], list[str]]:
    """Line and columns (7,) of each point by ascending id, as far as they can be read; faults.

    What is no number is NaN, but 1 where it is a radius: that fault is told here.
    """
    rows, faults = {}, []
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for line, words in enumerate((line.split("#")[0].split() for line in lines), 1):
        if not words:
            continue
        name, values = f"line {line} (id {words[0]})", [number(word) for word in words[:7]]
        if len(words) < len(COLUMNS):
            faults.append(f"{name}: {len(words)} of 7 columns, expected {', '.join(COLUMNS)}")
            values = [values[0], *[np.nan] * 4, 1.0, np.nan]
            words = ()
        for i, (what, word) in enumerate(zip(COLUMNS, words, strict=False)):
            value, good = values[i], True
            if what in LEAST:
                good = value % 1 == 0 and LEAST[what] <= value < 2**31
                expected = f"a whole number of at least {LEAST[what]}"
            elif what != "radius" or word.lower().lstrip("+-") != "nan":
                good, expected = np.isfinite(value), "a finite number"
            if not good:
                faults.append(f"{name}: {what} {word!r}, expected {expected}")
                values[i] = 1.0 if what == "radius" else np.nan
        if values[0] in rows:
            faults.append(f"{name}: the id of line {rows[values[0]][0]} again, expected it once")
        elif values[0] >= 0:
            rows[values[0]] = line, values
    return dict(sorted(rows.items())), faults


def number(word: str) -> float:
    """The number that a word says, or NaN."""
    try:
        return float(word)
    except ValueError:
        return np.nan


def oddities(
    points: np.ndarray, parent: np.ndarray, kind: np.ndarray, names: list[str]
) -> Iterator[str]:
    """What can be read, yet is hardly meant so."""
    below = np.flatnonzero((parent >= 0) & (kind[parent] != SOMA))
    step = points[below] - points[parent[below]]
    if len(rings := below[~step[:, :3].any(1) & (step[:, 3] != 0)]):
        found = listed([names[i] for i in rings])
        yield f"{found}: another radius in the place of the parent; the ring is no membrane"
    if not (kind == SOMA).any():
        yield "no point is a soma (type 1): the section at the root is the trunk"
    if (kind != SOMA).any() and (points[kind != SOMA, 3] == 1).all():
        yield "the radius is 1 everywhere, as in tracings without diameters"
    extent, widest = np.ptp(points[:, :3], axis=0).max(), points[:, 3].max()
    if extent > FAR or widest > WIDE:
        yield (
            f"it extends over {extent:.4g} µm with radii up to {widest:.4g} µm; if these are "
            "nanometers, give scale=1e-3"
        )
