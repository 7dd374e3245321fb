"""A matrix of shares between 0 and 1, and beside it what stands behind the entry you choose.

Rows are parameters, columns are statistics. An entry's area is filled as far as its share; a click
or two menus choose one, and its simulations appear beside the matrix as binned densities, each
column of bins scaled by itself: where the pattern is the same across, the statistic says nothing.
Taught in the chapter summaries/which-features.
"""

from collections.abc import Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import numbers, ranges
from mechfit.figures.encoding import ALPHABET, encode
from mechfit.figures.labels import Label, ends, parse
from mechfit.figures.marks import at, px, rows_of, tips
from mechfit.figures.theme import NARROW, POSTERIOR, SAMPLE, finish, page

LEFT, RIGHT, TOP, ROW, BINS = 52, 44, 118, 26, 16
SIDE, GAP = 200, 64
WIDE = page(LEFT + RIGHT)
FAINT = "rgba(128,128,128,.5)"


def _columns(x: np.ndarray, theta: np.ndarray, reach: np.ndarray, span: np.ndarray) -> np.ndarray:
    """Bin x across and theta up (BINS, BINS); every column of bins has its peak at 1."""
    counts, _, _ = np.histogram2d(x, theta, BINS, [reach, span])
    return counts / np.maximum(counts.max(1, keepdims=True), 1)


def _matrix(
    entries: alt.NamedData, chosen: alt.Parameter, parts: Sequence[Label], names: Sequence[str]
) -> list[alt.Chart]:
    """Draw names, entries whose area is their share, and a frame around the chosen one."""
    k = len(names)
    scale = alt.Scale(domain=[0, k], range=[0, px(WIDE)], nice=False)
    x, y = alt.X("middle:Q", scale=scale, axis=None), alt.Y("y:Q", scale=None, axis=None)
    data = alt.Chart(entries).transform_calculate(middle="datum.column + 0.5")
    area = data.transform_calculate(size=f"datum.share * pow(min({WIDE} / {k}, {ROW}) - 2, 2)")
    told = tips(parameter="parameter", statistic="statistic", said="contraction")
    ends = {"x2": "right:Q", "y2": "low:Q"}
    touch = data.transform_calculate(
        left="datum.column", right="datum.column + 1", low=f"datum.y + {ROW / 2}"
    ).transform_calculate(y=f"datum.y - {ROW / 2}")
    left = alt.X("left:Q", scale=scale, axis=None)
    place = {"x": left, "y": y, **ends}
    frame = {"fill": "transparent", "stroke": SAMPLE, "strokeWidth": 2, "aria": False}
    header = {"angle": 295, "align": "left", "baseline": "middle"}
    header["fontSize"] = px(f"page < {NARROW} ? 9 : 11")
    heads = rows_of([{"middle": j + 0.5, "n": n} for j, n in enumerate(names)])
    sides = rows_of([{"y": TOP + ROW * (i + 0.5), "n": p.name} for i, p in enumerate(parts)])
    return [
        heads.mark_text(**header, aria=False).encode(x=x, y=alt.value(TOP - 8), text="n:N"),
        sides.mark_text(align="right", baseline="middle", aria=False).encode(
            x=alt.value(-8), y=y, text="n:N"
        ),
        area.mark_square(fill=POSTERIOR, opacity=1, strokeWidth=0, aria=False).encode(
            x=x, y=y, size=alt.Size("size:Q", scale=None)
        ),
        touch.mark_rect(fill="transparent", stroke=FAINT, strokeWidth=0.5, aria=False)
        .encode(**place, tooltip=told)
        .add_params(chosen),
        touch.transform_filter(chosen).mark_rect(**frame).encode(**place),
    ]


