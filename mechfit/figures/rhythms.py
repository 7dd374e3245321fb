"""Rhythms of a circuit of three neurons: their voltages, and the intervals that describe a cycle.

Bars below a trace are its bursts. Above it stand the intervals of the first whole cycle: the
period, the duration of the first burst, the delay of the others after its start, and the gap after
the burst before.
"""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures import parts
from mechfit.figures.checks import increasing, numbers, ranges
from mechfit.figures.encoding import encode
from mechfit.figures.labels import number, parse
from mechfit.figures.parts import axes, coded_trace, heading, rows_of, scale_bar, table, words
from mechfit.figures.theme import NARROW, OBSERVED, PAGE, POSTERIOR, ROLES, SAMPLE, WIDTH, present
from mechfit.summaries.thinning import thin_together

TALL, LANE, POINTS = 74, 22, 1200
"""Height in px of one trace and of one line of intervals; points of a trace, two in each px."""
CHOSEN = "datum.k == chosen"
KINDS = ("period", "duration"), ("delay", "gap"), ("delay", "gap")
"""Intervals that stand above each neuron."""


def rhythms(
    time: ArrayLike,
    circuits: Mapping[str, ArrayLike],
    neurons: Sequence[str],
    bursts: Mapping[str, Sequence[ArrayLike]],
    *,
    title: str,
    menu: str = "circuit",
    verdicts: Mapping[str, str] | None = None,
    parameters: tuple[Mapping[str, ArrayLike], Sequence[str], ArrayLike] | None = None,
) -> alt.VConcatChart:
    """Draw the voltages of circuits of three neurons, with the intervals of a cycle.

    Args:
        time: Evenly spaced times, shape (t,), ms.
        circuits: Name to voltages, shape (3, t), mV; several stand behind a menu.
        neurons: Names of the three neurons, in the order of a cycle.
        bursts: Name to the first and last spike of each neuron's bursts, shape (b, 2), ms.
        title: What to see, in words.
        menu: What the menu chooses.
        verdicts: Name to a line of words about the circuit.
        parameters: Name to parameters (d,), their labels and ranges (d, 2), drawn below.
    """
    time, names = increasing(time), list(circuits)
    if len(neurons) != 3 or not names or set(bursts) != set(names):
        raise ValueError(
            f"got {len(neurons)} neurons, circuits {names} and bursts of {list(bursts)}, "
            "expected 3 neurons and bursts of every circuit"
        )
    voltage = np.stack([numbers(repr(n), v, 3, len(time)) for n, v in circuits.items()])
    found = [[np.reshape(b, (-1, 2)) for b in bursts[n]] for n in names]
    grid, thinned = thin_together(time, voltage, POINTS)
    span, limits = (float(thinned.min()), float(thinned.max())), (float(time[0]), float(time[-1]))
    reach = span[0] - 14, span[1] + 4
    place = axes(limits, reach)
    coded = [
        {"k": k, "row": j, "v": encode(v, *span)}
        for k, each in enumerate(thinned)
        for j, v in enumerate(each)
    ]
    cycles = [_cycle(each, limits) for each in found]
    views = []
    if verdicts is not None:
        said = alt.ExprRef(f"{[verdicts[n] for n in names]}[chosen]")
        views.append(words(rows_of([{}]), alt.value(said), fontWeight=600))
    for j, name in enumerate(neurons):
        lanes = _intervals([(k, *i) for k, c in enumerate(cycles) for i in c[j]], limits, KINDS[j])
        mine = alt.Chart(alt.NamedData("traces")).transform_filter(f"{CHOSEN} && datum.row == {j}")
        line = coded_trace(mine, grid, *span, ROLES["sample"]).encode(**place)
        lasting = [
            {"k": k, "t": a, "t2": b, "v": span[0] - 10}
            for k, each in enumerate(found)
            for a, b in each[j].clip(*limits).tolist()
            if a < b
        ]
        bars = rows_of(lasting).transform_filter(CHOSEN)
        bars = bars.mark_rule(stroke=SAMPLE, strokeWidth=5, opacity=0.55)
        both = alt.layer(line, bars.encode(**place, x2="t2"))
        views.append(lanes.properties(width=WIDTH, height=2 * LANE, title=heading(name)))
        views.append(both.properties(width=WIDTH, height=TALL))
    views.append(scale_bar(limits, reach, TALL))
    told = f"Voltages of {', '.join(neurons)}."
    for name, each in zip(names, found, strict=True):
        periods, lengths = np.diff(each[0][:, 0]), [np.diff(b) for b in each]
        period = f"period {number(periods.mean())} ms" if len(periods) else "no period"
        lasting = ", ".join(number(long.mean()) if len(long) else "no" for long in lengths)
        told += f" {name}: {period}, bursts of {lasting} ms."
    if parameters is not None:
        sets, labels, prior = parameters
        d = len(labels)
        views.append(_strips([numbers(repr(n), sets[n], d) for n in names], labels, prior))
        told += f" Below, the {d} parameters of each, as dots on the range of the prior."
    chosen = (
        parts.menu("chosen", names, menu) if len(names) > 1 else alt.param(name="chosen", value=0)
    )
    chart = alt.vconcat(*views, spacing=4, datasets={"traces": coded}).add_params(chosen, PAGE)
    return present(chart, title, told)


