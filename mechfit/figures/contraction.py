"""A matrix of shares between 0 and 1, and the simulations behind the entry you choose.

Rows are parameters, columns are statistics. The area of a square is its share. A click or two
menus choose an entry, whose simulations appear below as binned densities of the parameter, each
column of bins scaled to its peak: where all columns look alike, the statistic tells nothing.
Taught in the chapter summaries/which-features.
"""

from collections.abc import Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import numbers
from mechfit.figures.encoding import ALPHABET, encode
from mechfit.figures.labels import parse
from mechfit.figures.theme import PAGE, POSTERIOR, SAMPLE, WIDTH, present

BINS, ROW, SIDE = 16, 26, 220
FAINT = "rgba(128,128,128,.5)"


def contraction_matrix(
    shares: ArrayLike,
    theta: ArrayLike,
    x: ArrayLike,
    labels: Sequence[str],
    names: Sequence[str],
    *,
    title: str,
    start: tuple[int, int] = (0, 0),
    measure: str = "contraction",
) -> alt.VConcatChart:
    """Show how much each statistic says about each parameter, and the simulations behind it.

    Args:
        shares: Shares (d, k) between 0 and 1, such as contractions; what is outside is cut off.
        theta: Parameters of simulations (n, d).
        x: Their statistics (n, k).
        labels: Symbol and unit of each parameter.
        names: Name of each statistic.
        title: What to see, in words.
        start: Row and column of the entry that is chosen first.
        measure: What the shares are called.

    Returns:
        The chart; its axes hold the middle 98 % of the simulations.

    Example:
        >>> a = np.random.default_rng(1).random((100, 1))
        >>> chart = contraction_matrix([[0.9]], a, a, ["a (mV)"], ["mean"], title="It tells")
        >>> chart.description
        'Contraction of 1 parameters by 1 statistics, from 0 to 1. Most for each: a 0.90 by mean.'
    """
    d, k = len(labels), len(names)
    theta = numbers("theta", theta, "n", d)
    x = numbers("x", x, len(theta), k)
    shares = np.clip(numbers("shares", shares, d, k), 0, 1)
    parts = [parse(label).name for label in labels]
    up, across = _reach(theta), _reach(x)
    entries = [
        {
            "parameter": parts[i],
            "statistic": names[j],
            "share": round(float(shares[i, j]), 3),
            "pair": f"{labels[i]} against {names[j]}",
            "said": f"{measure} {shares[i, j]:.2f}",
            "c": encode(_columns(x[:, j], theta[:, i], across[j], up[i]).ravel(), 0, 1, 1),
            "x": [float(f"{v:.5g}") for v in across[j]],
            "y": [float(f"{v:.5g}") for v in up[i]],
        }
        for i in range(d)
        for j in range(k)
    ]
    fields = {"statistic": list(names), "parameter": parts}
    chosen = alt.selection_point(
        name="chosen",
        fields=list(fields),
        on="click",
        clear=False,
        empty=False,
        value=[{"parameter": parts[start[0]], "statistic": names[start[1]]}],
        bind={field: alt.binding_select(options=o, name=field) for field, o in fields.items()},
    )
    best = shares.argmax(1)
    told = "; ".join(
        f"{p} {shares[i, j]:.2f} by {names[j]}"
        for i, (p, j) in enumerate(zip(parts, best, strict=True))
    )
    told = (
        f"{measure.capitalize()} of {d} parameters by {k} statistics, from 0 to 1. "
        f"Most for each: {told}."
    )
    source = alt.Chart(alt.NamedData("entries"))
    chart = alt.vconcat(
        _matrix(source, chosen, parts, list(names), measure),
        _behind(source.transform_filter(chosen)),
        spacing=24,
        datasets={"entries": entries},
    ).resolve_scale(size="independent")
    hint = "Click a square, or choose in the menus, to see the simulations behind it."
    return present(chart.add_params(PAGE), title, told, hint)


