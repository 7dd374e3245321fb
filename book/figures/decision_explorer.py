"""Drift-diffusion under four sliders: paths between two bounds, reaction times of both choices."""

from collections.abc import Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from book.figures.parameter_explorer import sliders
from mechfit.figures.checks import increasing, numbers
from mechfit.figures.curves import ABOVE
from mechfit.figures.encoding import decode, encode
from mechfit.figures.parts import coded_trace, heading, named_lines, points, slider, table, words
from mechfit.figures.theme import ROLES, SAMPLE, WIDTH, present

LOOKS = {"simulated": ROLES["sample"], "exact density": ROLES["posterior"]}
TALL, WIDE = 75, 140
DELAYS = (0.1, 0.6, 0.05)


def decision_explorer(
    grid: Sequence[tuple[str, ArrayLike]],
    time: ArrayLike,
    simulated: ArrayLike,
    exact: ArrayLike,
    moments: ArrayLike,
    paths: Sequence[Sequence[ArrayLike]],
    *,
    start: Sequence[int],
    title: str,
    description: str,
) -> alt.VConcatChart:
    """Show decisions for every drift, separation and start of a grid, and any delay.

    Args:
        grid: Name and evenly spaced values of drift, separation and start; s states in all.
        time: Evenly spaced decision times (p,), s.
        simulated: Shares of choice 0 and 1 in the step of time after each, shape (s, 2, p).
        exact: Densities at these times, in the unit of the shares, shape (s, 2, p).
        moments: Probability of choice 1 and mean decision time, s, shape (s, 2).
        paths: For each state some paths of evidence, at these times; where one is shorter, its
            last number is a bound, and the time before it is when that was met: (n + 1,).
        start: Index of the values that are shown first.
        title: What to see, in words.
        description: The text alternative.
    """
    time = increasing(time)
    values = [np.asarray(v, float) for _, v in grid]
    places = np.stack(np.meshgrid(*values, indexing="ij"), -1).reshape(-1, 3)
    s, p = len(places), len(time)
    simulated = numbers("simulated", simulated, s, 2, p)
    exact, moments = numbers("exact", exact, s, 2, p), numbers("moments", moments, s, 2)
    high, params = float(values[1][-1]), [slider("delay", "time t₀ (s)", 0.3, *both_of(DELAYS))]
    more, chosen = sliders(dict(zip([name for name, _ in grid], values, strict=True)), start)
    states, walks = [], []
    for k, (_, a, w) in enumerate(places):
        top = 1.05 * max(simulated[k].max(), exact[k].max())
        row = {"k": k, "a": round(a, 3), "x": round(w * a, 3)}
        row |= {"p": f"{100 * moments[k, 0]:.0f} %", "m": round(float(moments[k, 1]), 3)}
        for c in (0, 1):
            row |= {f"s{c}": encode(simulated[k, c], 0, top), f"d{c}": encode(exact[k, c], 0, top)}
        states.append(row)
        for path in paths[k]:
            *inside, met, bound = path
            code = encode([*inside, bound], 0, high)
            walks.append({"k": k, "e": round(float(met), 3), "c": code, "j": len(walks)})
    now = alt.Chart(alt.NamedData("states")).transform_filter(f"datum.k == {chosen}")
    walking = alt.Chart(alt.NamedData("walks")).transform_filter(f"datum.k == {chosen}")

    ends = alt.Scale(domain=[0, float(time[-1] + DELAYS[1])], nice=False)
    key = named_lines(LOOKS)

    def times(c: int, up: alt.Scale, across: alt.Axis | None) -> alt.LayerChart:
        """Reaction times of one choice."""
        place = {
            "x": alt.X("x:Q", scale=ends, axis=across),
            "y": alt.Y("v:Q", scale=up, axis=None),
        }
        place["y"].stack = None
        layers = []
        for (name, look), field in zip(LOOKS.items(), (f"s{c}", f"d{c}"), strict=True):
            line = coded_trace(now, time, 0, 1, look, field=field)
            line = line.transform_calculate(x="datum.t + delay", name=repr(name))
            if name == "simulated":
                area = line.mark_area(fill=SAMPLE, fillOpacity=0.3, interpolate="step-after")
                layers.append(area.encode(**place, y2=alt.datum(0)))
                line = line.mark_line(strokeWidth=0.6, interpolate="step-after")
            layers.append(line.encode(**place, **key))
        return alt.layer(*layers).properties(width=WIDTH, height=TALL)

    aside = alt.Axis(title="evidence X", tickCount=3, **ABOVE)
    up = alt.Scale(domain=[0, high], nice=False, zero=False)
    place = {"x": alt.X("x:Q", scale=ends, axis=None), "y": alt.Y("v:Q", scale=up, axis=aside)}
    each = points(walking, "length(datum.c) / 2", v=decode("datum.c", "datum.i", 0, high))
    step = time[1] - time[0]
    last = "datum.i == length(datum.c) / 2 - 1"
    each = each.transform_calculate(x=f"delay + ({last} ? datum.e : {step:.6g} * datum.i)")
    lines = each.mark_line(stroke=SAMPLE, strokeWidth=1, opacity=0.8)
    bounds = alt.layer(
        table(v=[0.0]).mark_rule(strokeWidth=1.5).encode(y=place["y"]),
        now.mark_rule(strokeWidth=1.5).encode(y=alt.Y("a:Q", scale=up, axis=aside)),
    )
    waiting = now.transform_calculate(zero="0", end="delay", v="datum.x")
    waiting = waiting.mark_rule(strokeDash=[3, 3])
    middle = alt.layer(
        bounds,
        waiting.encode(x=alt.X("zero:Q", scale=ends, axis=None), x2="end:Q", y=place["y"]),
        lines.encode(**place, detail="j:N"),
    ).properties(width=WIDTH, height=WIDE)

    said = "'choice 1 in ' + datum.p + ', mean time ' + format(datum.m + delay, '.2f') + ' s'"
    across = alt.Axis(title="time since the stimulus (s)", tickCount=6)
    chart = alt.vconcat(
        words(now.transform_calculate(said=said), fontWeight=600),
        times(1, alt.Scale(domain=[0, 1]), None).properties(
            title=heading("choice 1, density (both scaled to the higher peak)")
        ),
        middle,
        times(0, alt.Scale(domain=[1, 0]), across).properties(
            title=heading("choice 0, density upside down")
        ),
        spacing=8,
        datasets={"states": states, "walks": walks},
    ).add_params(*more, *params)
    chart = chart.resolve_scale(stroke="shared", strokeDash="shared")
    return present(chart, title, description, "Set the four parameters below the figure.")


def both_of(reach: tuple[float, float, float]) -> tuple[tuple[float, float], float]:
    """Ends and step of a slider."""
    return reach[:2], reach[2]
