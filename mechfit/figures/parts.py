"""The parts that charts are composed of: rows of data, voltage traces, a scale bar, states.

Each is an ordinary `alt.Chart` to be layered with `+` and placed with `|` and `&`. All places are
in the units of the data.
"""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.encoding import decode
from mechfit.figures.labels import quantity, step_125
from mechfit.figures.theme import BROKEN, OBSERVED, PATH, WIDTH, Role

BAR = 34
"""Height in px of the view that holds a scale bar."""
WORKS = alt.condition("datum.works", alt.value(PATH), alt.value(BROKEN))


def rows_of(rows: Sequence[Mapping]) -> alt.Chart:
    """Start a mark from rows that travel in the chart."""
    return alt.Chart(alt.Data(values=list(rows)))


def table(**columns: ArrayLike) -> alt.Chart:
    """Start a mark from columns of one length; numbers keep five significant digits."""
    row = {}
    for name, values in columns.items():
        values = np.asarray(values)
        numeric = values.dtype.kind == "f"
        row[name] = [float(f"{v:.5g}") for v in values] if numeric else values.tolist()
    return rows_of([row]).transform_flatten(list(row))


def menu(name: str, options: Sequence[str], words: str, start: int = 0) -> alt.Parameter:
    """Make a parameter that holds the index of the option that a menu chooses."""
    bind = alt.binding_select(options=[*range(len(options))], labels=list(options), name=words)
    return alt.param(name=name, value=int(start), bind=bind)


def choice(
    start: Mapping[str, object], bind: object, *, name: str = "chosen", nearest: bool = True
) -> alt.Parameter:
    """Make a selection of one row by its fields: by click, or by inputs bound to them."""
    return alt.selection_point(
        name=name,
        fields=list(start),
        on="click",
        nearest=nearest,
        clear=False,
        empty=False,
        value=[dict(start)],
        bind=bind,
    )


def tips(**titles: str) -> list[alt.Tooltip]:
    """Tell fields of words when a mark is hovered, each under a title."""
    return [alt.Tooltip(f"{field}:N", title=words) for field, words in titles.items()]


def axes(
    time: tuple[float, float], voltage: tuple[float, float], *, level: float | None = None
) -> dict[str, alt.X | alt.Y]:
    """Channels for the fields `t` (ms) and `v` (mV); the only tick is the voltage `level`."""
    exact = {"nice": False, "zero": False}
    y_axis = None
    if level is not None:
        y_axis = alt.Axis(
            values=[10 * round(level / 10)],
            labelExpr="datum.label + ' mV'",
            title=None,
            domain=False,
            ticks=False,
            grid=True,
            gridDash=[1, 4],
            gridColor="rgba(128,128,128,.7)",
        )
    return {
        "x": alt.X("t:Q", scale=alt.Scale(domain=list(time), **exact), axis=None),
        "y": alt.Y("v:Q", scale=alt.Scale(domain=list(voltage), **exact), axis=y_axis),
    }


def trace(
    time: ArrayLike, values: ArrayLike, role: Role, *, decimals: int = 1, **style: object
) -> alt.Chart:
    """Draw one trace with fields `t` and `v`; 0.1 mV is far below a pixel."""
    row = {"t": np.round(time, 2).tolist(), "v": np.round(values, decimals).tolist()}
    look = {"stroke": role.color, "strokeWidth": 1.2, **style}
    return rows_of([row]).transform_flatten(["t", "v"]).mark_line(**look)


def coded_trace(
    source: alt.Chart, grid: np.ndarray, low: float, high: float, role: Role, *, field: str = "v"
) -> alt.Chart:
    """Draw the trace that the one row of a filtered source holds, encoded from low to high.

    The times `grid` (p,) are shared and evenly spaced; the mark has fields `t` and `v`.
    """
    step = (grid[-1] - grid[0]) / (len(grid) - 1)
    return (
        source.transform_calculate(i=f"sequence({len(grid)})")
        .transform_flatten(["i"])
        .transform_calculate(
            t=f"{grid[0]:.9g} + {step:.9g} * datum.i",
            v=decode(f"datum.{field}", "datum.i", low, high),
        )
        .mark_line(stroke=role.color, strokeWidth=1.3)
    )


def scale_bar(
    time: tuple[float, float], voltage: tuple[float, float], height: float, *, width: float = WIDTH
) -> alt.LayerChart:
    """Draw an L of round lengths in ms and mV, as a view to stand below traces of this height."""
    duration, span = time[1] - time[0], voltage[1] - voltage[0]
    ms, mv = step_125(duration / 5), 20.0 if span > 60 else step_125(span / 4)
    reach = BAR * span / height
    mv = min(mv, step_125(0.6 * reach))
    place = axes(time, (0.0, reach))
    left, base = time[1] - ms, reach - mv
    unit = quantity(ms / 1000, "s") if ms >= 1000 else quantity(ms, "ms", 4)
    points = [{"t": left, "v": reach}, {"t": left, "v": base}, {"t": time[1], "v": base}]
    look = {"strokeWidth": 1.5, "strokeJoin": "miter", "stroke": OBSERVED}
    word = {"fontSize": 11}
    return alt.layer(
        rows_of([{"k": k, **p} for k, p in enumerate(points)])
        .mark_line(**look)
        .encode(**place, order="k:Q"),
        rows_of([{"t": left, "v": base + mv / 2}])
        .mark_text(align="right", dx=-6, **word)
        .encode(**place, text=alt.value(quantity(mv, "mV"))),
        rows_of([{"t": left + ms / 2, "v": base}])
        .mark_text(baseline="top", dy=4, **word)
        .encode(**place, text=alt.value(unit)),
    ).properties(width=width, height=BAR)


def heading(words: str, *, size: int = 12) -> alt.TitleParams:
    """Write words above the left end of one view, in the weight of text."""
    return alt.TitleParams(
        words, fontSize=size, fontWeight="normal", anchor="start", frame="group", offset=4
    )


def named_lines(
    looks: Mapping[str, Role], *, key: bool = True, offset: float = 2
) -> dict[str, object]:
    """Channels that tell lines apart by their field `name`, in color and dash, with a key.

    The key stands `offset` px above the view; a key above several views must clear their titles.
    """
    legend = alt.Legend(symbolType="stroke", symbolSize=600, offset=offset) if key else None
    color = alt.Scale(domain=list(looks), range=[r.color for r in looks.values()])
    dash = alt.Scale(domain=list(looks), range=[list(r.dash) for r in looks.values()])
    return {
        "stroke": alt.Stroke("name:N", scale=color, legend=legend),
        "strokeDash": alt.StrokeDash("name:N", scale=dash, legend=legend),
    }


def markers(source: alt.Chart, place: Mapping[str, object], size: int = 90) -> list[alt.Chart]:
    """Draw a circle where the field `works` is true, a cross where it is false."""
    look = {"strokeWidth": 0}
    dot = source.transform_filter("datum.works")
    cross = source.transform_filter("!datum.works")
    return [
        dot.mark_point(shape="circle", fill=PATH, size=size, **look).encode(**place),
        cross.mark_point(
            shape="cross", angle=45, fill=BROKEN, size=round(size * 1.45), **look
        ).encode(**place),
    ]
