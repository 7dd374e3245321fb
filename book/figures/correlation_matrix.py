"""Two kinds of correlations of the same parameters, and the partners of a chosen one."""

from collections.abc import Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import numbers
from mechfit.figures.labels import number
from mechfit.figures.parts import choice, rows_of
from mechfit.figures.theme import NARROW, OBSERVED, PAGE, POSTERIOR, SAMPLE, WIDTH, present

MOST, HALF = 5, 0.46
"""Partners that are listed, and half the side of the square of a correlation of 1."""


def correlation_matrix(
    above: ArrayLike,
    below: ArrayLike,
    names: Sequence[str],
    *,
    title: str,
    kinds: tuple[str, str] = ("of all draws", "given all others"),
    start: int = 0,
) -> alt.VConcatChart:
    """Draw two kinds of correlations of the same parameters, and the partners of one of them.

    Args:
        above: Correlations (d, d) that are drawn above the diagonal.
        below: Those (d, d) that are drawn below it.
        names: The d parameters.
        title: What to see, in words.
        kinds: What the two kinds are called.
        start: Number of the parameter whose partners are shown first.
    """
    d = len(names)
    above, below = (numbers(n, v, d, d) for n, v in (("above", above), ("below", below)))
    i, j = np.triu_indices(d, 1)
    a, b = above[i, j], below[j, i]
    rows = [
        {"x": x, "y": y, "r": round(r, 3), "kind": kind, "pair": f"{names[x]}, {names[y]}"}
        for kind, columns in zip(kinds, ((j, i, a), (i, j, b)), strict=True)
        for x, y, r in zip(*(v.tolist() for v in columns), strict=True)
    ]
    bind = alt.binding_select(options=[*range(d)], labels=list(names), name="parameter")
    of = choice({"y": start}, bind, name="of", nearest=False)
    row = alt.param(name="row", expr=f"isValid(of_y) ? of_y : {start}")
    chart = alt.vconcat(
        _matrix(names, of), _partners(names, kinds), spacing=16, datasets={"pairs": rows}
    )
    chart = chart.resolve_scale(shape="independent", fill="independent", stroke="independent")
    chart = chart.add_params(PAGE, row)
    most = [
        f"{kind}: {names[i[k]]}, {names[j[k]]} {number(r[k], 2)}"
        for kind, r in zip(kinds, (a, b), strict=True)
        for k in [int(abs(r).argmax())]
    ]
    told = f"Correlations of {d} parameters, two by two. Largest {'; '.join(most)}."
    hint = (
        f"Above the diagonal: {kinds[0]}. Below it: {kinds[1]}. The area of a square is the size "
        "of the correlation, a full cell would be 1; filled: positive, hollow: negative. Click a "
        "row, or choose a parameter below, to see its partners."
    )
    return present(chart, title, told, hint)


