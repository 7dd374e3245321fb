"""Conditioning draws of a posterior on a rectangle of two parameters, and which others move."""

from collections.abc import Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import numbers, ranges
from mechfit.figures.encoding import decode, encode
from mechfit.figures.labels import parse
from mechfit.figures.parts import choice, heading, menu, points, rows_of, slider, table, words
from mechfit.figures.theme import OBSERVED, PAGE, POSTERIOR, present

STEP, MOST, SIDE, ROW = 4, 3, 250, 16
"""Step of the rectangle's center (%), means told, side of the plane and height of a row (px)."""
INSIDE = "(w > 99 || abs(datum.x - box_cx) <= w / 2) && (h > 99 || abs(datum.y - box_cy) <= h / 2)"
"""Whether a draw lies in the rectangle; a side of 100 % restricts nothing."""
HELD = "(datum.i == across && w < 100 || datum.i == up && h < 100)"
PERCENT = alt.Scale(domain=[0, 100])
"""Places on the ranges of the prior, in percent."""


def conditioned(
    draws: ArrayLike,
    labels: Sequence[str],
    limits: ArrayLike,
    *,
    axes: tuple[int, int],
    center: tuple[int, int],
    size: tuple[int, int],
    title: str,
) -> alt.HConcatChart:
    """Condition draws on a rectangle of two parameters and see which other means move.

    Draws that share two parameters are draws of the posterior given those two. For each other
    parameter stands by how many standard deviations of all draws its mean moves. A click, a drag
    or sliders move the rectangle, menus choose the two parameters.

    Args:
        draws: Draws of a posterior, shape (n, d).
        labels: Symbol and unit of each of the d parameters.
        limits: Ranges of the parameters, shape (d, 2), those of the prior.
        axes: The two parameters of the plane at first, across and up.
        center: Center of the rectangle at first, across and up, in percent of these ranges.
        size: Its width and height at first, in percent.
        title: What to see, in words.
    """
    d, pair = len(labels), list(axes)
    draws, limits = numbers("draws", draws, "n", d, least=2), ranges(limits, d)
    shares = np.clip(100 * (draws - limits[:, 0]) / np.diff(limits).ravel(), 0, 100)
    draw = alt.Chart(alt.NamedData("draws")).transform_calculate(
        x=decode("datum.c", "across", 0, 100), y=decode("datum.c", "up", 0, 100)
    )
    names = [parse(label).name for label in labels]
    plane = _plane(draw, labels, limits, center)
    chart = alt.hconcat(
        alt.vconcat(plane, _report(draw, labels, len(draws)), spacing=8),
        _rows(shares, names, draw.transform_filter(INSIDE)),
        spacing=18,
        datasets={"draws": [{"c": encode(point, 0, 100)} for point in shares]},
    ).add_params(
        PAGE,
        menu("across", labels, "horizontal axis", axes[0]),
        menu("up", labels, "vertical axis", axes[1]),
        slider("w", "width (%)", size[0], (5, 100), 5),
        slider("h", "height (%)", size[1], (5, 100), 5),
    )
    reach = np.array([s / 2 if s < 100 else 100 for s in size])
    inside = (abs(shares[:, pair] - center) <= reach).all(1)
    z = (shares[inside].mean(0) - shares.mean(0)) / np.maximum(shares.std(0), 1e-9)
    free = [i for i in np.argsort(-abs(z)) if i not in pair or size[pair.index(i)] == 100]
    said = ", ".join(f"{names[i]} {z[i]:+.2f}".replace("-", "−") for i in free[:MOST])
    told = (
        f"{len(draws):,} draws of {d} parameters in the plane of {labels[pair[0]]} and "
        f"{labels[pair[1]]}; a click, a drag or sliders move a rectangle. A row for each "
        f"parameter compares the {inside.sum():,} draws inside with all. At first these means "
        f"move most: {said} s.d."
    )
    hint = (
        "Click or drag in the plane to move the rectangle; the sliders below change its size. "
        "Bars: the middle half of all draws (gray) and of those inside (blue); dots: their means. "
        "Numbers: how far the mean moves, in s.d. of all draws; bold: the three that move most."
    )
    return present(chart, title, told, hint)


def _plane(
    draw: alt.Chart, labels: Sequence[str], limits: np.ndarray, center: tuple[int, int]
) -> alt.LayerChart:
    """Draw all draws, those inside, and the rectangle, which a click moves."""
    low, span = limits[:, 0].round(6).tolist(), np.diff(limits).ravel().round(6).tolist()
    place = {"x": alt.X("x:Q", scale=PERCENT), "y": alt.Y("y:Q", scale=PERCENT)}
    for channel, chosen in (("x", "across"), ("y", "up")):
        at = f"format({low}[{chosen}] + datum.value / 100 * {span}[{chosen}], '.3~g')"
        place[channel].axis = alt.Axis(title=None, values=[0, 25, 50, 75, 100], labelExpr=at)
    dot = {"opacity": 0.35, "size": 8, "color": OBSERVED}
    near = {"color": POSTERIOR, "size": 22, "opacity": 0.85}
    edge = {"fill": "transparent", "stroke": OBSERVED, "strokeWidth": 1.6, "strokeDash": [5, 2]}
    middle = {"x": "cx - w", "x2": "cx + w", "y": "cy - h", "y2": "cy + h"}
    ends = {name: f"clamp(box_{value} / 2, 0, 100)" for name, value in middle.items()}
    rectangle = rows_of([{}]).transform_calculate(**ends).mark_rect(**edge)
    return alt.layer(
        draw.mark_circle(**dot).encode(**place),
        draw.transform_filter(INSIDE).mark_circle(**near).encode(**place),
        rectangle.encode(**place, x2="x2", y2="y2"),
        _centers(center, place),
    ).properties(width=SIDE, height=SIDE, title=heading(alt.expr(f"{list(labels)}[up]")))


