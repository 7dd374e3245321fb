"""Warming: the share of circuits that keep their rhythm, and one circuit as it is warmed.

A slider sets the temperature, a menu the circuit. The curve is the share with its interval; marks
below it tell at which temperatures the chosen circuit works, and the voltages what it does at this
one. Only temperatures that were simulated are shown, the nearest to the slider. Taught in the
chapter robustness/temperature.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import increasing, numbers
from mechfit.figures.encoding import encode
from mechfit.figures.labels import number, quantity
from mechfit.figures.marks import FULL, Frame, at, px, rows_of, words
from mechfit.figures.states import REST, markers, state, voltages
from mechfit.figures.theme import PATH, SAMPLE, finish
from mechfit.summaries.thinning import thin_together

BUDGET, POINTS = 180_000, 400
TOP, CURVE, HEIGHT = 14, 150, 56
LANE, BASE, UNDER = TOP + CURVE + 18, TOP + CURVE + 32, TOP + CURVE + 88
ENDS = 10
"""Room in px at both ends of the axis, for the marks of the first and the last temperature."""


@dataclass(frozen=True)
class Warmed:
    """One circuit at each of the temperatures.

    voltage (temperatures, channels, t) is what it does there in mV; works (temperatures,) tells
    whether that is as it should be.
    """

    voltage: ArrayLike
    works: ArrayLike

    def checked(self, name: str, temperatures: int, channels: int, t: int) -> "Warmed":
        """Return the circuit as arrays, or say what does not fit."""
        works = np.asarray(self.works)
        if works.shape != (temperatures,) or works.dtype != bool:
            raise ValueError(
                f"works of {name!r} has shape {works.shape} of {works.dtype}, expected "
                f"({temperatures},) of bool"
            )
        voltage = numbers(f"voltage of {name!r}", self.voltage, temperatures, channels, t)
        return Warmed(voltage, works)


def warming(
    temperatures: ArrayLike,
    share: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    circuits: Mapping[str, Warmed],
    time: ArrayLike,
    *,
    title: str,
    channels: Sequence[str] = ("AB/PD", "LP", "PY"),
    start: float | None = None,
    description: str | None = None,
) -> alt.LayerChart:
    """Draw the share of circuits that work at each temperature, and circuits that are warmed.

    Args:
        temperatures: Increasing temperatures, shape (n,), °C.
        share: Share of circuits that work at each, shape (n,), from 0 to 1.
        low: Lower end of its interval, shape (n,).
        high: Upper end of its interval, shape (n,).
        circuits: Name to circuit; a menu chooses one of them.
        time: Evenly spaced times, shape (t,), ms.
        title: What to see, in words.
        channels: Name of each voltage.
        start: Temperature that is shown first, by default the lowest, °C.
        description: The text alternative; where circuits work if left out.

    Returns:
        The chart, under 300 kB.

    Raises:
        ValueError: If shapes do not fit, a share is outside its interval, or there are too many
            circuits.

    Example:
        >>> t, c = np.arange(100.0), Warmed(np.zeros((2, 1, 100)), np.array([True, False]))
        >>> given = [10, 20], [0.9, 0.2], [0.8, 0.1], [1, 0.3], {"a": c}, t
        >>> warming(*given, title="Heat stops it", channels=["V"]).description[:74]
        'Share of circuits that work: 90 % at 10 °C, 20 % at 20 °C. a works at 1 of'
    """
    time, warm = increasing(time), numbers("temperatures", temperatures, "n", least=2)
    n = len(warm)
    start = float(warm[0]) if start is None else start
    if not (np.diff(warm) > 0).all() or not circuits or not channels:
        raise ValueError(
            f"got temperatures {warm.tolist()}, {len(circuits)} circuits and {len(channels)} "
            "channels, expected increasing temperatures and at least 1 of each"
        )
    curve = [numbers(*pair, n) for pair in (("share", share), ("low", low), ("high", high))]
    share, low, high = curve
    if not ((low >= 0) & (low <= share) & (share <= high) & (high <= 1)).all():
        raise ValueError(
            "share is not within low and high, expected 0 <= low <= share <= high <= 1"
        )
    if not warm[0] <= start <= warm[-1]:
        raise ValueError(f"start is {start}, expected {warm[0]:g} to {warm[-1]:g} °C")
    each = 2 * n * len(channels)
    points = min(POINTS, BUDGET // (each * len(circuits)))
    if points < 100:
        raise ValueError(
            f"got {len(circuits)} circuits, expected at most {BUDGET // (each * 100)}"
        )
    known = {m: c.checked(m, n, len(channels), len(time)) for m, c in circuits.items()}
    grid, traces = thin_together(time, np.stack([c.voltage for c in known.values()]), points)
    span = float(traces.min()), float(traces.max())
    rows = _rows(warm, curve, known, traces, span)
    mine = alt.Chart(alt.NamedData("circuits")).transform_filter("datum.c == chosen")
    now = mine.transform_filter("datum.a <= warmth && warmth < datum.b")
    place = (grid[0], grid[-1]), (span[0] - 4, span[1] + 4)
    frame = Frame(*place, UNDER + 26, HEIGHT)
    layers = [*_curve(warm, curve, mine, now), *state(now, "0", UNDER)]
    layers += voltages(now, frame, channels, grid, span)
    chart = alt.layer(*layers, datasets={"circuits": rows}).resolve_scale(
        x="independent", y="independent"
    )
    bind = alt.binding_select(options=[*range(len(known))], labels=list(known), name="circuit")
    step = float(f"{np.diff(warm).min():.6g}")
    slider = alt.binding_range(min=warm[0], max=warm[-1], step=step, name="temperature (°C)")
    chart = chart.add_params(
        alt.param(name="warmth", value=start, bind=slider),
        alt.param(name="chosen", value=0, **({"bind": bind} if len(known) > 1 else {})),
    )
    hint = "Set the temperature and choose a circuit below. Marks under the curve tell where that "
    hint += "circuit works."
    if span[0] < REST < span[1]:
        hint += f" Dotted: {quantity(REST, 'mV')}."
    at_each = (f"{100 * s:.0f} % at {number(w)} °C" for s, w in zip(share, warm, strict=True))
    told = f"Share of circuits that work: {', '.join(at_each)}. " + "; ".join(
        f"{name} works at {c.works.sum()} of {n} temperatures" for name, c in known.items()
    )
    told += f". A slider sets the temperature, and voltages of {', '.join(channels)} follow."
    return finish(chart, title, description or told, (230, BASE), hint)


def _rows(
    warm: np.ndarray,
    curve: Sequence[np.ndarray],
    known: Mapping[str, Warmed],
    traces: np.ndarray,
    span: tuple[float, float],
) -> list[dict]:
    """Rows of each circuit at each temperature, which answer to the slider from a to b."""
    between = (warm[1:] + warm[:-1]) / 2
    edges = np.r_[warm[0] - 1, between, warm[-1] + 1].tolist()
    rows = []
    for c, ((name, circuit), each) in enumerate(zip(known.items(), traces, strict=True)):
        for k, (share, low, high) in enumerate((100 * np.array(curve)).T):
            celsius, works = quantity(warm[k], "°C"), bool(circuit.works[k])
            head = f"at {celsius}, {share:.0f} % of circuits work ({low:.0f} to {high:.0f} %)"
            said = f"{name} at {celsius}: {'works' if works else 'broken'}"
            rows.append(
                {"c": c, "a": edges[k], "b": edges[k + 1], "x": float(warm[k]), "y": share}
                | {"head": head, "said": said, "works": works}
                | {f"v{j}": encode(v, *span) for j, v in enumerate(each[k])}
            )
    return rows


def _curve(
    warm: np.ndarray, curve: Sequence[np.ndarray], mine: alt.Chart, now: alt.Chart
) -> list[alt.Chart]:
    """Draw the share with its band, the chosen circuit's marks below, and the slider's place."""
    right = px(f"{FULL} - {ENDS}")
    x_scale = alt.Scale(domain=[warm[0], warm[-1]], range=[ENDS, right], nice=False, zero=False)
    y_scale = alt.Scale(domain=[0, 100], range=[TOP + CURVE, TOP], nice=False)
    percent = alt.Axis(title=None, values=[0, 50, 100], labelExpr="datum.value + ' %'")
    celsius = alt.Axis(title=None, tickCount=6, labelExpr="datum.value + ' °C'")
    x, y = alt.X("x:Q", scale=x_scale, axis=None), alt.Y("y:Q", scale=y_scale, axis=None)
    rows = zip(warm, *(100 * np.array(curve)).round(1), strict=True)
    shown = rows_of(
        [dict(zip(("x", "y", "l", "h"), map(float, row), strict=True)) for row in rows]
    )
    band = shown.mark_area(fill=PATH, fillOpacity=0.22, aria=False)
    line = shown.mark_line(stroke=PATH, strokeWidth=1.8, aria=False)
    rule = now.mark_rule(stroke=SAMPLE, strokeWidth=1.5, strokeDash=[6, 1.5], aria=False)
    spot = now.mark_point(
        shape="diamond", size=90, fill=SAMPLE, strokeWidth=0, opacity=1, aria=False
    )
    head = now.mark_text(align="left", baseline="middle", aria=False)
    return [
        band.encode(x=x, y=alt.Y("l:Q", scale=y_scale, axis=None), y2="h"),
        line.encode(x=x, y=y),
        shown.mark_circle(fill=PATH, size=26, opacity=1, aria=False).encode(
            x=alt.X("x:Q", scale=x_scale, axis=celsius),
            y=alt.Y("y:Q", scale=y_scale, axis=percent),
        ),
        rule.encode(x=x, y=alt.value(TOP), y2=alt.value(BASE)),
        spot.encode(x=x, y=y),
        *markers(mine, {"x": x, "y": alt.value(LANE)}, 50),
        words("circuit", -8, LANE, align="right", size=11),
        head.encode(**at(0, -6), text="head:N"),
    ]
