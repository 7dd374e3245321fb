"""The panels of a pairplot: where they are, their headers, numbers and markers.

All layers share one pair of scales in px. Panels may shrink in a narrow window by the signal
`zoom`; the header above them keeps its height, since its letters keep their size.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import altair as alt
import numpy as np

from mechfit.figures.labels import Label, ends
from mechfit.figures.palette import Role
from mechfit.figures.theme import NARROW, WIDTH

LEFT, TOP, GAP = 66, 52, 10


@dataclass(frozen=True)
class Grid:
    """Where the panels are, in px.

    Attributes:
        d: Number of parameters.
        bins: Bins per axis of a panel.
        cell: Side of a bin.
    """

    d: int
    bins: int
    cell: int

    @property
    def panel(self) -> int:
        """Side of a panel."""
        return self.bins * self.cell

    @property
    def total(self) -> int:
        """Side of all panels."""
        return self.d * (self.panel + GAP) - GAP

    @property
    def zoom(self) -> str:
        """Expression by which panels shrink in a narrow window; many panels keep their size."""
        share = f"min(1, (page - {LEFT}) / {self.total})"
        return f"(page < {NARROW} ? {share} : 1)" if self.d <= 4 else "1"

    @property
    def place(self) -> dict[str, alt.X | alt.Y]:
        """Channels for the fields `x` and `y` in px."""
        end, zoom = self.total, self.zoom
        x = alt.Scale(
            domain=[-LEFT, 0, end],
            range=[-LEFT, 0, alt.ExprRef(f"{end} * {zoom}")],
            nice=False,
        )
        y = alt.Scale(
            domain=[0, TOP, TOP + end],
            range=[0, TOP, alt.ExprRef(f"{TOP} + {end} * {zoom}")],
            nice=False,
        )
        return {"x": alt.X("x:Q", scale=x, axis=None), "y": alt.Y("y:Q", scale=y, axis=None)}

    def box(self, column: int, row: int) -> dict[str, int]:
        """Return the corners of a panel as fields `x`, `x2`, `y`, `y2`.

        Example:
            >>> Grid(2, 10, 3).box(1, 0)
            {'x': 40, 'x2': 70, 'y': 52, 'y2': 82}
        """
        x, y = (k * (self.panel + GAP) for k in (column, row))
        return {"x": x, "x2": x + self.panel, "y": TOP + y, "y2": TOP + y + self.panel}

    @classmethod
    def of(cls, d: int) -> "Grid":
        """Choose panels for d parameters.

        Example:
            >>> Grid.of(8).panel, Grid.of(2).panel
            (60, 168)
        """
        room = min((WIDTH - LEFT + GAP) // d - GAP, 170)
        cell = max(3, room // 26)
        return cls(d, room // cell, cell)


def rows_of(rows: list[dict]) -> alt.Chart:
    """Start a mark from rows that travel in the chart.

    Example:
        >>> rows_of([{"x": 1}]).data.values
        [{'x': 1}]
    """
    return alt.Chart(alt.Data(values=rows))


def headers(grid: Grid, parts: list[Label], limits: np.ndarray) -> list[alt.Chart]:
    """Write symbol, unit and range above each column, symbol and unit left of each row.

    Args:
        grid: The panels.
        parts: The d parsed labels.
        limits: Ranges of the axes, shape (d, 2).

    Returns:
        Text marks.
    """
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
        middle, row = (box["x"] + box["x2"]) / 2, (box["y"] + box["y2"]) / 2
        split = middle + 3.5 * len(symbol) - wide / 2
        for kind, x, y, text in [
            ("symbol", split, 8, symbol),
            ("subscript", split + 0.5, 8, subscript),
            ("unit", middle, 25, unit),
            ("row symbol", -8 - wide, row, symbol),
            ("row subscript", -7.5 - wide, row, subscript),
            ("row unit", -8, row, unit),
            *zip(("low", "high"), (box["x"], box["x2"]), (43, 43), ends(*limits[i]), strict=True),
        ]:
            texts[kind].append({"x": x, "y": y, "t": text})
    return [
        rows_of(texts[kind])
        .mark_text(**{"baseline": "middle", "fontSize": 10, "aria": False, **style})
        .encode(**grid.place, text="t:N")
        for kind, style in kinds.items()
    ]


def coefficients(grid: Grid, r: np.ndarray) -> alt.Chart:
    """Write the correlation coefficients below the diagonal.

    Args:
        grid: The panels.
        r: Correlation coefficients, shape (d, d).

    Returns:
        Text marks.
    """
    rows = []
    for i in range(grid.d):
        for j in range(i):
            box = grid.box(j, i)
            value = f"{r[i, j]:.2f}".replace("-", "−") if abs(r[i, j]) >= 0.005 else "0.00"
            rows.append(
                {"x": (box["x"] + box["x2"]) / 2, "y": (box["y"] + box["y2"]) / 2, "t": value}
                | {"r": round(float(r[i, j]), 2)}
            )
    weight = alt.ExprRef("abs(datum.r) >= 0.3 ? 600 : 400")
    mark = rows_of(rows).mark_text(
        fontSize=11, fontWeight=weight, baseline="middle", align="center", aria=False
    )
    return mark.encode(**grid.place, text="t:N")


def markers(
    grid: Grid, points: Mapping[str, np.ndarray], looks: Mapping[str, Role], limits: np.ndarray
) -> list[alt.Chart]:
    """Mark named parameter sets in every panel.

    Args:
        grid: The panels.
        points: Name to parameters, shape (d,).
        looks: The role of each.
        limits: Ranges of the axes, shape (d, 2).

    Returns:
        Marks on every density, and a line through every marginal.
    """
    layers = []
    for name, point in points.items():
        share = (point - limits[:, 0]) / np.diff(limits).ravel()
        shown = [i for i in range(grid.d) if 0 <= share[i] <= 1]
        spots, ticks = [], []
        for i in shown:
            for j in (j for j in shown if j >= i):
                box = grid.box(j, i)
                x = round(box["x"] + share[j] * grid.panel, 1)
                if i == j:
                    ticks.append({"x": x, "y": box["y"], "y2": box["y2"]})
                else:
                    spots.append({"x": x, "y": round(box["y2"] - share[i] * grid.panel, 1)})
        look = looks[name]
        layers += [
            rows_of(ticks)
            .mark_rule(stroke=look.color, strokeDash=look.dash, strokeWidth=1.2, aria=False)
            .encode(**grid.place, y2="y2"),
            symbol(rows_of(spots), look, 52 if grid.panel < 90 else 80).encode(**grid.place),
        ]
    return layers


def symbol(chart: alt.Chart, look: Role, size: int = 60) -> alt.Chart:
    """Draw points in a role's color and shape: a ring is open, other shapes are filled.

    Args:
        chart: The data.
        look: The role.
        size: Area of a ring in px²; filled shapes take half of it and fit into the ring.

    Returns:
        The mark.

    Example:
        >>> symbol(rows_of([{}]), Role("#D9622B", (1, 0), "diamond")).mark.shape
        'diamond'
    """
    fill = "transparent" if look.shape == "circle" else look.color
    return chart.mark_point(
        shape=look.shape,
        size=size if fill == "transparent" else size / 2,
        stroke=look.color,
        fill=fill,
        strokeWidth=1.8,
        opacity=1,
        aria=False,
    )
