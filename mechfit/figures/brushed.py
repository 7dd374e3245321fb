"""Conditioning with a rectangle: keep the draws inside it and see which parameters move.

Draws that share two parameters are draws of the posterior given those two. For each other
parameter the figure tells by how many standard deviations of all draws its mean moves; the three
that move most are its partners in compensation. A click or a drag moves the rectangle, and so do
sliders. Taught in the chapter geometry/compensation.
"""

from collections.abc import Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import numbers, ranges
from mechfit.figures.encoding import decode, encode
from mechfit.figures.labels import ends, parse
from mechfit.figures.marks import px, rows_of, segment, words
from mechfit.figures.squares import LEFT, SIDE, TOP, Square
from mechfit.figures.theme import NARROW, OBSERVED, POSTERIOR, finish

BINS, CELLS, MOST, BUDGET = 20, 25, 3, 190_000
HEAD, HEIGHT, FOOT, GAP, BESIDE = 18, 34, 22, 16, 206
COLUMNS = f"(page < {NARROW} ? 3 : 5)"
WIDE = f"((page - 14 - {GAP} * ({COLUMNS} - 1)) / {COLUMNS})"
PLACE = {"x": alt.X("x:Q", scale=None, axis=None), "y": alt.Y("y:Q", scale=None, axis=None)}
PLANE, TEXT = Square(), Square(second=True)
PANELS = f"(page < {NARROW} ? {TEXT.top} + {BESIDE} : {TOP + SIDE + 44})"
PAIRS = (("box_cx", "box_cy"), ("half_width", "half_height"))
INSIDE = (
    "(!on || abs(100 * datum.x - box_cx) <= half_width"
    " && abs(100 * datum.y - box_cy) <= half_height)"
)
HELD = "(on && (datum.i == across && w < 100 || datum.i == up && h < 100))"
"""The parameters that the rectangle restricts; a side of 100 % restricts nothing."""


def _reach(center: str, half: str) -> list[str]:
    """Write where a side of the rectangle begins and ends, as shares of the range."""
    return [f"clamp({center} {sign} {half}, 0, 100) / 100" for sign in "-+"]


def _put(source: alt.Chart, **shares: str) -> alt.Chart:
    """Turn shares of the sides of panel `i` into fields `x`, `x2`, `y`, `y2` in px."""
    left = f"(datum.i % {COLUMNS}) * ({WIDE} + {GAP}) - {LEFT - 12}"
    floor = f"{PANELS} + {HEAD + HEIGHT} + floor(datum.i / {COLUMNS}) * {HEAD + HEIGHT + FOOT}"
    place = {"x": f"{left} + {WIDE} * ({{}})", "y": f"{floor} - {HEIGHT} * ({{}})"}
    return source.transform_calculate(**{n: place[n[0]].format(v) for n, v in shares.items()})


