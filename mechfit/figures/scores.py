"""Dots with intervals: methods compared, a row for each, a view for each measure."""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import different, numbers
from mechfit.figures.labels import number
from mechfit.figures.parts import heading, table
from mechfit.figures.theme import NARROW, PAGE, PATH, POSTERIOR, WIDTH, present


def scores(
    names: Sequence[str],
    measures: Mapping[str, ArrayLike],
    *,
    title: str,
    best: Mapping[str, float] | None = None,
    intervals: Mapping[str, tuple[ArrayLike, ArrayLike]] | None = None,
    span: tuple[float, float] | None = None,
) -> alt.HConcatChart:
    """Draw what methods reached in each measure, as dots on an axis; the rows are shared.

    Args:
        names: The methods, m of them.
        measures: Name and unit of each measure to values, shape (m,).
        title: What to see, in words.
        best: Measure to the value that a perfect method reaches, drawn as a dashed line.
        intervals: Measure to lower and upper ends, shape (m,) each, drawn as lines.
        span: Ends of the scale of every measure; by default measures of one unit, the words in
            parentheses at the end of their names, share a scale, which holds zero, or the value
            that is best, so that a small difference looks small.

    Returns:
        The chart; measures stand side by side, on a narrow page one below the other.

    Example:
        >>> chart = scores(["A", "B"], {"time (s)": [1.0, 2.0]}, title="A is faster")
        >>> chart.description
        'time (s): A 1, B 2.'
    """
    names, best, intervals = different("names", names), best or {}, intervals or {}
    m = len(names)
    values = {name: numbers(name, v, m) for name, v in measures.items()}
    for which, given in (("best", best), ("intervals", intervals)):
        if unknown := set(given) - set(values):
            raise ValueError(
                f"{which} names {min(unknown)!r}, expected one of {', '.join(values)}"
            )
    if span and not all(span[0] <= a <= span[1] for v in values.values() for a in v):
        raise ValueError(f"span is {span}, expected a range that holds all values")
    ends = {n: [numbers(n, e, m) for e in pair] for n, pair in intervals.items()}
    reaches = {n: span for n in values} if span else _reaches(values, ends, best)
    views, told, axis = [], [], alt.Axis(title=None, tickCount=4, labelSeparation=6)
    for name, v in values.items():
        top = " ".join(name.split())
        low_end, high_end = ends.get(name, (v, v))
        across = {"axis": axis, "scale": alt.Scale(domain=[float(end) for end in reaches[name]])}
        x, y = alt.X("v:Q", **across), alt.Y("n:N").sort(None).scale(domain=list(names))
        said = f"page < {NARROW} ? datum.label : ''" if views else "datum.label"
        y = y.axis(title=None, labelLimit=220, labelPadding=10, labelExpr=said)
        data = table(n=names, v=v, low=low_end, high=high_end, said=[number(a) for a in v])
        layers = [data.mark_rule(strokeOpacity=0.18).encode(y=y)]
        if reaches[name][0] < 0 < reaches[name][1]:
            zero = table(v=[0.0]).mark_rule(strokeOpacity=0.35)
            layers.append(zero.encode(x=alt.X("v:Q", **across)))
        if name in ends:
            rule = data.mark_rule(stroke=POSTERIOR, strokeWidth=2)
            layers.append(rule.encode(x=alt.X("low:Q", **across), x2="high", y=y))
        if name in best:
            layers.append(perfect(best[name]).encode(x=x, tooltip=alt.value("perfect")))
        tip = [alt.Tooltip("n:N", title="row"), alt.Tooltip("said:N", title=top)]
        dot = data.mark_circle(color=POSTERIOR, size=70).encode(x=x, y=y, tooltip=tip)
        word = data.mark_text(dy=-11, fontSize=11).encode(x=x, y=y, text="said:N")
        view = alt.layer(*layers, dot, word).properties(width=WIDTH / len(values))
        lines = name.split("\n") if "\n" in name else name
        views.append(view.properties(height={"step": 34}, title=heading(lines, size=11)))
        each = ", ".join(f"{n} {number(a)}" for n, a in zip(names, v, strict=True))
        told.append(f"{top}: {each}" + (f", perfect {number(best[name])}" if name in best else ""))
    chart = alt.hconcat(*views, spacing=30).add_params(PAGE)
    return present(chart, title, "; ".join(told) + ".")


def _reaches(
    values: Mapping[str, np.ndarray],
    ends: Mapping[str, Sequence[np.ndarray]],
    best: Mapping[str, float],
) -> dict[str, tuple[float, float]]:
    """Ends of the scale of each measure: with zero or the best value, one scale for a unit."""
    units = {name: name[name.rfind("(") :] if name.endswith(")") else name for name in values}
    reaches = {}
    for unit in units.values():
        mine = [name for name in values if units[name] == unit]
        every = np.concatenate(
            [np.r_[values[n], *ends.get(n, ()), best.get(n, 0.0)] for n in mine]
        )
        pad = 0.12 * (np.ptp(every) or 1.0)
        low, high = every.min(), every.max()
        low = 0.0 if 0 < low < high - low else low  # near enough to be held too
        reaches |= {n: (low - pad * (low != 0), high + pad * (high != 0)) for n in mine}
    return reaches


def perfect(value: float) -> alt.Chart:
    """Mark the value `v` that a perfect method reaches."""
    return table(v=[value]).mark_rule(stroke=PATH, strokeDash=[4, 3], strokeWidth=1.4)
