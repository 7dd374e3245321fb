"""Rejection by hand: sliders choose the simulations that count, two planes show what is left."""

from collections.abc import Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import numbers, ranges
from mechfit.figures.curves import plane
from mechfit.figures.fields import square
from mechfit.figures.heat import outline_marks, outline_rows
from mechfit.figures.labels import number, parse
from mechfit.figures.parts import short, slider, table, words
from mechfit.figures.theme import OBSERVED, POSTERIOR, PRIOR, present

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
    columns = dict(zip("abvw", np.round([*theta.T, *x.T], 3).tolist(), strict=True))
    columns |= {"e": short(distance), "i": [*range(n)]}
    source = alt.Chart(alt.NamedData("simulations")).transform_flatten([*columns])
    source = source.transform_filter("datum.i < n")
    (left, low), (wide, high) = limits[:, 0], np.diff(limits).ravel() / 1000
    place = f"{left} + {wide:.6g} * datum.u", f"{low} + {high:.6g} * datum.v"
    outline, seen = outline_marks(outline_rows(posterior), *place), np.r_[x, x_o[None]]
    cross = {"shape": CROSS, "size": 150, "stroke": OBSERVED, "strokeWidth": 2.2}
    spot = table(x=x_o[:1], y=x_o[1:]).mark_point(**cross, fill="transparent")
    reach, views = np.stack([seen.min(0), seen.max(0)], 1), []
    planes = ("vw", reach, names[1], spot), ("ab", limits, names[0], outline)
    for fields, where, labels, mark in planes:
        place = plane(*where, *labels)
        dots = source.transform_calculate(x=f"datum.{fields[0]}", y=f"datum.{fields[1]}")
        near = dots.transform_filter("datum.e <= tolerance")
        gray = dots.mark_circle(color=PRIOR, size=7, opacity=0.45).encode(**place)
        blue = near.mark_circle(color=POSTERIOR, size=18, opacity=0.9).encode(**place)
        views.append(square(gray, blue, mark.encode(**place)))
    middle = np.linspace(*limits[1], 2 * np.shape(posterior)[1] + 1)[1::2]
    mass = np.sum(posterior, 0) / np.sum(posterior)
    exact = float(np.sqrt(mass @ (middle - mass @ middle) ** 2))
    name, unit = parse(names[0][1]).name, parse(names[0][1]).unit
    said = (
        "['tolerance ' + format(tolerance, '.2~r') + ': kept ' + datum.kept + ' of ' + datum.all, "
        f"'standard deviation of {name}: ' + (datum.kept > 1 ? format(datum.s, '.2~r') + "
        f"' {unit}' : '–') + ' (exact {number(exact, 2)})']"
    )
    sums = source.transform_calculate(
        inside="datum.e <= tolerance ? 1 : 0", among="datum.e <= tolerance ? datum.b : null"
    ).transform_aggregate(kept="sum(inside)", all="count()", s="stdev(among)")
    chart = alt.vconcat(
        words(sums.transform_calculate(said=said), height=34),
        alt.hconcat(*views, spacing=24),
        spacing=8,
        datasets={"simulations": [columns]},
    ).add_params(
        slider("power", "tolerance", -0.2, (-1.6, 0.6), 0.1),
        slider("n", "simulations", n, (100, n), 100),
        alt.param(name="tolerance", expr="pow(10, power)"),
    )
    told = (
        f"Two planes with {n} simulations: {' and '.join(names[1])} on one, "
        f"{' and '.join(names[0])} on the other. Those within a tolerance of the observation are "
        "marked; outlines show the exact posterior. Sliders change the tolerance and the number."
    )
    hint = "Cross: the observation. Outlines: 50 and 90 % of the exact posterior."
    return present(chart, title, told, hint)
