"""Two squares beside each other in pixels, for figures that are still placed by hand."""

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
import numpy as np

from mechfit.figures.encoding import ALPHABET
from mechfit.figures.marks import Pixels, px, rows_of, segment, words
from mechfit.figures.theme import _PAGE as WIDTH
from mechfit.figures.theme import NARROW, POSTERIOR, PRIOR

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
