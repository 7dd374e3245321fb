"""A matrix of shares between 0 and 1, and the simulations behind the entry you choose.

The area of a square is its share. The simulations appear as densities of the parameter, each
column of bins scaled to its peak: where all columns look alike, the statistic tells nothing.
"""

from collections.abc import Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import different, numbers
from mechfit.figures.encoding import encode
from mechfit.figures.fields import FRAME
from mechfit.figures.heat import heat_cells
from mechfit.figures.labels import parse
from mechfit.figures.parts import choice, words
from mechfit.figures.theme import PAGE, POSTERIOR, SAMPLE, WIDTH, present

BINS, ROW, SIDE = 16, 26, 220
ENDS = ("left", "right", "bottom", "top")


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

    The axes below hold the middle 98 % of the simulations.

    Args:
        shares: Shares (d, k) between 0 and 1, such as contractions; what is outside is cut off.
        theta: Parameters of simulations (n, d).
        x: Their statistics (n, k).
        labels: Symbol and unit of each parameter.
        names: Name of each statistic.
        title: What to see, in words.
        start: Row and column of the entry that is chosen first.
        measure: What the shares are called.
    """
    labels, names = different("labels", labels), different("names", names)
    parts = different("labels", [parse(label).name for label in labels])
    d, k = len(labels), len(names)
    theta = numbers("theta", theta, "n", d)
    x = numbers("x", x, len(theta), k)
    shares = np.clip(numbers("shares", shares, d, k), 0, 1)
    up, across = _reach(theta), _reach(x)
    entries = [
        {
            "parameter": parts[i],
            "statistic": names[j],
            "share": round(float(shares[i, j]), 3),
            "said": [
                f"{parse(labels[i]).text} against {names[j]}",
                f"{measure} {shares[i, j]:.2f}",
            ],
            "c": encode(_columns(x[:, j], theta[:, i], across[j], up[i]).ravel(), 0, 1, 1),
            **{end: float(f"{v:.5g}") for end, v in zip(ENDS, (*across[j], *up[i]), strict=True)},
        }
        for i in range(d)
        for j in range(k)
    ]
    fields = {"statistic": names, "parameter": parts}
    menus = {field: alt.binding_select(options=o, name=field) for field, o in fields.items()}
    first = {"statistic": names[start[1]], "parameter": parts[start[0]]}
    chosen = choice(first, menus, nearest=False)
    most = "; ".join(
        f"{p} {row.max():.2f} by {names[row.argmax()]}"
        for p, row in zip(parts, shares, strict=True)
    )
    told = f"{measure.capitalize()} of {d} parameters by {k} statistics, from 0 to 1. "
    told += f"Most for each: {most}."
    source = alt.Chart(alt.NamedData("entries"))
    entry, axis = source.transform_filter(chosen), {"title": None, "labelFlush": True}
    place = {
        "x": alt.X("x:Q").scale(nice=False, zero=False).axis(tickCount=6, **axis),
        "y": alt.Y("y:Q").scale(nice=False, zero=False).axis(tickCount=5, **axis),
    }
    sides = [[f"datum.{end}" for end in ends] for ends in (ENDS[:2], ENDS[2:])]
    whole = entry.transform_calculate(x=sides[0][0], y=sides[1][0])
    whole = whole.mark_rect(fill="transparent", stroke=FRAME)
    cells = heat_cells(entry, sides, BINS).encode(**place)
    behind = alt.layer(whole.encode(**place, x2=ENDS[1], y2=ENDS[3]), cells)
    behind = behind.properties(width=WIDTH, height=SIDE)
    chart = alt.vconcat(
        _matrix(source, chosen, parts, names, measure),
        alt.vconcat(words(entry, height=32), behind, spacing=4),
        spacing=24,
        datasets={"entries": entries},
    ).resolve_scale(size="independent")
    hint = "Click a square, or choose in the menus, to see the simulations behind it."
    return present(chart.add_params(PAGE), title, told, hint)


def _matrix(
    source: alt.Chart, chosen: alt.Parameter, parts: list[str], names: list[str], measure: str
) -> alt.LayerChart:
    """Draw squares whose areas are the shares, and a frame around the chosen one."""
    size = alt.ExprRef("page < 500 ? 9 : 11")
    top = {"orient": "top", "labelAngle": -60, "labelAlign": "left", "labelOverlap": False}
    x = alt.X("statistic:N").scale(domain=names, padding=0)
    place = {
        "x": x.axis(title=None, labelLimit=140, labelFontSize=size, **top),
        "y": alt.Y("parameter:N").scale(domain=parts, padding=0).title(None),
    }
    largest = alt.ExprRef(f"pow(min({ROW}, (page - 60) / {len(names)}) - 3, 2)")
    area = alt.Size("share:Q").scale(domain=[0, 1], range=[0, largest])
    area = area.legend(title=measure, orient="bottom", values=[0.1, 0.5, 1], symbolType="square")
    said = ["parameter:N", "statistic:N", alt.Tooltip("share:Q", title=measure, format=".2f")]
    square = source.mark_square(fill=POSTERIOR, strokeWidth=0)
    look = {"fill": "transparent", "cursor": "pointer"}
    touch = source.mark_rect(stroke=FRAME, strokeWidth=0.5, **look)
    frame = source.transform_filter(chosen).mark_rect(stroke=SAMPLE, strokeWidth=2, **look)
    view = alt.layer(
        square.encode(**place, size=area),
        touch.encode(**place, tooltip=said).add_params(chosen),
        frame.encode(**place),
    )
    return view.properties(width=WIDTH, height={"step": ROW})


def _reach(values: np.ndarray) -> np.ndarray:
    """Ends (k, 2) of the middle 98 % of columns (n, k); one apart where a column is constant."""
    reach = np.quantile(values, [0.01, 0.99], axis=0).T
    reach[:, 1] += np.where(reach[:, 1] > reach[:, 0], 0, 1 + 1e-6 * np.abs(reach[:, 0]))
    return reach


def _columns(x: np.ndarray, theta: np.ndarray, reach: np.ndarray, span: np.ndarray) -> np.ndarray:
    """Bin x across and theta up (BINS, BINS); every column of bins has its peak at 1."""
    counts, _, _ = np.histogram2d(x, theta, BINS, [reach, span])
    return counts / np.maximum(counts.max(1, keepdims=True), 1)
