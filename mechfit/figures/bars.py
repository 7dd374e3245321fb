"""Bars of summary statistics: how parameter sets differ in what they do, and how much noise does.

Each statistic s has a row, with a bar of length mean(s) / std_prior(s) for every parameter set, so
that all share an axis; a thin line spans 90 % of the repeats. Taught in the chapter
inference/hodgkin-huxley-posterior.
"""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import numbers
from mechfit.figures.labels import number, quantity
from mechfit.figures.marks import key, px, rows_of, segment, tips, words
from mechfit.figures.theme import OBSERVED, assign, finish, page

TOP, HEAD, BAR, GAP, EDGE = 26, 20, 11, 10, 14
ORDER = ("observed", "path", "broken")
END = page(2 * EDGE)


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
    """Draw statistics of repeated simulations in units of their prior spread.

    Args:
        named: Name to the statistics of its repeats, shape (n, k).
        x_prior: Statistics simulated from the prior, shape (m, k); their standard deviations are
            the units.
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
    scale = numbers("x_prior", x_prior, "m", k, least=2).std(0)
    scale = np.where(scale > 0, scale, 1.0)
    units = [""] * k if units is None else list(units)
    if len(units) != k:
        raise ValueError(f"units has {len(units)} entries, expected {k}")
    looks = assign(list(named), roles, ORDER)

    row = HEAD + BAR * len(named) + GAP
    heads = [{"name": name, "y": TOP + i * row + 12} for i, name in enumerate(names)]
    bars, told = [], []
    for i, (name, unit) in enumerate(zip(names, units, strict=True)):
        means = {who: x[:, i].mean() for who, x in named.items()}
        told.append(f"{name}: {', '.join(f'{w} {quantity(m, unit)}' for w, m in means.items())}")
        for j, (who, x) in enumerate(named.items()):
            low, high = np.quantile(x[:, i], [0.05, 0.95])
            place = np.array([means[who], low, high]) / scale[i]
            bars.append(
                dict(zip(("x", "low", "high"), place.round(4).tolist(), strict=True))
                | {"y": TOP + i * row + HEAD + BAR * (j + 0.5), "who": who, "name": name}
                | {"seen": quantity(means[who], unit)}
                | {"range": f"{number(low)} to {quantity(high, unit)}", "from": 0}
            )
    ends = [bar[end] for bar in bars for end in ("low", "high")]
    span = 1.04 * min(*ends, 0), 1.04 * max(*ends, 0)
    bottom, zero = TOP + k * row, f"{-span[0] / (span[1] - span[0]):.5f} * {END}"
    x_scale = alt.Scale(domain=span, range=[0, px(END)], nice=False)
    ticks = alt.Axis(title=None, tickCount=6, labelExpr="format(datum.value, '~g')", offset=4)
    x, y = alt.X("x:Q", scale=x_scale, axis=ticks), alt.Y("y:Q", scale=None, axis=None)
    said = tips(name="statistic", who="of", seen="mean", range="90 % of repeats")
    layers = key(list(named), looks, 0, 8, strokeWidth=7)
    for who, look in looks.items():
        style = {"stroke": look.color, "strokeWidth": 7, "strokeDash": list(look.dash)}
        mine = rows_of([bar for bar in bars if bar["who"] == who])
        layers.append(mine.mark_rule(**style, aria=False).encode(x=x, x2="from", y=y))
        reach = mine.mark_rule(stroke=OBSERVED, strokeWidth=1.6, aria=False)
        layers.append(reach.encode(x=alt.X("low:Q", scale=x_scale), x2="high", y=y))
        touch = mine.mark_rule(strokeOpacity=0, stroke=OBSERVED, strokeWidth=BAR, aria=False)
        layers.append(touch.encode(x=x, x2="from", y=y, tooltip=said))
    layers += [
        segment((zero, zero), (TOP + HEAD - 4, bottom), strokeWidth=1),
        rows_of(heads)
        .mark_text(align="left", baseline="middle", aria=False)
        .encode(x=alt.value(0), y=y, text="name:N"),
        words("prior standard deviations", f"{END} / 2", bottom + 34, align="center"),
    ]
    said = f"Means of {k} statistics. {'; '.join(told)}."
    return finish(alt.layer(*layers), title, description or said, (250, bottom))
