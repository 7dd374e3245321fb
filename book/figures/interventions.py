"""What models predict for interventions that they have not seen, beside what happens."""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import different, numbers
from mechfit.figures.labels import number
from mechfit.figures.parts import menu, named_lines, rows_of, tips
from mechfit.figures.theme import OBSERVED, WIDTH, assign, present

ORDER = ("sample", "broken", "posterior", "prior")
ROW = 34
"""Height of a row in px."""


def interventions(
    conditions: Sequence[str],
    true: ArrayLike,
    named: Mapping[str, ArrayLike],
    *,
    across: str,
    title: str,
    roles: Mapping[str, str] | None = None,
    start: int = 0,
    log: bool = False,
) -> alt.LayerChart:
    """Draw predictions and their intervals beside the truth, a row for each condition.

    A menu chooses one of the models, or all.

    Args:
        conditions: Names of the k conditions.
        true: What happens, shape (k,).
        named: Name to prediction and ends of its interval, shape (3, k); up to four models.
        across: Name and unit of what is predicted.
        title: What to see, in words.
        roles: Name to meaning, a key of `ROLES`.
        start: What the menu has at first: 0 for all, else the number of a model.
        log: Draw a logarithmic axis.
    """
    conditions = different("conditions", conditions)
    k = len(conditions)
    true = numbers("true", true, k)
    named = {name: numbers(name, values, 3, k) for name, values in named.items()}
    looks = assign(list(named), roles, ORDER)
    every = np.concatenate([true, *(values.ravel() for values in named.values())])
    ends = [float(every.min() / 1.1), float(every.max() * 1.1)]
    ends = ends if log else [min(0.0, ends[0]), ends[1]]
    shown = "who == 0 || datum.m == who - 1"
    rows = [
        {"m": m, "name": name, "condition": c, "x": v, "low": low, "high": high}
        | {"told": f"{number(v)} ({number(low)} to {number(high)}), truth {number(t)}"}
        for m, (name, values) in enumerate(named.items())
        for c, v, low, high, t in zip(conditions, *values.tolist(), true.tolist(), strict=True)
    ]
    scale = alt.Scale(type="log" if log else "linear", domain=ends, nice=False)
    x = alt.X("x:Q", scale=scale, axis=alt.Axis(title=across, tickCount=6))
    y = alt.Y("condition:N").sort(None).title(None).axis(labelLimit=150)
    apart = alt.YOffset("m:N").scale(domain=[*range(len(named))], paddingOuter=0.6)
    key = alt.Legend(symbolSize=70, symbolStrokeWidth=0, symbolOpacity=1, offset=8)
    lines = {name: line.legend(key) for name, line in named_lines(looks).items()}
    color, shape = (
        alt.Scale(domain=list(looks), range=[getattr(r, part) for r in looks.values()])
        for part in ("color", "shape")
    )
    source = rows_of(rows).transform_filter(shown)
    truth = rows_of(
        [{"condition": c, "x": t} for c, t in zip(conditions, true.tolist(), strict=True)]
    )
    tick = {"thickness": 2, "height": ROW - 6, "color": OBSERVED}
    said = tips(name="model", condition="change", told="predicted")
    dot = source.mark_point(strokeWidth=0, size=60)
    layers = [
        truth.mark_tick(**tick).encode(x=x, y=y, tooltip=tips(condition="change", x="truth")),
        source.mark_rule(strokeWidth=1.6).encode(
            x=alt.X("low:Q", scale=scale), x2="high:Q", y=y, yOffset=apart, **lines
        ),
        dot.encode(
            x=x,
            y=y,
            yOffset=apart,
            fill=alt.Fill("name:N", scale=color, legend=key),
            shape=alt.Shape("name:N", scale=shape, legend=key),
            tooltip=said,
        ),
    ]
    chart = alt.layer(*layers).properties(width=WIDTH - 160, height=ROW * k)
    chart = chart.add_params(menu("who", ["all", *named], "predicted by", start))
    told = "; ".join(
        f"{c}: truth {number(t)}, "
        + ", ".join(f"{name} {number(values[0, i])}" for name, values in named.items())
        for i, (c, t) in enumerate(zip(conditions, true, strict=True))
    )
    hint = (
        "Black: what happens. Choose below whose predictions are shown; point at one to read it."
    )
    return present(chart, title, f"{across}. {told}.", hint)
