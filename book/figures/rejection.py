"""Rejection by hand: two sliders choose the simulations that count, and what is left is seen.

One plane holds what was simulated, the other the parameters behind it; a simulation has a dot in
both. Drawn in the chapter inference/without-a-likelihood.
"""

from collections.abc import Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import numbers, ranges
from mechfit.figures.curves import plane
from mechfit.figures.fields import square
from mechfit.figures.heat import outline_marks, outline_rows
from mechfit.figures.labels import number, parse
from mechfit.figures.parts import rows_of
from mechfit.figures.theme import OBSERVED, POSTERIOR, PRIOR, WIDTH, present

CROSS = "M-.5,-.5L.5,.5M-.5,.5L.5,-.5"


def rejection(
    theta: ArrayLike,
    x: ArrayLike,
    distance: ArrayLike,
    x_o: ArrayLike,
    posterior: ArrayLike,
    *,
    names: tuple[Sequence[str], Sequence[str]],
    limits: ArrayLike,
    title: str,
) -> alt.VConcatChart:
    """Show which of the simulations are kept, for any tolerance and any number of them.

    Args:
        theta: Parameters, shape (n, 2), at most about 2000.
        x: Their statistics, shape (n, 2).
        distance: Distance of each from the observation, shape (n,).
        x_o: The observation, shape (2,).
        posterior: The exact posterior on equal bins over `limits`, shape (a, b).
        names: Symbol and unit of both parameters, and of both statistics.
        limits: Range of both parameters, shape (2, 2), those of the prior.
        title: What to see, in words.
    """
    theta = numbers("theta", theta, "n", 2)
    n = len(theta)
    x, distance = numbers("x", x, n, 2), numbers("distance", distance, n)
    x_o, limits = numbers("x_o", x_o, 2), ranges(limits, 2)
    seen = np.r_[x, x_o[None]]
    rows = {
        name: np.round(v, 3).tolist() for name, v in zip("abvw", [*theta.T, *x.T], strict=True)
    }
    rows |= {"e": [float(f"{e:.4g}") for e in distance], "i": list(range(n))}
    source = (
        alt.Chart(alt.NamedData("simulations"))
        .transform_flatten(list(rows))
        .transform_filter("datum.i < n")
    )
    views = []
    for fields, reach, words in (
        ("vw", np.stack([seen.min(0), seen.max(0)], 1), names[1]),
        ("ab", limits, names[0]),
    ):
        place = plane(*reach, *words)
        dots = source.transform_calculate(x=f"datum.{fields[0]}", y=f"datum.{fields[1]}")
        near = dots.transform_filter("datum.e <= tolerance")
        views.append(
            [
                dots.mark_circle(color=PRIOR, size=7, opacity=0.45).encode(**place),
                near.mark_circle(color=POSTERIOR, size=18, opacity=0.9).encode(**place),
            ]
        )
        if fields == "vw":
            cross = {"shape": CROSS, "size": 150, "stroke": OBSERVED, "strokeWidth": 2.2}
            spot = rows_of([{"x": float(x_o[0]), "y": float(x_o[1])}])
            mark = spot.mark_point(**cross, fill="transparent")
            views[-1].append(mark.encode(**place))
        else:
            (left, bottom), (wide, high) = limits[:, 0], np.diff(limits).ravel() / 1000
            x, y = f"{left} + {wide:.6g} * datum.u", f"{bottom} + {high:.6g} * datum.v"
            views[-1].append(outline_marks(outline_rows(posterior), x, y).encode(**place))
    planes = alt.hconcat(*(square(*layers) for layers in views), spacing=24)
    middle = np.linspace(*limits[1], 2 * np.shape(posterior)[1] + 1)[1::2]
    mass = np.sum(posterior, 0) / np.sum(posterior)
    exact = float(np.sqrt(mass @ (middle - mass @ middle) ** 2))
    chart = alt.vconcat(
        _report(source, names[0][1], exact), planes, spacing=8, datasets={"simulations": [rows]}
    )
    power = alt.binding_range(min=-1.6, max=0.6, step=0.1, name="tolerance")
    count = alt.binding_range(min=100, max=n, step=100, name="simulations")
    chart = chart.add_params(
        alt.param(name="power", value=-0.2, bind=power),
        alt.param(name="n", value=n, bind=count),
        alt.param(name="tolerance", expr="pow(10, power)"),
    )
    told = (
        f"Two planes with {n} simulations: {' and '.join(names[1])} on one, "
        f"{' and '.join(names[0])} on the other. Those within a tolerance of the observation are "
        "marked; outlines show the exact posterior. Sliders change the tolerance and the number."
    )
    hint = "Cross: the observation. Outlines: 50 and 90 % of the exact posterior."
    return present(chart, title, told, hint)


def _report(source: alt.Chart, label: str, exact: float) -> alt.Chart:
    """Write how many simulations are kept, and how wide the last parameter is among them."""
    name, unit = parse(label).name, parse(label).unit
    told = (
        "['tolerance ' + format(tolerance, '.2~r') + ': kept ' + datum.kept + ' of ' + datum.all, "
        f"'standard deviation of {name}: ' + (datum.kept > 1 ? format(datum.s, '.2~r') + "
        f"' {unit}' : '–') + ' (exact {number(exact, 2)})']"
    )
    sums = source.transform_calculate(
        inside="datum.e <= tolerance ? 1 : 0", among="datum.e <= tolerance ? datum.b : null"
    ).transform_aggregate(kept="sum(inside)", all="count()", s="stdev(among)")
    mark = sums.mark_text(align="left", baseline="top", lineHeight=17, text=alt.ExprRef(told))
    return mark.encode(x=alt.value(0), y=alt.value(0)).properties(width=WIDTH, height=34)
