"""Rejection by hand: two sliders choose the simulations that count, and what is left is seen.

One plane holds what was simulated, the other the parameters behind it; a simulation has a dot in
both. Dots within the tolerance are kept. Outlines hold 50 and 90 % of the exact posterior. Taught
in the chapter inference/without-a-likelihood.
"""

from collections.abc import Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import numbers, ranges
from mechfit.figures.heat import FAINT, SHARES
from mechfit.figures.labels import ends, number, parse
from mechfit.figures.marks import at, px, rows_of, segment, words
from mechfit.figures.theme import NARROW, OBSERVED, POSTERIOR, PRIOR, finish
from mechfit.summaries.density import mass_level, outlines

SIDE, GAP, TOP = 244, 78, 54
LEFT = f"(page < {NARROW} ? 0 : {SIDE + GAP})"
DOWN = f"(page < {NARROW} ? {TOP + SIDE + 66} : {TOP})"
"""In a narrow window the plane of the parameters stands below that of the statistics."""


def _plane(
    fields: str, labels: Sequence[str], limits: np.ndarray, left: float | str, top: float | str
) -> tuple[dict[str, alt.X | alt.Y], list[alt.Chart]]:
    """Place two fields in a frame and write its name and its range along each side."""
    right, bottom = f"{left} + {SIDE}", f"{top} + {SIDE}"
    spans = ([px(f"{left} + 0"), px(right)], [px(bottom), px(f"{top} + 0")])
    scales = [
        alt.Scale(domain=reach, range=span, nice=False, zero=False)
        for reach, span in zip(limits.tolist(), spans, strict=True)
    ]
    place = {
        "x": alt.X(f"{fields[0]}:Q", scale=scales[0], axis=None),
        "y": alt.Y(f"{fields[1]}:Q", scale=scales[1], axis=None),
    }
    (low, high), (lowest, highest) = (ends(*reach) for reach in limits)
    under, look = f"{bottom} + 14", {"strokeWidth": 0.8, "stroke": FAINT}
    corners = ((left, right), (top, bottom))
    sides = [segment(corners[0], (y, y), **look) for y in corners[1]]
    sides += [segment((x, x), corners[1], **look) for x in corners[0]]
    return place, [
        *sides,
        words(low, left, under, size=11),
        words(labels[0], f"{left} + {SIDE / 2}", under, align="center"),
        words(high, right, under, align="right", size=11),
        words(highest, f"{left} - 6", f"{top} + 6", align="right", size=11),
        words(lowest, f"{left} - 6", f"{bottom} - 6", align="right", size=11),
        words(labels[1], left, f"{top} - 12"),
    ]


def _exact(posterior: np.ndarray, limits: np.ndarray) -> alt.Chart:
    """Draw the outlines of a density over the limits (k, 2), in fields `a` and `b`."""
    loops = []
    for share in SHARES:
        for loop in outlines(posterior, mass_level(posterior, share)):
            spot = limits[:, 0] + loop / posterior.shape * np.diff(limits).ravel()
            a, b = (np.round(column, 3).tolist() for column in spot.T)
            loops.append({"a": a, "b": b, "loop": len(loops), "w": 1.9 - share})
    return (
        rows_of(loops)
        .transform_calculate(o="sequence(length(datum.a))")
        .transform_flatten(["a", "b", "o"])
        .mark_line(stroke=OBSERVED, aria=False, tooltip=None)
    )


def _report(source: alt.Chart, name: str, unit: str, exact: float) -> alt.Chart:
    """Write how many simulations are kept, and how wide the last parameter is among them."""
    told = (
        "'kept ' + datum.kept + ' of ' + datum.all + '; spread of "
        f"{name}: ' + (datum.kept > 1 ? format(datum.s, '.2~r') + ' {unit}' : '–') + "
        f"' (exact {number(exact, 2)})'"
    )
    sums = source.transform_calculate(
        inside="datum.e <= tolerance ? 1 : 0", among="datum.e <= tolerance ? datum.b : null"
    ).transform_aggregate(kept="sum(inside)", all="count()", s="stdev(among)")
    mark = sums.transform_calculate(said=told).mark_text(align="left", baseline="middle")
    return mark.encode(**at(0, 22), text="said:N")


