"""Slices of two posteriors side by side, and on them the curve on which theory keeps the rate."""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from book.figures.parameter_explorer import sliders
from mechfit.figures.checks import numbers, ranges
from mechfit.figures.encoding import encode
from mechfit.figures.fields import square, square_plane
from mechfit.figures.heat import heat_cells
from mechfit.figures.parts import rows_of, short
from mechfit.figures.theme import PATH, SAMPLE, present


def ridge(
    slider: tuple[str, ArrayLike],
    named: Mapping[str, ArrayLike],
    curves: Sequence[ArrayLike],
    truth: tuple[int, Sequence[float]],
    limits: ArrayLike,
    labels: Sequence[str],
    *,
    title: str,
    description: str,
) -> alt.HConcatChart:
    """Draw densities of two parameters at each value of a third one, which a slider sets.

    Args:
        slider: Name and evenly spaced values (s,) of the third parameter.
        named: Name to density on equal bins (s, b, b), first parameter across; the color of each
            is relative to the peak of all its slices.
        curves: Points (m, 2) of a curve at each value, dashed.
        truth: Index of the value and place of the truth, which is drawn in that slice.
        limits: Ranges of both parameters (2, 2).
        labels: Their names.
        title: What to see, in words.
        description: The text alternative.
    """
    values, limits = numbers(slider[0], slider[1], "s"), ranges(limits, 2)
    params, chosen = sliders({slider[0]: values}, [truth[0]])
    place, shown = square_plane(limits, labels), f"datum.k == {chosen}"
    line = [{"k": k, **dict(zip("xy", map(short, np.transpose(c)), strict=True))}
            for k, c in enumerate(curves)]  # fmt: skip
    line = rows_of(line).transform_filter(shown).transform_flatten(["x", "y"])
    line = line.mark_line(stroke=PATH, strokeDash=[8, 2, 2, 2], strokeWidth=2, clip=True)
    spot = rows_of([{"k": truth[0], "x": truth[1][0], "y": truth[1][1]}]).transform_filter(shown)
    ring = spot.mark_point(size=90, stroke=SAMPLE, strokeWidth=2, filled=False)
    views = []
    for name, grids in named.items():
        bins = np.shape(grids)[-1]
        grids = numbers(name, grids, len(values), bins, bins)
        rows = [{"k": k, "c": encode(g.ravel(), 0, grids.max(), 1)} for k, g in enumerate(grids)]
        cells = heat_cells(rows_of(rows).transform_filter(shown), limits, bins)
        layers = cells.encode(**place), line.encode(**place), ring.encode(**place)
        views.append(square(*layers, words=name))
    chart = alt.hconcat(*views).add_params(*params)
    return present(chart, title, description, "Set the third parameter below the figure.")
