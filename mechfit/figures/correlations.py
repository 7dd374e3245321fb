"""Correlations of many parameters, of two kinds: one above the diagonal, the other below it.

The area of a square is the size of its correlation; those of negative ones are hollow. A menu
chooses a parameter, frames its row and column, and lists its partners, whose correlations below
the diagonal are the largest. Taught in the chapter geometry/compensation.
"""

from collections.abc import Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import numbers
from mechfit.figures.labels import number
from mechfit.figures.marks import px, rows_of, segment, tips, words
from mechfit.figures.theme import NARROW, POSTERIOR, SAMPLE, finish, page

LEFT, RIGHT, TOP, ROW, MOST, LINE = 72, 32, 84, 16, 5, 20
WIDE = page(LEFT + RIGHT)
Y = alt.Y("y:Q", scale=None, axis=None)
COLUMNS = 130, f"min(250, {WIDE})"


def _small(size: int) -> str:
    return f"page < {NARROW} ? {size} : 11"


def _signed(field: str) -> str:
    return f"format(datum.{field}, '+.2f')"


def _squares(pairs: alt.NamedData, d: int, kinds: Sequence[str]) -> list[alt.Chart]:
    """Draw a square for every two parameters on both sides of the diagonal."""
    x = alt.Scale(domain=[0, d], range=[0, px(WIDE)], nice=False)
    size, layers = alt.Size("size:Q", scale=None), []
    full = {"fill": POSTERIOR, "strokeWidth": 0}
    hollow = {"fill": "transparent", "stroke": POSTERIOR, "strokeWidth": 1}
    for field, kind, row, column in zip("ab", kinds, "ij", "ji", strict=True):
        mine = alt.Chart(pairs).transform_calculate(
            x=f"datum.{column} + 0.5",
            y=f"{TOP} + {ROW} * (datum.{row} + 0.5)",
            size=f"abs(datum.{field}) * pow(min({WIDE} / {d}, {ROW}) - 1.5, 2)",
            kind=f"'{kind}'",
            said=_signed(field),
        )
        for sign, look in ((">=", full), ("<", hollow)):
            square = mine.transform_filter(f"datum.{field} {sign} 0").mark_point(
                shape="square", opacity=1, aria=False, **look
            )
            layers.append(square.encode(x=alt.X("x:Q", scale=x, axis=None), y=Y, size=size))
        touch = mine.transform_calculate(
            x=f"datum.{column}", x2=f"datum.{column} + 1", y2=f"datum.y + {ROW / 2}"
        ).transform_calculate(y=f"datum.y - {ROW / 2}")
        touch = touch.mark_rect(fill="transparent", strokeWidth=0, aria=False)
        layers.append(
            touch.encode(
                x=alt.X("x:Q", scale=x, axis=None), y=Y, x2="x2:Q", y2="y2:Q",
                tooltip=tips(pair="parameters", kind="correlation", said="is"),
            )
        )  # fmt: skip
    return layers


def _frames(names: Sequence[str]) -> list[alt.Chart]:
    """Write the names at two sides, and frame the row and the column of the chosen one."""
    d, cell = len(names), f"({WIDE} / {len(names)})"
    x = alt.Scale(domain=[0, d], range=[0, px(WIDE)], nice=False)
    x = alt.X("x:Q", scale=x, axis=None)
    ends = [{"x": i + 0.5, "y": TOP + ROW * (i + 0.5), "n": n} for i, n in enumerate(names)]
    style = {"baseline": "middle", "aria": False}
    upright = {"angle": px(f"page < {NARROW} ? 270 : 295"), "fontSize": px(_small(7))}
    heads = rows_of(ends).mark_text(align="left", **upright, **style)
    sides = rows_of(ends).mark_text(align="right", fontSize=px(_small(9)), **style)
    across = "0", WIDE, f"{TOP} + {ROW} * of", f"{TOP} + {ROW} * (of + 1)"
    upward = f"{cell} * of", f"{cell} * (of + 1)", f"{TOP}", f"{TOP + ROW * d}"
    edge = {"fill": "transparent", "stroke": SAMPLE, "strokeWidth": 1.2, "aria": False}
    bands = [
        rows_of([{}])
        .mark_rect(**edge)
        .encode(**{n: alt.value(px(v)) for n, v in zip(("x", "x2", "y", "y2"), e, strict=True)})
        for e in (across, upward)
    ]
    return [
        segment(("0", WIDE), (TOP, TOP + ROW * d), strokeWidth=1, strokeOpacity=0.5),
        heads.encode(x=x, y=alt.value(TOP - 8), text="n:N"),
        sides.encode(x=alt.value(-6), y=Y, text="n:N"),
        *bands,
    ]


