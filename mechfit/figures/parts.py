"""The parts that charts are composed of: rows of data, voltage traces, a scale bar, states.

Each is an ordinary `alt.Chart` to be layered with `+` and placed with `|` and `&`. All places are
in the units of the data.
"""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.encoding import decode, encode
from mechfit.figures.labels import quantity, step_125
from mechfit.figures.theme import BROKEN, OBSERVED, PATH, WIDTH, Role

BAR = 34
"""Height in px of the view that holds a scale bar."""
WORKS = alt.condition("datum.works", alt.value(PATH), alt.value(BROKEN))


def rows_of(rows: Sequence[Mapping]) -> alt.Chart:
    """Start a mark from rows that travel in the chart."""
    return alt.Chart(alt.Data(values=list(rows)))


def short(values: ArrayLike) -> list:
    """List values; numbers keep five significant digits."""
    values = np.asarray(values)
    return [float(f"{v:.5g}") for v in values] if values.dtype.kind == "f" else values.tolist()


def table(**columns: ArrayLike) -> alt.Chart:
    """Start a mark from columns of one length."""
    row = {name: short(values) for name, values in columns.items()}
    return rows_of([row]).transform_flatten(list(row))


def menu(name: str, options: Sequence[str], words: str, start: int = 0) -> alt.Parameter:
    """Make a parameter that holds the index of the option that a menu chooses."""
    bind = alt.binding_select(options=[*range(len(options))], labels=list(options), name=words)
    return alt.param(name=name, value=int(start), bind=bind)


def option(name: str, options: Sequence[str], label: str, start: str) -> alt.Parameter:
    """Make a parameter that holds the option itself that a menu chooses."""
    bind = alt.binding_select(options=list(options), name=label)
    return alt.param(name=name, value=start, bind=bind)


def slider(
    name: str, words: str, value: float, ends: Sequence[float], step: float
) -> alt.Parameter:
    """Make a parameter that a slider moves between two ends."""
    bind = alt.binding_range(min=ends[0], max=ends[1], step=step, name=words)
    return alt.param(name=name, value=value, bind=bind)


def choice(
    start: Mapping[str, object],
    bind: object,
    *,
    name: str = "chosen",
    nearest: bool = True,
    on: str = "click",
) -> alt.Parameter:
    """Make a selection of one row by its fields: by click, or by inputs bound to them."""
    return alt.selection_point(
        name=name,
        fields=list(start),
        on=on,
        nearest=nearest,
        clear=False,
        empty=False,
        value=[dict(start)],
        bind=bind,
    )


def tips(**titles: str) -> list[alt.Tooltip]:
    """Tell fields of words when a mark is hovered, each under a title."""
    return [alt.Tooltip(f"{field}:N", title=words) for field, words in titles.items()]


def written(value: str, unit: str) -> str:
    """Write the Vega expression of a number with its unit, from those of the two."""
    return f"trim(format({value}, abs({value}) < 100 ? '.3~r' : '.0f') + ' ' + {unit})"


def words(source: alt.Chart, field: str = "said:N", *, height: float = 16, **look) -> alt.Chart:
    """Make a view of words, one line or a list of lines, that the one row of a source holds."""
    style = {"align": "left", "baseline": "top", "lineHeight": 17} | look
    mark = source.mark_text(**style).encode(x=alt.value(0), y=alt.value(0), text=field)
    return mark.properties(width=WIDTH, height=height)


def points(source: alt.Chart, n: int | str, *lists: str, **fields: str) -> alt.Chart:
    """Turn each row of a source into n points.

    A point has its index `i`, the entry i of each list, and fields computed from these.
    """
    each = source.transform_calculate(i=f"sequence({n})").transform_flatten(["i", *lists])
    return each.transform_calculate(**fields) if fields else each


def axes(
    time: tuple[float, float], voltage: tuple[float, float], *, level: float | None = None
) -> dict[str, alt.X | alt.Y]:
    """Channels for the fields `t` (ms) and `v` (mV); the only tick is the voltage `level`."""
    x, y = alt.X("t:Q").scale(domain=list(time)), alt.Y("v:Q").scale(domain=list(voltage))
    if level is None:
        return {"x": x.axis(None), "y": y.axis(None)}
    quiet = {"title": None, "domain": False, "ticks": False}
    grid = {"grid": True, "gridDash": [1, 4], "gridColor": "rgba(128,128,128,.7)"}
    tick = {"values": [10 * round(level / 10)], "labelExpr": "datum.label + ' mV'"}
    return {"x": x.axis(None), "y": y.axis(**tick, **quiet, **grid)}


def trace(time: ArrayLike, values: ArrayLike, role: Role, **style: object) -> alt.Chart:
    """Draw one trace with fields `t` and `v`, each in 4096 steps, far below a pixel."""
    columns = dict(zip("tv", (time, values), strict=True))
    ends = {name: (float(np.min(c)), float(np.max(c))) for name, c in columns.items()}
    source = rows_of([{name: encode(c, *ends[name]) for name, c in columns.items()}])
    each = {name: decode(f"datum.{name}", "datum.i", *ends[name]) for name in columns}
    look = {"stroke": role.color, "strokeWidth": 1.2, **style}
    return points(source, "length(datum.t) / 2", **each).mark_line(**look)


def coded_trace(
    source: alt.Chart, grid: np.ndarray, low: float, high: float, role: Role, *, field: str = "v"
) -> alt.Chart:
    """Draw the trace that the one row of a filtered source holds, encoded from low to high.

    The times `grid` (p,) are shared and evenly spaced; the mark has fields `t` and `v`.
    """
    step = (grid[-1] - grid[0]) / (len(grid) - 1)
    time, value = f"{grid[0]:.9g} + {step:.9g} * datum.i", f"datum.{field}"
    each = points(source, len(grid), t=time, v=decode(value, "datum.i", low, high))
    return each.mark_line(stroke=role.color, strokeWidth=1.3)


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
    corner = table(k=[0, 1, 2], t=[left, left, time[1]], v=[reach, base, base])
    line = corner.mark_line(strokeWidth=1.5, strokeJoin="miter", stroke=OBSERVED)
    up = table(t=[left], v=[base + mv / 2]).mark_text(align="right", dx=-6, fontSize=11)
    along = table(t=[left + ms / 2], v=[base]).mark_text(baseline="top", dy=4, fontSize=11)
    return alt.layer(
        line.encode(**place, order="k:Q"),
        up.encode(**place, text=alt.value(quantity(mv, "mV"))),
        along.encode(**place, text=alt.value(unit)),
    ).properties(width=width, height=BAR)


def heading(words: str, *, size: int = 12, weight: int = 400, offset: int = 4) -> alt.TitleParams:
    """Write words above the left end of one view, in the weight of text."""
    look = {"fontSize": size, "fontWeight": weight, "anchor": "start", "frame": "group"}
    return alt.TitleParams(words, **look, offset=offset)


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
    cross = {"shape": "cross", "angle": 45, "fill": BROKEN, "size": round(size * 1.45)}
    looks = {"datum.works": {"shape": "circle", "fill": PATH, "size": size}, "!datum.works": cross}
    return [
        source.transform_filter(test).mark_point(strokeWidth=0, **look).encode(**place)
        for test, look in looks.items()
    ]
