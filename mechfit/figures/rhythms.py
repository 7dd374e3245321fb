"""Rhythms of circuits: one trace per neuron, with the intervals that the statistics measure.

Bars below a trace are its bursts. Of the first whole cycle the period, the delay of each neuron's
burst and the gap before it are drawn. Several circuits stand behind a menu; their parameters are
dots on lanes that span the prior, those of the chosen circuit large. Taught in the chapter
geometry/pyloric-circuit.
"""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import increasing, numbers, ranges
from mechfit.figures.encoding import encode
from mechfit.figures.labels import number, parse
from mechfit.figures.marks import FULL, Frame, coded_line, rows_of, words
from mechfit.figures.theme import POSTERIOR, ROLES, SAMPLE, finish
from mechfit.summaries.thinning import thin_together

HEAD, ROW, BELOW = 34, 66, 66
LANES = 92
PLACE = {"x": alt.X("x:Q", scale=None, axis=None), "y": alt.Y("y:Q", scale=None, axis=None)}
CHOSEN = "datum.k == chosen"


def rhythms(
    time: ArrayLike,
    circuits: Mapping[str, ArrayLike],
    neurons: Sequence[str],
    bursts: Mapping[str, Sequence[ArrayLike]],
    *,
    title: str,
    menu: str = "circuit",
    theta: Mapping[str, ArrayLike] | None = None,
    labels: Sequence[str] = (),
    limits: ArrayLike = (),
    description: str | None = None,
) -> alt.LayerChart:
    """Draw the traces of circuits of three neurons, with the intervals of a cycle.

    Args:
        time: Evenly spaced times, shape (t,), ms.
        circuits: Name to voltages, shape (3, t), mV; several stand behind a menu.
        neurons: Names of the three neurons, in the order of a cycle.
        bursts: Name to the first and last spike of each neuron's bursts, shape (b, 2), ms.
        title: What to see, in words.
        menu: What the menu chooses.
        theta: Name to parameters, shape (d,), to be drawn as dots below.
        labels: Symbol and unit of each parameter.
        limits: Ranges of the parameters, shape (d, 2).
        description: The text alternative; the periods and durations if left out.

    Returns:
        The chart.

    Example:
        >>> t = np.arange(0.0, 100.0)
        >>> burst = [[[10, 20], [60, 70]], [[30, 40], [80, 90]], [[42, 50], [92, 96]]]
        >>> v = np.full((3, 100), -60.0)
        >>> chart = rhythms(t, {"a": v}, ["A", "B", "C"], {"a": burst}, title="They take turns")
        >>> chart.description
        'Voltages of A, B, C. a: period 50 ms, bursts of 10, 10, 6 ms.'
    """
    time, names = increasing(time), list(circuits)
    if len(neurons) != 3 or not names or set(bursts) != set(names):
        raise ValueError(
            f"got {len(neurons)} neurons, circuits {names} and bursts of {list(bursts)}, "
            "expected 3 neurons and bursts of every circuit"
        )
    voltage = np.stack([numbers(repr(n), v, 3, len(time)) for n, v in circuits.items()])
    found = {n: [np.reshape(b, (-1, 2)) for b in bursts[n]] for n in names}
    grid, thinned = thin_together(time, voltage)
    low, high = float(thinned.min()), float(thinned.max())
    traces = [
        {"k": k, "row": j, "v": encode(v, low, high)}
        for k, each in enumerate(thinned)
        for j, v in enumerate(each)
    ]
    span = (float(time[0]), float(time[-1]))
    frames = [Frame(span, (low - 4, high + 4), HEAD + j * (ROW + BELOW), ROW) for j in range(3)]
    layers = []
    for j, (name, frame) in enumerate(zip(neurons, frames, strict=True)):
        mine = alt.Chart(alt.NamedData("traces")).transform_filter(f"{CHOSEN} && datum.row == {j}")
        layers += [
            coded_line(mine, grid, low, high, ROLES["sample"]).encode(**frame.place),
            words(name, 0, frame.top - 6, size=12),
        ]
    marks = [m for k, n in enumerate(names) for m in _intervals(k, found[n], span, frames)]
    layers += _drawn(marks, span)
    bottom = frames[-1].top + ROW + BELOW
    layers += frames[-1].scale_bar(bottom - BELOW + 14)
    told = f"Voltages of {', '.join(neurons)}. " + " ".join(_told(n, found[n]) for n in names)
    datasets, height = {"traces": traces}, bottom
    if theta is not None:
        sets = np.stack([numbers(repr(n), theta[n], len(labels)) for n in names])
        layers += _lanes(sets, labels, ranges(limits, len(labels)), bottom + 34)
        height = bottom + 34 + LANES + 74
        told += f" Below, the {len(labels)} parameters of each, as dots on the range of the prior."
    chart = alt.layer(*layers, datasets=datasets).resolve_scale(x="independent", y="independent")
    bind = alt.binding_select(options=[*range(len(names))], labels=names, name=menu)
    chosen = alt.param(name="chosen", value=0, **({"bind": bind} if len(names) > 1 else {}))
    return finish(chart.add_params(chosen), title, description or told, (230, int(height)))


