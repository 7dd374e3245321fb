"""A table of errors, each shaded by its size."""

from collections.abc import Sequence

import altair as alt
import numpy as np

from mechfit.figures.labels import number
from mechfit.figures.parts import table, tips
from mechfit.figures.theme import NARROW, PAGE, SAMPLE, WIDTH, present


def error_table(
    values: np.ndarray,
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    title: str,
    unit: str,
    limit: float,
    digits: int = 2,
    said: np.ndarray | None = None,
) -> alt.LayerChart:
    """Draw errors as a shaded table.

    Args:
        values: Errors (r, k), at least 0.
        rows: Name of each row.
        columns: Name of each column.
        title: What to see, in words.
        unit: What the errors are measured in.
        limit: Error from which on an entry is fully shaded.
        digits: Number of decimals that are shown.
        said: Words (r, k) to show in place of the errors.
    """
    r, k = values.shape
    shown = [f"{v:.{digits}f}" for v in values.ravel()] if said is None else np.ravel(said)
    data = table(
        row=np.repeat(rows, k), column=np.tile(columns, r), error=values.ravel(), said=shown
    )
    look = {"title": None, "labelOverlap": False}
    small = alt.ExprRef(f"page < {NARROW} ? 10 : 12")
    top = {"orient": "top", "labelAngle": -60, "labelAlign": "left", "labelFontSize": small}
    place = {
        "x": alt.X("column:N").sort(None).scale(padding=0.06).axis(**top, **look),
        "y": alt.Y("row:N").sort(None).scale(padding=0.06).axis(**look),
        "tooltip": [
            *tips(row="row", column="column"),
            alt.Tooltip("error:Q", title=unit, format=f".{digits}f"),
        ],
    }
    opacity = alt.FillOpacity("error:Q", legend=None)
    opacity = opacity.scale(domain=[0, limit], range=[0, 1], clamp=True)
    chart = alt.layer(
        data.mark_rect(fill=SAMPLE).encode(**place, fillOpacity=opacity),
        data.mark_text(fontSize=small).encode(**place, text="said:N"),
    ).properties(width=WIDTH, height={"step": 28})
    largest = "; ".join(
        f"{name} {number(each.max(), 2)} ({columns[each.argmax()]})"
        for name, each in zip(rows, values, strict=True)
    )
    told = f"{r} rows and {k} columns, in {unit}. Largest in each row: {largest}."
    return present(chart.add_params(PAGE), title, told)
