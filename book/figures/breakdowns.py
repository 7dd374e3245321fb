"""How far a circuit can be pushed in many directions, and what it does at the end of each."""

from collections.abc import Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from book.figures.states import encoded, state
from mechfit.figures.labels import number
from mechfit.figures.parts import WORKS, choice, rows_of, tips, words
from mechfit.figures.theme import SAMPLE, WIDTH, present

NEURONS = ("AB/PD", "LP", "PY")
UNIT = "s.d. of the prior"
ROW, HEAD, MOST = 7, 2.6, 16
"""Height of a row of dots in px; of the words above a lane, and of the highest lane, in rows."""
DOT, NARROWEST = 10, 310
"""Size of a dot and width of the narrowest view, px: dots keep this distance."""


def breakdowns(
    radii: ArrayLike,
    reach: ArrayLike,
    directions: Sequence[tuple[str, str]],
    voltage: ArrayLike,
    time: ArrayLike,
    *,
    title: str,
    start: int = 0,
) -> alt.VConcatChart:
    """Draw the breakdown radius of a circuit in each direction, and the voltages found there.

    Each group of directions has its own lane on one logarithmic axis: a dot at each radius with
    its interval, a triangle where the circuit still worked as far as was looked; those that did so
    equally far share their place. A click or a menu chooses a direction.

    Args:
        radii: Breakdown radius and both ends of its interval, shape (3, k), infinite where none
            was found.
        reach: How far was looked in each direction, shape (k,).
        directions: Group and name of each direction; a lane for each group, in their order.
        voltage: Voltages of the circuit itself, then at the radius, or at the reach, of each
            direction, shape (1 + k, 3, t), mV.
        time: Evenly spaced times, shape (t,), ms.
        title: What to see, in words.
        start: Index of the direction that is shown first.
    """
    radii, reach, time = (np.asarray(v, float) for v in (radii, reach, time))
    coded, span = encoded(np.asarray(voltage, float))
    rows, heads, top = _lanes(radii, reach, directions)
    rows = [row | coded[row["k"] + 1] for row in rows]
    bind = alt.binding_select(
        options=[row["k"] for row in rows], labels=[row["name"] for row in rows], name="direction"
    )
    chosen = choice({"k": start}, bind)
    there = alt.Chart(alt.NamedData("directions")).transform_filter(chosen)
    before = rows_of([{"works": True, "said": "before: works"} | coded[0]])
    limits = min(row["l"] for row in rows) / 1.05, max(row["h"] for row in rows) * 1.05
    said = words(there, "name:N", fontWeight=600), words(there, "told:N")
    half, given = WIDTH / 2, (NEURONS, time, span)
    chart = alt.vconcat(
        _dots(chosen, heads, limits, top),
        alt.vconcat(*said, spacing=2),
        state(before, *given, width=half) | state(there, *given, width=half, level=False),
        spacing=10,
        datasets={"directions": rows},
    )
    near = "; ".join(head["said"] + head["near"] for head in heads)
    told = f"{len(rows)} directions. {near}; unit: {UNIT}. A menu chooses one, whose voltages "
    told += f"stand below, before and after: {', '.join(NEURONS)}."
    hint = "Click a direction, or choose it below, to see what happens there. Triangle: unbroken, "
    hint += "one place for all that were followed equally far."
    return present(chart, title, told, hint)


