"""Bars of summary statistics: how parameter sets differ in what they do, and how much noise does.

A bar is (mean(s) − origin) / std_prior(s) long, with the prior's mean or an observation as origin,
so that all statistics share an axis; a thin line spans 90 % of the repeats.
"""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import different, numbers, units_of
from mechfit.figures.labels import quantity, span
from mechfit.figures.parts import rows_of, tips
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
    x_o: ArrayLike | None = None,
) -> alt.LayerChart:
    """Draw statistics of repeated simulations as distances from the prior's mean, or from x_o.

    Args:
        named: Name to the statistics of its repeats, shape (n, k); one to three.
        x_prior: Statistics simulated from the prior, shape (m, k); their means are the origin,
            unless x_o is given, their standard deviations the units.
        names: Names of the statistics.
        title: What to see, in words.
        units: Their units, "" where there is none.
        x_o: An observation, shape (k,), to measure from.
    """
    names = different("names", names)
    k = len(names)
    named = {name: numbers(repr(name), x, "n", k, least=2) for name, x in named.items()}
    prior = numbers("x_prior", x_prior, "m", k, least=2)
    origin = prior.mean(0) if x_o is None else numbers("x_o", x_o, k)
    scale = np.where(prior.std(0) > 0, prior.std(0), 1.0)
    units, looks = units_of(units, k), assign(list(named), None, ORDER)
    bars, told = [], []
    for i, (name, unit) in enumerate(zip(names, units, strict=True)):
        seen = {who: quantity(x[:, i].mean(), unit) for who, x in named.items()}
        told.append(f"{name}: {', '.join(f'{who} {mean}' for who, mean in seen.items())}")
        for who, x in named.items():
            ends = np.quantile(x[:, i], [0.05, 0.95])
            place = (np.r_[x[:, i].mean(), ends] - origin[i]) / scale[i]
            row = dict(zip(("x", "low", "high"), place.round(4).tolist(), strict=True))
            said = {"name": name, "who": who, "seen": seen[who], "range": span(*ends, unit)}
            bars.append(row | said)
    away = "the mean of the prior" if x_o is None else "the observed value"
    title_across = [f"distance from {away}", "(prior standard deviations)"]
    rows = {
        "y": alt.Y("name:N").sort(None).title(None).scale(paddingInner=0.35),
        "yOffset": alt.YOffset("who:N").sort(list(looks)),
        "tooltip": tips(name="statistic", who="of", seen="mean", range="90 % of repeats"),
    }
    fill = alt.Fill("who:N").scale(domain=list(looks), range=[r.color for r in looks.values()])
    across, data = alt.X("x:Q").axis(title=title_across, tickCount=6), rows_of(bars)
    line = data.mark_rule(stroke=OBSERVED, strokeWidth=1.6)
    chart = alt.layer(
        data.mark_bar().encode(x=across, fill=fill, **rows),
        line.encode(x="low:Q", x2="high", **rows),
        rows_of([{}]).mark_rule(strokeWidth=1).encode(x=alt.datum(0)),
    ).properties(width=WIDTH, height={"step": BAR, "for": "offset"})
    return present(chart, title, f"Means of {k} statistics. {'; '.join(told)}.")
