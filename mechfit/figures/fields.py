"""Densities on a plane, one of them chosen by a menu, beside a fixed one.

A density travels as one character per bin; the page turns it into cells whose opacity is the
density, so it sits on any background. Taught in the chapter inference/density-estimators.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import numbers, ranges
from mechfit.figures.encoding import ALPHABET, encode
from mechfit.figures.labels import ends
from mechfit.figures.marks import Pixels, px, rows_of, segment, words
from mechfit.figures.theme import _PAGE as WIDTH
from mechfit.figures.theme import NARROW, POSTERIOR, PRIOR, finish

LEFT, TOP, SIDE = 44, 24, 264
GAP = WIDTH - LEFT - 2 * SIDE
SMALL = f"page < {NARROW}"


@dataclass(frozen=True)
class Square:
    """One of two squares: beside each other, in a narrow window below each other."""

    second: bool = False

    @property
    def side(self) -> str:
        """Expression of the side in px."""
        return f"min({SIDE}, page - {LEFT})"

    @property
    def left(self) -> str:
        """Expression of the left end."""
        return f"({SMALL} ? 0 : {SIDE + GAP})" if self.second else "0"

    @property
    def top(self) -> str:
        """Expression of the upper end."""
        return f"({SMALL} ? {self.side} + {2 * TOP + 28} : {TOP})" if self.second else f"{TOP}"

    @property
    def place(self) -> dict[str, alt.X | alt.Y]:
        """Channels for the fields `x` and `y`, shares of the side from its lower left."""
        right, bottom = f"{self.left} + {self.side}", f"{self.top} + {self.side}"
        exact = {"domain": [0, 1], "nice": False, "zero": False}
        x = alt.Scale(range=[px(self.left), px(right)], **exact)
        y = alt.Scale(range=[px(bottom), px(self.top)], **exact)
        return {"x": alt.X("x:Q", scale=x, axis=None), "y": alt.Y("y:Q", scale=y, axis=None)}

    def edges(self, labels: Sequence[str], low: Sequence[str], high: Sequence[str]) -> list:
        """Draw the frame; write the two labels and the ends of both axes, in a room of its own."""
        box = rows_of([{"x": 0, "y": 0, "x2": 1, "y2": 1}])
        look = {"fill": "transparent", "stroke": "rgba(128,128,128,.5)", "strokeWidth": 0.7}
        frame = box.mark_rect(**look, aria=False).encode(**self.place, x2="x2", y2="y2")
        right, bottom = f"{self.left} + {self.side}", f"{self.top} + {self.side}"
        below, beside = f"{bottom} + 14", f"{self.left} - 7"
        small = {"size": 11}
        room = f"{self.left} - {LEFT - 6}"
        return [
            frame,
            segment((room, room), (self.top, bottom), strokeOpacity=0),
            words(low[0], self.left, below, **small),
            words(high[0], right, below, align="right", **small),
            words(labels[0], f"{self.left} + {self.side} / 2", below, align="center"),
            words(low[1], beside, f"{bottom} - 5", align="right", **small),
            words(high[1], beside, f"{self.top} + 6", align="right", **small),
            words(labels[1], beside, f"{self.top} + {self.side} / 2", align="right"),
        ]

    def cells(self, source: alt.Chart, bins: int) -> alt.Chart:
        """Turn each character of the field `c` (x-major, `encode`d from 0 on) into a cell."""
        s = 1 / bins
        return (
            source.transform_calculate(k="split(datum.c, '')", i=f"sequence({bins * bins})")
            .transform_flatten(["k", "i"])
            .transform_calculate(q=f"indexof('{ALPHABET}', datum.k) / 63")
            .transform_filter("datum.q > 0.02")
            .transform_calculate(x=f"{s} * floor(datum.i / {bins})", y=f"{s} * (datum.i % {bins})")
            .transform_calculate(
                x2=f"datum.x + {s}", y2=f"datum.y + {s}", o="pow(datum.q, 0.75) * 0.95"
            )
            .mark_rect(fill=POSTERIOR, strokeWidth=0, aria=False)
            .encode(**self.place, x2="x2", y2="y2", fillOpacity=alt.FillOpacity("o:Q", scale=None))
        )

    def title(self, text: str) -> alt.Chart:
        """Name the square above its upper left end."""
        return words(text, self.left, f"{self.top} - 12")


def outline(square: Square, box: np.ndarray, limits: np.ndarray) -> list[alt.Chart]:
    """Dash the edges of a box (2, 2) in the prior's color, and name it inside its corner."""
    share = (box - limits[:, :1]) / np.diff(limits)
    xs: list[Pixels] = [f"{square.left} + {square.side} * {v:.5g}" for v in share[0]]
    ys: list[Pixels] = [f"{square.top} + {square.side} * {1 - v:.5g}" for v in share[1]]
    look = {"stroke": PRIOR, "strokeDash": [4, 3], "strokeWidth": 1.5}
    sides = [segment(tuple(xs), (y, y), **look) for y in ys]
    sides += [segment((x, x), tuple(ys), **look) for x in xs]
    return [*sides, words("prior", f"{xs[0]} + 5", f"{ys[1]} + 10", size=11)]


