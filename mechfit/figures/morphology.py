"""A neuron's shape: its compartments as they lie, and a value of each against distance."""

from collections.abc import Mapping
from typing import Protocol

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import numbers
from mechfit.figures.curves import plane
from mechfit.figures.fields import SIDE
from mechfit.figures.labels import Label, number, parse, quantity, span, step_125
from mechfit.figures.parts import choice, points, short, table, words
from mechfit.figures.theme import BROKEN, OBSERVED, POSTERIOR, SAMPLE, present
from mechfit.summaries.arguments import numbers as real_numbers

MOST, POINTS = 1000, 2500
"""Numbers of nodes and of points along them that a chart holds."""
EDGE = 0.06
LOW_TO_HIGH = (POSTERIOR, BROKEN, SAMPLE)
CHOSEN = {"size": 150, "stroke": SAMPLE, "strokeWidth": 2, "fill": "transparent"}
SITE = {"shape": "triangle-down", "size": 70, "fill": OBSERVED, "strokeWidth": 0, "yOffset": -8}
SAID = alt.value(alt.ExprRef("join((datum.datum || datum).said, '\\n')"))
"""Tells `said` of the mark that is pointed at, or of the one in whose cell the pointer is."""
NAME = {"align": "left", "baseline": "bottom", "dx": 7, "dy": -5, "fontWeight": 600}


class Compartments(Protocol):
    """What is drawn, such as a `mechfit.models.Tree`, which tells units and shapes."""

    parent: np.ndarray
    area: np.ndarray
    distance: np.ndarray
    section: np.ndarray
    loc: np.ndarray
    outline: tuple[np.ndarray, ...]


def morphology_chart(
    tree: Compartments,
    values: ArrayLike | None = None,
    *,
    title: str,
    label: str = "diameter (µm)",
    sites: Mapping[str, int] | None = None,
) -> alt.VConcatChart:
    """Draw a neuron as seen from the front, colored by a value that each node has.

    Beside it stands the value against the distance along the neuron. A click on the drawing, or a
    slider, tells what a compartment is.

    Args:
        tree: Compartments and branch points with their outline, n nodes.
        values: Value of each node, shape (n,), NaN where there is none; by default the diameters
            of all but the soma.
        title: What to see, in words.
        label: Name and unit of the value.
        sites: Name to node, marked in both views.

    Raises:
        ValueError: The tree has no outline or too many nodes, a site does not exist, or no node
            has a value.
    """
    n, sites = len(tree.area), dict(sites or {})
    if len(tree.outline) != n or n > MOST:
        raise ValueError(
            f"tree has {n} nodes and {len(tree.outline)} outlines, expected an outline of each "
            f"and at most {MOST} nodes; fewer compartments draw the same shape"
        )
    for name, node in sites.items():
        if node not in range(n):
            raise ValueError(f"site {name!r} is node {node!r}, expected one from 0 to {n - 1}")
    if values is None:
        values = np.where(somata(tree), np.nan, [2 * path[:, 3].mean() for path in tree.outline])
    values = real_numbers(values, "values")
    numbers("values", np.where(np.isnan(values), 0.0, values), n)
    known = values[~np.isnan(values)]
    if not len(known):
        raise ValueError(f"values are NaN at all {n} nodes, expected a number at one or more")
    low, high, far = float(known.min()), float(known.max()), float(tree.distance.max())
    rows = node_rows(tree, values, parse(label))
    for site, node in sites.items():
        rows[node]["site"] = f"{rows[node]['site']}, {site}" if "site" in rows[node] else site
    bind = alt.binding_range(min=0, max=n - 1, step=1, name="node")
    chosen = choice({"node": int(next(iter(sites.values()), 0))}, bind)
    source = alt.Chart(alt.NamedData("nodes"))
    color = ramp(low, high)
    pad, along = EDGE * (high - low) or 0.5, "distance along the neuron (µm)"
    against = plane((0, far or 1), (low - pad, high + pad), along, label)
    joined = source.transform_filter("isValid(datum.above)").mark_rule(strokeWidth=1.5)
    joined = joined.encode(**against, x2="before", y2="above", color=color)
    drawn, lines = drawing(source, tree, color)
    beads = source.transform_filter("datum.whole").mark_circle(size=min(16, 2000 / n))
    views = [
        alt.layer(
            *below, beads.encode(**place, color=color), *node_marks(source, place, chosen, by)
        )
        for place, below, by in ((drawn, lines, [chosen]), (against, [joined], []))
    ]
    chart = alt.vconcat(
        alt.hconcat(*(view.properties(width=SIDE, height=SIDE) for view in views), spacing=30),
        words(source.transform_filter(chosen), "said:N", height=34),
        spacing=10,
        datasets={"nodes": rows},
    )
    whole = int((tree.area > 0).sum())
    told = f"A neuron with {whole} of {n} nodes as compartments, the others branch points, up to "
    told += f"{quantity(far, 'µm')} long, colored by {label}, from {span(low, high)}; beside it "
    told += "the same values against distance."
    marked = "; ".join(f"{site}: {', '.join(rows[node]['said'])}" for site, node in sites.items())
    hint = "Click a compartment of the drawing, or move the slider below, to see what it is."
    return present(chart, title, f"{told} Sites: {marked}." if marked else told, hint)


