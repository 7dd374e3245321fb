"""A circuit of three neurons: disks, and synapses as lines that end in a dot."""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np

from mechfit.figures.parts import named_lines, rows_of, table, tips
from mechfit.figures.theme import OBSERVED, PAGE, WIDTH, Role, present

RADIUS, PLACES = 30, np.array([[0.0, 200.0], [-145.0, 45.0], [145.0, 45.0]])
"""Radius of a neuron, and where the three lie, in px from the middle of the bottom."""
KINDS = {"glutamate": Role(OBSERVED), "cholinergic": Role(OBSERVED, (6, 3))}


def circuit(
    neurons: Sequence[str],
    synapses: Sequence[tuple[int, int, str]],
    widths: Mapping[str, float],
    *,
    title: str,
) -> alt.LayerChart:
    """Draw three neurons and the synapses between them.

    Each synapse leaves its neuron on the left of the straight line to the next, so that two
    neurons that inhibit each other have two lines.

    Args:
        neurons: Names of the three neurons.
        synapses: Neuron before, neuron after and kind, "glutamate" or "cholinergic", of each.
        widths: Name of each synapse, in the same order, to its strength from 0 to 1.
        title: What to see, in words.
    """
    rows, seen = [], []
    for (a, b, kind), (name, width) in zip(synapses, widths.items(), strict=True):
        along = (PLACES[b] - PLACES[a]) / np.hypot(*(PLACES[b] - PLACES[a]))
        left = (7 + 16 * seen.count((a, b))) * np.array([-along[1], along[0]])
        seen.append((a, b))
        start = PLACES[a] + RADIUS * along + left
        end = PLACES[b] - (RADIUS + 4) * along + left
        (x, y), (x2, y2) = start.round(1).tolist(), end.round(1).tolist()
        row = {"name": kind, "n": name, "w": 1 + 5 * float(np.clip(width, 0, 1))}
        rows.append(row | {"x": x, "y": y, "x2": x2, "y2": y2})
    x, half = alt.X("x:Q").axis(None), "page / 2"
    x = x.scale(domainMin=alt.expr(f"-{half}"), domainMax=alt.expr(half), nice=False, zero=False)
    place = {"x": x, "y": alt.Y("y:Q").scale(domain=[0, 240]).axis(None)}
    lines = rows_of(rows)
    last = lines.transform_calculate(x="datum.x2", y="datum.y2")
    disks = table(x=PLACES[:, 0], y=PLACES[:, 1], n=list(neurons))
    ring = {"stroke": OBSERVED, "strokeWidth": 1.6, "fill": "transparent"}
    disk = disks.mark_point(shape="circle", size=np.pi * RADIUS**2, **ring)
    look = {"strokeWidth": alt.StrokeWidth("w:Q", scale=None), "tooltip": tips(n="synapse")}
    chart = alt.layer(
        lines.mark_rule().encode(**place, x2="x2", y2="y2", **named_lines(KINDS), **look),
        last.mark_circle(color=OBSERVED, size=90).encode(**place),
        disk.encode(**place),
        disks.mark_text(fontSize=13).encode(**place, text="n:N"),
    ).properties(width=WIDTH, height=240)
    told = ", ".join(f"{row['n']} ({row['name']})" for row in rows)
    told = f"Circuit of {', '.join(neurons)} with {len(rows)} inhibitory synapses: {told}."
    return present(chart.add_params(PAGE), title, told)