def _cycle(
    found: Sequence[np.ndarray], limits: tuple[float, float]
) -> list[list[tuple[float, float, str]]]:
    """Find begin (ms), end (ms) and kind of each neuron's intervals in the first whole cycle."""
    rows, starts = [[], [], []], found[0][:, 0]
    whole = np.flatnonzero((starts[:-1] >= limits[0]) & (starts[1:] <= limits[1]))
    if not len(whole):
        return rows
    (begin, end), stop = found[0][whole[0]], starts[whole[0] + 1]
    rows[0] = [(begin, stop, "period"), (begin, end, "duration")]
    for row, b in zip(rows[1:], found[1:], strict=True):
        mine = b[(b[:, 0] >= begin) & (b[:, 0] < stop)]
        if len(mine):
            start, last = mine[0]
            row += [(begin, start, "delay"), (min(end, start), max(end, start), "gap")]
            end = last
    return rows


def _intervals(
    rows: Sequence[tuple], limits: tuple[float, float], kinds: Sequence[str]
) -> alt.LayerChart:
    """Draw intervals (circuit, begin, end, kind) as lines with two ends and a name, by kind."""
    data = [{"k": k, "t": a, "t2": b, "kind": kind} for k, a, b, kind in rows]
    shown = rows_of(data).transform_filter(CHOSEN)
    ends = shown.transform_calculate(t="[datum.t, datum.t2]").transform_flatten(["t"])
    middle = shown.transform_calculate(t="(datum.t + datum.t2) / 2")
    y = alt.Y("kind:N").scale(domain=list(kinds)).axis(None)
    place = axes(limits, (0, 1)) | {"y": y}
    tick = {"orient": "vertical", "thickness": 1.2, "size": 8, "color": OBSERVED}
    return alt.layer(
        shown.mark_rule(strokeWidth=1.2).encode(**place, x2="t2"),
        ends.mark_tick(**tick).encode(**place),
        middle.mark_text(fontSize=11, dy=-8).encode(**place, text="kind:N"),
    )


def _strips(sets: Sequence[np.ndarray], labels: Sequence[str], limits: np.ndarray) -> alt.Chart:
    """Draw the parameters of all circuits as dots, those of the chosen one as large diamonds."""
    limits = ranges(limits, len(labels))
    shares = (np.stack(sets) - limits[:, 0]) / np.diff(limits).ravel()
    k, i = np.indices(shares.shape)
    names = np.array([parse(label).name for label in labels])
    data = table(k=k.ravel(), n=names[i.ravel()], s=shares.ravel())
    upright = {"labelAngle": 270, "labelOverlap": False, "grid": True, "gridOpacity": 0.5}
    size = alt.ExprRef(f"page < {NARROW} ? 8 : 10")
    side = {"values": [0, 1], "labelExpr": "datum.value ? 'highest' : 'lowest'"}
    quiet = {"title": None, "domain": False, "ticks": False}
    place = {
        "x": alt.X("n:N").sort(None).axis(**upright, domain=True, title=None, labelFontSize=size),
        "y": alt.Y("s:Q").scale(domain=[0, 1]).axis(**side, **quiet, labelFontSize=10),
    }
    large = {"shape": "diamond", "size": 52, "fill": SAMPLE, "strokeWidth": 0}
    return alt.layer(
        data.mark_circle(size=22, color=POSTERIOR, opacity=0.55).encode(**place),
        data.transform_filter(CHOSEN).mark_point(**large).encode(**place),
    ).properties(width=WIDTH, height=92, title=heading("on the range of the prior", size=11))
