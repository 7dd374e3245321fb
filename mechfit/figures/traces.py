"""Voltage traces as a physiologist draws them: a scale bar in place of axes, words beside lines.

All rows share one voltage scale and one time scale. A row may hold several traces, so that a
prediction lies over what was observed. Taught in the chapter models/hodgkin-huxley.
"""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import increasing, numbers
from mechfit.figures.labels import number, quantity
from mechfit.figures.marks import Frame, key, line, words
from mechfit.figures.theme import ROLES, assign, finish
from mechfit.figures.thinning import thin

ORDER = ("observed", "sample", "broken", "path", "posterior")
KEY, GAP, STIMULUS = 22, 12, 30


def _stimulus(time: np.ndarray, current: np.ndarray, top: float) -> list[alt.Chart]:
    low, high = float(current.min()), float(current.max())
    said = f"injected current, {number(low)} to {quantity(high, 'µA/cm²')}"
    pad = 0.1 * (high - low) or 1.0
    frame = Frame((time[0], time[-1]), (low - pad, high + pad), top + KEY, STIMULUS)
    look = {"interpolate": "step-after", "decimals": 4}
    stroke = line(*thin(time, current), ROLES["observed"], **look)
    return [words(said, 0, top + KEY / 2), stroke.encode(**frame.place)]


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
        roles: Name to meaning, a key of `ROLES`; by default the first trace is observed,
            the next ones sample, broken, path, posterior.

    Returns:
        The chart.

    Example:
        >>> t = np.arange(0.0, 120.0, 0.1)
        >>> chart = traces(t, {"rest": 0 * t - 70}, title="Without current nothing happens")
        >>> chart.description
        'Membrane voltage over 119.9 ms in 1 row: rest, from −70 to −70 mV.'
    """
    if not voltage:
        raise ValueError("voltage is empty, expected at least one named trace")
    time = increasing(time)
    first, last = window or (time[0], time[-1])
    inside = (time >= first) & (time <= last)
    if inside.sum() < 2:
        raise ValueError(f"window is {window}, expected two times that span part of the trace")
    named = {name: numbers(repr(name), v, len(time))[inside] for name, v in voltage.items()}
    rows = [[n] for n in named] if rows is None else [list(r) for r in rows]
    unknown = {n for r in rows for n in r} - set(named)
    if unknown or not all(rows):
        raise ValueError(f"rows names {sorted(unknown)}, expected names among {list(named)}")
    looks = assign(list(named), roles, ORDER)
    used = np.concatenate([named[n] for r in rows for n in r])
    low, high = float(used.min()) - 4, float(used.max()) + 4
    if high - low < 40:
        low, high = low - 15, high + 15
    height = {1: 170, 2: 125}.get(len(rows), 95)

    layers, top, shown = [], 0, time[inside]
    for row in rows:
        frame = Frame((shown[0], shown[-1]), (low, high), top + KEY, height)
        layers += key(row, looks, 0, top + KEY / 2)
        layers += frame.level(named[rows[0][0]][0])
        for name in row:
            dash = list(looks[name].dash) if len(row) > 1 else [1, 0]
            stroke = line(*thin(shown, named[name]), looks[name], strokeDash=dash)
            layers.append(stroke.encode(**frame.place))
        top += KEY + height + GAP
    if stimulus is not None:
        layers += _stimulus(shown, numbers("stimulus", stimulus, len(time))[inside], top)
        top += KEY + STIMULUS + GAP
    chart = alt.layer(*layers, *frame.scale_bar(top))
    ranges = "; ".join(
        f"{name}, from {number(v.min())} to {quantity(v.max(), 'mV')}" for name, v in named.items()
    )
    told = (
        f"Membrane voltage over {quantity(shown[-1] - shown[0], 'ms', 4)} in {len(rows)} "
        f"{'row' if len(rows) == 1 else 'rows'}: {ranges}."
    )
    chart = chart.resolve_scale(x="independent", y="independent")
    return finish(chart, title, description or told, (230, top))
