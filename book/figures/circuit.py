"""A circuit of three neurons: disks, and synapses as lines that end in a dot."""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np

from mechfit.figures.parts import named_lines, rows_of
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
        ends = dict(zip(("x", "y", "x2", "y2"), np.r_[start, end].round(1).tolist(), strict=True))
        rows.append(ends | {"name": kind, "n": name, "w": 1 + 5 * float(np.clip(width, 0, 1))})
    side = alt.Scale(
        domainMin=alt.expr("-page / 2"), domainMax=alt.expr("page / 2"), nice=False, zero=False
    )
    place = {
        "x": alt.X("x:Q", scale=side, axis=None),
        "y": alt.Y("y:Q", scale=alt.Scale(domain=[0, 240]), axis=None),
    }
    lines, tip = rows_of(rows), [alt.Tooltip("n:N", title="synapse")]
    last = lines.transform_calculate(x="datum.x2", y="datum.y2")
    disks = rows_of(
        [{"x": x, "y": y, "n": n} for (x, y), n in zip(PLACES.tolist(), neurons, strict=True)]
    )
    ring = {"stroke": OBSERVED, "strokeWidth": 1.6, "fill": "transparent"}
    thick = alt.StrokeWidth("w:Q", scale=None)
    chart = alt.layer(
        lines.mark_rule().encode(
            **place, x2="x2", y2="y2", **named_lines(KINDS), strokeWidth=thick, tooltip=tip
        ),
        last.mark_circle(color=OBSERVED, size=90).encode(**place),
        disks.mark_point(shape="circle", size=np.pi * RADIUS**2, **ring).encode(**place),
        disks.mark_text(fontSize=13).encode(**place, text="n:N"),
    ).properties(width=WIDTH, height=240)
    told = ", ".join(f"{row['n']} ({row['name']})" for row in rows)
    told = f"Circuit of {', '.join(neurons)} with {len(rows)} inhibitory synapses: {told}."
    return present(chart.add_params(PAGE), title, told)
