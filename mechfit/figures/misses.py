"""How far predictions are from observations: a table whose numbers are seen before they are read.

The opacity of an entry is its number, up to a limit. Taught in the chapter inference/real-neurons.
"""

from collections.abc import Sequence

import altair as alt
from numpy.typing import ArrayLike

from mechfit.figures.checks import numbers
from mechfit.figures.labels import number
from mechfit.figures.marks import px, rows_of, tips
from mechfit.figures.theme import NARROW, SAMPLE, finish, page

LEFT, RIGHT, TOP, ROW = 76, 44, 92, 28
WIDE = page(LEFT + RIGHT)


def misses(
    values: ArrayLike,
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    title: str,
    unit: str,
    limit: float,
    description: str | None = None,
) -> alt.LayerChart:
    """Draw errors as a shaded table.

    Args:
        values: Errors (r, k), at least 0.
        rows: Name of each row.
        columns: Name of each column.
        title: What to see, in words.
        unit: What the errors are measured in.
        limit: Error from which on an entry is fully shaded.
        description: The text alternative; the largest error of each row if left out.

    Returns:
        The chart.

    Example:
        >>> chart = misses([[0.1, 0.3]], ["A"], ["x", "y"], title="y is off", unit="sd", limit=1)
        >>> chart.description
        'Errors in sd of 1 rows and 2 columns. Largest in each row: A 0.3 (y).'
    """
    r, k = len(rows), len(columns)
    values = numbers("values", values, r, k)
    if (values < 0).any() or limit <= 0:
        raise ValueError(
            f"the least error is {values.min()} and limit {limit}, expected at least 0, and more"
        )
    entries = [
        {
            "column": j,
            "y": TOP + ROW * i,
            "share": round(min(float(values[i, j]) / limit, 1.0), 3),
            "text": f"{values[i, j]:.2f}",
            "row": rows[i],
            "name": columns[j],
        }
        for i in range(r)
        for j in range(k)
    ]
    scale = alt.Scale(domain=[0, k], range=[0, px(WIDE)], nice=False)
    y = alt.Y("y:Q", scale=None, axis=None)
    data = rows_of(entries).transform_calculate(
        left="datum.column + 0.03",
        right="datum.column + 0.97",
        middle="datum.column + 0.5",
        low=f"datum.y + {ROW - 2}",
        center=f"datum.y + {ROW / 2 - 1}",
    )
    place = {"x": alt.X("left:Q", scale=scale, axis=None), "y": y, "x2": "right:Q", "y2": "low:Q"}
    told = tips(row="row", name="column", text=unit)
    x = alt.X("middle:Q", scale=scale, axis=None)
    inside = {"x": x, "y": alt.Y("center:Q", scale=None, axis=None)}
    heads = rows_of([{"middle": j + 0.5, "n": name} for j, name in enumerate(columns)])
    sides = rows_of([{"y": TOP + ROW * (i + 0.5) - 1, "n": name} for i, name in enumerate(rows)])
    style = {"baseline": "middle", "aria": False}
    small = px(f"page < {NARROW} ? 10 : 12")
    layers = [
        heads.mark_text(angle=295, align="left", fontSize=small, **style).encode(
            x=x, y=alt.value(TOP - 8), text="n:N"
        ),
        sides.mark_text(align="right", fontSize=small, **style).encode(
            x=alt.value(-6), y=y, text="n:N"
        ),
        data.mark_rect(fill=SAMPLE, strokeWidth=0, aria=False).encode(
            **place, fillOpacity=alt.FillOpacity("share:Q", scale=None), tooltip=told
        ),
        data.mark_text(fontSize=small, **style).encode(**inside, text="text:N", tooltip=told),
    ]
    worst = values.argmax(1)
    largest = "; ".join(
        f"{name} {number(values[i, j], 2)} ({columns[j]})"
        for i, (name, j) in enumerate(zip(rows, worst, strict=True))
    )
    said = f"Errors in {unit} of {r} rows and {k} columns. Largest in each row: {largest}."
    return finish(alt.layer(*layers), title, description or said, (250, TOP + ROW * r))