def _panels(shares: np.ndarray, names: Sequence[str], inside: alt.Chart) -> list[alt.Chart]:
    """Draw the histograms of all draws (n, d) and of those inside, and how far these moved."""
    d = len(names)
    counts = [np.histogram(column, BINS, (0, 1))[0] for column in shares.T]
    at = [0.0, *np.linspace(0, 1, BINS + 1).round(4).tolist()]
    order = list(range(len(at)))
    outlines = [
        {"i": i, "at": at, "v": [0, *(c / c.max()).round(3).tolist(), 0], "o": order}
        for i, c in enumerate(counts)
    ]
    outline = _put(
        rows_of(outlines).transform_flatten(["at", "v", "o"]), x="datum.at", y="datum.v"
    )
    each = inside.transform_calculate(i=f"sequence({d})").transform_flatten(["i"])
    each = each.transform_calculate(v=decode("datum.c", "datum.i", 0, 1))
    bars = (
        each.transform_calculate(b=f"min(floor(datum.v * {BINS}), {BINS - 1})")
        .transform_aggregate(n="count()", groupby=["i", "b"])
        .transform_joinaggregate(m="max(n)", groupby=["i"])
    )
    bars = _put(
        bars,
        x=f"datum.b / {BINS}",
        x2=f"(datum.b + 1) / {BINS}",
        y="datum.n / datum.m",
        y2="0",
    )
    mean, spread = shares.mean(0).round(5).tolist(), shares.std(0)
    spread = np.where(spread > 0, spread, 1.0).round(5).tolist()
    moved = (
        each.transform_aggregate(mean="mean(v)", groupby=["i"])
        .transform_calculate(z=f"(datum.mean - {mean}[datum.i]) / {spread}[datum.i]")
        .transform_filter(f"!{HELD}")
        .transform_calculate(
            far="abs(datum.z)", said="abs(datum.z) < 0.005 ? '0' : format(datum.z, '+.2f')"
        )
        .transform_window(rank="row_number()", sort=[alt.SortField("far", "descending")])
    )
    partners = moved.transform_filter(f"on && datum.rank <= {MOST}")
    box = {"fill": "transparent", "stroke": OBSERVED, "strokeWidth": 1.2, "aria": False}
    above = f"1 + {HEAD / HEIGHT}"
    frame = _put(partners, x=f"-5 / {WIDE}", x2=f"1 + 5 / {WIDE}", y=above, y2=f"-8 / {HEIGHT}")
    labels = _put(
        rows_of([{"i": i, "n": n} for i, n in enumerate(names)]),
        x="0", x2="1", y="0",
    )  # fmt: skip
    look = {"baseline": "middle", "fontSize": 11, "dy": 8 - HEAD - HEIGHT, "aria": False}
    name = labels.mark_text(align="left", **look).encode(**PLACE, text="n:N")
    floor = labels.mark_rule(strokeWidth=0.8, strokeOpacity=0.5, aria=False)
    amount = _put(moved, x="1", y="0").mark_text(align="right", **look)
    reach = _reach(*(f"(datum.i == across ? {a} : {b})" for a, b in PAIRS))
    held = dict(zip(("x", "x2", "y"), (*reach, f"-4 / {HEIGHT}"), strict=True))
    listed = partners.transform_calculate(
        said=f"datum.rank + '.  ' + {list(names)}[datum.i] + '  ' + datum.said + ' s.d.'",
        x=TEXT.left,
        y=f"{TEXT.top} + 92 + 22 * datum.rank",
    )
    return [
        bars.mark_rect(fill=POSTERIOR, fillOpacity=0.8, aria=False).encode(
            **PLACE, x2="x2", y2="y2"
        ),
        outline.mark_line(
            interpolate="step-after", strokeWidth=1, strokeOpacity=0.65, aria=False
        ).encode(**PLACE, detail="i:N", order="o:Q"),
        floor.encode(**PLACE, x2="x2"),
        name,
        amount.encode(**PLACE, text="said:N"),
        frame.mark_rect(**box).encode(**PLACE, x2="x2", y2="y2"),
        _put(labels.transform_filter(HELD), **held)
        .mark_rule(strokeWidth=4, aria=False)
        .encode(**PLACE, x2="x2"),
        listed.mark_text(align="left", baseline="middle", fontWeight=600, aria=False).encode(
            **PLACE, text="said:N"
        ),
    ]


def _plane(points: alt.Chart, labels: Sequence[str], limits: np.ndarray) -> list[alt.Chart]:
    """Draw all draws, those inside, and the rectangle."""
    sides = [list(side) for side in zip(*(ends(*pair) for pair in limits), strict=True)]
    low, high = ([f"={side}[{menu}]" for menu in ("across", "up")] for side in sides)
    names = [f"={list(labels)}[{menu}]" for menu in ("across", "up")]
    inside = points.transform_filter(INSIDE)
    dot = {"opacity": 0.35, "size": 8, "color": OBSERVED, "aria": False}
    x = [px(f"{PLANE.left} + {PLANE.side} * {share}") for share in _reach("box_cx", "half_width")]
    y = [
        px(f"{PLANE.top} + {PLANE.side} * (1 - {share})")
        for share in _reach("box_cy", "half_height")
    ]
    where = dict(zip(("x", "x2", "y", "y2"), map(alt.value, x + y), strict=True))
    edge = {"fill": "transparent", "stroke": OBSERVED, "strokeWidth": 1.6, "strokeDash": [5, 2]}
    edge |= {"strokeOpacity": alt.ExprRef("on ? 1 : 0.3"), "aria": False}
    return [
        points.mark_circle(**dot).encode(**PLANE.place),
        inside.mark_circle(**dot | {"color": POSTERIOR, "size": 22, "opacity": 0.85}).encode(
            **PLANE.place
        ),
        rows_of([{}]).mark_rect(**edge).encode(**where),
        *PLANE.edges((names[0], ""), low, high),
        PLANE.title(names[1]),
    ]


