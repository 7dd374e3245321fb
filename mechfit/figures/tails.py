"""Tails: where an observed number lies among simulated ones; a menu chooses which number.

Histograms of both sources travel as shares; the observed value is a line, its p-value is written
above. Taught in the chapter inference/predictive-checks.
"""

from collections.abc import Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import numbers
from mechfit.figures.labels import number, quantity
from mechfit.figures.marks import at, px, rows_of, segment, words
from mechfit.figures.theme import BROKEN, OBSERVED, POSTERIOR, PRIOR, finish, page

TOP, HEIGHT, BINS, EDGE = 56, 180, 40, 10
WIDE = page(2 * EDGE)
FAR = 0.01
"""p-value below which an observation is drawn as broken."""


def tails(
    x: ArrayLike,
    x_prior: ArrayLike,
    x_o: ArrayLike,
    p_values: ArrayLike,
    names: Sequence[str],
    *,
    title: str,
    units: Sequence[str] | None = None,
    start: str | None = None,
    description: str | None = None,
) -> alt.LayerChart:
    """Draw one statistic at a time: predicted, under the prior, and observed.

    Args:
        x: Statistics of posterior draws, shape (n, k).
        x_prior: Statistics of prior draws, shape (m, k).
        x_o: Observed statistics, shape (k,).
        p_values: Their p-values among `x`, shape (k,).
        names: Names of the statistics.
        title: What to see, in words.
        units: Their units, "" where there is none.
        start: The statistic that is shown first; that of the least p-value by default.
        description: The text alternative; all p-values if left out.

    Returns:
        The chart, with a menu.

    Example:
        >>> x = np.arange(20.0).reshape(10, 2)
        >>> tails(x, x, x[0], [0.1, 0.2], ["a", "b"], title="At the edge").description
        'Predicted, prior and observed values of one of 2 statistics. p-values: a 0.1, b 0.2.'
    """
    k = len(names)
    x, x_prior = numbers("x", x, "n", k, least=2), numbers("x_prior", x_prior, "m", k, least=2)
    x_o, p_values = numbers("x_o", x_o, k), numbers("p_values", p_values, k)
    units = [""] * k if units is None else list(units)
    if len(units) != k:
        raise ValueError(f"units has {len(units)} entries, expected {k}")
    rows = []
    for j, name in enumerate(names):
        both = np.concatenate([x[:, j], np.quantile(x_prior[:, j], [0.01, 0.99]), x_o[[j]]])
        low, high = float(both.min()), float(both.max())
        pad = 0.03 * (high - low) or 0.5
        ends = np.linspace(low - pad, high + pad, BINS + 1)
        shares = [np.histogram(column[:, j], ends)[0] for column in (x, x_prior)]
        shares = [s / max(s.max(), 1) for s in shares]
        place = float((x_o[j] - ends[0]) / (ends[-1] - ends[0]))
        rows.append(
            {"name": name, "posterior": shares[0].round(3).tolist()}
            | {"prior": shares[1].round(3).tolist(), "o": round(place, 4)}
            | {"low": quantity(ends[0], units[j]), "high": quantity(ends[-1], units[j])}
            | {"said": f"observed {quantity(x_o[j], units[j])}, p = {number(p_values[j], 2)}"}
            | {"color": BROKEN if p_values[j] < FAR else "gray"}
        )
    chosen = rows_of(rows).transform_filter("datum.name == statistic")
    across = alt.Scale(domain=[0, 1], range=[0, px(WIDE)], nice=False)
    up = alt.Scale(domain=[0, 1.05], range=[TOP + HEIGHT, TOP], nice=False)
    place = {"x": alt.X("x:Q", scale=across, axis=None), "y": alt.Y("y:Q", scale=up, axis=None)}
    layers = []
    for field, color, opacity in (("prior", PRIOR, 0.35), ("posterior", POSTERIOR, 0.7)):
        bars = (
            chosen.transform_calculate(i=f"sequence({BINS})", h=f"datum.{field}")
            .transform_flatten(["h", "i"])
            .transform_calculate(x=f"datum.i / {BINS}", x2=f"(datum.i + 1) / {BINS}")
            .transform_calculate(y="datum.h", y2="0")
            .transform_filter("datum.h > 0")
        )
        mark = bars.mark_rect(fill=color, fillOpacity=opacity, strokeWidth=0, aria=False)
        layers.append(mark.encode(**place, x2="x2", y2="y2"))
    line = chosen.transform_calculate(x="datum.o", y="0", y2="1.05")
    rule = line.mark_rule(stroke=OBSERVED, strokeWidth=2, aria=False).encode(**place, y2="y2")
    said = chosen.mark_text(align="left", baseline="middle", fontWeight=600, aria=False)
    tick = {"baseline": "middle", "fontSize": 11, "aria": False}
    low, high = (chosen.mark_text(align=side, **tick) for side in ("left", "right"))
    bottom = TOP + HEIGHT + 14
    box = {"strokeWidth": 9, "strokeDash": [1, 0]}
    layers += [
        rule,
        segment((0, WIDE), (TOP + HEIGHT,) * 2, strokeWidth=1, strokeOpacity=0.4),
        said.encode(**at(0, 4), text="said:N"),
        segment((0, 12), (28, 28), stroke=POSTERIOR, strokeOpacity=0.7, **box),
        words("posterior draws", 18, 28),
        segment((124, 136), (28, 28), stroke=PRIOR, strokeOpacity=0.5, **box),
        words("prior draws", 142, 28),
        segment((222, 222), (21, 35), strokeWidth=2),
        words("observed", 230, 28),
        low.encode(**at(0, bottom), text="low:N"),
        high.encode(**at(WIDE, bottom), text="high:N"),
    ]
    first = start or names[int(np.argmin(p_values))]
    menu = alt.binding_select(options=list(names), name="statistic")
    chart = alt.layer(*layers).resolve_scale(x="independent", y="independent")
    chart = chart.add_params(alt.param(name="statistic", value=first, bind=menu))
    told = ", ".join(f"{n} {number(p, 2)}" for n, p in zip(names, p_values, strict=True))
    told = f"Predicted, prior and observed values of one of {k} statistics. p-values: {told}."
    return finish(chart, title, description or told, (250, TOP + HEIGHT))
