"""A normalizing flow layer by layer: a grid and dots of noise become draws of the posterior."""

from collections.abc import Sequence

import altair as alt
import numpy as np

from mechfit.figures.checks import numbers
from mechfit.figures.encoding import decode, encode
from mechfit.figures.fields import square, square_plane
from mechfit.figures.heat import heat_cells, outline_marks, outline_rows
from mechfit.figures.parts import option, points, rows_of, slider
from mechfit.figures.theme import OBSERVED, POSTERIOR, present

SHOWN = "datum.x_o == observation"
FAR = 5.0
"""Coordinates are stored from minus to plus this; no axis reaches so far."""


def flow_layers(
    lines: np.ndarray,
    dots: np.ndarray,
    reach: np.ndarray,
    density: np.ndarray,
    exact: np.ndarray,
    *,
    labels: Sequence[str],
    observations: Sequence[str],
    title: str,
) -> alt.HConcatChart:
    """Draw points after each layer of a flow, and the density that the flow gives.

    Args:
        lines: Points of l lines, shape (observations, stages, l, p, 2); stage 0 is the noise,
            the last stage the parameters.
        dots: Further points, shape (observations, stages, m, 2).
        reach: The axes go from minus to plus this at each stage, shape (stages,); the last one
            is that of the parameters.
        density: Density of the parameters, shape (observations, b, b), first axis across.
        exact: The exact one, of the same shape, drawn as outlines.
        labels: Names of the two parameters.
        observations: Words for each observation, the entries of a menu.
        title: What to see, in words.
    """
    kinds, last, bins = len(observations), len(reach) - 1, np.shape(density)[-1]
    lines = numbers("lines", lines, kinds, last + 1, "l", "p", 2)
    dots = numbers("dots", dots, kinds, last + 1, "m", 2)
    density = numbers("density", density, kinds, bins, bins)
    exact = numbers("exact", exact, kinds, bins, bins)
    threads, clouds, maps, loops = [], [], [], []
    for name, group, cloud, grid, true in zip(
        observations, lines, dots, density, exact, strict=True
    ):
        loops += [{"x_o": name} | loop for loop in outline_rows(true)]
        each = enumerate(np.moveaxis(group, 1, 0))
        threads += [{"x_o": name, "l": k, "c": _coded(line)} for k, line in each]
        clouds.append({"x_o": name, "c": _coded(cloud)})
        maps.append({"x_o": name, "c": encode(grid.ravel(), 0, grid.max(), 1)})
    ends = [float(r) for r in reach]
    box = np.array([[-ends[-1], ends[-1]]] * 2)
    now = f"{ends}[floor(stage)] + (stage % 1) * ({ends}[ceil(stage)] - {ends}[floor(stage)])"
    moving = square_plane(box, ("first coordinate", "second coordinate"))
    for channel in moving.values():
        channel.scale = alt.Scale(domain=[alt.ExprRef(f"-({now})"), alt.ExprRef(now)])
    words = (
        f"stage == 0 ? 'noise u' : stage == {last} ? 'parameters θ' : stage > {last - 1} ? "
        "'into the box of the prior' : 'layer ' + ceil(stage) + (stage % 1 ? '' : ' done')"
    )
    line = _moved(threads, lines.shape[3])
    line = line.mark_line(stroke=OBSERVED, strokeWidth=0.8, strokeOpacity=0.5, clip=True)
    line = line.encode(**moving, detail="l:N", order="i:Q")
    dot = _moved(clouds, dots.shape[2])
    dot = dot.mark_circle(color=POSTERIOR, size=14, opacity=0.8, clip=True).encode(**moving)
    heat = heat_cells(rows_of(maps).transform_filter(SHOWN), box, bins)
    side = ends[-1]
    spots = (f"{-side} + {side / 500} * datum.{k}" for k in "uv")
    outline = outline_marks(loops, *spots).transform_filter(SHOWN)
    plane = square_plane(box, labels)
    chart = alt.hconcat(
        square(line, dot, words=alt.ExprRef(words)),
        square(
            heat.encode(**plane),
            outline.encode(**plane),
            words="density of the parameters; outlines: the exact one",
        ),
    ).add_params(
        slider("stage", "step", last, (0, last), 0.05),
        option("observation", observations, "observation", observations[0]),
    )
    told = (
        f"A grid of {lines.shape[2]} lines and {dots.shape[2]} dots of noise. A slider moves them "
        f"through {last - 1} layers of a flow and into the prior's box, where the dots are draws "
        "from the posterior; its density stands beside it, with the outlines of the exact one. A "
        "menu chooses the observation."
    )
    return present(chart, title, told)


def _coded(states: np.ndarray) -> list[str]:
    """Write each stage of points (stages, p, 2) as text."""
    return [encode(stage.ravel(), -FAR, FAR) for stage in states]


def _moved(rows: list[dict], count: int) -> alt.Chart:
    """Place points between the stages below and above the slider's `stage`, as fields x and y."""
    source = rows_of(rows).transform_filter(SHOWN)
    where = {}
    for axis, name in enumerate("xy"):
        a, b = (
            decode(f"datum.c[{way}(stage)]", f"(2 * datum.i + {axis})", -FAR, FAR)
            for way in ("floor", "ceil")
        )
        where[name] = f"{a} + (stage % 1) * (({b}) - ({a}))"
    return points(source, count, **where)
