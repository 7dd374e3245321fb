"""Spending: what each current of each neuron costs, as bars that add up to the whole.

A bar for each neuron of each circuit, its pieces in one order everywhere: the current that costs
most first. Pieces alternate in shade and bear their names where these fit, so that no color has to
stand for a current; one current, chosen by a click or a menu, is drawn in the color of what is
chosen, with its share of each circuit's energy. Taught in the chapter robustness/energy.
"""

from collections.abc import Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import numbers
from mechfit.figures.labels import number, quantity
from mechfit.figures.marks import px, rows_of, tips, words
from mechfit.figures.theme import POSTERIOR, SAMPLE, finish, page

HEAD, BAR, ROW, GAP = 20, 20, 24, 14
LEFT, RIGHT = 50, 44
FULL = page(LEFT + RIGHT)
SHADES = (0.5, 0.24)


def spending(
    spent: ArrayLike,
    names: Sequence[str],
    currents: Sequence[str],
    *,
    unit: str,
    title: str,
    channels: Sequence[str] = ("AB/PD", "LP", "PY"),
    start: str | None = None,
    description: str | None = None,
) -> alt.LayerChart:
    """Draw what the currents of neurons cost in several circuits.

    Args:
        spent: Energy of each circuit, neuron and current, shape (n, neurons, currents).
        names: Name of each circuit.
        currents: Name of each current.
        unit: Unit of the energies.
        title: What to see, in words.
        channels: Name of each neuron.
        start: Name of the current that is chosen first, by default the one that costs most.
        description: The text alternative; energies and largest shares if left out.

    Returns:
        The chart; pointing at a piece tells its energy.

    Raises:
        ValueError: If the shape does not fit or an energy is negative.

    Example:
        >>> spent = [[[3.0, 1.0]], [[1.0, 1.0]]]
        >>> words = {"unit": "nW/cm²", "title": "Sodium costs most", "channels": ["LP"]}
        >>> spending(spent, ["thrifty", "lavish"], ["Na", "leak"], **words).description[:58]
        'thrifty spends 4 nW/cm²: LP 4, most of all on Na (75 %); l'
    """
    spent = numbers("spent", spent, len(names), len(channels), len(currents))
    order = np.argsort(-spent.sum((0, 1)), kind="stable").tolist()
    start = currents[order[0]] if start is None else start
    if (spent < 0).any() or not spent.any() or start not in currents:
        raise ValueError(
            f"got spent from {spent.min():g} to {spent.max():g} and start {start!r}, expected "
            f"energies from 0 on, not all of them 0, and one of {', '.join(currents)}"
        )
    whole, block = spent.sum((1, 2)), HEAD + ROW * len(channels) + GAP
    bottom, most = block * len(names) - GAP + 4, float(spent.sum(2).max())
    pieces, shares, totals = [], [], []
    for n, name in enumerate(names):
        part = spent[n].sum(0) / (whole[n] or 1)
        for i, current in enumerate(currents):
            said = f"{name}: {quantity(whole[n], unit)}, {current} {number(100 * part[i], 2)} %"
            shares.append({"i": i, "y": n * block + 8, "said": said})
        for j, neuron in enumerate(channels):
            row = {"y": n * block + HEAD + ROW * (j + 0.5), "neuron": neuron, "of": name}
            ends = np.r_[0, spent[n, j, order].cumsum()]
            totals.append(row | {"a": ends[-1], "said": number(ends[-1])})
            for rank, i in enumerate(order):
                energy = quantity(spent[n, j, i], unit)
                piece = {"i": i, "current": currents[i], "energy": energy, "o": SHADES[rank % 2]}
                a, b = (float(f"{end:.6g}") for end in ends[rank : rank + 2])
                pieces.append(row | piece | {"a": a, "b": b})
    chosen = alt.selection_point(
        name="chosen",
        fields=["i"],
        on="@pieces_marks:click, @names_marks:click",
        clear=False,
        empty=False,
        value=[{"i": currents.index(start)}],
        bind=alt.binding_select(
            options=order, labels=[currents[i] for i in order], name="current"
        ),
    )
    scale = alt.Scale(domain=[0, most], range=[0, px(FULL)], nice=False)
    axis = alt.Axis(title=None, tickCount=5, offset=2)
    x, y = alt.X("a:Q", scale=scale, axis=None), alt.Y("y:Q", scale=None, axis=None)
    lit = "datum.i == chosen_i"
    drawn = alt.Chart(alt.NamedData("pieces"))
    bar = drawn.transform_filter("datum.b > datum.a").mark_rule(
        strokeWidth=BAR, x2Offset=-1, cursor="pointer", aria=False
    )
    shade = alt.StrokeOpacity("o:Q", scale=None)
    look = {
        "stroke": alt.condition(lit, alt.value(SAMPLE), alt.value(POSTERIOR)),
        "strokeOpacity": alt.condition(lit, alt.value(0.75), shade),
        "tooltip": tips(current="current", neuron="neuron", of="circuit", energy="energy"),
    }
    wide = f"(datum.b - datum.a) / {most:.9g} * {FULL} > 6.6 * length(datum.current) + 6"
    label = drawn.transform_filter(wide).transform_calculate(a="(datum.a + datum.b) / 2")
    label = label.mark_text(baseline="middle", fontSize=11, cursor="pointer", aria=False)
    text = {"baseline": "middle", "aria": False}
    total = rows_of(totals)
    layers = [
        bar.encode(x=alt.X("a:Q", scale=scale, axis=axis), x2="b", y=y, **look)
        .properties(name="pieces")
        .add_params(chosen),
        label.encode(x=x, y=y, text="current:N").properties(name="names"),
        total.mark_text(align="right", **text).encode(x=alt.value(-8), y=y, text="neuron:N"),
        total.mark_text(align="left", dx=5, fontSize=11, **text).encode(x=x, y=y, text="said:N"),
        rows_of(shares)
        .transform_filter(lit)
        .mark_text(align="left", fontWeight=600, **text)
        .encode(x=alt.value(-LEFT + 4), y=y, text="said:N"),
        words(f"energy ({unit})", f"{FULL} / 2", bottom + 36, align="center"),
    ]
    chart = alt.layer(*layers, datasets={"pieces": pieces}).resolve_scale(
        x="independent", y="independent"
    )
    told = "; ".join(
        f"{name} spends {quantity(each.sum(), unit)}: "
        + ", ".join(f"{c} {number(e)}" for c, e in zip(channels, each.sum(1), strict=True))
        + f", most of all on {currents[each.sum(0).argmax()]} "
        + f"({number(100 * each.sum(0).max() / (each.sum() or 1), 2)} %)"
        for name, each in zip(names, spent, strict=True)
    )
    told += ". A menu chooses a current, which is then lit in every bar."
    hint = "Click a piece, or choose a current below, to see it in every bar."
    return finish(chart, title, description or told, (230, bottom), hint)
