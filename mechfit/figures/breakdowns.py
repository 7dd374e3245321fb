"""Breakdowns: how far one circuit can be pushed in many directions, and what it does then.

A lane for each group of directions on one logarithmic axis: a dot at each breakdown radius with
its interval, a triangle where none was found. Rows of a lane are packed, so that intervals do not
overlap. A click or a menu chooses a direction, whose voltages stand below. Taught in the chapter
robustness/perturbations.
"""

from collections.abc import Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import increasing, numbers
from mechfit.figures.encoding import encode
from mechfit.figures.labels import number, quantity
from mechfit.figures.marks import Frame, at, px, rows_of, tips, words
from mechfit.figures.states import GAP, REST, state, voltages
from mechfit.figures.theme import BROKEN, NARROW, PATH, SAMPLE, finish, page
from mechfit.summaries.thinning import thin_together

BUDGET, POINTS = 190_000, 250
HEAD, LANE, TALL, HEIGHT = 20, 120, (5, 9), 50
ACROSS = page(16)
SMALL = f"page < {NARROW}"
WIDE = f"({SMALL} ? {ACROSS} : ({ACROSS} - {GAP}) / 2)"
SECOND = f"({SMALL} ? 0 : {WIDE} + {GAP})"


def breakdowns(
    radii: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    reach: ArrayLike,
    names: Sequence[str],
    groups: Sequence[str],
    before: ArrayLike,
    after: ArrayLike,
    time: ArrayLike,
    *,
    title: str,
    unit: str = "s.d. of the prior",
    channels: Sequence[str] = ("AB/PD", "LP", "PY"),
    start: int = 0,
    description: str | None = None,
) -> alt.LayerChart:
    """Draw the breakdown radius of a circuit in each direction, and what the circuit does there.

    Args:
        radii: Breakdown radius in each direction, shape (k,), infinite where none was found.
        low: Lower end of its interval, shape (k,).
        high: Upper end, shape (k,), infinite where no radius was found.
        reach: How far was looked, shape (k,) or one number.
        names: Name of each direction.
        groups: Group of each direction; groups stand in the order in which they come.
        before: Voltages of the circuit itself, which works, shape (channels, t), mV.
        after: Voltages at the radius, or at the reach, shape (k, channels, t), mV.
        time: Evenly spaced times, shape (t,), ms.
        title: What to see, in words.
        unit: Unit of the radii.
        channels: Name of each voltage.
        start: Index of the direction that is shown first.
        description: The text alternative; the smallest radius of each group if left out.

    Returns:
        The chart, under 300 kB.

    Raises:
        ValueError: If shapes do not fit, a radius is outside its interval, or there are too many
            directions.

    Example:
        >>> t, v = np.arange(100.0), np.zeros((2, 1, 100))
        >>> given = [0.2, np.inf], [0.1, 2], [0.3, np.inf], 3, ["Na up", "Na down"], ["one"] * 2
        >>> chart = breakdowns(*given, v[0], v, t, title="Sodium breaks it", channels=["V"])
        >>> chart.description[:67]
        '2 directions. one: 1 of 2 break it, the nearest Na up at 0.2; unit:'
    """
    k, time = len(names), increasing(time)
    if k == 0 or len(groups) != k or not channels or not 0 <= start < k:
        raise ValueError(
            f"got {k} names, {len(groups)} groups, {len(channels)} channels and start {start}, "
            "expected as many groups as names, at least 1 channel and a start below both"
        )
    ends = _checked(radii, low, high, reach, k)
    points = min(POINTS, BUDGET // (2 * k * len(channels)))
    if points < 100:
        raise ValueError(f"got {k} names, expected at most {BUDGET // (200 * len(channels))}")
    before = numbers("before", before, len(channels), len(time))
    after = numbers("after", after, k, len(channels), len(time))
    grid, traces = thin_together(time, np.stack([before, *after]), points)
    span = float(traces.min()), float(traces.max())
    coded = [{f"v{c}": encode(v, *span) for c, v in enumerate(each)} for each in traces]
    rows, heads, bottom = _lanes(ends, names, groups, unit)
    rows = [row | coded[row["k"] + 1] for row in rows]

    chosen = alt.Chart(alt.NamedData("ways")).transform_filter("datum.k == chosen_k")
    itself = rows_of([{"works": True, "said": "before: works"} | coded[0]])
    there = "(datum.works ? 'still works at ' : 'broken at ') + datum.at"
    there = chosen.transform_calculate(said=there)
    text = {"align": "left", "baseline": "middle", "aria": False}
    top, down = bottom + 118, f"({SMALL} ? {(HEIGHT + GAP) * len(channels) + 40} : 0)"
    limits = (grid[0], grid[-1]), (span[0] - 4, span[1] + 4)
    first = Frame(*limits, top + 26, HEIGHT, 0, WIDE)
    second = Frame(*limits, top + 26, HEIGHT, SECOND, WIDE, down)
    layers = [
        *_dots(rows, heads, start),
        words(f"how far until it breaks ({unit})", 0, bottom + 36),
        chosen.mark_text(fontWeight=600, **text).encode(**at(0, bottom + 70), text="name:N"),
        chosen.mark_text(**text).encode(**at(0, bottom + 89), text="far:N"),
        *state(itself, "0", top),
        *state(there, SECOND, second.down(top)),
        *voltages(itself, first, channels, grid, span, bar=False),
        *voltages(there, second, channels, grid, span),
    ]
    chart = alt.layer(*layers, datasets={"ways": rows}).resolve_scale(
        x="independent", y="independent"
    )
    # The nearest dot is looked for within the width of the view, which follows the page.
    chart = chart.add_params(alt.param(name="width", expr=ACROSS))
    hint = "Click a direction, or choose it below, to see what happens there. Triangle: unbroken."
    if span[0] < REST < span[1]:
        hint += f" Dotted across the voltages: {quantity(REST, 'mV')}."
    told = f"{k} directions. {'; '.join(head['said'] + head['near'] for head in heads)}; unit: "
    told += f"{unit}. A menu chooses one, whose voltages stand below, before and after: "
    told += f"{', '.join(channels)}."
    return finish(chart, title, description or told, (230, int(bottom)), hint)


def _checked(
    radii: ArrayLike, low: ArrayLike, high: ArrayLike, reach: ArrayLike, k: int
) -> np.ndarray:
    """Return radius, low, high and reach (4, k), or say what does not fit."""
    reach = np.full(k, reach, float) if np.ndim(reach) == 0 else numbers("reach", reach, k)
    ends = [np.asarray(values, float) for values in (radii, low, high)]
    for name, values in zip(("radii", "low", "high"), ends, strict=True):
        numbers(name, np.where(values == np.inf, 1.0, values), k)
    radii, low, high = ends
    if not ((low >= 0) & (low <= radii) & (radii > 0) & (radii <= high) & (reach > 0)).all():
        raise ValueError(
            "radii do not fit, expected 0 <= low <= radii <= high and reach above 0, radii too"
        )
    return np.stack([radii, low, high, reach])


def _lanes(
    ends: np.ndarray, names: Sequence[str], groups: Sequence[str], unit: str
) -> tuple[list[dict], list[dict], float]:
    """Rows of the directions in the order of the menu, of the lanes' names, and the lower end."""
    radii, low, high, reach = ends
    broken = np.isfinite(radii)
    place = np.where(broken, radii, reach)
    left = low.clip(place.min() / 3, place)
    right = np.where(broken, high, reach).clip(place, place.max() * 3)
    start, stop = _domain(left, right)
    px_of = 310 / np.log(stop / start)
    rows, heads, bottom = [], [], 0.0
    for group in dict.fromkeys(groups):
        mine = [i for i, g in enumerate(groups) if g == group]
        mine.sort(key=lambda i: (not broken[i], place[i]))
        places = px_of * np.log(np.stack([left[mine], place[mine], right[mine]]))
        row = _packed(places[0].clip(None, places[1] - 5), places[2].clip(places[1] + 5, None))
        tall = np.clip(LANE / (row.max() + 1), *TALL)
        said = f"{group}: {broken[mine].sum()} of {len(mine)} break it"
        near = f", the nearest {names[mine[0]]} at {number(place[mine[0]])}"
        heads.append({"y": bottom + 8, "said": said, "near": near if broken[mine[0]] else ""})
        for i, r in zip(mine, row.tolist(), strict=True):
            far = f"works as far as was looked, {number(reach[i])} {unit}"
            if broken[i]:
                told = map(number, (radii[i], low[i], high[i]))
                far = "breaks at {} ({} to {}) ".format(*told) + unit
            rows.append(
                {"k": i, "name": f"{group}: {names[i]}", "far": far, "at": number(place[i])}
                | {"works": not broken[i], "y": round(bottom + HEAD + (r + 0.5) * tall, 1)}
                | {f: float(f"{v[i]:.4g}") for f, v in (("x", place), ("l", left), ("h", right))}
            )
        bottom += HEAD + tall * (row.max() + 1) + 6
    return rows, heads, bottom


def _domain(left: ArrayLike, right: ArrayLike) -> list[float]:
    """Ends of the axis, a little beyond all intervals and at least two octaves apart."""
    stop = float(np.max(right)) * 1.05
    return [min(float(np.min(left)) / 1.05, stop / 4), stop]


def _packed(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Give each interval the first row in which it does not touch the one before."""
    rows, filled = [], []
    for a, b in zip(left, right, strict=True):
        free = next((r for r, end in enumerate(filled) if end + 3 <= a), len(filled))
        filled[free : free + 1] = [b]
        rows.append(free)
    return np.array(rows)


def _dots(rows: list[dict], heads: list[dict], start: int) -> list[alt.Chart]:
    """Draw lanes with intervals and markers; a click on the nearest one, or a menu, chooses it."""
    domain = _domain([row["l"] for row in rows], [row["h"] for row in rows])
    decades = np.log10(domain[1] / domain[0])
    ticks = [m * 10.0**p for p in range(-9, 7) for m in ((1, 3) if decades > 1.3 else (1, 2, 5))]
    axis = alt.Axis(values=ticks, labelExpr="format(datum.value, '~g')", title=None, offset=2)
    scale = alt.Scale(type="log", domain=domain, range=[0, px(ACROSS)], nice=False)
    x, y = alt.X("x:Q", scale=scale, axis=axis), alt.Y("y:Q", scale=None, axis=None)
    bind = alt.binding_select(
        options=[row["k"] for row in rows], labels=[row["name"] for row in rows], name="direction"
    )
    how = {"on": "click", "nearest": True, "clear": False, "empty": False, "bind": bind}
    chosen = alt.selection_point(name="chosen", fields=["k"], value=[{"k": start}], **how)
    every = alt.Chart(alt.NamedData("ways"))
    color = alt.condition("datum.works", alt.value(PATH), alt.value(BROKEN))
    shape = alt.condition("datum.works", alt.value("triangle-right"), alt.value("circle"))
    size = alt.condition("datum.works", alt.value(64), alt.value(38))
    line = every.mark_rule(strokeWidth=1.3, strokeOpacity=0.6, aria=False)
    dot = every.mark_point(opacity=1, strokeWidth=0, cursor="pointer", aria=False)
    ring = {"size": 150, "stroke": SAMPLE, "fill": "transparent", "opacity": 1, "aria": False}
    ring = every.transform_filter(chosen).mark_point(shape="circle", strokeWidth=2.2, **ring)
    said = tips(name="direction", far="radius")
    name = rows_of(heads).mark_text(align="left", baseline="middle", aria=False)
    return [
        name.encode(x=alt.value(0), y=y, text="said:N"),
        line.encode(x=alt.X("l:Q", scale=scale, axis=None), x2="h", y=y, stroke=color),
        dot.encode(x=x, y=y, fill=color, shape=shape, size=size, tooltip=said).add_params(chosen),
        ring.encode(x=alt.X("x:Q", scale=scale, axis=None), y=y),
    ]