def fields(
    named: Mapping[str, ArrayLike],
    limits: ArrayLike,
    labels: Sequence[str],
    *,
    title: str,
    choose: str,
    box: ArrayLike | None = None,
    description: str | None = None,
) -> alt.LayerChart:
    """Show a density on a plane beside others, of which a menu chooses one.

    Args:
        named: Name to density on equal bins, shape (b, b), first axis across; the first one is
            always shown and its peak is the darkest color of all.
        limits: Ranges of the two parameters, shape (2, 2).
        labels: Names of the two parameters.
        title: What to see, in words.
        choose: Name of the menu.
        box: Ranges of the prior, shape (2, 2), outlined if given.
        description: The text alternative; what stands beside what if left out.

    Returns:
        The chart.

    Example:
        >>> named = {"exact": np.eye(4), "flat": np.ones((4, 4)), "none": np.zeros((4, 4))}
        >>> limits, labels = [[0, 1], [0, 1]], ["a", "b"]
        >>> fields(named, limits, labels, title="Unlike", choose="density").description
        'The density exact of a and b, and beside it one that a menu chooses: flat, none.'
    """
    grids = {name: np.asarray(grid, float) for name, grid in named.items()}
    if len(grids) < 3 or len(labels) != 2:
        raise ValueError(
            f"got {len(grids)} densities, {len(labels)} labels, expected 3 or more, 2"
        )
    bins = len(next(iter(grids.values())))
    grids = {name: numbers(name, grid, bins, bins) for name, grid in grids.items()}
    limits = ranges(limits, 2)
    fixed, *others = grids
    peak = float(grids[fixed].max())
    rows = {n: {"name": n, "c": encode(g.ravel(), 0, peak, 1)} for n, g in grids.items()}
    bind = alt.binding_select(options=others, name=choose)
    first, second = Square(), Square(second=True)
    chosen = rows_of([rows[n] for n in others]).transform_filter("datum.name == shown")
    low, high = zip(*(ends(*pair) for pair in limits), strict=True)
    layers = [first.cells(rows_of([rows[fixed]]), bins), second.cells(chosen, bins)]
    for square, name in ((first, fixed), (second, "=shown")):
        layers += [*square.edges(labels, low, high), square.title(name)]
        layers += outline(square, ranges(box, 2), limits) if box is not None else []
    chart = alt.layer(*layers).resolve_scale(x="independent", y="independent")
    chart = chart.add_params(alt.param(name="shown", value=others[0], bind=bind))
    told = (
        f"The density {fixed} of {labels[0]} and {labels[1]}, and beside it one that a menu "
        f"chooses: {', '.join(others)}."
    )
    return finish(chart, title, description or told, (SIDE, SIDE))
