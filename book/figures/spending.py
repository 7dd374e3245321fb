"""What each current of each neuron costs in several circuits, as stacked bars."""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import numbers
from mechfit.figures.labels import number, quantity
from mechfit.figures.parts import choice, rows_of, tips
from mechfit.figures.theme import PAGE, POSTERIOR, SAMPLE, WIDTH, present

NEURONS = ("AB/PD", "LP", "PY")
BESIDE = 110
"""About the room beside the bars, px: a name is written where its piece is long enough."""


def spending(
    circuits: Mapping[str, ArrayLike], currents: Sequence[str], *, unit: str, title: str
) -> alt.LayerChart:
    """Draw the power of each current in each neuron of several circuits.

    The pieces of all bars stand in one order, the current that costs most first, and alternate
    in shade. A click or a menu chooses a current, which is lit in every bar; its share of each
    circuit's power is written above.

    Args:
        circuits: Name to the power spent, shape (3, currents).
        currents: Name of each current.
        unit: Unit of the power.
        title: What to see, in words.
    """
    spent = np.stack([numbers(n, v, 3, len(currents)) for n, v in circuits.items()])
    if (spent < 0).any() or not spent.any():
        raise ValueError(
            f"got power from {spent.min():g} to {spent.max():g}, expected 0 or more, not all 0"
        )
    order = np.argsort(-spent.sum((0, 1)), kind="stable").tolist()
    pieces, totals, shares = [], [], []
    for name, each in zip(circuits, spent, strict=True):
        for i, current in enumerate(currents):
            share = number(100 * each[:, i].sum() / (each.sum() or 1), 2)
            said = f"{name}: {number(each.sum())}, {current} {share} %"
            shares.append({"row": f"{name}: ", "a": 0, "i": i, "said": said})
        for neuron, bar in zip(NEURONS, each, strict=True):
            row, stops = {"row": f"{name}: {neuron}"}, np.r_[0, bar[order].cumsum()].round(4)
            totals.append(row | {"a": stops[-1], "said": number(bar.sum())})
            for rank, (i, a, b) in enumerate(zip(order, stops[:-1], stops[1:], strict=True)):
                piece = {"a": a, "b": b, "i": i, "current": currents[i], "power": number(bar[i])}
                pieces.append(row | piece | {"shade": (0.5, 0.24)[rank % 2]})
    menu = alt.binding_select(options=order, labels=[currents[i] for i in order], name="current")
    touched = "@pieces_marks:click, @names_marks:click"
    chosen = choice({"i": order[0]}, menu, nearest=False, on=touched)
    most = float(spent.sum(2).max())
    x = alt.X("a:Q").scale(domain=[0, 1.1 * most])
    x = x.axis(title=f"power ({unit})", tickCount=5, offset=2)
    names = [f"{name}: {row}" for name in circuits for row in ("", *NEURONS)]
    y = alt.Y("row:N").scale(domain=names, paddingInner=0.15)
    y = y.axis(title=None, labelExpr="split(datum.label, ': ')[1]")
    shade = alt.FillOpacity("shade:Q", scale=None, legend=None)
    look = {
        "fill": alt.condition(chosen, alt.value(SAMPLE), alt.value(POSTERIOR)),
        "fillOpacity": alt.condition(chosen, alt.value(0.75), shade),
        "tooltip": tips(current="current", row="row", power="power"),
    }
    drawn = rows_of(pieces)
    wide = f"(datum.b - datum.a) / {most:.6g} * (page - {BESIDE}) > 6.6 * length(datum.current)"
    label = drawn.transform_filter(wide).transform_calculate(a="(datum.a + datum.b) / 2")
    bar = drawn.mark_bar(cursor="pointer", stroke=None).encode(x2="b", **look)
    label = label.mark_text(fontSize=11, cursor="pointer").encode(text="current:N")
    total = rows_of(totals).mark_text(align="left", dx=5, fontSize=11).encode(text="said:N")
    share = rows_of(shares).transform_filter(chosen).mark_text(align="left", fontWeight=600)
    marks = [bar.properties(name="pieces").add_params(chosen), label.properties(name="names")]
    marks = [mark.encode(x=x, y=y) for mark in (*marks, total, share.encode(text="said:N"))]
    chart = alt.layer(*marks).properties(width=WIDTH, height={"step": 24})
    told = "; ".join(
        f"{name} spends {quantity(each.sum(), unit)}: "
        + ", ".join(f"{c} {number(e)}" for c, e in zip(NEURONS, each.sum(1), strict=True))
        + f", most of all on {currents[each.sum(0).argmax()]} "
        + f"({number(100 * each.sum(0).max() / (each.sum() or 1), 2)} %)"
        for name, each in zip(circuits, spent, strict=True)
    )
    told += ". A menu chooses a current, which is then lit in every bar."
    hint = "Click a piece, or choose a current below, to see it in every bar."
    return present(chart.add_params(PAGE), title, told, hint)
