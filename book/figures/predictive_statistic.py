"""Posterior predictive checks: an observed statistic among those of posterior draws."""

from collections.abc import Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import numbers, units_of
from mechfit.figures.labels import number, quantity
from mechfit.figures.parts import option, rows_of, words
from mechfit.figures.theme import BROKEN, OBSERVED, POSTERIOR, PRIOR, WIDTH, present

BINS = 40
FAR = 0.01
"""p-value below which the observation is drawn as broken."""


def predictive_statistic(
    x: ArrayLike,
    x_prior: ArrayLike,
    x_o: ArrayLike,
    p_values: ArrayLike,
    names: Sequence[str],
    *,
    title: str,
    units: Sequence[str],
) -> alt.VConcatChart:
    """Draw histograms of one statistic for draws of posterior and prior, and the observed value.

    The axis shows the range of nearly all posterior draws and of the observation; both histograms
    are scaled to the same height.

    Args:
        x: Statistics of posterior draws, shape (n, k).
        x_prior: Statistics of prior draws, shape (m, k).
        x_o: Observed statistics, shape (k,).
        p_values: Their p-values among `x`, shape (k,).
        names: Names of the statistics.
        title: What to see, in words.
        units: Their units, "" where there is none.
    """
    k = len(names)
    x, x_prior = numbers("x", x, "n", k, least=2), numbers("x_prior", x_prior, "m", k, least=2)
    x_o, p_values = numbers("x_o", x_o, k), numbers("p_values", p_values, k)
    units = units_of(units, k)
    rows = []
    for j, (name, unit, p) in enumerate(zip(names, units, p_values, strict=True)):
        edges = _edges(np.append(np.quantile(x[:, j], [0.002, 0.998]), x_o[j]))
        heights = [np.histogram(column[:, j], edges)[0] for column in (x, x_prior)]
        posterior, prior = ((h / max(h.max(), 1)).round(3).tolist() for h in heights)
        beyond = min((x[:, j] > x_o[j]).sum(), (x[:, j] < x_o[j]).sum())
        said = f"{beyond} of {len(x):,} draws beyond, p = {number(p, 2)}"
        row = {"across": f"{name} ({unit})" if unit else name}
        row |= {"name": name, "posterior": posterior, "prior": prior, "x": edges[:-1].tolist()}
        row |= {"step": edges[1] - edges[0], "o": x_o[j], "color": BROKEN if p < FAR else OBSERVED}
        rows.append(row | {"said": [f"{name}: observed {quantity(x_o[j], unit)}", said]})
    chosen = rows_of(rows).transform_filter("datum.name == statistic")
    place = {
        "x": alt.X("x:Q").scale(zero=False, nice=False).title(None),
        "y": alt.Y("y:Q").scale(domain=[0, 1.05]).axis(None),
    }
    scale = alt.Scale(domain=["posterior draws", "prior draws"], range=[POSTERIOR, PRIOR])
    layers, fill = [], alt.Fill("kind:N", scale=scale)
    for field, opacity in (("prior", 0.35), ("posterior", 0.7)):
        bars = chosen.transform_calculate(y=f"datum.{field}").transform_flatten(["x", "y"])
        bars = bars.transform_calculate(x2="datum.x + datum.step", kind=repr(f"{field} draws"))
        mark = bars.mark_rect(strokeWidth=0, fillOpacity=opacity)
        layers.append(mark.encode(**place, x2="x2", y2=alt.datum(0), fill=fill))
    rule = chosen.transform_calculate(x="datum.o").mark_rule(strokeWidth=2)
    layers.append(rule.encode(x=place["x"], stroke=alt.Stroke("color:N", scale=None)))
    below = chosen.mark_text(align="right", baseline="top", dy=24)
    below = below.encode(x=alt.value("width"), y=alt.value("height"), text="across:N")
    histogram = alt.layer(*layers, below).properties(width=WIDTH, height=180)
    first = names[int(np.argmin(p_values))]
    chart = alt.vconcat(words(chosen, height=32), histogram, spacing=4)
    chart = chart.add_params(option("statistic", names, "statistic", first))
    told = ", ".join(f"{n} {number(p, 2)}" for n, p in zip(names, p_values, strict=True))
    told = f"Predicted, prior and observed values of one of {k} statistics. p-values: {told}."
    return present(chart, title, told, "The vertical line is the observed value.")


def _edges(values: np.ndarray) -> np.ndarray:
    """Ends of equal bins over all values (n,), with some room beside them."""
    low, high = float(values.min()), float(values.max())
    pad = 0.15 * (high - low) or 0.5
    return np.linspace(low - pad, high + pad, BINS + 1)
