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

from mechfit.figures.labels import number, quantity
from mechfit.figures.marks import NOTHING, segment, words
from mechfit.figures.palette import POSTERIOR, PRIOR, ROLES
from mechfit.figures.theme import finish, page

TOP, ROW, EDGE, DRAWS, LIMIT = 34, 44, 14, 100, 4.0
END = page(2 * EDGE)


def _checked(
    posterior: ArrayLike, prior: ArrayLike, observed: ArrayLike, names: Sequence[str]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    posterior, prior, observed = (np.asarray(a, float) for a in (posterior, prior, observed))
    k = len(names)
    for name, a in (("x_posterior", posterior), ("x_prior", prior)):
        if a.ndim != 2 or a.shape[1] != k or len(a) < 2:
            raise ValueError(f"{name} has shape {a.shape}, expected (n, {k}) with n >= 2")
        if not np.isfinite(a).all():
            raise ValueError(f"{name} has non-finite values, expected only valid simulations")
    if observed.shape != (k,) or not np.isfinite(observed).all():
        raise ValueError(f"x_o is {observed}, expected {k} finite values")
    return posterior, prior, observed


def _key(observed: str, draws: int) -> list[alt.Chart]:
    y, prior = (8, 8), {"strokeWidth": 12, "strokeOpacity": 0.4, "strokeDash": [1, 0]}
    dot = alt.Chart(NOTHING).mark_circle(color=POSTERIOR, size=30, opacity=0.8, aria=False)
    start = 36 + int(6.2 * len(observed))
    return [
        segment((4, 4), (0, 16)),
        words(observed, 12, 8),
        dot.encode(x=alt.value(start), y=alt.value(8)),
        words(f"{draws} predictions", start + 10, 8),
        segment((start + 110, start + 130), y, ROLES["prior"], **prior),
        words("prior 50, 90 %", start + 136, 8),
    ]


def _panel(
    bands: list[dict], dots: list[dict], observed: str, reach: float, bottom: int, more: str
) -> list[alt.Chart]:
    ticks = alt.Axis(
        title=None,
        tickCount=5,
        labelExpr="datum.value == 0 ? '0' : format(datum.value, '+~g')",
        offset=4,
    )
    scale = alt.Scale(domain=[-reach, reach], range=[0, alt.ExprRef(END)], nice=False)
    place = {
        "x": alt.X("x:Q", scale=scale, axis=ticks),
        "y": alt.Y("y:Q", scale=None, axis=None),
    }
    said = [
        alt.Tooltip("name:N", title="statistic"),
        alt.Tooltip("raw:N", title="predicted"),
        alt.Tooltip("seen:N", title="compared with"),
    ]
    prior = alt.Tooltip("said:N", title="of the prior")
    strip = alt.Chart(alt.Data(values=bands)).mark_rect(fill=PRIOR, fillOpacity=0.28, aria=False)
    spots = (
        alt.Chart(alt.Data(values=dots))
        .transform_flatten(["x", "y", "raw"])
        .mark_circle(color=POSTERIOR, size=24, opacity=0.65, aria=False)
    )
    zero = f"{END} / 2"
    return [
        strip.encode(**place, x2="x2", y2="y2", tooltip=[said[0], prior]),
        segment((zero, zero), (TOP + 14, bottom + 4), strokeWidth=1.2),
        spots.encode(**place, tooltip=said),
        words(f"difference from the {observed} value", zero, bottom + 34, align="center"),
        words("(prior standard deviations)", zero, bottom + 50, align="center"),
        *([words(more, zero, bottom + 66, align="center")] if more else []),
    ]


def _rows(rows: list[dict]) -> list[alt.Chart]:
    y = alt.Y("y:Q", scale=None, axis=None)
    base = alt.Chart(alt.Data(values=rows))
    style = {"baseline": "middle", "aria": False}
    left, right = (base.mark_text(align=side, **style) for side in ("left", "right"))
    return [
        left.encode(x=alt.value(0), y=y, text="name:N"),
        right.encode(x=alt.value(alt.ExprRef(END)), y=y, text="seen:N"),
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
        >>> x = np.array([[4.0, -70.0], [6.0, -69.0]])
        >>> chart = predictive(
        ...     x, x * 2, [5.0, -70.0], ["spikes", "rest"], units=["", "mV"], title="It agrees"
        ... )
        >>> chart.description[:58]
        'Posterior predictive check of 2 statistics, median predict'
    """
    posterior, prior, x_o = _checked(x_posterior, x_prior, x_o, names)
    units = [""] * len(names) if units is None else list(units)
    if len(units) != len(names):
        raise ValueError(f"units has {len(units)} entries, expected {len(names)}")
    scale = prior.std(0)
    scale = np.where(scale > 0, scale, 1.0)
    draws = posterior[np.unique(np.linspace(0, len(posterior) - 1, DRAWS).astype(int))]
    z = (draws - x_o) / scale
    strips = (np.quantile(prior, [0.05, 0.25, 0.75, 0.95], axis=0) - x_o) / scale
    reach = max(float(np.quantile(abs(z), 0.99)), float(abs(strips).max()), 1.0) * 1.05
    reach = min(reach, LIMIT)

    bands, dots, rows = [], [], []
    jitter = (np.arange(len(z)) * 0.618034 % 1 - 0.5) * 15
    for i, (name, unit) in enumerate(zip(names, units, strict=True)):
        y = TOP + i * ROW + 28
        for share, half in (("90 %", 3), ("50 %", 8)):
            low, high = np.clip(strips[[0, 3] if share == "90 %" else [1, 2], i], -reach, reach)
            x = {"x": round(float(low), 3), "x2": round(float(high), 3)}
            bands.append({**x, "y": y - half, "y2": y + half, "name": name, "said": share})
        x = np.clip(z[:, i], -reach, reach).round(3).tolist()
        rows.append({"name": name, "y": y - 18, "seen": f"{observed} {quantity(x_o[i], unit)}"})
        raw = [quantity(v, unit) for v in draws[:, i]]
        dots.append({**rows[-1], "x": x, "y": (y + jitter).round(1).tolist(), "raw": raw})
    bottom = TOP + ROW * len(names)
    more = "points beyond the axis stand at its ends" if (abs(z) > reach).any() else ""
    layers = [
        *_key(observed, len(z)),
        *_panel(bands, dots, observed, reach, bottom, more),
        *_rows(rows),
    ]
    medians = np.median(posterior, 0)
    pairs = "; ".join(
        f"{name} {quantity(m, unit)} for {quantity(o, unit)}"
        for name, m, o, unit in zip(names, medians, x_o, units, strict=True)
    )
    far = float(np.abs((medians - x_o) / scale).max())
    told = (
        f"Posterior predictive check of {len(names)} statistics, median prediction for {observed} "
        f"value: {pairs}. The largest difference is {number(far, 2)} prior standard deviations."
    )
    return finish(
        alt.layer(*layers), title=title, description=description or told, size=(250, bottom)
    )
