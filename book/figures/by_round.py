"""Methods compared round by round: a row for each method, a view for each measure."""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.labels import number
from mechfit.figures.parts import heading, rows_of, tips
from mechfit.figures.scores import perfect
from mechfit.figures.theme import NARROW, OBSERVED, PAGE, POSTERIOR, WIDTH, present


def by_round(
    names: Sequence[str],
    measures: Mapping[str, Sequence[ArrayLike]],
    *,
    title: str,
    best: Mapping[str, float] | None = None,
) -> alt.HConcatChart:
    """Draw what methods reached after each round, as dots numbered by the round.

    Args:
        names: The methods, m of them.
        measures: Name and unit of each measure to values (m, rounds); NaN where there is none.
        title: What to see, in words.
        best: Measure to the value that a perfect method reaches, drawn as a dashed line.
    """
    m, best, views, told = len(names), best or {}, [], []
    for k, (measure, given) in enumerate(measures.items()):
        values = np.asarray(given, float)
        if values.ndim != 2 or len(values) != m or not np.isfinite(values).any():
            raise ValueError(f"{measure!r} has shape {values.shape}, expected ({m}, rounds)")
        rows = [
            {"method": name, "round": r + 1, "v": float(f"{v:.4g}")}
            for name, line in zip(names, values, strict=True)
            for r, v in enumerate(line)
            if np.isfinite(v)
        ]
        hidden = f"page < {NARROW} ? datum.label : ''" if k else "datum.label"
        x = alt.X("v:Q").scale(zero=False, padding=14).axis(title=None, tickCount=4)
        y = alt.Y("method:N").sort(None).scale(domain=list(names))
        y = y.axis(title=None, labelLimit=220, labelExpr=hidden)
        place, data = {"x": x, "y": y, "yOffset": "round:O"}, rows_of(rows)
        path = data.mark_line(stroke=OBSERVED, strokeOpacity=0.4, strokeWidth=1)
        dot = data.mark_circle(color=POSTERIOR, size=60)
        text = data.mark_text(align="left", dx=7, fontSize=10)
        layers = [
            path.encode(**place, detail="method:N", order="round:Q"),
            dot.encode(**place, tooltip=tips(method="method", round="round", v="value")),
            text.encode(**place, text="round:N"),
        ]
        if measure in best:
            layers.append(perfect(best[measure]).encode(x=x))
        chart = alt.layer(*layers).properties(title=heading(measure), height={"step": 14})
        views.append(chart.properties(width=WIDTH / len(measures)))
        each = ", ".join(
            f"{n} {', '.join('none' if np.isnan(v) else number(v) for v in line)}"
            for n, line in zip(names, values, strict=True)
        )
        told.append(f"{measure} after each round: {each}")
    chart = alt.hconcat(*views, spacing=18).add_params(PAGE)
    return present(chart, title, "; ".join(told) + ".")
