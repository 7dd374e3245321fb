"""The posterior predictive check: do the predicted statistics agree with the observed ones?

Each statistic s has its row. Draws are shown as (s - s_o) / std_prior(s), so that the observed
value is one vertical line for all rows and a distance reads "how many prior standard deviations
off". A strip shows where the prior's central 90 and 50 % lie. Taught in the chapter
inference/hodgkin-huxley-posterior.
"""

from collections.abc import Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import numbers
from mechfit.figures.labels import number, quantity
from mechfit.figures.marks import at, px, rows_of, segment, tips, words
from mechfit.figures.theme import POSTERIOR, PRIOR, ROLES, finish, page

TOP, ROW, EDGE, DRAWS, LIMIT = 34, 44, 14, 100, 4.0
END = page(2 * EDGE)


def _key(observed: str, draws: int) -> list[alt.Chart]:
    prior = {"strokeWidth": 12, "strokeOpacity": 0.4, "strokeDash": [1, 0]}
    dot = rows_of([{}]).mark_circle(color=POSTERIOR, size=30, opacity=0.8, aria=False)
    start = 36 + int(6.2 * len(observed))
    return [
        segment((4, 4), (0, 16)),
        words(observed, 12, 8),
        dot.encode(**at(start, 8)),
        words(f"{draws} predictions", start + 10, 8),
        segment((start + 110, start + 130), (8, 8), ROLES["prior"], **prior),
        words("prior 50, 90 %", start + 136, 8),
    ]


def _panel(
    bands: list[dict], dots: list[dict], observed: str, reach: float, bottom: int
) -> list[alt.Chart]:
    signed = "datum.value == 0 ? '0' : format(datum.value, '+~g')"
    ticks = alt.Axis(title=None, tickCount=5, labelExpr=signed, offset=4)
    scale = alt.Scale(domain=[-reach, reach], range=[0, px(END)], nice=False)
    x, y = alt.X("x:Q", scale=scale, axis=ticks), alt.Y("y:Q", scale=None, axis=None)
    said = tips(name="statistic", raw="predicted", seen="compared with")
    share = tips(name="statistic", said="of the prior")
    strip = rows_of(bands).mark_rect(fill=PRIOR, fillOpacity=0.28, aria=False)
    several = rows_of(dots).transform_flatten(["x", "y", "raw"])
    spot = several.mark_circle(color=POSTERIOR, size=24, opacity=0.65, aria=False)
    zero = f"{END} / 2"
    return [
        strip.encode(x=x, y=y, x2="x2", y2="y2", tooltip=share),
        segment((zero, zero), (TOP + 14, bottom + 4), strokeWidth=1.2),
        spot.encode(x=x, y=y, tooltip=said),
        words(f"difference from the {observed} value", zero, bottom + 34, align="center"),
        words("(prior standard deviations)", zero, bottom + 50, align="center"),
    ]


def predictive(
    x_posterior: ArrayLike,
    x_prior: ArrayLike,
    x_o: ArrayLike,
    names: Sequence[str],
    *,
    title: str,
    units: Sequence[str] | None = None,
    observed: str = "observed",
    description: str | None = None,
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
        description: The text alternative; the median prediction of each statistic if left out.

    Returns:
        The chart; hovering a point tells the raw values.

    Example:
        >>> x, names = np.array([[4.0, -70.0], [6.0, -69.0]]), ["spikes", "rest"]
        >>> chart = predictive(x, x * 2, [5.0, -70.0], names, title="It agrees")
        >>> chart.description[:58]
        'Posterior predictive check of 2 statistics, median predict'
    """
    k = len(names)
    posterior = numbers("x_posterior", x_posterior, "n", k, least=2)
    prior = numbers("x_prior", x_prior, "n", k, least=2)
    x_o = np.asarray(x_o, float)
    if x_o.shape != (k,) or not np.isfinite(x_o).all():
        raise ValueError(f"x_o is {x_o}, expected {k} finite values")
    units = [""] * k if units is None else list(units)
    if len(units) != k:
        raise ValueError(f"units has {len(units)} entries, expected {k}")
    scale = np.where(prior.std(0) > 0, prior.std(0), 1.0)
    draws = posterior[np.unique(np.linspace(0, len(posterior) - 1, DRAWS).astype(int))]
    z = (draws - x_o) / scale
    strips = (np.quantile(prior, [0.05, 0.95, 0.25, 0.75], axis=0) - x_o) / scale
    widest = max(float(np.quantile(abs(z), 0.99)), float(abs(strips).max()), 1.0)
    reach = min(1.05 * widest, LIMIT)

    bands, dots, seen = [], [], []
    jitter = (np.arange(len(z)) * 0.618034 % 1 - 0.5) * 15
    for i, (name, unit) in enumerate(zip(names, units, strict=True)):
        y = TOP + i * ROW + 28
        for share, half, ends in (("90 %", 3, strips[:2, i]), ("50 %", 8, strips[2:, i])):
            low, high = np.clip(ends, -reach, reach).round(3).tolist()
            place = {"x": low, "x2": high, "y": y - half, "y2": y + half}
            bands.append({**place, "name": name, "said": share})
        seen.append({"name": name, "y": y - 18, "seen": f"{observed} {quantity(x_o[i], unit)}"})
        x = np.clip(z[:, i], -reach, reach).round(3).tolist()
        raw = [quantity(v, unit) for v in draws[:, i]]
        dots.append({**seen[-1], "x": x, "y": (y + jitter).round(1).tolist(), "raw": raw})
    bottom = TOP + ROW * k
    layers = [*_key(observed, len(z)), *_panel(bands, dots, observed, reach, bottom)]
    if (abs(z) > reach).any():
        beyond = "points beyond the axis stand at its ends"
        layers.append(words(beyond, f"{END} / 2", bottom + 66, align="center"))
    style = {"baseline": "middle", "aria": False}
    left, right = (rows_of(seen).mark_text(align=side, **style) for side in ("left", "right"))
    row = alt.Y("y:Q", scale=None, axis=None)
    layers.append(left.encode(x=alt.value(0), y=row, text="name:N"))
    layers.append(right.encode(x=alt.value(px(END)), y=row, text="seen:N"))
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
    return finish(alt.layer(*layers), title, description or told, (250, bottom))
