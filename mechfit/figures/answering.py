"""A pairplot that answers: a click shows what a draw simulates, a rectangle conditions the rest.

Above the diagonal stand the densities of all draws, below it some of the draws, on the diagonal
the marginals of those that are left inside the rectangle. Draws that share a range of some
parameters are draws of the posterior given that range.
"""

from collections.abc import Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import different, increasing, numbers, ranges
from mechfit.figures.encoding import decode, encode
from mechfit.figures.labels import parse
from mechfit.figures.panels import (
    EDGE,
    FRAMED,
    INNER,
    heat_maps,
    in_panels,
    outline_maps,
    panel_axes,
)
from mechfit.figures.parts import choice, menu, points, slider, words
from mechfit.figures.samples import trace_views
from mechfit.figures.theme import OBSERVED, PAGE, POSTERIOR, SAMPLE, WIDTH, present

BINS = 24
"""Bins of a marginal."""
CORNERS = {
    "brush_j": "isArray(brush.x) ? floor((brush.x[0] + brush.x[1]) / 2) : -1",
    "brush_i": "isArray(brush.y) ? floor((brush.y[0] + brush.y[1]) / 2) : -1",
    "brush_u": f"brush_j < 0 ? [0, 1] : [(brush.x[0] - brush_j - {EDGE}) / {INNER}, "
    f"(brush.x[1] - brush_j - {EDGE}) / {INNER}]",
    "brush_v": f"brush_i < 0 ? [0, 1] : [(brush_i + {1 - EDGE} - brush.y[1]) / {INNER}, "
    f"(brush_i + {1 - EDGE} - brush.y[0]) / {INNER}]",
}
"""Column and row of the panel that the rectangle is drawn in, and its sides in parts of it."""


def pairs_to_traces(
    theta: ArrayLike,
    labels: Sequence[str],
    voltage: ArrayLike,
    time: ArrayLike,
    *,
    title: str,
    limits: ArrayLike,
    samples: ArrayLike | None = None,
    observed: ArrayLike | None = None,
    given: tuple[int, int, int] = (0, 0, 100),
) -> alt.VConcatChart:
    """Draw all pairs of parameters of draws that fire when they are clicked.

    A rectangle drawn in a panel, or a menu with two sliders, conditions: draws outside it fade,
    and the marginals become those of the samples inside.

    Args:
        theta: Draws of a posterior that were simulated, shape (n, d), some 50 to 100.
        labels: Symbol and unit of each parameter, for example "ḡ_Na (mS/cm²)".
        voltage: The voltage that each draw simulates, shape (n, t), mV.
        time: Evenly spaced times, shape (t,), ms.
        title: What to see, in words.
        limits: Range of the axes, shape (d, 2); what lies outside is drawn at the edge.
        samples: More draws, shape (m, d), for densities and marginals; `theta` by default.
        observed: The observed trace, shape (t,), mV, drawn behind.
        given: Index of the parameter that the menu conditions on at first, and the two ends, in
            percent of its axis.
    """
    labels, time = different("labels", labels), increasing(time)
    d, parts = len(labels), [parse(label) for label in labels]
    voltage, limits = numbers("voltage", voltage, "n", len(time)), ranges(limits, d)
    theta = numbers("theta", theta, len(voltage), d)
    samples = theta if samples is None else numbers("samples", samples, "m", d, least=2)
    share, every = (
        np.clip((each - limits[:, 0]) / np.diff(limits).ravel(), 0, 1) for each in (theta, samples)
    )
    coded, views, told = trace_views(time, {"": voltage}, observed)
    rows = [
        {"sample": k, "c": encode(u, 0, 1)} | text
        for k, (u, text) in enumerate(zip(share, coded, strict=True), start=1)
    ]
    bind = alt.binding_range(min=1, max=len(rows), step=1, name="sample number")
    chosen = choice({"sample": 1}, bind)
    place = panel_axes(parts, [limits])
    upper = np.triu_indices(d, 1)
    layers = heat_maps(samples, upper, limits, np.ones(d), parts, POSTERIOR)
    layers += [outline_maps(samples, upper, [limits])] + _marginals(d) + _dots(d, chosen)
    grid = alt.layer(*layers, encoding=place)
    chart = alt.vconcat(
        *views,
        words(_count(len(every))),
        grid.properties(width=WIDTH, height=WIDTH),
        spacing=8,
        datasets={"samples": rows, "every": [{"c": encode(u, 0, 1)} for u in every]},
    ).add_params(
        PAGE,
        menu("given", [part.name for part in parts], "condition on", given[0]),
        slider("given_low", "from (% of its axis)", given[1], (0, 95), 5),
        slider("given_high", "to (% of its axis)", given[2], (5, 100), 5),
        *(alt.param(name=name, expr=text) for name, text in CORNERS.items()),
    )
    told = (
        f"All pairs of {d} parameters: {', '.join(labels)}. Above the diagonal densities of "
        f"{len(every):,} draws, below it {len(rows)} draws; the slider 'sample number' shows the "
        f"voltage that one of them simulates, between {told}. A rectangle, or a menu and two "
        "sliders, condition on a range of parameters."
    )
    hint = (
        "Click a dot: it fires. Choose below what to condition on, or drag a rectangle: "
        "the diagonal shows what is left of every parameter. A click removes the rectangle."
    )
    return present(chart, title, told, hint)


