"""Bars of summary statistics: how parameter sets differ in what they do, and how much noise does.

Each statistic s has a bar of length (mean(s) − mean_prior(s)) / std_prior(s) for every parameter
set, so that all share an axis on which 0 is the mean of the prior; a thin line spans 90 % of the
repeats. Taught in the chapter inference/hodgkin-huxley-posterior.
"""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import numbers
from mechfit.figures.labels import number, quantity
from mechfit.figures.parts import rows_of
from mechfit.figures.theme import OBSERVED, WIDTH, assign, present

ORDER = ("observed", "path", "broken")
BAR = 11


def statistic_bars(
    named: Mapping[str, ArrayLike],
    x_prior: ArrayLike,
    names: Sequence[str],
    *,
    title: str,
    units: Sequence[str] | None = None,
    roles: Mapping[str, str] | None = None,
    description: str | None = None,
) -> alt.LayerChart:
    """Draw statistics of repeated simulations as distances from the prior's mean.

    Args:
        named: Name to the statistics of its repeats, shape (n, k).
        x_prior: Statistics simulated from the prior, shape (m, k); their means are the origin,
            their standard deviations the units.
        names: Names of the statistics.
        title: What to see, in words.
        units: Their units, "" where there is none.
        roles: Name to meaning, a key of `ROLES`; by default the first is observed, the next ones
            path and broken.
        description: The text alternative; all means if left out.

    Returns:
        The chart; hovering a bar tells the raw numbers.

    Example:
        >>> x = np.array([[4.0, -70.0], [6.0, -69.0]])
        >>> named = {"observed": x, "other": x / 2}
        >>> chart = statistic_bars(named, x, ["spikes", "rest"], title="They differ")
        >>> chart.description[:53]
        'Means of 2 statistics. spikes: observed 5, other 2.5;'
    """
    k = len(names)
    named = {name: numbers(repr(name), x, "n", k, least=2) for name, x in named.items()}
    prior = numbers("x_prior", x_prior, "m", k, least=2)
    origin, scale = prior.mean(0), np.where(prior.std(0) > 0, prior.std(0), 1.0)
    units = [""] * k if units is None else list(units)
    if len(units) != k:
        raise ValueError(f"units has {len(units)} entries, expected {k}")
    looks = assign(list(named), roles, ORDER)
    bars, told = [], []
    for i, (name, unit) in enumerate(zip(names, units, strict=True)):
        means = {who: x[:, i].mean() for who, x in named.items()}
        told.append(f"{name}: {', '.join(f'{w} {quantity(m, unit)}' for w, m in means.items())}")
        for who, x in named.items():
            low, high = np.quantile(x[:, i], [0.05, 0.95])
            place = (np.array([means[who], low, high]) - origin[i]) / scale[i]
            bars.append(
                dict(zip(("x", "low", "high"), place.round(4).tolist(), strict=True))
                | {"who": who, "name": name, "seen": quantity(means[who], unit)}
                | {"range": f"{number(low)} to {quantity(high, unit)}"}
            )
    domain = [
        1.04 * min(0.0, *(b["low"] for b in bars)),
        1.04 * max(0.0, *(b["high"] for b in bars)),
    ]
    scale = alt.Scale(domain=domain, nice=False)
    axis = alt.Axis(
        title=["distance from the mean of the prior", "(prior standard deviations)"], tickCount=6
    )
    colors = alt.Scale(domain=list(looks), range=[look.color for look in looks.values()])
    rows = {
        "y": alt.Y(
            "name:N",
            sort=None,
            axis=alt.Axis(title=None, ticks=False, domain=False),
            scale=alt.Scale(paddingInner=0.35, paddingOuter=0.15),
        ),
        "yOffset": alt.YOffset("who:N", sort=list(looks)),
    }
    tip = [
        alt.Tooltip(f"{field}:N", title=words)
        for field, words in (
            ("name", "statistic"),
            ("who", "of"),
            ("seen", "mean"),
            ("range", "90 % of repeats"),
        )
    ]
    data = rows_of(bars)
    chart = alt.layer(
        data.mark_bar(aria=False).encode(
            x=alt.X("x:Q", scale=scale, axis=axis),
            fill=alt.Fill("who:N", scale=colors),
            tooltip=tip,
            **rows,
        ),
        data.mark_rule(stroke=OBSERVED, strokeWidth=1.6, aria=False).encode(
            x=alt.X("low:Q", scale=scale), x2="high", tooltip=tip, **rows
        ),
        rows_of([{}]).mark_rule(strokeWidth=1, aria=False).encode(x=alt.datum(0)),
    ).properties(width=WIDTH, height={"step": BAR, "for": "offset"})
    return present(chart, title, description or f"Means of {k} statistics. {'; '.join(told)}.")
