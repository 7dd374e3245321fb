"""The panels of a pairplot: where they are, their headers, numbers and markers.

All layers share one pair of scales in px. Panels may shrink in a narrow window by the signal
`zoom`; the header above them keeps its height, since its letters keep their size.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations_with_replacement

import altair as alt
import numpy as np

from mechfit.figures.labels import Label, ends
from mechfit.figures.marks import rows_of
from mechfit.figures.theme import _PAGE as WIDTH
from mechfit.figures.theme import NARROW, Role

LEFT, TOP, GAP = 66, 52, 10


@dataclass(frozen=True)
class Grid:
    """Where the panels of d parameters are: each has bins * bins cells, `cell` px wide."""

    d: int
    bins: int
    cell: int

    @classmethod
    def of(cls, d: int) -> "Grid":
        """Choose panels for d parameters."""
        room = min((WIDTH - LEFT + GAP) // d - GAP, 170)
        cell = max(3, room // 26)
        return cls(d, room // cell, cell)

    @property
    def panel(self) -> int:
        """Side of a panel in px."""
        return self.bins * self.cell

    @property
    def total(self) -> int:
        """Side of all panels in px."""
        return self.d * (self.panel + GAP) - GAP

    @property
    def zoom(self) -> str:
        """Expression by which panels shrink in a narrow window; many panels keep their size."""
        share = f"min(1, (page - {LEFT}) / {self.total})"
        return f"(page < {NARROW} ? {share} : 1)" if self.d <= 4 else "1"

    @property
    def place(self) -> dict[str, alt.X | alt.Y]:
        """Channels for the fields `x` and `y` in px."""
        end, shrunk = self.total, f"{self.total} * {self.zoom}"
        right, bottom = alt.ExprRef(shrunk), alt.ExprRef(f"{TOP} + {shrunk}")
        x = alt.Scale(domain=[-LEFT, 0, end], range=[-LEFT, 0, right], nice=False)
        y = alt.Scale(domain=[0, TOP, TOP + end], range=[0, TOP, bottom], nice=False)
        return {"x": alt.X("x:Q", scale=x, axis=None), "y": alt.Y("y:Q", scale=y, axis=None)}

    def box(self, column: int, row: int) -> dict[str, int]:
        """Return the corners of a panel as fields `x`, `x2`, `y`, `y2`."""
        x, y = (k * (self.panel + GAP) for k in (column, row))
        return {"x": x, "x2": x + self.panel, "y": TOP + y, "y2": TOP + y + self.panel}

    def middle(self, column: int, row: int) -> tuple[float, float]:
        """Return the center of a panel."""
        box = self.box(column, row)
        return (box["x"] + box["x2"]) / 2, (box["y"] + box["y2"]) / 2


def headers(grid: Grid, parts: list[Label], limits: np.ndarray) -> list[alt.Chart]:
    """Write symbol, unit and range above each column, symbol and unit left of each row."""
    kinds = {
        "symbol": {"align": "right", "fontSize": 13},
        "subscript": {"align": "left", "fontSize": 10, "dy": 4},
        "unit": {"align": "center"},
        "row symbol": {"align": "right", "fontSize": 13, "dy": -6},
        "row subscript": {"align": "left", "dy": -2},
        "row unit": {"align": "right", "dy": 11},
        "low": {"align": "left"},
        "high": {"align": "right"},
    }
    texts: dict[str, list[dict]] = {k: [] for k in kinds}
    for i, (symbol, subscript, unit) in enumerate(parts):
        box, wide = grid.box(i, i), 5.5 * len(subscript)
        middle, row = grid.middle(i, i)
        split = middle + 3.5 * len(symbol) - wide / 2
        low, high = ends(*limits[i])
        texts["symbol"].append({"x": split, "y": 8, "t": symbol})
        texts["subscript"].append({"x": split + 0.5, "y": 8, "t": subscript})
        texts["unit"].append({"x": middle, "y": 25, "t": unit})
        texts["row symbol"].append({"x": -8 - wide, "y": row, "t": symbol})
        texts["row subscript"].append({"x": -7.5 - wide, "y": row, "t": subscript})
        texts["row unit"].append({"x": -8, "y": row, "t": unit})
        texts["low"].append({"x": box["x"], "y": 43, "t": low})
        texts["high"].append({"x": box["x2"], "y": 43, "t": high})
    return [
        rows_of(texts[kind])
        .mark_text(**{"baseline": "middle", "fontSize": 10, "aria": False, **style})
        .encode(**grid.place, text="t:N")
        for kind, style in kinds.items()
    ]


def coefficients(grid: Grid, r: np.ndarray) -> alt.Chart:
    """Write the correlation coefficients r (d, d) below the diagonal."""
    rows = []
    for i, j in zip(*np.tril_indices(grid.d, -1), strict=True):
        x, y = grid.middle(int(j), int(i))
        value = f"{r[i, j]:.2f}".replace("-", "−") if abs(r[i, j]) >= 0.005 else "0.00"
        rows.append({"x": x, "y": y, "t": value, "r": round(float(r[i, j]), 2)})
    weight = alt.ExprRef("abs(datum.r) >= 0.3 ? 600 : 400")
    style = {"baseline": "middle", "align": "center", "aria": False}
    mark = rows_of(rows).mark_text(fontSize=11, fontWeight=weight, **style)
    return mark.encode(**grid.place, text="t:N")


def markers(
    grid: Grid, points: Mapping[str, np.ndarray], looks: Mapping[str, Role], limits: np.ndarray
) -> list[alt.Chart]:
    """Mark named parameter sets (d,) on every density, as a line through every marginal."""
    layers = []
    for name, point in points.items():
        share = (point - limits[:, 0]) / np.diff(limits).ravel()
        shown = [i for i in range(grid.d) if 0 <= share[i] <= 1]
        spots, ticks = [], []
        for i, j in combinations_with_replacement(shown, 2):
            box = grid.box(j, i)
            x = round(box["x"] + share[j] * grid.panel, 1)
            if i == j:
                ticks.append({"x": x, "y": box["y"], "y2": box["y2"]})
            else:
                spots.append({"x": x, "y": round(box["y2"] - share[i] * grid.panel, 1)})
        look = looks[name]
        style = {"strokeWidth": 1.2, "aria": False}
        tick = rows_of(ticks).mark_rule(stroke=look.color, strokeDash=look.dash, **style)
        spot = symbol(rows_of(spots), look, 52 if grid.panel < 90 else 80)
        layers += [tick.encode(**grid.place, y2="y2"), spot.encode(**grid.place)]
    return layers


def symbol(chart: alt.Chart, look: Role, size: int = 60) -> alt.Chart:
    """Draw points in a role's color and shape: a ring is open, a filled shape fits into it."""
    ring = look.shape == "circle"
    fill, area = ("transparent", size) if ring else (look.color, size / 2)
    style = {"stroke": look.color, "strokeWidth": 1.8, "fill": fill, "opacity": 1}
    return chart.mark_point(shape=look.shape, size=area, **style, aria=False)
