"""Methods compared: a row for each, a column for each number they are judged by.

Taught in the chapter inference/density-estimators.
"""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import numbers
from mechfit.figures.labels import number
from mechfit.figures.marks import px, rows_of, words
from mechfit.figures.theme import OBSERVED, PATH, POSTERIOR, finish, page

GAP, TOP = 22, 44


def scores(
    names: Sequence[str],
    measures: Mapping[str, ArrayLike],
    *,
    title: str,
    best: Mapping[str, float] | None = None,
    span: tuple[float, float] | None = None,
    description: str | None = None,
) -> alt.LayerChart:
    """Draw what methods reached in each measure, as dots in columns that share the rows.

    Args:
        names: The methods, m of them.
        measures: Name and unit of each measure, a line break allowed, to values, shape (m,).
        title: What to see, in words.
        best: Measure to the value that a perfect method reaches, drawn as a dashed line.
        span: Ends of the scale of every column; by default each column has its own.
        description: The text alternative; all numbers if left out.

    Returns:
        The chart.

    Example:
        >>> chart = scores(["A", "B"], {"time (s)": [1.0, 2.0]}, title="A is faster")
        >>> chart.description
        'time (s): A 1, B 2.'
    """
    m, best = len(names), best or {}
    values = {name: numbers(name, v, m) for name, v in measures.items()}
    if unknown := set(best) - set(values):
        raise ValueError(f"best names {min(unknown)!r}, expected one of {', '.join(values)}")
    if span and not all(span[0] <= a <= span[1] for v in values.values() for a in v):
        raise ValueError(f"span is {span}, expected a range that holds all values")
    row, left = 38 if m < 10 else 27, max(76, 16 + 6 * max(map(len, names)))
    bottom = TOP + row * m
    wide = f"(({page(left)} - {GAP * (len(values) - 1)}) / {len(values)})"
    middles = TOP + row * (np.arange(m) + 0.6)
    layers = [words(name, -left + 4, y) for name, y in zip(names, middles.tolist(), strict=True)]
    for column, (name, v) in enumerate(values.items()):
        start = f"{column} * ({wide} + {GAP})"
        both = np.r_[v, best.get(name, v[0])]
        pad = 0.25 * (np.ptp(both) or 1.0)
        low, high = span or (both.min() - pad, both.max() + pad)
        scale = alt.Scale(
            domain=[low, high], range=[px(start), px(f"{start} + {wide}")], nice=False, zero=False
        )
        x, y = alt.X("v:Q", scale=scale, axis=None), alt.Y("y:Q", scale=None, axis=None)
        rows = [
            {"y": at, "v": float(f"{a:.4g}"), "said": number(a)}
            for at, a in zip(middles.tolist(), v, strict=True)
        ]
        data, ends = rows_of(rows), {"x": alt.value(px(start))}
        rule = data.mark_rule(stroke=OBSERVED, strokeOpacity=0.25, aria=False)
        dot = data.mark_circle(color=POSTERIOR, size=70, opacity=1, aria=False)
        text = data.mark_text(align="center", dy=-13, fontSize=11, aria=False)
        layers += [
            rule.encode(**ends, x2=alt.value(px(f"{start} + {wide}")), y=y),
            dot.encode(x=x, y=y),
            text.encode(x=x, y=y, text="said:N"),
            *(words(part, start, 2 + 15 * k, size=11) for k, part in enumerate(name.split("\n"))),
        ]
        if name in best:
            mark = rows_of([{"v": float(best[name])}])
            line = mark.mark_rule(stroke=PATH, strokeDash=[4, 3], strokeWidth=1.4, aria=False)
            layers.append(line.encode(x=x, y=alt.value(TOP), y2=alt.value(bottom)))
            said = mark.mark_text(fontSize=11, baseline="top", dy=4, aria=False)
            said = said.encode(x=x, y=alt.value(bottom), text=alt.value("perfect"))
            layers.append(said)
    told = "; ".join(
        f"{' '.join(name.split())}: "
        + ", ".join(f"{n} {number(a)}" for n, a in zip(names, v, strict=True))
        + (f", perfect {number(best[name])}" if name in best else "")
        for name, v in values.items()
    )
    chart = alt.layer(*layers).resolve_scale(x="independent", y="independent")
    return finish(chart, title, description or told + ".", (200, bottom))
