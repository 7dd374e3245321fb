"""The posterior predictive check: do the predicted statistics agree with the observed ones?

Draws of a statistic s are shown as (s - s_o) / std_prior(s), so that the observed value is one
vertical line for all rows. A strip shows where the prior's central 90 and 50 % lie.
"""

from collections.abc import Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import different, numbers, units_of
from mechfit.figures.labels import number, quantity
from mechfit.figures.parts import points, rows_of, short, table, tips, written
from mechfit.figures.theme import POSTERIOR, PRIOR, WIDTH, present

ROW, DRAWS, LIMIT = 38, 100, 4.0
STRIPS = (("90 %", 0.06, (0.05, 0.95)), ("50 %", 0.16, (0.25, 0.75)))
"""Shares of the prior, half the height of their strips in rows, and their quantiles."""


def predictive(
    x_posterior: ArrayLike,
    x_prior: ArrayLike,
    x_o: ArrayLike,
    names: Sequence[str],
    *,
    title: str,
    units: Sequence[str] | None = None,
    observed: str = "observed",
) -> alt.LayerChart:
    """Draw posterior predictive statistics beside the observed ones.

    Args:
        x_posterior: Statistics simulated from posterior samples, shape (n, k); at most 100
            evenly chosen rows are drawn, all count in the description.
        x_prior: Statistics simulated from the prior, shape (m, k).
        x_o: Observed statistics, shape (k,).
        names: Names of the statistics.
        title: What to see, in words.
        units: Their units, "" where there is none.
        observed: What the observation is called, for example "recorded".
    """
    names = different("names", names)
    k = len(names)
    posterior = numbers("x_posterior", x_posterior, "n", k, least=2)
    prior = numbers("x_prior", x_prior, "n", k, least=2)
    x_o, units = numbers("x_o", x_o, k), units_of(units, k)
    scale = np.where(prior.std(0) > 0, prior.std(0), 1.0)
    draws = posterior[np.unique(np.linspace(0, len(posterior) - 1, DRAWS).astype(int))]
    z, levels = (draws - x_o) / scale, [level for *_, pair in STRIPS for level in pair]
    spread = (np.quantile(prior, levels, axis=0) - x_o) / scale
    widest = max(float(np.quantile(abs(z), 0.99)), float(abs(spread).max()), 1.0)
    reach = min(1.05 * widest, LIMIT)
    spread = spread.clip(-reach, reach).round(3)
    strips = [
        {"x": a, "x2": b, "y": i - half, "y2": i + half, "name": names[i], "said": share}
        for j, (share, half, _) in enumerate(STRIPS)
        for i, (a, b) in enumerate(spread[2 * j : 2 * j + 2].T.tolist())
    ]
    seen = [f"{observed} {quantity(o, unit)}" for o, unit in zip(x_o, units, strict=True)]
    value = f"{short(x_o)}[datum.row] + {short(scale)}[datum.row] * datum.x"
    spots = points(
        rows_of([{"x": short(z.T.ravel().round(4))}]),
        z.size,
        "x",
        row=f"floor(datum.i / {len(z)})",
        y=f"datum.row + (datum.i % {len(z)} * 0.618034 % 1 - 0.5) * 0.34",
        name=f"{names}[datum.row]",
        seen=f"{seen}[datum.row]",
        raw=written(value, f"{list(units)}[datum.row]"),
        x=f"clamp(datum.x, {-reach}, {reach})",
    )
    across = {"title": [f"difference from the {observed} value", "(prior standard deviations)"]}
    across |= {"labelExpr": "datum.value == 0 ? '0' : format(datum.value, '+~g')"}
    side = {"values": [*range(k)], "title": None, "ticks": False, "domain": False}
    side |= {"labelExpr": f"[{names}[datum.value], {seen}[datum.value]]", "labelLimit": 160}
    place = {
        "x": alt.X("x:Q").scale(domain=[-reach, reach]).axis(tickCount=5, **across),
        "y": alt.Y("y:Q").scale(domain=[k - 0.5, -0.5]).axis(labelOverlap=False, **side),
    }
    prior_of = tips(name="statistic", said="of the prior")
    said = tips(name="statistic", raw="predicted", seen="compared with")
    strip = rows_of(strips).mark_rect(fill=PRIOR, fillOpacity=0.28)
    dots = spots.mark_circle(color=POSTERIOR, size=24, opacity=0.65)
    chart = alt.layer(
        strip.encode(**place, x2="x2", y2="y2", tooltip=prior_of),
        table(x=[0]).mark_rule(strokeWidth=1.2).encode(x=place["x"]),
        dots.encode(**place, tooltip=said),
    ).properties(width=WIDTH, height=ROW * k)
    medians = np.median(posterior, 0)
    pairs = "; ".join(
        f"{name} {quantity(m, unit)} for {quantity(o, unit)}"
        for name, m, o, unit in zip(names, medians, x_o, units, strict=True)
    )
    far = float(np.abs((medians - x_o) / scale).max())
    told = (
        f"Posterior predictive check of {k} statistics, median prediction for {observed} "
        f"value: {pairs}. The largest difference is {number(far, 2)} prior standard deviations."
    )
    beyond = "; points beyond the axis stand at its ends" if (abs(z) > reach).any() else ""
    hint = f"Dots: {len(z)} predictions. Gray: 50 and 90 % of the prior{beyond}."
    return present(chart, title, told, hint)
