"""One measure of the same circuits under several conditions, as strips of dots."""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.labels import number
from mechfit.figures.parts import table, tips
from mechfit.figures.theme import WIDTH, present


def strips(
    values: Mapping[str, ArrayLike], colors: Sequence[str], *, across: str, title: str
) -> alt.LayerChart:
    """Draw a row of dots for each condition; a thin line joins the dots of one circuit.

    Args:
        values: Name of each condition to the values of the circuits, shape (n,).
        colors: Color of each condition.
        across: Name and unit of the values.
        title: What to see, in words.
    """
    names, each = list(values), np.stack([np.asarray(v, float) for v in values.values()])
    data = table(
        name=np.repeat(names, each.shape[1]),
        row=np.repeat(np.arange(len(names)), each.shape[1]),
        circuit=np.tile(np.arange(1, each.shape[1] + 1), len(names)),
        value=each.ravel(),
    )
    y = alt.Y("name:N", scale=alt.Scale(domain=names), axis=alt.Axis(title=None, domain=True))
    x = alt.X("value:Q", title=across, axis=alt.Axis(tickCount=6), scale=alt.Scale(zero=True))
    fill = alt.Fill("name:N", scale=alt.Scale(domain=names, range=list(colors)), legend=None)
    said = tips(circuit="circuit", name="name", value="radius")
    line = data.mark_line(strokeWidth=0.7, opacity=0.45)
    dot = data.mark_circle(size=50)
    chart = alt.layer(
        line.encode(x=x, y=y, detail="circuit:N", order="row:Q"),
        dot.encode(x=x, y=y, fill=fill, tooltip=said),
    ).properties(width=WIDTH, height=170)
    told = ", ".join(
        f"{n} {number(np.median(v))}, from {number(v.min())} to {number(v.max())}"
        for n, v in zip(names, each, strict=True)
    )
    return present(chart, title, f"{across} of {each.shape[1]} circuits. Medians: {told}.")