def rejection(
    theta: ArrayLike,
    x: ArrayLike,
    distance: ArrayLike,
    x_o: ArrayLike,
    posterior: ArrayLike,
    *,
    labels: Sequence[str],
    limits: ArrayLike,
    statistics: Sequence[str],
    title: str,
    description: str | None = None,
) -> alt.LayerChart:
    """Show which of the simulations are kept, for any tolerance and any number of them.

    Args:
        theta: Parameters, shape (n, 2), at most about 2000.
        x: Their statistics, shape (n, 2).
        distance: Distance of each from the observation, shape (n,).
        x_o: The observation, shape (2,).
        posterior: The exact posterior on equal bins over `limits`, shape (a, b).
        labels: Symbol and unit of both parameters.
        limits: Range of both parameters, shape (2, 2), those of the prior.
        statistics: Symbol and unit of both statistics.
        title: What to see, in words.
        description: The text alternative; what it shows and how to use it if left out.

    Returns:
        The chart, with a slider for the tolerance and one for the number of simulations.

    Example:
        >>> a = np.linspace(0.0, 1.0, 200)
        >>> theta, x, grid = np.stack([a, a**2], 1), np.stack([a, -a], 1), np.eye(5) + 0.1
        >>> words = {"labels": ["a", "b"], "statistics": ["v", "w"], "title": "Near is kept"}
        >>> limits = [[0, 1], [0, 1]]
        >>> chart = rejection(theta, x, a, x[0], grid, limits=limits, **words)
        >>> chart.description[:33]
        'Two planes with 200 simulations: '
    """
    theta = numbers("theta", theta, "n", 2)
    n = len(theta)
    x, distance = numbers("x", x, n, 2), numbers("distance", distance, n)
    x_o, limits = numbers("x_o", x_o, 2), ranges(limits, 2)
    posterior = numbers("posterior", posterior, "a", "b", least=2)
    seen = np.stack([np.r_[x, x_o[None]].min(0), np.r_[x, x_o[None]].max(0)], 1)
    rows = {
        name: np.round(v, 3).tolist() for name, v in zip("abvw", [*theta.T, *x.T], strict=True)
    }
    rows |= {"e": [float(f"{e:.4g}") for e in distance], "i": list(range(n))}
    source = (
        alt.Chart(alt.NamedData("simulations"))
        .transform_flatten(list(rows))
        .transform_filter("datum.i < n")
    )
    near = source.transform_filter("datum.e <= tolerance")
    data_place, data_frame = _plane("vw", statistics, seen, 0, TOP)
    theta_place, theta_frame = _plane("ab", labels, limits, LEFT, DOWN)
    layers = [*data_frame, *theta_frame]
    for place in (data_place, theta_place):
        layers += [
            source.mark_circle(color=PRIOR, size=7, opacity=0.45, aria=False).encode(**place),
            near.mark_circle(color=POSTERIOR, size=18, opacity=0.9, aria=False).encode(**place),
        ]
    cross = {"shape": "cross", "size": 60, "stroke": OBSERVED, "fill": OBSERVED, "opacity": 1}
    spot = rows_of([{"v": float(x_o[0]), "w": float(x_o[1])}]).mark_point(**cross, aria=False)
    widths = alt.StrokeWidth("w:Q", scale=None)
    line = _exact(posterior, limits).encode(
        **theta_place, detail="loop:N", order="o:Q", strokeWidth=widths
    )
    middle = np.linspace(*limits[1], 2 * posterior.shape[1] + 1)[1::2]
    mass = posterior.sum(0) / posterior.sum()
    exact = float(np.sqrt(mass @ (middle - mass @ middle) ** 2))
    name, unit = parse(labels[1]).name, parse(labels[1]).unit
    layers += [
        spot.encode(**data_place),
        line,
        words("='tolerance ' + format(tolerance, '.2~r')", 0, 2, size=14),
        _report(source, name, unit, exact),
    ]
    power = alt.binding_range(min=-1.6, max=0.6, step=0.1, name="tolerance")
    count = alt.binding_range(min=100, max=n, step=100, name="simulations")
    told = (
        f"Two planes with {n} simulations: {' and '.join(statistics)} on one, "
        f"{' and '.join(labels)} on the other. Those within a tolerance of the observation are "
        "marked; outlines show the exact posterior. Sliders change the tolerance and the number."
    )
    chart = alt.layer(*layers, datasets={"simulations": [rows]}).resolve_scale(
        x="independent", y="independent"
    )
    chart = chart.add_params(
        alt.param(name="power", value=-0.2, bind=power),
        alt.param(name="n", value=n, bind=count),
        alt.param(name="tolerance", expr="pow(10, power)"),
    )
    return finish(chart, title, description or told, (SIDE, TOP + SIDE))
