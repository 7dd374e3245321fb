"""The strokes that several charts share: a trace, words, a key beside a colored line, a scale bar.

Positions may be Vega expressions, so that one chart fits a wide and a narrow page. Marks that
only repeat what the chart's description says are hidden from screen readers (`aria=False`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.encoding import decode
from mechfit.figures.labels import quantity, step_125
from mechfit.figures.theme import OBSERVED, Role, page

LEFT = 50
FULL = page(LEFT)
Pixels = float | str


def px(value: Pixels) -> float | alt.ExprRef:
    """Take a number of px as it is and an expression as a signal."""
    return alt.ExprRef(value) if isinstance(value, str) else value


def rows_of(rows: Sequence[dict]) -> alt.Chart:
    """Start a mark from rows that travel in the chart."""
    return alt.Chart(alt.Data(values=rows))


def tips(**titles: str) -> list[alt.Tooltip]:
    """Tell fields when the reader points at a mark, each under its title."""
    return [alt.Tooltip(f"{field}:N", title=title) for field, title in titles.items()]


def at(x: Pixels, y: Pixels) -> dict[str, object]:
    """Put a mark at a place in px."""
    return {"x": alt.value(px(x)), "y": alt.value(px(y))}


def words(text: str, x: Pixels, y: Pixels, *, align: str = "left", size: int = 12) -> alt.Chart:
    """Write words beside the place x, y in px; what starts with "=" is an expression."""
    text = px(text[1:]) if text.startswith("=") else text
    style = {"align": align, "baseline": "middle", "fontSize": size, "fontWeight": 400}
    return rows_of([{}]).mark_text(**style, aria=False).encode(**at(x, y), text=alt.value(text))


def segment(
    x: tuple[Pixels, Pixels], y: tuple[Pixels, Pixels], role: Role | None = None, **style: object
) -> alt.Chart:
    """Draw a straight line between two places in px, without a role in the text color."""
    look = {"stroke": role.color, "strokeDash": list(role.dash)} if role else {"stroke": OBSERVED}
    mark = rows_of([{}]).mark_rule(**{"aria": False, "strokeWidth": 1.5, **look, **style})
    (x, x2), (y, y2) = ([alt.value(px(end)) for end in ends] for ends in (x, y))
    return mark.encode(x=x, x2=x2, y=y, y2=y2)


def key(
    names: Sequence[str], roles: dict[str, Role], x: Pixels, y: float, **style: object
) -> list[alt.Chart]:
    """Name the traces of a row in the text color, each beside a short piece of its line."""
    layers, offset = [], 0.0
    for name in names:
        look = Role(roles[name].color, roles[name].dash if len(names) > 1 else (1, 0))
        a, b, c = (f"({x}) + {offset + more}" for more in (0, 20, 26))
        layers += [segment((a, b), (y, y), look, **style), words(name, c, y)]
        offset += 26 + 6.6 * len(name) + 18
    return layers


def line(
    time: ArrayLike, values: ArrayLike, role: Role, *, decimals: int = 1, **style: object
) -> alt.Chart:
    """Draw one trace with fields `t` and `v`; 0.1 mV is far below a pixel."""
    row = {"t": np.round(time, 2).tolist(), "v": np.round(values, decimals).tolist()}
    look = {"stroke": role.color, "strokeWidth": 1.2, "aria": False, **style}
    return rows_of([row]).transform_flatten(["t", "v"]).mark_line(**look)


def coded_line(
    source: alt.Chart, grid: np.ndarray, low: float, high: float, role: Role
) -> alt.Chart:
    """Draw the one trace that a filtered source holds, `encode`d from low to high, in field `v`.

    The times `grid` (p,) are shared and evenly spaced; the mark has fields `t` and `v`.
    """
    step = (grid[-1] - grid[0]) / (len(grid) - 1)
    return (
        source.transform_calculate(i=f"sequence({len(grid)})")
        .transform_flatten(["i"])
        .transform_calculate(
            t=f"{grid[0]:.9g} + {step:.9g} * datum.i", v=decode("datum.v", "datum.i", low, high)
        )
        .mark_line(stroke=role.color, strokeWidth=1.3, aria=False)
    )


@dataclass(frozen=True)
class Frame:
    """Where traces stand: spans of ms and mV on one side, px on the other.

    `shift` is an expression that is added to every vertical place.
    """

    time: tuple[float, float]
    voltage: tuple[float, float]
    top: float
    height: float
    start: Pixels = 0
    width: Pixels = FULL
    shift: str = ""

    @property
    def stop(self) -> Pixels:
        """Right end in px."""
        return f"{self.start} + {self.width}" if self.start else self.width

    @property
    def place(self) -> dict[str, alt.X | alt.Y]:
        """Channels for the fields `t` and `v`, without axes."""
        top, bottom = px(self.down(self.top)), px(self.down(self.top + self.height))
        exact = {"nice": False, "zero": False}
        x = alt.Scale(domain=self.time, range=[px(self.start), px(self.stop)], **exact)
        y = alt.Scale(domain=self.voltage, range=[bottom, top], **exact)
        return {"x": alt.X("t:Q", scale=x, axis=None), "y": alt.Y("v:Q", scale=y, axis=None)}

    def down(self, y: float) -> Pixels:
        """Shift a vertical place."""
        return f"({self.shift} + {y})" if self.shift else y

    def level(self, value: float) -> list[alt.Chart]:
        """Mark the round voltage next to a value, so that the scale bar has an origin."""
        low, high = self.voltage
        value = float(np.clip(10 * np.round(value / 10), low, high))
        y = f"{self.down(self.top)} + {(high - value) / (high - low) * self.height:.1f}"
        ends = (self.start, f"{self.start} + {self.width}")
        return [
            words(quantity(value, "mV"), f"{self.start} - 8", y, align="right", size=11),
            segment(ends, (y, y), strokeWidth=1, strokeDash=[1, 4], strokeOpacity=0.45),
        ]

    def scale_bar(self, top: float) -> list[alt.Chart]:
        """Draw an L of round lengths in ms and mV at the right, its upper end at `top` px."""
        duration, span = self.time[1] - self.time[0], self.voltage[1] - self.voltage[0]
        ms, mv = step_125(duration / 5), 20.0 if span > 60 else step_125(span / 4)
        tall, long = round(mv / span * self.height, 1), f"{ms / duration:.6g} * ({self.width})"
        top, left = self.down(top), f"({self.stop}) - {long}"
        bottom = f"{top} + {tall}"
        unit = quantity(ms / 1000, "s") if ms >= 1000 else quantity(ms, "ms", 4)
        return [
            segment((left, left), (top, bottom)),
            segment((left, self.stop), (bottom, bottom)),
            words(
                quantity(mv, "mV"), f"{left} - 6", f"{top} + {tall / 2}", align="right", size=11
            ),
            words(unit, f"{left} + {long} / 2", f"{bottom} + 10", align="center", size=11),
        ]