def _told(name: str, found: Sequence[np.ndarray]) -> str:
    starts = found[0][:, 0]
    period = f"period {number(np.diff(starts).mean())} ms" if len(starts) > 1 else "no period"
    each = ", ".join(number(np.diff(b).mean()) if len(b) else "no" for b in found)
    return f"{name}: {period}, bursts of {each} ms."


def _intervals(
    k: int, found: Sequence[np.ndarray], span: tuple[float, float], frames: Sequence[Frame]
) -> list[dict]:
    """Bars of all bursts, and the intervals of the first whole cycle, each with its name."""
    rows = []
    for b, frame in zip(found, frames, strict=True):
        inside = b[(b[:, 1] > span[0]) & (b[:, 0] < span[1])].clip(*span)
        y = frame.top + ROW + 5
        rows += [{"k": k, "t": t, "t2": e, "y": y, "bar": True, "said": ""} for t, e in inside]
    starts = found[0][:, 0]
    whole = np.flatnonzero((starts[:-1] >= span[0]) & (starts[1:] <= span[1]))
    if not len(whole):
        return rows
    begin, stop = starts[whole[0]], starts[whole[0] + 1]
    end = found[0][whole[0], 1]

    def add(t: float, t2: float, y: float, said: str) -> None:
        rows.append({"k": k, "t": t, "t2": t2, "y": y, "bar": False, "said": said})

    add(begin, stop, frames[0].top - 14, "period")
    add(begin, end, frames[0].top + ROW + 25, "duration")
    for b, frame in zip(found[1:], frames[1:], strict=True):
        mine = b[(b[:, 0] >= begin) & (b[:, 0] < stop)]
        if len(mine):
            add(begin, mine[0, 0], frame.top - BELOW + 45, "delay")
            add(end, mine[0, 0], frame.top + ROW + 25, "gap")
            end = mine[0, 1]
    return rows


def _drawn(rows: list[dict], span: tuple[float, float]) -> list[alt.Chart]:
    """Bars, lines with ends, and words above their middles."""
    across = f"({{}} - {span[0]:.9g}) / {span[1] - span[0]:.9g} * ({FULL})"
    shown = (
        rows_of(rows)
        .transform_filter(CHOSEN)
        .transform_calculate(x=across.format("datum.t"), x2=across.format("datum.t2"))
    )
    bars = shown.transform_filter("datum.bar").mark_rule(
        stroke=SAMPLE, strokeWidth=5, opacity=0.55, aria=False
    )
    lines = shown.transform_filter("!datum.bar")
    rule = lines.mark_rule(strokeWidth=1.2, aria=False)
    ticks = [
        lines.transform_calculate(x=f"datum.{end}").mark_text(
            text="|", fontSize=9, baseline="middle", aria=False
        )
        for end in ("x", "x2")
    ]
    middle = lines.transform_calculate(x="(datum.x + datum.x2) / 2")
    said = middle.mark_text(fontSize=11, dy=-7, aria=False)
    return [
        bars.encode(**PLACE, x2="x2"),
        rule.encode(**PLACE, x2="x2"),
        *(t.encode(**PLACE) for t in ticks),
        said.encode(**PLACE, text="said:N"),
    ]


def _lanes(
    sets: np.ndarray, labels: Sequence[str], limits: np.ndarray, top: float
) -> list[alt.Chart]:
    """Dots for the parameters (n, d) on vertical lanes that span their ranges."""
    d = len(labels)
    shares = (sets - limits[:, 0]) / np.diff(limits).ravel()
    x = f"(datum.i + 0.5) * (page - 16) / {d}"
    lanes = rows_of([{"i": i, "n": parse(label).name} for i, label in enumerate(labels)])
    lanes = lanes.transform_calculate(x=x, y=f"{top}", y2=f"{top + LANES}")
    rule = lanes.mark_rule(strokeWidth=1, strokeOpacity=0.25, aria=False)
    names = lanes.transform_calculate(y=f"{top + LANES + 8}").mark_text(
        angle=270, align="right", baseline="middle", fontSize=10, aria=False
    )
    dots = rows_of(
        [
            {"k": k, "i": i, "s": round(float(s), 4)}
            for k, row in enumerate(shares)
            for i, s in enumerate(row)
        ]
    ).transform_calculate(x=x, y=f"{top} + {LANES} * (1 - datum.s)")
    small = dots.mark_circle(size=22, color=POSTERIOR, opacity=0.55, aria=False)
    large = dots.transform_filter(CHOSEN).mark_point(
        shape="diamond", size=52, stroke=SAMPLE, fill=SAMPLE, opacity=1, aria=False
    )
    return [
        rule.encode(**PLACE, y2="y2"),
        small.encode(**PLACE),
        large.encode(**PLACE),
        names.encode(**PLACE, text="n:N"),
    ]
