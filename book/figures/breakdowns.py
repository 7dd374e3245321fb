"""How far a circuit can be pushed in a few directions, and what it does at the end of each."""

from collections.abc import Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from book.figures.states import encoded, state
from mechfit.figures.labels import number
from mechfit.figures.parts import WORKS, choice, rows_of, tips, words
from mechfit.figures.theme import SAMPLE, WIDTH, present

NEURONS = ("AB/PD", "LP", "PY")
UNIT = "s.d. of the prior"


def breakdowns(
    radii: ArrayLike,
    reach: ArrayLike,
    names: Sequence[str],
    voltage: ArrayLike,
    time: ArrayLike,
    *,
    title: str,
    start: int = 0,
) -> alt.VConcatChart:
    """Draw the breakdown radius of a circuit in each direction, and the voltages found there.

    A row for each direction: a dot at the radius with its interval, a triangle where the circuit
    still worked as far as was looked. A click or a menu chooses a direction.

    Args:
        radii: Breakdown radius and both ends of its interval, shape (3, k), infinite where none
            was found.
        reach: How far was looked in each direction, shape (k,).
        names: Name of each direction.
        voltage: Voltages of the circuit itself, then at the radius, or at the reach, of each
            direction, shape (1 + k, 3, t), mV.
        time: Evenly spaced times, shape (t,), ms.
        title: What to see, in words.
        start: Index of the direction that is shown first.
    """
    radii, reach, time = (np.asarray(v, float) for v in (radii, reach, time))
    coded, span = encoded(np.asarray(voltage, float))
    broken = np.isfinite(radii[0])
    x = np.where(broken, radii[0], reach)
    low, high = np.minimum(radii[1], x), np.where(broken, radii[2], reach)
    rows = []
    for k, name in enumerate(names):
        at = number(x[k])
        told = f"works as far as was looked, {at} {UNIT}"
        if broken[k]:
            told = f"breaks at {at} ({number(low[k])} to {number(high[k])}) {UNIT}"
        row = {"k": k, "name": name, "told": told, "works": bool(~broken[k])} | coded[k + 1]
        row |= {"said": f"{'broken' if broken[k] else 'still works'} at {at}"}
        ends = zip("xlh", (x[k], low[k], high[k]), strict=True)
        rows.append(row | {field: float(f"{end:.4g}") for field, end in ends})
    bind = alt.binding_select(options=[*range(len(rows))], labels=list(names), name="direction")
    chosen = choice({"k": start}, bind)
    there = alt.Chart(alt.NamedData("directions")).transform_filter(chosen)
    before = rows_of([{"works": True, "said": "before: works"} | coded[0]])
    said = words(there, "name:N", fontWeight=600), words(there, "told:N")
    given, half = (NEURONS, time, span), WIDTH / 2
    chart = alt.vconcat(
        _dots(chosen, names, (low.min() / 1.1, high.max() * 1.1)),
        alt.vconcat(*said, spacing=2),
        state(before, *given, width=half) | state(there, *given, width=half, level=False),
        spacing=10,
        datasets={"directions": rows},
    )
    told = "; ".join(f"{row['name']}: {row['told']}" for row in rows)
    told += ". A menu chooses one; the voltages of AB/PD, LP and PY before and after stand below."
    hint = "Click a direction, or choose it below, to see what happens there. Triangle: unbroken."
    return present(chart, title, told, hint)


def _dots(
    chosen: alt.Parameter, names: Sequence[str], limits: tuple[float, float]
) -> alt.LayerChart:
    """Draw a dot with its interval for each direction, and a ring around the chosen one."""
    every = alt.Chart(alt.NamedData("directions"))
    axis = alt.Axis(title=f"how far until it breaks ({UNIT})", values=[0.1, 0.2, 0.5, 1, 2, 3, 5])
    across = {"axis": axis, "scale": alt.Scale(type="log", domain=list(limits))}
    y = alt.Y("name:N").scale(domain=list(names)).axis(title=None, labelLimit=240, grid=True)
    x, said = alt.X("x:Q", **across), tips(name="direction", told="radius")
    shape = alt.condition("datum.works", alt.value("triangle-right"), alt.value("circle"))
    dot = every.mark_point(strokeWidth=0, size=60, cursor="pointer")
    ring = {"shape": "circle", "size": 170, "stroke": SAMPLE, "strokeWidth": 2.2}
    ring = every.transform_filter(chosen).mark_point(fill="transparent", **ring)
    return alt.layer(
        every.mark_rule(strokeWidth=1.5, strokeOpacity=0.6).encode(
            x=alt.X("l:Q", **across), x2="h", y=y, stroke=WORKS
        ),
        dot.encode(x=x, y=y, fill=WORKS, shape=shape, tooltip=said).add_params(chosen),
        ring.encode(x=x, y=y),
    ).properties(width=WIDTH, height={"step": 26})
