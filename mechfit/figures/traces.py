"""Voltage traces as a physiologist draws them: one level and a scale bar in place of axes.

All rows share one voltage scale and one time scale. A row may hold several traces, so that a
prediction lies over what was observed.
"""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import increasing, numbers
from mechfit.figures.labels import number, quantity
from mechfit.figures.parts import axes, heading, named_lines, scale_bar, trace
from mechfit.figures.theme import ROLES, WIDTH, Role, assign, present
from mechfit.summaries.thinning import thin

ORDER = ("observed", "sample", "broken", "path", "posterior")


def traces(
    time: ArrayLike,
    voltage: Mapping[str, ArrayLike],
    *,
    title: str,
    stimulus: ArrayLike | None = None,
    rows: Sequence[Sequence[str]] | None = None,
    roles: Mapping[str, str] | None = None,
) -> alt.VConcatChart:
    """Draw voltage traces in rows that share their scales.

    Args:
        time: Times, shape (t,), ms.
        voltage: Name to trace, shape (t,), mV; the names stand above the rows.
        title: What to see, in words.
        stimulus: Injected current, shape (t,), µA/cm², drawn in a row below.
        rows: Names in each row, drawn in that order; by default each trace has its own row.
            A name may stand in several rows.
        roles: Name to meaning, a key of `ROLES`; by default the first trace is observed,
            the next ones sample, broken, path, posterior.

    Example:
        >>> t = np.arange(0.0, 120.0, 0.1)
        >>> chart = traces(t, {"rest": 0 * t - 70}, title="Without current nothing happens")
        >>> chart.description
        'Membrane voltage over 119.9 ms in 1 row: rest, from −70 to −70 mV.'
    """
    if not voltage:
        raise ValueError("voltage is empty, expected at least one named trace")
    time = increasing(time)
    named = {name: numbers(repr(name), v, len(time)) for name, v in voltage.items()}
    rows = [[n] for n in named] if rows is None else [list(r) for r in rows]
    unknown = {n for r in rows for n in r} - set(named)
    if unknown or not all(rows):
        raise ValueError(f"rows names {sorted(unknown)}, expected names among {list(named)}")
    looks = assign(list(named), roles, ORDER)
    used = np.concatenate([named[n] for r in rows for n in r])
    low, high = float(used.min()) - 4, float(used.max()) + 4
    if high - low < 40:
        low, high = low - 15, high + 15
    span, height = (float(time[0]), float(time[-1])), {1: 170, 2: 125}.get(len(rows), 95)
    views = [
        _row(time, {n: named[n] for n in row}, looks, (low, high)).properties(height=height)
        for row in rows
    ]
    if stimulus is not None:
        current = numbers("stimulus", stimulus, len(time))
        bottom, top = float(current.min()), float(current.max())
        pad = 0.1 * (top - bottom) or 1.0
        said = f"injected current, {number(bottom)} to {quantity(top, 'µA/cm²')}"
        line = trace(*thin(time, current), ROLES["observed"], interpolate="step-after")
        line = line.encode(**axes(span, (bottom - pad, top + pad)))
        views.append(line.properties(width=WIDTH, height=30, title=heading(said)))
    views.append(scale_bar(span, (low, high), height))
    ranges = "; ".join(
        f"{name}, from {number(v.min())} to {quantity(v.max(), 'mV')}" for name, v in named.items()
    )
    long, count = quantity(time[-1] - time[0], "ms", 4), len(rows)
    told = f"Membrane voltage over {long} in {count} {'row' if count == 1 else 'rows'}: {ranges}."
    chart = alt.vconcat(*views, spacing=8)
    if max(map(len, rows)) > 1:  # each row has a key of its own
        chart = chart.resolve_scale(stroke="independent", strokeDash="independent")
    return present(chart, title, told)


def _row(
    time: np.ndarray,
    named: Mapping[str, np.ndarray],
    looks: Mapping[str, Role],
    span: tuple[float, float],
) -> alt.LayerChart:
    """Draw the traces of one row; where there are several, a key tells them apart."""
    level = float(np.clip(next(iter(named.values()))[0], *span))
    place = axes((time[0], time[-1]), span, level=level)
    if len(named) == 1:
        ((name, v),) = named.items()
        line = trace(*thin(time, v), looks[name]).encode(**place)
        return alt.layer(line).properties(width=WIDTH, title=heading(name))
    apart = named_lines({n: looks[n] for n in named})
    layers = [
        trace(*thin(time, v), looks[n]).transform_calculate(name=repr(n)).encode(**place, **apart)
        for n, v in named.items()
    ]
    return alt.layer(*layers).properties(width=WIDTH)
