"""Curves of one variable that a slider changes; every step was computed beforehand."""

from collections.abc import Iterator, Mapping, Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from book.figures.parameter_explorer import sliders
from mechfit.figures.checks import increasing, numbers
from mechfit.figures.curves import plane
from mechfit.figures.encoding import encode
from mechfit.figures.parts import coded_trace, named_lines, rows_of
from mechfit.figures.theme import POSTERIOR, ROLES, WIDTH, Role, assign, present

ORDER = ("prior", "observed", "posterior")


def sliding_curves(
    x: tuple[str, ArrayLike],
    slider: tuple[str, Sequence[float]],
    named: Mapping[str, ArrayLike],
    *,
    up: str,
    title: str,
    description: str,
    start: int = 0,
) -> alt.LayerChart:
    """Draw curves, one set for each step of a slider.

    Args:
        x: Name and evenly spaced values (p,) of the variable.
        slider: Name and evenly spaced values of what the slider changes.
        named: Name to values that are not negative, shape (steps, p), or (p,) for a curve that
            stays; up to three, drawn as prior, as reference and as posterior.
        up: Name of the values.
        title: What to see, in words.
        description: The text alternative.
        start: Index of the first step to show.
    """
    across, grid, steps = x[0], increasing(x[1]), increasing(slider[1])
    shape = len(steps), len(grid)
    named = {
        name: numbers(name, v if np.ndim(v) == 2 else np.tile(v, (len(steps), 1)), *shape)
        for name, v in named.items()
    }
    looks = assign(list(named), None, ORDER)
    high = 1.04 * max(float(v.max()) for v in named.values())
    place = plane((grid[0], grid[-1]), (0, high), across, up)
    place["x"].shorthand, place["y"].shorthand = "t:Q", "v:Q"
    place["y"].axis, place["y"].stack = alt.Axis(title=up, tickCount=5), None
    params, chosen = sliders({slider[0]: steps}, [start])
    layers, key = [], named_lines(looks)
    for role, line in lines_of(grid, named, looks, high, chosen):
        if role == ROLES["posterior"]:
            fill = line.mark_area(fill=POSTERIOR, fillOpacity=0.25)
            layers.append(fill.encode(**place))
        layers.append(line.encode(**place, **key))
    chart = alt.layer(*layers).properties(width=WIDTH, height=200).add_params(*params)
    return present(chart, title, description)


def lines_of(
    grid: np.ndarray,
    named: Mapping[str, np.ndarray],
    looks: Mapping[str, Role],
    high: float,
    chosen: str,
) -> Iterator[tuple[Role, alt.Chart]]:
    """Lines with fields `t`, `v` and `name` of curves (k, p), of the set an expression chooses."""
    for name, values in named.items():
        rows = [{"k": k, "v": encode(curve, 0, high)} for k, curve in enumerate(values)]
        source = rows_of(rows).transform_filter(f"datum.k == {chosen}")
        line = coded_trace(source, grid, 0, high, looks[name])
        yield looks[name], line.transform_calculate(name=repr(name))