def _cells(center: Sequence[int]) -> alt.Chart:
    """Lay cells over the plane; a click on one, or a drag, sets the center of the rectangle."""
    step = 100 // CELLS
    bind = {
        axis: alt.binding_range(min=step // 2, max=100 - step // 2, step=step, name=name)
        for axis, name in (("cy", "center up (%)"), ("cx", "center across (%)"))
    }
    chosen = alt.selection_point(
        name="box",
        fields=list(bind),
        on="@plane_marks:click, [@plane_marks:pointerdown, window:pointerup] "
        "> @plane_marks:pointermove",
        toggle=False,
        clear=False,
        empty=False,
        value=[{"cx": center[0], "cy": center[1]}],
        bind=bind,
    )
    column, row = f"{step} * (datum.k % {CELLS})", f"{step} * floor(datum.k / {CELLS})"
    cells = (
        rows_of([{"k": list(range(CELLS**2))}])
        .transform_flatten(["k"])
        .transform_calculate(cx=f"{step / 2} + {column}", cy=f"{step / 2} + {row}")
        .transform_calculate(
            x=f"({column}) / 100",
            x2=f"({column} + {step}) / 100",
            y=f"({row}) / 100",
            y2=f"({row} + {step}) / 100",
        )
    )
    mark = cells.mark_rect(fill="transparent", stroke=None, cursor="crosshair", aria=False)
    return mark.encode(**PLANE.place, x2="x2", y2="y2").properties(name="plane").add_params(chosen)


def brushed(
    draws: ArrayLike,
    labels: Sequence[str],
    limits: ArrayLike,
    *,
    title: str,
    axes: tuple[int, int] = (0, 1),
    brush: ArrayLike | None = None,
    description: str | None = None,
) -> alt.LayerChart:
    """Condition draws on a rectangle of two parameters and see which others move.

    Args:
        draws: Draws of a posterior, shape (n, d), about 1,500 for 31 parameters.
        labels: Symbol and unit of each of the d parameters, at least 3.
        limits: Ranges of the parameters, shape (d, 2), those of the prior.
        title: What to see, in words.
        axes: The two parameters of the plane at first; menus change them.
        brush: Ranges of the rectangle at first, shape (2, 2), in the units of these two; rounded
            to the steps of the sliders. By default the draws with a large first parameter.
        description: The text alternative; what it shows and the first partners if left out.

    Returns:
        The chart, under 300 kB, with two menus, four sliders for the rectangle and a box to
        switch it off.

    Raises:
        ValueError: If shapes do not fit, draws leave the limits or there are too many.

    Example:
        >>> a, b = np.random.default_rng(1).random((2, 400))
        >>> draws = np.stack([a, b, 1 - a, b**2], 1)
        >>> box = [[0, 1]] * 4
        >>> chart = brushed(draws, "abcd", box, title="c makes up for a", brush=[[0.7, 1], [0, 1]])
        >>> chart.description[-41:]
        'move most: c −1.28, d +0.11, b +0.08 s.d.'
    """
    d = len(labels)
    if d < 3 or len(axes) != 2 or len({*axes} & {*range(d)}) != 2:
        raise ValueError(
            f"got {d} labels and axes {axes}, expected 3 labels or more and two indices below {d}"
        )
    draws, limits = numbers("draws", draws, "n", d, least=2), ranges(limits, d)
    if 2 * draws.size > BUDGET:
        raise ValueError(f"got {len(draws)} draws, expected at most {BUDGET // (2 * d)}")
    shares = (draws - limits[:, 0]) / np.diff(limits).ravel()
    if (abs(shares - 0.5) > 0.5 + 1e-6).any():
        raise ValueError("draws leave the limits, expected draws within them")
    pair = list(axes)
    if brush is None:
        mean, spread = shares[:, pair[0]].mean(), shares[:, pair[0]].std()
        reach = np.array([[mean + 0.5 * spread, mean + 2.5 * spread], [0, 1]])
    else:
        reach = ranges(brush, 2) - limits[pair, :1]
        reach = reach / np.diff(limits[pair])
    step = 100 // CELLS
    reach = 100 * np.clip(reach, 0, 1)
    center = (np.clip(reach.mean(1) // step, 0, CELLS - 1) * step + step / 2).astype(int).tolist()
    size = np.clip(5 * np.rint(np.diff(reach).ravel() / 5), 5, 100).astype(int).tolist()

    rows = [{"c": encode(point, 0, 1)} for point in shares]
    points = alt.Chart(alt.NamedData("draws")).transform_calculate(
        x=decode("datum.c", "across", 0, 1), y=decode("datum.c", "up", 0, 1)
    )
    names = [parse(label).name for label in labels]
    kept = points.transform_calculate(k=f"{INSIDE} ? 1 : 0").transform_aggregate(n="sum(k)")
    kept = kept.transform_calculate(
        said=f"on ? datum.n + ' of {len(draws):,} draws are inside' : 'all {len(draws):,} draws'",
        chance="on && datum.n ? 'Chance alone: about ±' + format(1 / sqrt(datum.n), '.2f') : ''",
        x=TEXT.left,
        y=f"{TEXT.top} + 64",
    )
    look = {"align": "left", "baseline": "middle", "aria": False}
    a, b = (f"{TEXT.left} + {offset}" for offset in (0, 22))
    lines = [f"{TEXT.top} + {offset}" for offset in (4, 22, 40)]
    layers = [
        *_plane(points, labels, limits),
        *_panels(shares, names, points.transform_filter(INSIDE)),
        segment((a, b), (lines[0],) * 2, strokeWidth=1, strokeOpacity=0.65),
        words("all draws", f"{b} + 7", lines[0]),
        segment((a, b), (lines[1],) * 2, stroke=POSTERIOR, strokeWidth=9, strokeOpacity=0.8),
        words("draws in the rectangle", f"{b} + 7", lines[1]),
        segment((a, b), (lines[2],) * 2, strokeWidth=4),
        words("range of the rectangle", f"{b} + 7", lines[2]),
        kept.mark_text(fontSize=14, **look).encode(**PLACE, text="said:N"),
        kept.mark_text(dy=118, **look).encode(**PLACE, text="chance:N"),
        words("=on ? 'Means that move most (framed below):' : ''", a, f"{TEXT.top} + 90"),
        _cells(center),
    ]
    chart = alt.layer(*layers, datasets={"draws": rows}).resolve_scale(
        x="independent", y="independent"
    )
    for name, way, first in zip(("across", "up"), ("horizontal", "vertical"), pair, strict=True):
        menu = alt.binding_select(options=[*range(d)], labels=list(labels), name=f"{way} axis")
        chart = chart.add_params(alt.param(name=name, value=int(first), bind=menu))
    for name, way, value in zip("wh", ("width", "height"), size, strict=True):
        bind = alt.binding_range(min=5, max=100, step=5, name=f"{way} (%)")
        side = alt.param(name=name, value=value, bind=bind)
        half = alt.param(name=f"half_{way}", expr=f"{name} < 100 ? {name} / 2 : 100")
        chart = chart.add_params(side, half)
    switch = alt.binding_checkbox(name="use the rectangle")
    chart = chart.add_params(alt.param(name="on", value=True, bind=switch))
    half = [side / 2 if side < 100 else 100 for side in size]
    inside = (abs(100 * shares[:, pair] - center) <= half).all(1)
    told = (
        f"{len(draws):,} draws of {d} parameters in the plane of {labels[pair[0]]} and "
        f"{labels[pair[1]]}; a click, a drag or sliders move a rectangle. Histograms of every "
        f"parameter compare the {inside.sum():,} draws inside with all."
    )
    if inside.any():
        z = (shares[inside].mean(0) - shares.mean(0)) / np.maximum(shares.std(0), 1e-9)
        free = [i for i in np.argsort(-abs(z)) if i not in pair or size[pair.index(i)] == 100]
        said = [f"{names[i]} {z[i]:+.2f}".replace("-", "−") for i in free[:MOST]]
        told += f" At first these means move most: {', '.join(said)} s.d."
    hint = "Click or drag in the plane to move the rectangle; the sliders below change its size."
    height = HEAD + HEIGHT + FOOT
    size = SIDE, TOP + SIDE + 44 + height * (-(-d // 5))
    return finish(chart, title, description or told, size, hint)
