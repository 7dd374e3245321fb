"""Two kinds of correlations of the same parameters, and the partners of a chosen one."""

from collections.abc import Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import numbers
from mechfit.figures.labels import number
from mechfit.figures.parts import choice, heading, rows_of, table, tips
from mechfit.figures.theme import NARROW, OBSERVED, PAGE, POSTERIOR, SAMPLE, WIDTH, present

SIGNED = {"title": "is", "format": "+.2f"}
KINDS = ("of all draws", "given all others")
"""Of which kind the correlations above and below the diagonal are."""
MOST, HALF = 5, 0.46
"""Partners that are listed, and half the side of the square of a correlation of 1."""
KEY = (1.0, 0.5, 0.1, -0.5)
"""Correlations whose squares stand in the key."""


def correlation_matrix(
    above: ArrayLike, below: ArrayLike, names: Sequence[str], *, title: str, start: int = 0
) -> alt.VConcatChart:
    """Draw two kinds of correlations of the same parameters, and the partners of one of them.

    Args:
        above: Correlations (d, d) that are drawn above the diagonal.
        below: Those (d, d) that are drawn below it.
        names: The d parameters.
        title: What to see, in words.
        start: Number of the parameter whose partners are shown first.
    """
    d = len(names)
    above, below = (numbers(n, v, d, d) for n, v in (("above", above), ("below", below)))
    i, j = np.triu_indices(d, 1)
    a, b = above[i, j], below[j, i]
    rows = [
        {"x": x, "y": y, "r": round(r, 3), "kind": kind, "pair": f"{names[x]}, {names[y]}"}
        for kind, columns in zip(KINDS, ((j, i, a), (i, j, b)), strict=True)
        for x, y, r in zip(*(v.tolist() for v in columns), strict=True)
    ]
    bind = alt.binding_select(options=[*range(d)], labels=list(names), name="parameter")
    of = choice({"y": start}, bind, name="of", nearest=False)
    row = alt.param(name="row", expr=f"isValid(of_y) ? of_y : {start}")
    views = _key(d), _matrix(names, of), _partners(names)
    chart = alt.vconcat(*views, spacing=12, datasets={"pairs": rows})
    chart = chart.resolve_scale(shape="independent", fill="independent", stroke="independent")
    chart = chart.add_params(PAGE, row)
    most = [
        f"{kind}: {names[i[k]]}, {names[j[k]]} {number(r[k], 2)}"
        for kind, r in zip(KINDS, (a, b), strict=True)
        for k in [int(abs(r).argmax())]
    ]
    told = f"Correlations of {d} parameters, two by two. Largest {'; '.join(most)}."
    hint = (
        f"Above the diagonal: {KINDS[0]}. Below it: {KINDS[1]}. The area of a square is the size "
        "of the correlation, a full cell would be 1; filled: positive, hollow: negative. Click a "
        "row, or choose a parameter below, to see its partners."
    )
    return present(chart, title, told, hint)


def _matrix(names: Sequence[str], of: alt.Parameter) -> alt.LayerChart:
    """Draw a square for every two parameters on both sides of the diagonal."""
    last = len(names) - 0.5
    axis = {"values": [*range(len(names))], "labelExpr": f"{list(names)}[datum.value]"}
    axis |= {"title": None, "ticks": False, "domain": False, "labelOverlap": False}
    axis |= {"labelFontSize": alt.ExprRef(f"page < {NARROW} ? 7 : 10")}
    x = alt.X("left:Q").scale(domain=[-0.5, last]).axis(orient="top", labelAngle=270, **axis)
    y = alt.Y("low:Q").scale(domain=[last, -0.5]).axis(**axis)
    corners = {"x": x, "x2": "right", "y": y, "y2": "high"}
    every, bare = alt.Chart(alt.NamedData("pairs")), {"fill": "transparent"}
    squares = _around(every, f"{HALF} * sqrt(abs(datum.r))")
    full = squares.transform_filter("datum.r >= 0").mark_rect(fill=POSTERIOR, strokeWidth=0)
    hollow = squares.transform_filter("datum.r < 0")
    hollow = hollow.mark_rect(stroke=POSTERIOR, strokeWidth=1, **bare)
    ends = {"left": "-0.5", "right": f"{last}", "low": "row - 0.5", "high": "row + 0.5"}
    turned = dict(zip(("low", "high", "left", "right"), ends.values(), strict=True))
    frames = [
        rows_of([{}]).transform_calculate(**e).mark_rect(stroke=SAMPLE, strokeWidth=1.2, **bare)
        for e in (ends, turned)
    ]
    spots = table(x=np.arange(len(names)), y=np.arange(len(names)))
    diagonal, cells = (
        _around(data, "0.5").mark_rect(strokeWidth=0, cursor="pointer", **bare).encode(**corners)
        for data in (spots, every)
    )
    tip = [*tips(pair="parameters", kind="correlation"), alt.Tooltip("r:Q", **SIGNED)]
    return alt.layer(
        *(mark.encode(**corners) for mark in (full, hollow, *frames)),
        diagonal.add_params(of),
        cells.encode(tooltip=tip).add_params(of),
    ).properties(width=500, height=500)


