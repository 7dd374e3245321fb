"""The circuit drawn: neurons as disks, synapses as lines that end in a dot, as wide as strong.

Each synapse leaves its neuron on the left of the straight line to the next, so that two neurons
that inhibit each other have two lines. Width is linear in the logarithm of the conductance. Taught
in the chapter geometry/pyloric-circuit.
"""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np

from mechfit.figures.marks import rows_of, words
from mechfit.figures.theme import BROKEN, OBSERVED, POSTERIOR, finish

HEIGHT, RADIUS, BEND = 250, 30, 0.1
PLACE = {"x": alt.X("x:Q", scale=None, axis=None), "y": alt.Y("y:Q", scale=None, axis=None)}
KINDS = {"glutamate": (POSTERIOR, [1, 0]), "cholinergic": (BROKEN, [6, 3])}


def circuit(
    neurons: Sequence[str],
    synapses: Sequence[tuple[int, int, str]],
    widths: Mapping[str, float],
    *,
    title: str,
    description: str | None = None,
) -> alt.LayerChart:
    """Draw three neurons and the synapses between them.

    Args:
        neurons: Names of the three neurons.
        synapses: Neuron before, neuron after and kind, "glutamate" or "cholinergic", of each.
        widths: Name of each synapse, in the same order, to its strength from 0 to 1.
        title: What to see, in words.
        description: The text alternative; the list of synapses if left out.

    Returns:
        The chart.

    Example:
        >>> chart = circuit(["A", "B", "C"], [(0, 1, "glutamate")], {"A–B": 0.5}, title="A to B")
        >>> chart.description
        'Circuit of A, B, C with 1 inhibitory synapses: A–B (glutamate).'
    """
    if len(neurons) != 3 or len(synapses) != len(widths):
        raise ValueError(
            f"got {len(neurons)} neurons, {len(synapses)} synapses and {len(widths)} widths, "
            "expected 3 neurons and a width for each synapse"
        )
    places = np.array([[0.5, 46.0], [0.16, HEIGHT - 50.0], [0.84, HEIGHT - 50.0]])
    rows, ends = [], []
    twins: dict[tuple[int, int], int] = {}
    for (a, b, kind), (name, width) in zip(synapses, widths.items(), strict=True):
        twin = twins[a, b] = twins.get((a, b), -1) + 1
        span = np.array([420.0, 1.0])
        p, q = places[a] * span, places[b] * span
        along = (q - p) / np.hypot(*(q - p))
        left = np.array([along[1], -along[0]])
        side = (7 + 16 * twin) * left
        p, q = p + RADIUS * along + side, q - (RADIUS + 4) * along + side
        rows.append(
            {"x": p[0], "y": p[1], "x2": q[0], "y2": q[1], "kind": kind, "n": name}
            | {"w": round(1 + 5 * float(np.clip(width, 0, 1)), 2)}
        )
        ends.append({"x": q[0], "y": q[1], "kind": kind})
    layers = []
    room = "((page - 420) / 2)"
    for kind, (color, dash) in KINDS.items():
        mine = rows_of([r for r in rows if r["kind"] == kind]).transform_calculate(
            x=f"datum.x + {room}", x2=f"datum.x2 + {room}"
        )
        dots = rows_of([r for r in ends if r["kind"] == kind]).transform_calculate(
            x=f"datum.x + {room}"
        )
        line = mine.mark_rule(stroke=color, strokeDash=dash, aria=False)
        layers += [
            line.encode(
                **PLACE,
                x2="x2",
                y2="y2",
                strokeWidth=alt.StrokeWidth("w:Q", scale=None),
                tooltip=[alt.Tooltip("n:N", title="synapse")],
            ),
            dots.mark_circle(color=color, size=90, opacity=1, aria=False).encode(**PLACE),
        ]
    disks = rows_of(
        [{"x": x * 420, "y": y, "n": n} for (x, y), n in zip(places, neurons, strict=True)]
    ).transform_calculate(x=f"datum.x + {room}")
    ring = disks.mark_point(
        shape="circle", size=4 * RADIUS**2 / 1.1, stroke=OBSERVED, strokeWidth=1.6,
        fill="transparent", opacity=1, aria=False,
    )  # fmt: skip
    layers += [
        ring.encode(**PLACE),
        disks.mark_text(fontSize=13, aria=False).encode(**PLACE, text="n:N"),
    ]
    for i, (kind, (color, dash)) in enumerate(KINDS.items()):
        y = HEIGHT + 4
        x = f"{room} + {60 + 170 * i}"
        key = rows_of([{}]).transform_calculate(x=x, x2=f"{x} + 28", y=f"{y}")
        mark = key.mark_rule(stroke=color, strokeDash=dash, strokeWidth=2.5, aria=False)
        layers += [mark.encode(**PLACE, x2="x2"), words(kind, f"{x} + 36", y)]
    said = ", ".join(f"{n} ({s[2]})" for n, s in zip(widths, synapses, strict=True))
    told = f"Circuit of {', '.join(neurons)} with {len(synapses)} inhibitory synapses: {said}."
    chart = alt.layer(*layers).resolve_scale(x="independent", y="independent")
    return finish(chart, title, description or told, (230, HEIGHT + 16))
