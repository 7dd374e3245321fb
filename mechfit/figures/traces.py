"""Voltage traces as a physiologist draws them: a scale bar in place of axes, words beside lines.

All rows share one voltage scale and one time scale. A row may hold several traces, so that a
prediction lies over what was observed. Taught in the chapter models/hodgkin-huxley.
"""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.labels import number, quantity
from mechfit.figures.marks import (
    LEFT,
    key,
    level,
    line,
    scale_bar,
    words,
    x_time,
    y_value,
)
from mechfit.figures.palette import ROLES, assign
from mechfit.figures.theme import finish, page
from mechfit.figures.thinning import check_trace, thin

ORDER = ("observed", "sample", "broken", "path", "posterior")
KEY, GAP, STIMULUS = 22, 12, 30


def _cut(
    time: ArrayLike, voltage: Mapping[str, ArrayLike], window: tuple[float, float] | None
) -> tuple[np.ndarray, dict[str, np.ndarray], np.ndarray]:
    if not voltage:
        raise ValueError("voltage is empty, expected at least one named trace")
    time = np.asarray(time, float)
    low, high = window or (time.min(initial=np.inf), time.max(initial=-np.inf))
    inside = (time >= low) & (time <= high)
    if inside.sum() < 2:
        raise ValueError(f"window is {window}, expected two times that span part of the trace")
    named = {}
    for name, values in voltage.items():
        if np.shape(values) != time.shape:
            raise ValueError(f"{name!r} has shape {np.shape(values)}, expected {time.shape}")
        named[name] = check_trace(time, values)[1][inside]
    return time[inside], named, inside


def _stimulus(time: np.ndarray, current: np.ndarray, top: float) -> list[alt.Chart]:
    low, high = float(current.min()), float(current.max())
    said = f"injected current, {number(low)} to {quantity(high, 'µA/cm²')}"
    pad = 0.1 * (high - low) or 1.0
    t, i = thin(time, current)
    x = x_time(time[0], time[-1], 0, page(LEFT))
    y = y_value(low - pad, high + pad, top + KEY, top + KEY + STIMULUS)
    stroke = line(t, i, ROLES["observed"], interpolate="step-after", decimals=4)
    return [words(said, 0, top + KEY / 2), stroke.encode(x=x, y=y)]


def _describe(time: np.ndarray, named: Mapping[str, np.ndarray], rows: list[list[str]]) -> str:
    parts = [
        f"{name}, from {number(v.min())} to {quantity(v.max(), 'mV')}" for name, v in named.items()
    ]
    return (
        f"Membrane voltage over {quantity(time[-1] - time[0], 'ms', 4)} in {len(rows)} "
        f"{'row' if len(rows) == 1 else 'rows'}: {'; '.join(parts)}."
    )


def traces(
    time: ArrayLike,
    voltage: Mapping[str, ArrayLike],
    *,
    title: str,
    description: str | None = None,
    stimulus: ArrayLike | None = None,
    window: tuple[float, float] | None = None,
    rows: Sequence[Sequence[str]] | None = None,
    roles: Mapping[str, str] | None = None,
) -> alt.LayerChart:
    """Draw voltage traces in rows that share their scales.

    Args:
        time: Times, shape (t,), ms.
        voltage: Name to trace, shape (t,), mV; the names stand beside the lines.
        title: What to see, in words.
        description: The text alternative; computed from the traces if left out.
        stimulus: Injected current, shape (t,), µA/cm², drawn in a row below.
        window: First and last time to show, ms.
        rows: Names in each row, drawn in that order; by default each trace has its own row.
            A name may stand in several rows.
        roles: Name to meaning, a key of `palette.ROLES`; by default the first trace is observed,
            the next ones sample, broken, path, posterior.

    Returns:
        The chart.

    Example:
        >>> t = np.arange(0.0, 120.0, 0.1)
        >>> chart = traces(t, {"rest": 0 * t - 70}, title="Without current nothing happens")
        >>> chart.description
        'Membrane voltage over 119.9 ms in 1 row: rest, from −70 to −70 mV.'
    """
    time, named, inside = _cut(time, voltage, window)
    rows = [[n] for n in named] if rows is None else [list(r) for r in rows]
    unknown = {n for r in rows for n in r} - set(named)
    if unknown or not all(rows):
        raise ValueError(f"rows names {sorted(unknown)}, expected names among {list(named)}")
    looks = assign(list(named), dict(roles or {}), ORDER)
    used = np.concatenate([named[n] for r in rows for n in r])
    low, high = float(used.min()) - 4, float(used.max()) + 4
    height = {1: 170, 2: 125}.get(len(rows), 95)
    if high - low < 40:
        low, high = low - 15, high + 15
    resting = float(np.clip(10 * np.round(named[rows[0][0]][0] / 10), low, high))

    layers, top = [], 0
    x = x_time(time[0], time[-1], 0, page(LEFT))
    for row in rows:
        layers += key(row, looks, 0, top + KEY / 2)
        a, b = top + KEY, top + KEY + height
        layers += level(resting, low, high, a, height)
        for name in row:
            dash = list(looks[name].dash) if len(row) > 1 else [1, 0]
            stroke = line(*thin(time, named[name]), looks[name], strokeDash=dash)
            layers.append(stroke.encode(x=x, y=y_value(low, high, a, b)))
        top = b + GAP
    if stimulus is not None:
        current = np.asarray(stimulus, float)
        if current.shape != inside.shape:
            raise ValueError(f"stimulus has shape {current.shape}, expected {inside.shape}")
        layers += _stimulus(time, current[inside], top)
        top += KEY + STIMULUS + GAP
    bar = scale_bar(time[-1] - time[0], high - low, page(LEFT), page(LEFT), height, top)
    chart = alt.layer(*layers, *bar).resolve_scale(x="independent", y="independent")
    return finish(
        chart,
        title=title,
        description=description or _describe(time, named, rows),
        size=(230, top),
    )
