"""Sliders that redraw a trace in a static page: every combination was simulated beforehand."""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import numbers, trace_of
from mechfit.figures.encoding import encode
from mechfit.figures.parts import axes, coded_trace, named_lines, rows_of, scale_bar, trace
from mechfit.figures.theme import ROLES, WIDTH, Role, present
from mechfit.summaries.thinning import thin_together

HEIGHT, BUDGET = 190, 250_000
LOOKS = {"at these values": Role(ROLES["sample"].color), "at the start": ROLES["observed"]}


def sliders(
    values: Mapping[str, np.ndarray], start: Sequence[int]
) -> tuple[list[alt.Parameter], str]:
    """Return a slider for each parameter and the expression of the trace they choose."""
    params, index = [], "0"
    for i, ((label, v), k) in enumerate(zip(values.items(), start, strict=True)):
        name, last = f"slider_{i}", len(v) - 1
        first, step = _clean(v[0]), _clean((v[-1] - v[0]) / last)
        bind = alt.binding_range(min=first, max=_clean(first + step * last), step=step, name=label)
        params.append(alt.param(name=name, value=_clean(first + step * k), bind=bind))
        index = f"({index}) * {len(v)} + round(({name} - {first}) / {step})"
    return params, index


def _clean(value: float) -> float:
    return float(f"{value:.6g}")


def parameter_explorer(
    grid: Mapping[str, ArrayLike],
    time: ArrayLike,
    voltage: ArrayLike,
    *,
    title: str,
    start: Sequence[int],
    description: str,
) -> alt.VConcatChart:
    """Show precomputed traces, chosen by one slider for each parameter.

    The chart has less than 300 kB: the more traces, the fewer points each keeps.

    Args:
        grid: Label with unit, for example "ḡ_Na (mS/cm²)", to evenly spaced values.
        time: Evenly spaced times, shape (t,), ms.
        voltage: The trace of every combination, shape (a, b, ..., t), mV, in the order of `grid`.
        title: What to see, in words.
        start: Index of the first value of each slider; this trace stays in the picture, faintly.
        description: The text alternative.
    """
    values = {label: numbers(label, v, "n") for label, v in grid.items()}
    shape = tuple(len(v) for v in values.values())
    time, voltage = trace_of(time, voltage)
    if not values or voltage.shape[:-1] != shape:
        raise ValueError(f"voltage has shape {voltage.shape}, expected {(*shape, 't')}")
    for label, v in values.items():
        step = np.diff(v)
        if len(v) < 2 or not np.all(step > 0) or np.ptp(step) > 1e-6 * abs(v).max():
            raise ValueError(f"{label!r} has values {v}, expected evenly spaced, increasing ones")
    if len(start) != len(shape) or not all(0 <= k < n for k, n in zip(start, shape, strict=True)):
        raise ValueError(f"start is {start}, expected an index below each of {shape}")
    count = int(np.prod(voltage.shape[:-1]))
    points = min(400, BUDGET // (2 * count) - 8)
    if points < 100:
        raise ValueError(f"voltage holds {count} traces, expected at most {BUDGET // 216}")
    shared, thinned = thin_together(time, voltage.reshape(count, -1), points)
    low, high = float(thinned.min()), float(thinned.max())
    params, chosen = sliders(values, start)
    rows = rows_of([{"k": k, "v": encode(v, low, high)} for k, v in enumerate(thinned)])
    first = thinned[np.ravel_multi_index(start, voltage.shape[:-1])]
    ends, span = (float(time[0]), float(time[-1])), (low - 4, high + 4)
    place, (now, before) = axes(ends, span, level=first[0]), LOOKS
    shown = rows.transform_filter(f"datum.k == {chosen}")
    lines = {
        before: trace(shared, first, LOOKS[before], strokeWidth=1, strokeOpacity=0.55),
        now: coded_trace(shown, shared, low, high, LOOKS[now]),
    }
    place |= named_lines(LOOKS)
    layers = [line.transform_calculate(name=repr(n)).encode(**place) for n, line in lines.items()]
    view = alt.layer(*layers).properties(width=WIDTH, height=HEIGHT)
    chart = alt.vconcat(view, scale_bar(ends, span, HEIGHT), spacing=8).add_params(*params)
    return present(chart, title, description)