def _share(index: str) -> str:
    """Return the place of a draw on the axis of a parameter, as a Vega expression."""
    return f"({decode('datum.c', index, 0, 1)})"


def _inside(source: alt.Chart) -> alt.Chart:
    """Add the field `kept`: whether a draw meets the conditions."""
    return source.transform_calculate(
        kept=f"(brush_j < 0 || inrange({_share('brush_j')}, brush_u))"
        f" && (brush_i < 0 || brush_i == brush_j || inrange({_share('brush_i')}, brush_v))"
        f" && inrange({_share('given')}, [given_low / 100, given_high / 100])"
    )


def _count(n: int) -> alt.Chart:
    """Tell how many draws meet the conditions."""
    kept = _inside(alt.Chart(alt.NamedData("every"))).transform_calculate(k="datum.kept ? 1 : 0")
    return kept.transform_aggregate(n="sum(k)").transform_calculate(
        said=f"format(datum.n, ',') + ' of {n:,} draws meet the condition'"
    )


def _marginals(d: int) -> list[alt.Chart]:
    """Draw histograms of all draws (gray outline) and of those inside, each to its own height."""
    layers = []
    looks = {"fillOpacity": 0.12, "fill": OBSERVED}, {"fillOpacity": 0.75, "fill": POSTERIOR}
    for condition, look in zip(("true", "datum.kept"), looks, strict=True):
        inside = _inside(alt.Chart(alt.NamedData("every"))).transform_filter(condition)
        counted = (
            points(inside, d, b=f"min({BINS - 1}, floor({BINS} * {_share('datum.i')}))")
            .transform_aggregate(n="count()", groupby=["i", "b"])
            .transform_joinaggregate(most="max(n)", groupby=["i"])
            .transform_calculate(
                x=f"datum.i + {EDGE} + {INNER / BINS} * datum.b",
                x2=f"datum.i + {EDGE} + {INNER / BINS} * (datum.b + 1)",
                y=f"datum.i + {1 - EDGE}",
                y2=f"datum.i + {1 - EDGE} - {INNER} * datum.n / datum.most",
            )
        )
        layers.append(counted.mark_rect(strokeWidth=0, **look).encode(x2="x2", y2="y2"))
    return layers


def _dots(d: int, chosen: alt.Parameter) -> list[alt.Chart]:
    """Draw the draws in all panels below the diagonal, and rings around the chosen one."""
    pairs = [[i, j] for i in range(d) for j in range(i)]
    every = _inside(alt.Chart(alt.NamedData("samples"))).transform_calculate(p=f"{pairs}")
    every = every.transform_flatten(["p"])
    every = every.transform_calculate(i="datum.p[0]", j="datum.p[1]").transform_calculate(
        x=f"datum.j + {EDGE} + {INNER} * {_share('datum.j')}",
        y=f"datum.i + {1 - EDGE} - {INNER} * {_share('datum.i')}",
    )
    dot = every.mark_circle(color=POSTERIOR, size=11, cursor="pointer").encode(
        opacity=alt.condition("datum.kept", alt.value(0.85), alt.value(0.12)), tooltip="sample:Q"
    )
    look = {"fill": "transparent", "stroke": OBSERVED, "strokeWidth": 1.2, "strokeDash": [4, 2]}
    brush = alt.selection_interval(name="brush", mark=alt.BrushConfig(**look))
    ring = every.transform_filter(chosen).mark_circle(size=42, color=SAMPLE)
    frames = in_panels([{"row": i, "column": j} for i, j in pairs])
    frames = frames.mark_rect(fill="transparent", **FRAMED)
    return [frames.encode(x2="x2", y2="y2"), dot.add_params(chosen, brush), ring]