def _matrix(
    source: alt.Chart,
    chosen: alt.Parameter,
    parts: list[str],
    names: list[str],
    measure: str,
) -> alt.LayerChart:
    """Draw squares whose areas are the shares, and a frame around the chosen one."""
    label = {"title": None, "ticks": False, "domain": False}
    size = alt.ExprRef("page < 500 ? 9 : 11")
    top = alt.Axis(
        orient="top",
        labelAngle=-60,
        labelAlign="left",
        labelOverlap=False,
        labelFontSize=size,
        labelLimit=140,
        **label,
    )
    place = {
        "x": alt.X("statistic:N", sort=None, axis=top, scale=alt.Scale(domain=names, padding=0)),
        "y": alt.Y(
            "parameter:N",
            sort=None,
            axis=alt.Axis(**label),
            scale=alt.Scale(domain=parts, padding=0),
        ),
    }
    largest = alt.ExprRef(f"pow(min({ROW}, (page - 60) / {len(names)}) - 3, 2)")
    key = alt.Legend(
        title=measure, orient="bottom", values=[0.1, 0.5, 1], symbolType="square", offset=6
    )
    area = alt.Size("share:Q", scale=alt.Scale(domain=[0, 1], range=[0, largest]), legend=key)
    said = [
        alt.Tooltip("parameter:N"),
        alt.Tooltip("statistic:N"),
        alt.Tooltip("share:Q", title=measure, format=".2f"),
    ]
    square = source.mark_square(fill=POSTERIOR, opacity=1, strokeWidth=0, aria=False)
    touch = source.mark_rect(
        fill="transparent", stroke=FAINT, strokeWidth=0.5, cursor="pointer", aria=False
    )
    frame = source.transform_filter(chosen).mark_rect(
        fill="transparent", stroke=SAMPLE, strokeWidth=2, aria=False
    )
    view = alt.layer(
        square.encode(**place, size=area),
        touch.encode(**place, tooltip=said).add_params(chosen),
        frame.encode(**place),
    )
    return view.properties(width=WIDTH, height={"step": ROW})


def _behind(entry: alt.Chart) -> alt.LayerChart:
    """Draw the simulations behind the entry that is left in the source."""
    bins = (
        entry.transform_calculate(i=f"sequence({BINS * BINS})")
        .transform_flatten(["i"])
        .transform_calculate(
            q=f"indexof('{ALPHABET}', datum.c[datum.i]) / 63",
            dx=f"(datum.x[1] - datum.x[0]) / {BINS}",
            dy=f"(datum.y[1] - datum.y[0]) / {BINS}",
        )
        .transform_calculate(
            xlow=f"datum.x[0] + datum.dx * floor(datum.i / {BINS})",
            ylow=f"datum.y[0] + datum.dy * (datum.i % {BINS})",
        )
        .transform_calculate(xhigh="datum.xlow + datum.dx", yhigh="datum.ylow + datum.dy")
    )
    exact = alt.Scale(nice=False, zero=False)
    axis = {"title": None, "labelFlush": True}
    cells = bins.mark_rect(fill=POSTERIOR, strokeWidth=0, aria=False).encode(
        x=alt.X("xlow:Q", scale=exact, axis=alt.Axis(tickCount=6, **axis)),
        x2="xhigh:Q",
        y=alt.Y("ylow:Q", scale=exact, axis=alt.Axis(tickCount=5, **axis)),
        y2="yhigh:Q",
        fillOpacity=alt.FillOpacity("q:Q", scale=None),
    )
    word = entry.mark_text(align="left", baseline="bottom", aria=False)
    lines = [
        word.encode(x=alt.value(0), y=alt.value(y), text=f"{field}:N")
        for field, y in (("pair", -24), ("said", -8))
    ]
    frame = alt.ViewConfig(stroke=FAINT)
    return alt.layer(cells, *lines).properties(width=WIDTH, height=SIDE, view=frame)


def _reach(values: np.ndarray) -> np.ndarray:
    """Ends (k, 2) of the middle 98 % of columns (n, k); one apart where a column is constant."""
    reach = np.quantile(values, [0.01, 0.99], axis=0).T
    reach[:, 1] += np.where(reach[:, 1] > reach[:, 0], 0, 1)
    return reach


def _columns(x: np.ndarray, theta: np.ndarray, reach: np.ndarray, span: np.ndarray) -> np.ndarray:
    """Bin x across and theta up (BINS, BINS); every column of bins has its peak at 1."""
    counts, _, _ = np.histogram2d(x, theta, BINS, [reach, span])
    return counts / np.maximum(counts.max(1, keepdims=True), 1)
