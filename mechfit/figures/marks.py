"""The strokes that several charts share: a trace, words, a key beside a colored line, a scale bar.

Positions may be Vega expressions, so that one chart fits a wide and a narrow page. Marks that
only repeat what the chart's description says are hidden from screen readers (`aria=False`).
"""

from collections.abc import Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.labels import quantity, step_125
from mechfit.figures.palette import OBSERVED, Role
from mechfit.figures.theme import page
from mechfit.figures.thinning import decode

LEFT = 50
FULL = page(LEFT)
NOTHING = alt.Data(values=[{}])
Pixels = float | str


def px(value: Pixels) -> float | alt.ExprRef:
    """Take a number of px as it is and an expression as a signal.

    Args:
        value: A number or a Vega expression.

    Returns:
        What Altair accepts in a range or a value.

    Example:
        >>> px(3), px("page - 3").to_dict()
        (3, {'expr': 'page - 3'})
    """
    return alt.ExprRef(value) if isinstance(value, str) else value


def words(
    text: Pixels, x: Pixels, y: Pixels, *, align: str = "left", size: int = 12, weight: int = 400
) -> alt.Chart:
    """Write words at a place in px.

    Args:
        text: The words; an expression where it starts with "=".
        x: Horizontal place of the anchor.
        y: Middle of the line.
        align: Side of the anchor, "left", "center" or "right".
        size: Height of the letters in px.
        weight: Weight of the font.

    Returns:
        The mark.

    Example:
        >>> words("10 mV", 0, 0).to_dict()["encoding"]["text"]
        {'value': '10 mV'}
    """
    text = px(text[1:]) if text.startswith("=") else text
    mark = alt.Chart(NOTHING).mark_text(
        align=align, baseline="middle", fontSize=size, fontWeight=weight, aria=False
    )
    return mark.encode(x=alt.value(px(x)), y=alt.value(px(y)), text=alt.value(text))


def segment(
    x: tuple[Pixels, Pixels], y: tuple[Pixels, Pixels], role: Role | None = None, **style: object
) -> alt.Chart:
    """Draw a straight line between two places in px.

    Args:
        x: Both horizontal places.
        y: Both vertical places.
        role: Its meaning; without one it takes the text color.
        **style: Further properties of the mark.

    Returns:
        The mark.

    Example:
        >>> segment((0, 9), (0, 0)).to_dict()["mark"]["type"]
        'rule'
    """
    look = {"stroke": role.color, "strokeDash": list(role.dash)} if role else {"stroke": OBSERVED}
    mark = alt.Chart(NOTHING).mark_rule(**{"aria": False, "strokeWidth": 1.5, **look, **style})
    return mark.encode(
        x=alt.value(px(x[0])),
        x2=alt.value(px(x[1])),
        y=alt.value(px(y[0])),
        y2=alt.value(px(y[1])),
    )


def key(
    names: Sequence[str], roles: dict[str, Role], x: Pixels, y: float, **style: object
) -> list[alt.Chart]:
    """Name traces in the text color, each beside a short piece of its line.

    Args:
        names: The traces of a row.
        roles: The role of each.
        x: Left end in px.
        y: Middle of the line of words in px.
        **style: Further properties of the lines.

    Returns:
        The marks.

    Example:
        >>> from mechfit.figures.palette import ROLES
        >>> len(key(["x_o"], {"x_o": ROLES["observed"]}, 0, 0))
        2
    """
    layers, offset = [], 0.0
    for name in names:
        look = Role(roles[name].color, roles[name].dash if len(names) > 1 else (1, 0), "")
        a, b, c = (f"({x}) + {offset + more}" for more in (0, 20, 26))
        layers += [segment((a, b), (y, y), look, **style), words(name, c, y)]
        offset += 26 + 6.6 * len(name) + 18
    return layers


def x_time(low: float, high: float, start: Pixels, stop: Pixels) -> alt.X:
    """Encode field `t` in ms over a range of px, without an axis.

    Args:
        low: First time, ms.
        high: Last time, ms.
        start: Left end in px.
        stop: Right end in px.

    Returns:
        The channel.

    Example:
        >>> x_time(0.0, 120.0, 0, 600).to_dict()["scale"]["range"]
        [0, 600]
    """
    scale = alt.Scale(domain=[low, high], range=[px(start), px(stop)], nice=False, zero=False)
    return alt.X("t:Q", scale=scale, axis=None)


def y_value(low: float, high: float, top: Pixels, bottom: Pixels) -> alt.Y:
    """Encode field `v` over a range of px, without an axis.

    Args:
        low: Lower end, in the unit of `v`.
        high: Upper end.
        top: Upper end in px.
        bottom: Lower end in px.

    Returns:
        The channel.

    Example:
        >>> y_value(-90.0, 40.0, 0, 100).to_dict()["scale"]["range"]
        [100, 0]
    """
    scale = alt.Scale(domain=[low, high], range=[px(bottom), px(top)], nice=False, zero=False)
    return alt.Y("v:Q", scale=scale, axis=None)