def _behind(
    entries: alt.NamedData,
    chosen: alt.Parameter,
    names: Sequence[str],
    reach: np.ndarray,
    limits: np.ndarray,
    top: float,
) -> list[alt.Chart]:
    """Draw the simulations behind the chosen entry in a panel that begins at `top` px."""
    wide, s = f"min({WIDE}, 380)", 1 / BINS
    x = alt.Scale(domain=[0, 1], range=[0, px(wide)], nice=False)
    y = alt.Scale(domain=[0, 1], range=[top + SIDE, top], nice=False)
    place = {"x": alt.X("x:Q", scale=x, axis=None), "y": alt.Y("y:Q", scale=y, axis=None)}
    at_entry = alt.Chart(entries).transform_filter(chosen)
    cells = (
        at_entry.transform_calculate(k="split(datum.c, '')", i=f"sequence({BINS * BINS})")
        .transform_flatten(["k", "i"])
        .transform_calculate(q=f"indexof('{ALPHABET}', datum.k) / 63")
        .transform_filter("datum.q > 0")
        .transform_calculate(x=f"{s} * floor(datum.i / {BINS})", y=f"{s} * (datum.i % {BINS})")
        .transform_calculate(x2=f"datum.x + {s}", y2=f"datum.y + {s}")
        .mark_rect(fill=POSTERIOR, strokeWidth=0, aria=False)
        .encode(**place, x2="x2", y2="y2", fillOpacity=alt.FillOpacity("q:Q", scale=None))
    )
    frame = rows_of([{"x": 0, "y": 0, "x2": 1, "y2": 1}])
    look = {"fill": "transparent", "stroke": FAINT, "strokeWidth": 0.7, "aria": False}
    across, up = ([ends(*pair) for pair in pairs] for pairs in (reach, limits))
    words_at = {
        "low_x": (0, top + SIDE + 14, "left", f"{[a for a, _ in across]}[datum.column]"),
        "high_x": (wide, top + SIDE + 14, "right", f"{[b for _, b in across]}[datum.column]"),
        "low_y": (-6, top + SIDE - 5, "right", f"{[a for a, _ in up]}[datum.row]"),
        "high_y": (-6, top + 6, "right", f"{[b for _, b in up]}[datum.row]"),
        "statistic": (f"{wide} / 2", top + SIDE + 14, "center", "datum.statistic"),
        "heading": (
            0,
            top - 14,
            "left",
            "datum.parameter + ' in simulations with a given ' + datum.statistic"
            " + ': contraction ' + datum.said",
        ),
    }
    return [
        cells,
        frame.mark_rect(**look).encode(**place, x2="x2", y2="y2"),
        *(
            at_entry.transform_calculate(text=text)
            .mark_text(align=align, baseline="middle", fontSize=12, aria=False)
            .encode(**at(x, y), text="text:N")
            for x, y, align, text in words_at.values()
        ),
    ]


def informing(
    shares: ArrayLike,
    theta: ArrayLike,
    x: ArrayLike,
    labels: Sequence[str],
    names: Sequence[str],
    limits: ArrayLike,
    *,
    title: str,
    start: tuple[int, int] = (0, 0),
    description: str | None = None,
) -> alt.LayerChart:
    """Show how much each statistic says about each parameter, and the simulations behind it.

    Args:
        shares: Shares (d, k) between 0 and 1, such as contractions; what is outside is cut off.
        theta: Parameters of simulations (n, d).
        x: Their statistics (n, k).
        labels: Symbol and unit of each parameter.
        names: Name of each statistic.
        limits: Ranges of the parameters (d, 2).
        title: What to see, in words.
        start: Row and column of the entry that is chosen first.
        description: The text alternative; the largest share of each parameter if left out.

    Returns:
        The chart.

    Example:
        >>> a = np.random.default_rng(1).random((100, 1))
        >>> informing([[0.9]], a, a, ["a (mV)"], ["mean"], [[0, 1]], title="It tells").description
        'How much 1 statistics say about 1 parameters, from 0 to 1. Most for each: a 0.90 by mean.'
    """
    d, k = len(labels), len(names)
    theta = numbers("theta", theta, "n", d)
    x = numbers("x", x, len(theta), k)
    limits = ranges(limits, d)
    shares = np.clip(numbers("shares", shares, d, k), 0, 1)
    parts = [parse(label) for label in labels]
    reach = np.quantile(x, [0.01, 0.99], axis=0).T
    reach[:, 1] += np.where(reach[:, 1] > reach[:, 0], 0, 1)
    entries = [
        {
            "row": i,
            "column": j,
            "y": TOP + ROW * (i + 0.5),
            "share": round(float(shares[i, j]), 3),
            "said": f"{shares[i, j]:.2f}",
            "parameter": parts[i].name,
            "statistic": names[j],
            "c": encode(_columns(x[:, j], theta[:, i], reach[j], limits[i]).ravel(), 0, 1, 1),
        }
        for i in range(d)
        for j in range(k)
    ]
    options = [(p.name, i) for i, p in enumerate(parts)], [(n, j) for j, n in enumerate(names)]
    chosen = alt.selection_point(
        name="chosen",
        fields=["row", "column"],
        on="click",
        clear=False,
        empty=False,
        value=[{"row": start[0], "column": start[1]}],
        bind={
            field: alt.binding_select(
                options=[v for _, v in each], labels=[n for n, _ in each], name=said
            )
            for field, said, each in zip(
                ("row", "column"), ("parameter", "statistic"), options, strict=True
            )
        },
    )
    rows = alt.NamedData("entries")
    layers = [
        *_matrix(rows, chosen, parts, names),
        *_behind(rows, chosen, names, reach, limits, TOP + ROW * d + GAP),
    ]
    chart = alt.layer(*layers, datasets={"entries": entries}).resolve_scale(
        x="independent", y="independent"
    )
    best = shares.argmax(1)
    told = "; ".join(
        f"{p.name} {shares[i, j]:.2f} by {names[j]}"
        for i, (p, j) in enumerate(zip(parts, best, strict=True))
    )
    told = f"How much {k} statistics say about {d} parameters, from 0 to 1. Most for each: {told}."
    return finish(chart, title, description or told, (300, TOP + ROW * d + GAP + SIDE))