def _lanes(
    radii: np.ndarray, reach: np.ndarray, directions: Sequence[tuple[str, str]]
) -> tuple[list[dict], list[dict], float]:
    """Rows of the directions in the order of the menu, of the groups' words, and the height."""
    radius, low, high = radii
    broken = np.isfinite(radius)
    place = np.where(broken, radius, reach)
    left = low.clip(place.min() / 3, place)
    right = np.where(broken, high, reach).clip(place, place.max() * 3)
    dot = np.log(right.max() / left.min()) * DOT / NARROWEST
    rows, heads, top = [], [], 0.0
    for group in dict.fromkeys(group for group, _ in directions):
        mine = [i for i, (g, _) in enumerate(directions) if g == group]
        mine.sort(key=lambda i: (not broken[i], place[i]))
        spots = [(i, 0.0) if broken[i] else (-1, float(place[i])) for i in mine]
        own = [mine[spots.index(spot)] for spot in dict.fromkeys(spots)]
        taken = np.log([left[own], place[own], right[own]])
        packed = _packed(
            np.minimum(taken[0], taken[1] - dot / 2), np.maximum(taken[2], taken[1] + dot / 2)
        )
        lane_of = dict(zip(dict.fromkeys(spots), packed, strict=True))
        lanes = [lane_of[spot] for spot in spots]
        step = min(1.0, MOST / (max(lanes) + 1))
        said = f"{group}: {broken[mine].sum()} of {len(mine)} break it"
        near = f", the nearest {directions[mine[0]][1]} at {number(place[mine[0]])}"
        heads.append({"y": top + HEAD / 2, "said": said, "near": near if broken[mine[0]] else ""})
        for i, lane in zip(mine, lanes, strict=True):
            name, at = directions[i][1], number(place[i])
            name = name if name.startswith(group) else f"{group}: {name}"
            told = f"works as far as was looked, {at} {UNIT}"
            if broken[i]:
                told = f"breaks at {at} ({number(low[i])} to {number(high[i])}) {UNIT}"
            row = {"k": i, "name": name, "told": told, "works": not broken[i]}
            row |= {"said": f"{'broken' if broken[i] else 'still works'} at {at}"}
            row |= {"y": round(top + HEAD + step * lane, 2)}
            ends = zip("xlh", (place[i], left[i], right[i]), strict=True)
            rows.append(row | {field: float(f"{end:.4g}") for field, end in ends})
        top += HEAD + step * max(lanes) + 1
    return rows, heads, top


def _packed(left: np.ndarray, right: np.ndarray) -> list[int]:
    """Give each interval the first row in which it does not touch the one before."""
    rows, filled = [], []
    for a, b in zip(left, right, strict=True):
        free = next((r for r, end in enumerate(filled) if end <= a), len(filled))
        filled[free : free + 1] = [b]
        rows.append(free)
    return rows


def _dots(
    chosen: alt.Parameter, heads: list[dict], limits: tuple[float, float], top: float
) -> alt.LayerChart:
    """Lanes of dots with intervals, and a ring around the chosen one."""
    every = alt.Chart(alt.NamedData("directions"))
    axis = alt.Axis(title=f"how far until it breaks ({UNIT})", values=[0.2, 0.5, 1, 2, 3])
    across = {"axis": axis, "scale": alt.Scale(type="log", domain=limits)}
    x = alt.X("x:Q", **across)
    y = alt.Y("y:Q").scale(domain=[top, 0]).axis(None)
    shape = alt.condition("datum.works", alt.value("triangle-right"), alt.value("circle"))
    groups = rows_of(heads).transform_calculate(x=f"{limits[0]}").mark_text(align="left")
    dot = every.mark_point(strokeWidth=0, size=46, cursor="pointer")
    ring = {"shape": "circle", "size": 150, "stroke": SAMPLE, "strokeWidth": 2.2}
    ring = every.transform_filter(chosen).mark_point(fill="transparent", **ring)
    said = tips(name="direction", told="radius")
    return alt.layer(
        groups.encode(x=x, y=y, text="said:N"),
        every.mark_rule(strokeWidth=1.3, strokeOpacity=0.6).encode(
            x=alt.X("l:Q", **across), x2="h", y=y, stroke=WORKS
        ),
        dot.encode(x=x, y=y, fill=WORKS, shape=shape, tooltip=said).add_params(chosen),
        ring.encode(x=x, y=y),
    ).properties(width=WIDTH, height=ROW * top)
