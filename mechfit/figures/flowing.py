"""A flow bends a grid: lines and dots of the base move through the layers to the posterior.

The states after every layer travel in the chart, two characters per coordinate; between two
layers the page moves along a straight line. Taught in the chapter inference/density-estimators.
"""

from collections.abc import Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import numbers, ranges
from mechfit.figures.encoding import decode, encode
from mechfit.figures.fields import SIDE, Square
from mechfit.figures.labels import ends
from mechfit.figures.marks import rows_of
from mechfit.figures.theme import OBSERVED, POSTERIOR, finish

LOW, HIGH = -0.5, 1.5
"""Shares of the square's side between which a coordinate is stored; shown from 0 to 1."""


def _coded(states: np.ndarray) -> list[str]:
    """Write each stage of points (stages, p, 2) as text."""
    return [encode(stage.ravel(), LOW, HIGH) for stage in states]


def _moving(rows: list[dict], points: int, square: Square) -> alt.Chart:
    """Place the points of coded rows between the stages below and above the slider's `stage`."""
    source = rows_of(rows).transform_filter("datum.x_o == observation")
    source = source.transform_calculate(i=f"sequence({points})").transform_flatten(["i"])
    where = {}
    for axis, name in enumerate("xy"):
        a, b = (
            decode(f"datum.c[{way}(stage)]", f"(2 * datum.i + {axis})", LOW, HIGH)
            for way in ("floor", "ceil")
        )
        where[name] = f"{a} + (stage - floor(stage)) * (({b}) - ({a}))"
    seen = "datum.u >= 0 && datum.u <= 1 && datum.v >= 0 && datum.v <= 1"
    moved = source.transform_calculate(u=where["x"], v=where["y"])
    return moved.transform_calculate(x=f"{seen} ? datum.u : null", y="datum.v")


def bent_grid(
    lines: ArrayLike,
    dots: ArrayLike,
    limits: ArrayLike,
    density: ArrayLike,
    *,
    labels: Sequence[str],
    observations: Sequence[str],
    title: str,
    start: float = 0.0,
    description: str | None = None,
) -> alt.LayerChart:
    """Move a grid and dots through the layers of a flow, beside the density that comes out.

    Args:
        lines: States of l lines of p points, shape (observations, stages, l, p, 2).
        dots: States of m dots, shape (observations, stages, m, 2).
        limits: Ranges of the plane at each stage, shape (stages, 2, 2); the last are those of
            the parameters.
        density: Density of the parameters on equal bins, shape (observations, b, b), first axis
            across.
        labels: Names of the two parameters.
        observations: Words for each observation, the entries of a menu.
        title: What to see, in words.
        start: Stage shown at first.
        description: The text alternative; what the slider does if left out.

    Returns:
        The chart; stage 0 is the base, the last stage the parameters.

    Example:
        >>> line = np.linspace(-1, 1, 5)
        >>> lines = np.zeros((1, 2, 1, 5, 2)) + np.stack([line, line], 1)
        >>> chart = bent_grid(lines, lines[:, :, 0], [[[-2, 2]] * 2] * 2, np.ones((1, 8, 8)),
        ...     labels=["a", "b"], observations=["x_o"], title="It stays")
        >>> chart.description[:29]
        'A grid of 1 lines and 5 dots '
    """
    lines, dots = np.asarray(lines, float), np.asarray(dots, float)
    kinds, steps = len(observations), len(limits)
    lines = numbers("lines", lines, kinds, steps, "l", "p", 2)
    dots = numbers("dots", dots, kinds, steps, "m", 2)
    reach = np.stack([ranges(pair, 2) for pair in limits])
    bins = np.shape(density)[-1]
    density = numbers("density", density, kinds, bins, bins)
    start_of, span = reach[..., 0], reach[..., 1] - reach[..., 0]
    lines = (lines - start_of[:, None, None]) / span[:, None, None]
    dots = (dots - start_of[:, None]) / span[:, None]

    left, right = Square(), Square(second=True)
    threads = [
        {"x_o": name, "l": k, "c": _coded(line)}
        for name, group in zip(observations, lines, strict=True)
        for k, line in enumerate(np.moveaxis(group, 1, 0))
    ]
    clouds = [
        {"x_o": name, "c": _coded(group)} for name, group in zip(observations, dots, strict=True)
    ]
    maps = [
        {"x_o": name, "c": encode(grid.ravel(), 0, grid.max(), 1)}
        for name, grid in zip(observations, density, strict=True)
    ]
    line = _moving(threads, lines.shape[3], left)
    line = line.mark_line(stroke=OBSERVED, strokeWidth=0.8, strokeOpacity=0.5, aria=False)
    dot = _moving(clouds, dots.shape[2], left)
    dot = dot.mark_circle(color=POSTERIOR, size=14, opacity=0.8, aria=False)
    heat = rows_of(maps).transform_filter("datum.x_o == observation")
    last, now = steps - 1, f"(stage == {steps - 1})"
    low, high = ([[ends(*pair)[k] for pair in stage] for stage in reach] for k in (0, 1))
    named = [
        f"={now} ? '{label}' : (stage == 0 ? 'u' : 'z') + '{index}'"
        for label, index in zip(labels, "₁₂", strict=True)
    ]
    moving = [
        [f"={[stage[axis] for stage in all_ends]}[round(stage)]" for axis in (0, 1)]
        for all_ends in (low, high)
    ]
    said = (
        f"stage == 0 ? 'noise' : {now} ? 'parameters, in the box of the prior' : "
        f"stage > {last - 1} ? 'into the box of the prior' : "
        "'layer ' + ceil(stage) + (stage == ceil(stage) ? ' done' : '')"
    )
    layers = [
        line.encode(**left.place, detail="l:N", order="i:Q"),
        dot.encode(**left.place),
        right.cells(heat, bins),
        *left.edges(named, *moving),
        *right.edges(labels, low[-1], high[-1]),
        left.title(f"={said}"),
        right.title("density of the parameters"),
    ]
    slider = alt.binding_range(min=0, max=last, step=0.05, name="step")
    menu = alt.binding_select(options=list(observations), name="observation")
    chart = alt.layer(*layers).resolve_scale(x="independent", y="independent")
    chart = chart.add_params(
        alt.param(name="stage", value=float(start), bind=slider),
        alt.param(name="observation", value=observations[0], bind=menu),
    )
    told = (
        f"A grid of {lines.shape[2]} lines and {dots.shape[2]} dots of noise. A slider moves them "
        f"through {last - 1} layers of a flow and into the prior's box, where the dots are draws "
        "from the posterior; its density stands beside it. A menu chooses the observation."
    )
    return finish(chart, title, description or told, (SIDE, SIDE))
