"""Places that work and places that are broken: their markers, and the voltages found there.

Each row has a field `works`: a circle in the color of what works, a cross where it is broken.
"""

from collections.abc import Sequence
from dataclasses import replace

import altair as alt
import numpy as np

from mechfit.figures.marks import Frame, coded_line, words
from mechfit.figures.theme import BROKEN, PATH, ROLES

REST, GAP = -50.0, 18
COLOR = alt.condition("datum.works", alt.value(PATH), alt.value(BROKEN))
PLACE = {"x": alt.X("x:Q", scale=None, axis=None), "y": alt.Y("y:Q", scale=None, axis=None)}


def markers(source: alt.Chart, place: dict, size: int = 90) -> list[alt.Chart]:
    """Draw a circle for what works, a cross for what is broken."""
    look = {"opacity": 1, "strokeWidth": 0, "aria": False}
    dot = source.transform_filter("datum.works")
    cross = source.transform_filter("!datum.works")
    return [
        dot.mark_point(shape="circle", fill=PATH, size=size, **look).encode(**place),
        cross.mark_point(
            shape="cross", angle=45, fill=BROKEN, size=round(size * 1.45), **look
        ).encode(**place),
    ]


def state(source: alt.Chart, x: str, y: str | float) -> list[alt.Chart]:
    """Draw the marker of the one row of a source, and its words `said` beside it."""
    at = source.transform_calculate(x=f"{x} + 7", y=f"{y}")
    said = at.mark_text(align="left", dx=11, baseline="middle", aria=False)
    return [*markers(at, PLACE), said.encode(**PLACE, text="said:N")]


def voltages(
    source: alt.Chart,
    where: Frame,
    channels: Sequence[str],
    grid: np.ndarray,
    span: tuple[float, float],
    *,
    bar: bool = True,
) -> list[alt.Chart]:
    """Stack the traces `v0`, `v1`, … of the one row of a source, from the frame `where` down.

    Args:
        source: A filtered source of one row; its traces are `encode`d within `span`.
        where: Place of the first trace.
        channels: Name of each trace.
        grid: Evenly spaced times that they share, shape (p,), ms.
        span: Lowest and highest voltage, mV.
        bar: Draw a scale bar below the last one.
    """
    layers, (low, high) = [], span
    for c, channel in enumerate(channels):
        frame = replace(where, top=where.top + c * (where.height + GAP))
        mine = source.transform_calculate(v=f"datum.v{c}")
        line = coded_line(mine, grid, low, high, ROLES["path"])
        layers += [
            words(channel, frame.start, frame.down(frame.top - 6), size=11),
            *(frame.level(REST)[1:] if low < REST < high else []),
            line.encode(**frame.place, stroke=COLOR),
        ]
    return layers + (frame.scale_bar(frame.top + frame.height + 6) if bar else [])