def line(
    time: ArrayLike, values: ArrayLike, role: Role, *, decimals: int = 1, **style: object
) -> alt.Chart:
    """Draw one trace from two arrays that the page flattens.

    Args:
        time: Times, shape (p,), ms.
        values: Voltages or currents, shape (p,).
        role: Its meaning.
        decimals: Decimals kept; 0.1 mV is far below a pixel.
        **style: Further properties of the mark.

    Returns:
        The mark, with fields `t` and `v`.

    Example:
        >>> from mechfit.figures.palette import ROLES
        >>> line([0.0, 1.0], [-70.0, -60.04], ROLES["observed"]).data.values[0]["v"]
        [-70.0, -60.0]
    """
    row = {"t": np.round(time, 2).tolist(), "v": np.round(values, decimals).tolist()}
    look = {"stroke": role.color, "strokeWidth": 1.2, "aria": False, **style}
    return alt.Chart(alt.Data(values=[row])).transform_flatten(["t", "v"]).mark_line(**look)


def scale_bar(
    duration: float, span: float, right: Pixels, width: Pixels, height: float, top: Pixels
) -> list[alt.Chart]:
    """Draw an L of round lengths in ms and mV.

    Args:
        duration: Length of the time axis, ms.
        span: Length of the voltage axis, mV.
        right: Right end of the bar in px.
        width: Length of the time axis in px.
        height: Length of the voltage axis in px.
        top: Upper end of the bar in px.

    Returns:
        The marks.

    Example:
        >>> bar = scale_bar(1450.0, 140.0, 600, 600, 100, 0)
        >>> [m.to_dict()["encoding"]["text"]["value"] for m in bar[2:]]
        ['20 mV', '200 ms']
    """
    time, volt = step_125(duration / 5), 20.0 if span > 60 else step_125(span / 4)
    tall, long = round(volt / span * height, 1), f"{time / duration:.6g} * ({width})"
    left, bottom = f"({right}) - {long}", f"{top} + {tall}"
    unit = quantity(time / 1000, "s") if time >= 1000 else quantity(time, "ms", 4)
    return [
        segment((left, left), (top, bottom)),
        segment((left, right), (bottom, bottom)),
        words(quantity(volt, "mV"), f"{left} - 6", f"{top} + {tall / 2}", align="right", size=11),
        words(unit, f"{left} + {long} / 2", f"{bottom} + 10", align="center", size=11),
    ]


def level(
    value: float,
    low: float,
    high: float,
    top: Pixels,
    height: float,
    start: Pixels = 0,
    width: Pixels = FULL,
) -> list[alt.Chart]:
    """Mark one voltage at the left of a row, so that the scale bar has an origin.

    Args:
        value: The voltage, mV.
        low: Voltage at the lower end of the row, mV.
        high: Voltage at its upper end, mV.
        top: Upper end of the row in px.
        height: Height of the row in px.
        start: Left end of the row in px.
        width: Width of the row in px.

    Returns:
        The marks.

    Example:
        >>> level(-70, -90, 50, 0, 140)[0].to_dict()["encoding"]["text"]
        {'value': '−70 mV'}
    """
    y = f"{top} + {(high - value) / (high - low) * height:.1f}"
    end = f"{start} + {width}"
    return [
        words(quantity(value, "mV"), f"{start} - 8", y, align="right", size=11),
        segment((start, end), (y, y), strokeWidth=1, strokeDash=[1, 4], strokeOpacity=0.45),
    ]


def coded_line(
    source: alt.Chart, grid: np.ndarray, low: float, high: float, role: Role, **style: object
) -> alt.Chart:
    """Draw the one trace that a filtered source holds as text in its field `v`.

    Args:
        source: A chart whose data, once filtered, is one row with an `encode`d trace.
        grid: The shared, evenly spaced times, shape (p,), ms.
        low: As given to `encode`, mV.
        high: As given to `encode`, mV.
        role: The trace's meaning.
        **style: Further properties of the mark.

    Returns:
        The mark, with fields `t` and `v`.
    """
    step = (grid[-1] - grid[0]) / (len(grid) - 1)
    look = {"stroke": role.color, "strokeWidth": 1.3, "aria": False, **style}
    return (
        source.transform_calculate(i=f"sequence({len(grid)})")
        .transform_flatten(["i"])
        .transform_calculate(
            t=f"{grid[0]:.9g} + {step:.9g} * datum.i", v=decode("datum.v", "datum.i", low, high)
        )
        .mark_line(**look)
    )