def node_rows(tree: Compartments, values: np.ndarray, label: Label) -> list[dict]:
    """Rows of the nodes: the points along each, its center, its value and that of its parent."""
    rows = []
    for node, path in enumerate(tree.outline):
        along = np.append(0.0, np.linalg.norm(np.diff(path[:, :3], axis=0), axis=1).cumsum())
        across, up = (np.interp(along[-1] / 2, along, path[:, axis]) for axis in (0, 1))
        parent, value = tree.parent[node], values[node]
        row = {"across": across, "up": up, "x": tree.distance[node]}
        row["width"] = 1.2 + np.sqrt(path[:, 3].mean())
        if not np.isnan(value):
            row["y"] = value
            if parent >= 0 and not np.isnan(values[parent]):
                row |= {"before": tree.distance[parent], "above": values[parent]}
        what = "" if tree.area[node] else ", a branch point"
        said = [f"node {node}{what}: section {tree.section[node]} at {number(tree.loc[node], 2)}"]
        said.append(f"{quantity(tree.distance[node], 'µm')} along")
        said[-1] += "" if np.isnan(value) else f", {label.name} {quantity(value, label.unit)}"
        row = dict(zip(row, short(list(row.values())), strict=True))
        row |= {"node": node, "whole": bool(tree.area[node]), "said": said}
        few = np.linspace(0, len(path) - 1, min(len(path), max(2, POINTS // len(values)))).astype(
            int
        )
        rows.append(row | {"xs": short(path[few, 0]), "ys": short(path[few, 1])})
    return rows


def somata(tree: Compartments) -> np.ndarray:
    """Which nodes (n,) are a ball, drawn as a disc."""
    return np.array([len(path) == 1 for path in tree.outline]) & (tree.area > 0)


def ramp(low: float, high: float) -> alt.Color:
    """Color of the field `y` between two ends."""
    scale = alt.Scale(domain=[low, high], range=list(LOW_TO_HIGH), interpolate="lab")
    return alt.Color("y:Q", scale=scale, legend=None)


def drawing(
    source: alt.Chart, tree: Compartments, color: alt.Color
) -> tuple[dict, list[alt.Chart]]:
    """Channels of a square around a neuron; its lines, its soma and a scale bar below it."""
    every = np.concatenate(tree.outline)
    low, high = (every[:, :2] - every[:, 3:]).min(0), (every[:, :2] + every[:, 3:]).max(0)
    size = (1 + 2 * EDGE) * float((high - low).max())
    left, bottom = ((low + high - size) / 2).tolist()
    x = alt.X("across:Q").scale(domain=[left, left + size], nice=False, zero=False).axis(None)
    y = alt.Y("up:Q").scale(domain=[bottom, bottom + size], nice=False, zero=False).axis(None)
    width, layers = alt.StrokeWidth("width:Q", scale=None), []
    for test, paint in (("isValid(datum.y)", color), ("!isValid(datum.y)", alt.value(OBSERVED))):
        some = source.transform_filter(test)
        lines = points(some, "length(datum.xs)", "xs", "ys", across="datum.xs", up="datum.ys")
        lines = lines.mark_line(strokeCap="round", strokeJoin="round")
        layers.append(
            lines.encode(x, y, color=paint, strokeWidth=width, detail="node:N", order="i:Q")
        )
        for node in np.flatnonzero(somata(tree)).tolist():
            area = np.pi * (SIDE / size * tree.outline[node][0, 3]) ** 2
            soma = some.transform_filter(f"datum.node == {node}")
            layers.append(soma.mark_circle(size=max(60.0, area)).encode(x, y, color=paint))
    reach = step_125(size / 4)
    bar = table(across=[left], end=[left + reach], up=[bottom])
    rule = bar.mark_rule(strokeWidth=1.5, stroke=OBSERVED).encode(x, y, x2="end")
    name = bar.mark_text(align="left", baseline="bottom", dy=-4, fontSize=11)
    name = name.encode(x, y, text=alt.value(quantity(reach, "µm")))
    return {"x": x, "y": y}, [*layers, rule, name]


def node_marks(
    source: alt.Chart,
    place: Mapping[str, object],
    chosen: alt.Parameter,
    by: list[alt.Parameter],
) -> list[alt.Chart]:
    """What each node is, told where it is pointed at, and the marks of sites and of the chosen."""
    touch = source.mark_circle(size=90, opacity=0, cursor="pointer" if by else "default")
    sites = source.transform_filter("datum.site")
    return [
        touch.encode(**place, tooltip=SAID).add_params(*by),
        sites.mark_point(**SITE).encode(**place),
        sites.mark_text(**NAME).encode(**place, text="site:N"),
        source.transform_filter(chosen).mark_point(**CHOSEN).encode(**place),
    ]