def _partners(
    pairs: alt.NamedData, names: Sequence[str], kinds: Sequence[str], top: float
) -> list[alt.Chart]:
    """List the partners of the chosen parameter."""
    listed = (
        alt.Chart(pairs)
        .transform_filter("datum.i == of || datum.j == of")
        .transform_calculate(size="abs(datum.b)")
        .transform_window(rank="row_number()", sort=[alt.SortField("size", "descending")])
        .transform_filter(f"datum.rank <= {MOST}")
        .transform_calculate(
            y=f"{top} + {LINE} * (datum.rank + 1)",
            name=f"datum.rank + '.  ' + {list(names)}[datum.i == of ? datum.j : datum.i]",
            a_said=_signed("a"),
            b_said=_signed("b"),
        )
    )
    style, left = {"baseline": "middle", "aria": False}, 12 - LEFT
    starts = zip((left, *COLUMNS), ("name", "b_said", "a_said"), strict=True)
    return [
        words(f"='Partners of ' + {list(names)}[of]", left, top),
        *(
            words(kind, at, top + LINE, align="right", size=11)
            for kind, at in zip(kinds[::-1], COLUMNS, strict=True)
        ),
        *(
            listed.mark_text(align="left" if at == left else "right", **style).encode(
                x=alt.value(px(at)), y=Y, text=f"{text}:N"
            )
            for at, text in starts
        ),
    ]


def correlations(
    above: ArrayLike,
    below: ArrayLike,
    names: Sequence[str],
    *,
    title: str,
    kinds: tuple[str, str] = ("of all draws", "given all others"),
    start: int = 0,
    description: str | None = None,
) -> alt.LayerChart:
    """Show two kinds of correlations of the same parameters in one square.

    Args:
        above: Correlations (d, d) that are drawn above the diagonal.
        below: Those (d, d) that are drawn below it.
        names: The d parameters, at least 3.
        title: What to see, in words.
        kinds: What the two kinds are called.
        start: Number of the parameter that is chosen first.
        description: The text alternative; the largest of each kind if left out.

    Returns:
        The chart, with a menu; pointing at a square tells its number.

    Example:
        >>> r = np.array([[1, 0.1, 0], [0.1, 1, 0.2], [0, 0.2, 1]])
        >>> chart = correlations(r, 3 * r, "abc", title="Holding the others fixed sharpens them")
        >>> chart.description[-59:]
        'Largest of all draws: b, c 0.2; given all others: b, c 0.6.'
    """
    d = len(names)
    if d < 3 or not 0 <= start < d:
        raise ValueError(f"got {d} names and start {start}, expected at least 3, and one of them")
    above, below = (numbers(n, v, d, d) for n, v in (("above", above), ("below", below)))
    i, j = np.triu_indices(d, 1)
    a, b = above[i, j], below[j, i]
    rows = [
        {"i": k, "j": m, "a": round(p, 3), "b": round(q, 3), "pair": f"{names[k]}, {names[m]}"}
        for k, m, p, q in zip(*(v.tolist() for v in (i, j, a, b)), strict=True)
    ]
    pairs, bottom = alt.NamedData("pairs"), TOP + ROW * d
    layers = [
        *_frames(names),
        *_squares(pairs, d, kinds),
        words(f"Above the diagonal: {kinds[0]}. Below it: {kinds[1]}.", 12 - LEFT, bottom + 18),
        words("Filled: positive. Hollow: negative.", 12 - LEFT, bottom + 36),
        *_partners(pairs, names, kinds, bottom + 68),
    ]
    bind = alt.binding_select(options=[*range(d)], labels=list(names), name="parameter")
    chart = alt.layer(*layers, datasets={"pairs": rows})
    chart = chart.resolve_scale(x="independent", y="independent")
    chart = chart.add_params(alt.param(name="of", value=int(start), bind=bind))
    most = [
        f"{kind}: {names[i[k]]}, {names[j[k]]} {number(r[k], 2)}"
        for kind, r in zip(kinds, (a, b), strict=True)
        for k in [int(abs(r).argmax())]
    ]
    told = f"Correlations of {d} parameters, two by two. Largest {'; '.join(most)}."
    size = 300, bottom + 68 + LINE * (MOST + 1)
    return finish(chart, title, description or told, size)