def _key(d: int) -> alt.LayerChart:
    """Draw the squares of a few correlations, as large as in the matrix, with their values."""
    across = {f: alt.X(f"{f}:Q").scale(domain=[-0.5, d - 0.5]).axis(None) for f in ("left", "x")}
    up = alt.Y("low:Q").scale(domain=[0.5, -0.5]).axis(None)
    spots = table(x=[4.0 * k for k in range(len(KEY))], y=[0.0] * len(KEY), r=KEY)
    squares = _around(spots, f"{HALF} * sqrt(abs(datum.r))")
    full = squares.transform_filter("datum.r > 0").mark_rect(fill=POSTERIOR, strokeWidth=0)
    hollow = squares.transform_filter("datum.r < 0")
    hollow = hollow.mark_rect(stroke=POSTERIOR, strokeWidth=1, fill="transparent")
    word = spots.transform_calculate(said="replace(format(datum.r, ''), '-', '−')")
    word = word.mark_text(align="left", dx=12, fontSize=11)
    sides = {"x": across["left"], "x2": "right", "y": up, "y2": "high"}
    marks = [mark.encode(**sides) for mark in (full, hollow)]
    marks.append(word.encode(x=across["x"], y=alt.value(8), text="said:N"))
    return alt.layer(*marks).properties(width=500, height=500 / d)


def _around(source: alt.Chart, half: str) -> alt.Chart:
    """Place the corners of a square around the fields x and y."""
    sides = {"left": "x - ", "right": "x + ", "low": "y - ", "high": "y + "}
    return source.transform_calculate(**{k: f"datum.{at}{half}" for k, at in sides.items()})


def _partners(names: Sequence[str]) -> alt.LayerChart:
    """Draw both correlations of the chosen parameter with its strongest partners."""
    order = [alt.SortField("size", "descending"), alt.SortField("partner")]
    mine = (
        alt.Chart(alt.NamedData("pairs"))
        .transform_filter("datum.x == row || datum.y == row")
        .transform_calculate(
            partner=f"{list(names)}[datum.x == row ? datum.y : datum.x]",
            size=f"datum.kind == '{KINDS[1]}' ? abs(datum.r) : 0",
        )
        .transform_joinaggregate(size="max(size)", groupby=["partner"])
        .transform_window(rank="dense_rank()", sort=order)
        .transform_filter(f"datum.rank <= {MOST}")
    )
    y = alt.Y("partner:N").sort(alt.EncodingSortField("rank", op="min"))
    x, both = alt.X("r:Q", title="correlation").scale(domain=[-1, 1]), list(KINDS[::-1])
    dots = mine.mark_point(size=80).encode(
        x=x,
        y=y.axis(title=None, grid=True, gridOpacity=0.4),
        shape=alt.Shape("kind:N").scale(domain=both, range=["circle", "diamond"]),
        fill=alt.Fill("kind:N").scale(domain=both, range=[POSTERIOR, "none"]),
        stroke=alt.Stroke("kind:N").scale(domain=both, range=[POSTERIOR, OBSERVED]),
        tooltip=["pair:N", "kind:N", alt.Tooltip("r:Q", **SIGNED)],
    )
    zero = table(r=[0]).mark_rule(strokeOpacity=0.4).encode(x=x)
    words = alt.expr(f"'Strongest partners of ' + {list(names)}[row]")
    view = alt.layer(zero, dots).properties(width=WIDTH, height={"step": 24})
    return view.properties(title=heading(words, weight=600, offset=14))