def _matrix(names: Sequence[str], of: alt.Parameter) -> alt.LayerChart:
    """Draw a square for every two parameters on both sides of the diagonal."""
    d = len(names)
    ends = alt.Scale(domain=[-0.5, d - 0.5])
    axis = {
        "title": None,
        "values": [*range(d)],
        "labelExpr": f"{list(names)}[datum.value]",
        "labelOverlap": False,
        "labelFontSize": alt.ExprRef(f"page < {NARROW} ? 7 : 10"),
        "ticks": False,
        "domain": False,
    }
    top = alt.Axis(orient="top", labelAngle=270, **axis)
    place = {
        "x": alt.X("x:Q", scale=ends, axis=top),
        "y": alt.Y("y:Q", scale=alt.Scale(domain=[d - 0.5, -0.5]), axis=alt.Axis(**axis)),
    }
    side = f"{HALF} * sqrt(abs(datum.r))"
    squares = alt.Chart(alt.NamedData("pairs")).transform_calculate(
        left=f"datum.x - {side}",
        right=f"datum.x + {side}",
        low=f"datum.y - {side}",
        high=f"datum.y + {side}",
    )
    corners = {
        "x": alt.X("left:Q", scale=ends, axis=top),
        "x2": "right",
        "y": alt.Y("low:Q", scale=place["y"]["scale"], axis=place["y"]["axis"]),
        "y2": "high",
    }
    full = {"fill": POSTERIOR, "strokeWidth": 0}
    hollow = {"fill": "transparent", "stroke": POSTERIOR, "strokeWidth": 1}
    sides = {"left": "datum.x - 0.5", "right": "datum.x + 0.5"}
    sides |= {"low": "datum.y - 0.5", "high": "datum.y + 0.5"}
    touch = {"fill": "transparent", "strokeWidth": 0, "cursor": "pointer"}
    cells = alt.Chart(alt.NamedData("pairs")).transform_calculate(**sides).mark_rect(**touch)
    diagonal = rows_of([{"x": k, "y": k} for k in range(d)]).transform_calculate(**sides)
    tip = [
        alt.Tooltip("pair:N", title="parameters"),
        alt.Tooltip("kind:N", title="correlation"),
        alt.Tooltip("r:Q", title="is", format="+.2f"),
    ]
    frame = {"fill": "transparent", "stroke": SAMPLE, "strokeWidth": 1.2}
    row = {"left": "-0.5", "right": f"{d - 0.5}", "low": "row - 0.5", "high": "row + 0.5"}
    column = {"left": "row - 0.5", "right": "row + 0.5", "low": "-0.5", "high": f"{d - 0.5}"}
    return alt.layer(
        squares.transform_filter("datum.r >= 0").mark_rect(**full).encode(**corners),
        squares.transform_filter("datum.r < 0").mark_rect(**hollow).encode(**corners),
        *(
            rows_of([{}]).transform_calculate(**ends).mark_rect(**frame).encode(**corners)
            for ends in (row, column)
        ),
        diagonal.mark_rect(**touch).encode(**corners).add_params(of),
        cells.encode(**corners, tooltip=tip).add_params(of),
    ).properties(width=500, height=500)


def _partners(names: Sequence[str], kinds: Sequence[str]) -> alt.LayerChart:
    """Draw both correlations of the chosen parameter with its strongest partners."""
    mine = (
        alt.Chart(alt.NamedData("pairs"))
        .transform_filter("datum.x == row || datum.y == row")
        .transform_calculate(
            partner=f"{list(names)}[datum.x == row ? datum.y : datum.x]",
            size=f"datum.kind == '{kinds[1]}' ? abs(datum.r) : 0",
        )
        .transform_joinaggregate(size="max(size)", groupby=["partner"])
        .transform_window(
            rank="dense_rank()",
            sort=[alt.SortField("size", "descending"), alt.SortField("partner")],
        )
        .transform_filter(f"datum.rank <= {MOST}")
    )
    y = alt.Y(
        "partner:N",
        sort=alt.EncodingSortField("rank", op="min"),
        axis=alt.Axis(title=None, grid=True, gridOpacity=0.4),
    )
    x = alt.X("r:Q", scale=alt.Scale(domain=[-1, 1]), axis=alt.Axis(title="correlation"))
    shape = alt.Shape(
        "kind:N", scale=alt.Scale(domain=list(kinds[::-1]), range=["circle", "diamond"])
    )
    color = alt.Fill(
        "kind:N", scale=alt.Scale(domain=list(kinds[::-1]), range=[POSTERIOR, "none"])
    )
    edge = alt.Stroke(
        "kind:N", scale=alt.Scale(domain=list(kinds[::-1]), range=[POSTERIOR, OBSERVED])
    )
    tip = [alt.Tooltip("pair:N"), alt.Tooltip("kind:N"), alt.Tooltip("r:Q", format="+.2f")]
    zero = rows_of([{"r": 0}]).mark_rule(strokeOpacity=0.4).encode(x=x)
    dots = mine.mark_point(size=80)
    words = alt.TitleParams(
        alt.expr(f"'Strongest partners of ' + {list(names)}[row]"),
        fontSize=12, fontWeight=600, anchor="start", frame="group",
    )  # fmt: skip
    return alt.layer(
        zero, dots.encode(x=x, y=y, shape=shape, fill=color, stroke=edge, tooltip=tip)
    ).properties(width=WIDTH, height={"step": 24}, title=words)
