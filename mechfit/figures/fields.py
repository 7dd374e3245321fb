"""Densities of two parameters as heat maps: one is fixed, a menu chooses the one beside it."""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import different, numbers, ranges
from mechfit.figures.curves import plane
from mechfit.figures.encoding import encode
from mechfit.figures.heat import heat_cells
from mechfit.figures.parts import heading, option, rows_of, table
from mechfit.figures.theme import PRIOR, present

SIDE = 264
"""Nominal side in px of one of two squares in a row."""
FRAME = "rgba(128,128,128,.5)"


def square(*layers: alt.Chart, words: str | alt.ExprRef = "") -> alt.LayerChart:
    """Layer marks in a framed square view with words above it."""
    frame = alt.ViewBackground(stroke=FRAME, strokeWidth=0.7)
    chart = alt.layer(*layers).properties(width=SIDE, height=SIDE, view=frame)
    return chart.properties(title=heading(words, weight=600)) if words else chart


def square_plane(limits: np.ndarray, labels: Sequence[str]) -> dict[str, alt.X | alt.Y]:
    """Channels for the fields `x` and `y` of a square view within limits (2, 2)."""
    place = plane(*limits, *labels)
    place["x"]["axis"]["tickCount"] = 4
    return place


def fields(
    named: Mapping[str, ArrayLike],
    limits: ArrayLike,
    labels: Sequence[str],
    *,
    title: str,
    choose: str,
    box: ArrayLike | None = None,
) -> alt.HConcatChart:
    """Show a density of two parameters beside others, of which a menu chooses one.

    Args:
        named: Name to density on equal bins, shape (b, b), first axis across; the first one is
            always shown and its peak is the darkest color of all.
        limits: Ranges of the two parameters, shape (2, 2).
        labels: Names of the two parameters.
        title: What to see, in words.
        choose: Name of the menu.
        box: Ranges of the prior, shape (2, 2), outlined if given.
    """
    if len(named) < 3 or len(labels) != 2:
        raise ValueError(
            f"got {len(named)} densities, {len(labels)} labels, expected 3 or more, 2"
        )
    labels, limits, (fixed, *others) = different("labels", labels), ranges(limits, 2), named
    bins = len(numbers(fixed, named[fixed], "b", "b"))
    grids = {name: numbers(name, grid, bins, bins) for name, grid in named.items()}
    peak = float(grids[fixed].max())
    rows = {n: {"name": n, "c": encode(g.ravel(), 0, peak, 1)} for n, g in grids.items()}
    chosen = rows_of([rows[n] for n in others]).transform_filter("datum.name == shown")
    place, views = square_plane(limits, labels), []
    for source, words in ((rows_of([rows[fixed]]), fixed), (chosen, alt.ExprRef("shown"))):
        layers = [heat_cells(source, limits, bins).encode(**place)]
        if box is not None:
            layers += _outline(ranges(box, 2, "box"), place)
        views.append(square(*layers, words=words))
    told = f"The density {fixed} of {labels[0]} and {labels[1]}, and beside it one that a menu "
    told += f"chooses: {', '.join(others)}."
    chart = alt.hconcat(*views).add_params(option("shown", others, choose, others[0]))
    return present(chart, title, told)


def _outline(box: np.ndarray, place: Mapping[str, object]) -> list[alt.Chart]:
    """Dash the edges of the prior's box (2, 2), and name it inside its corner."""
    (x, x2), (y, y2) = box[:, :, None]
    look = {"fill": "transparent", "stroke": PRIOR, "strokeDash": [4, 3], "strokeWidth": 1.5}
    frame = table(x=x, x2=x2, y=y, y2=y2).mark_rect(**look).encode(**place, x2="x2", y2="y2")
    name = table(x=x, y=y2).mark_text(align="left", baseline="top", dx=5, dy=5, fontSize=11)
    return [frame, name.encode(**place, text=alt.value("prior"))]