def _centers(center: tuple[int, int], place: dict) -> alt.Chart:
    """Lay a grid over the plane; a click or a drag sets the rectangle's center to its points."""
    grid = np.arange(STEP // 2, 100, STEP)
    low, high = int(grid[0]), int(grid[-1])
    names = {"cy": "center up (%)", "cx": "center across (%)"}
    bind = {
        field: alt.binding_range(min=low, max=high, step=STEP, name=name)
        for field, name in names.items()
    }
    dragged = "click, [pointerdown, window:pointerup] > pointermove"
    box = choice({"cx": center[0], "cy": center[1]}, bind, name="box", on=dragged)
    cx, cy = (c.ravel() for c in np.meshgrid(grid, grid))
    spots = table(cx=cx, cy=cy).transform_calculate(x="datum.cx", y="datum.cy")
    mark = spots.mark_point(opacity=0, size=100, cursor="crosshair")
    return mark.encode(**place).add_params(box)


def _report(draw: alt.Chart, labels: Sequence[str], n: int) -> alt.Chart:
    """Name the horizontal axis; tell how many draws are inside and what chance does."""
    kept = draw.transform_calculate(k=f"{INSIDE} ? 1 : 0").transform_aggregate(n="sum(k)")
    kept = kept.transform_calculate(
        said=f"[{list(labels)}[across], '', datum.n + ' of {n:,} draws are inside.', "
        "datum.n ? 'By chance means move' : '', "
        "datum.n ? 'by about ±' + format(1 / sqrt(datum.n), '.2f') + ' s.d.' : '']"
    )
    return words(kept, height=84).properties(width=SIDE)


def _rows(shares: np.ndarray, names: Sequence[str], inside: alt.Chart) -> alt.LayerChart:
    """Compare all draws (n, d) with those inside, a row for each parameter."""
    d = len(names)
    low, high = np.quantile(shares, [0.25, 0.75], axis=0)
    everywhere = table(name=names, x=low, x2=high, mean=shares.mean(0))
    mean, spread = shares.mean(0).round(3).tolist(), shares.std(0)
    spread = np.where(spread > 0, spread, 1.0).round(3).tolist()
    moved = (
        points(inside, d, v=decode("datum.c", "datum.i", 0, 100))
        .transform_aggregate(x="q1(v)", x2="q3(v)", mean="mean(v)", groupby=["i"])
        .transform_calculate(
            name=f"{list(names)}[datum.i]",
            z=f"{HELD} ? 0 : (datum.mean - {mean}[datum.i]) / {spread}[datum.i]",
        )
        .transform_calculate(
            far="abs(datum.z)",
            said=f"{HELD} ? 'held' : abs(datum.z) < 0.005 ? '0' "
            ": replace(format(datum.z, '+.2f'), '-', '−')",
        )
        .transform_window(rank="row_number()", sort=[alt.SortField("far", "descending")])
    )
    ends = {"values": [0, 100], "labelExpr": "datum.value ? 'highest' : 'lowest'"}
    ends |= {"labelAlign": alt.expr("datum.value ? 'right' : 'left'"), "orient": "top"}
    ends |= {"title": None, "ticks": False, "domain": False, "grid": True, "gridOpacity": 0.3}
    x = alt.X("x:Q", scale=PERCENT).axis(**ends)
    y = alt.Y("name:N").title(None).sort(None).scale(domain=list(names))
    bold = alt.expr(f"datum.rank <= {MOST} && !{HELD} ? 700 : 400")
    bar, side = {"cornerRadius": 1, "strokeWidth": 0}, {"x": x, "x2": "x2", "y": y}
    gray = everywhere.mark_bar(fill=OBSERVED, fillOpacity=0.2, height=11, **bar)
    blue = moved.mark_bar(fill=POSTERIOR, fillOpacity=0.5, height=5, **bar)
    dot, word = moved.mark_circle(color=POSTERIOR, size=45), {"align": "left", "dx": 8}
    said = moved.mark_text(fontWeight=bold, fontSize=11, **word)
    return alt.layer(
        gray.encode(**side),
        blue.encode(**side),
        dot.encode(x="mean:Q", y=y),
        said.encode(x=alt.datum(100), y=y, text="said:N"),
    ).properties(width=SIDE + 10, height={"step": ROW})
