"""Methods compared round by round: numbered dots in a row for each method.

Taught in the chapter inference/sequential.
"""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.labels import number
from mechfit.figures.marks import px, rows_of, words
from mechfit.figures.theme import OBSERVED, PATH, POSTERIOR, finish, page

LEFT, GAP, TOP, ROW, STEP = 104, 26, 40, 46, 11


def by_round(
    names: Sequence[str],
    measures: Mapping[str, ArrayLike],
    *,
    title: str,
    best: Mapping[str, float] | None = None,
    description: str | None = None,
) -> alt.LayerChart:
    """Draw what methods reached after each round, as numbered dots in columns that share rows.

    Args:
        names: The methods, m of them.
        measures: Name and unit of each measure, a line break allowed, to values (m, rounds); NaN
            where there is none.
        title: What to see, in words.
        best: Measure to the value that a perfect method reaches, drawn as a dashed line.
        description: The text alternative; all numbers if left out.

    Returns:
        The chart.

    Example:
        >>> by_round(["A"], {"C2ST": [[0.7, 0.6]]}, title="A gets closer").description
        'C2ST after each round: A 0.7, 0.6.'
    """
    m, best, told, layers = len(names), best or {}, [], []
    wide = f"(({page(LEFT)} - {GAP * (len(measures) - 1)}) / {len(measures)})"
    tops = (TOP + ROW * np.arange(m)).tolist()
    layers += [words(n, 4 - LEFT, y + STEP) for n, y in zip(names, tops, strict=True)]
    for column, (measure, given) in enumerate(measures.items()):
        v = np.asarray(given, float)
        if v.ndim != 2 or len(v) != m or not np.isfinite(v).any():
            raise ValueError(f"{measure!r} has shape {v.shape}, expected ({m}, rounds)")
        start = f"{column} * ({wide} + {GAP})"
        reach = np.r_[v[np.isfinite(v)], best.get(measure, np.nanmin(v))]
        pad = 0.12 * (np.ptp(reach) or 1.0)
        low, high = reach.min() - pad, reach.max() + pad
        span = [px(f"{start} + 8"), px(f"{start} + {wide} - 8")]
        scale = alt.Scale(domain=[low, high], range=span, nice=False, zero=False)
        y = alt.Y("y:Q", scale=alt.Scale(domain=[0, 1], range=[0, 1], nice=False), axis=None)
        bare = {"x": alt.X("v:Q", scale=scale, axis=None), "y": y}
        ticks = alt.X(
            "v:Q",
            scale=scale,
            axis=alt.Axis(title=None, tickCount=3, format=".3~r", orient="bottom"),
        )
        rows = [
            {"method": name, "y": at + STEP * r, "v": float(f"{a:.4g}"), "round": str(r + 1)}
            for name, at, line in zip(names, tops, v, strict=True)
            for r, a in enumerate(line)
            if np.isfinite(a)
        ]
        data = rows_of(rows)
        said = [alt.Tooltip("method:N"), alt.Tooltip("round:N"), alt.Tooltip("v:Q", title="value")]
        path = data.mark_line(stroke=OBSERVED, strokeOpacity=0.4, strokeWidth=1, aria=False)
        dot = data.mark_circle(color=POSTERIOR, size=60, opacity=1, aria=False)
        text = data.mark_text(dx=9, fontSize=10, baseline="middle", aria=False)
        layers += [
            path.encode(**bare, detail="method:N", order="round:O"),
            dot.encode(x=ticks, y=y, tooltip=said),
            text.encode(**bare, text="round:N"),
            *(words(p, start, 2 + 15 * k, size=11) for k, p in enumerate(measure.split("\n"))),
        ]
        if measure in best:
            mark = rows_of([{"v": float(best[measure])}])
            rule = mark.mark_rule(stroke=PATH, strokeDash=[4, 3], strokeWidth=1.4, aria=False)
            layers.append(
                rule.encode(x=bare["x"], y=alt.value(TOP - 6), y2=alt.value(TOP + ROW * m))
            )
        each = ", ".join(
            f"{n} {', '.join('none' if np.isnan(a) else number(a) for a in line)}"
            for n, line in zip(names, v, strict=True)
        )
        told.append(f"{' '.join(measure.split())} after each round: {each}")
    chart = alt.layer(*layers).resolve_scale(x="independent", y="independent")
    return finish(chart, title, description or "; ".join(told) + ".", (200, TOP + ROW * m))
