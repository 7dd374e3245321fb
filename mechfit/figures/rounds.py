"""Rounds of simulations: where each falls, in the prior's range and enlarged.

A slider chooses the round, a menu the method. Taught in the chapter inference/sequential.
"""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import numbers, ranges
from mechfit.figures.labels import ends, parse
from mechfit.figures.marks import px, rows_of, segment, words
from mechfit.figures.theme import NARROW, OBSERVED, POSTERIOR, PRIOR, finish
from mechfit.summaries.density import density, mass_level, outlines

SIDE, LEFT, GAP, BINS = 250, 50, 78, 60
SMALL = f"page < {NARROW}"


def _outline(samples: np.ndarray, limits: np.ndarray) -> list[dict]:
    """Outline (x, y) of the smallest region that holds 90 % of samples (n, 2)."""
    field = density(samples, limits, BINS)
    low, unit = limits[:, 0], np.diff(limits).ravel() / BINS
    loops = [low + loop * unit for loop in outlines(field, mass_level(field, 0.9))]
    return [
        {"x": np.round(loop[:, 0], 4).tolist(), "y": np.round(loop[:, 1], 4).tolist(), "loop": k}
        for k, loop in enumerate(loops)
    ]


def _square(limits: np.ndarray, across: str, down: str) -> dict[str, alt.X | alt.Y]:
    """Channels of a square panel whose upper left corner is at px `across`, `down`."""
    place = {}
    for kind, pair, start in zip((alt.X, alt.Y), limits, (across, down), strict=True):
        channel = kind.__name__.lower()
        reach = [px(start), px(f"{start} + {SIDE}")]
        scale = alt.Scale(
            domain=pair.tolist(), range=reach if channel == "x" else reach[::-1], nice=False
        )
        place[channel] = kind(f"{channel}:Q", scale=scale, axis=None)
    return place


def _panel(
    name: str, points: alt.Chart, loops: list[dict], labels: Sequence[str], limits: np.ndarray
) -> list[alt.Chart]:
    """Draw the dots within limits (2, 2), the outline of the posterior, and a frame."""
    across, down = ("0", "0")
    if name == "close":
        across, down = f"({SMALL} ? 0 : {SIDE + GAP})", f"({SMALL} ? {SIDE + 70} : 0)"
    place = _square(limits, across, down)
    (x0, x1), (y0, y1) = limits.tolist()
    inside = f"datum.x > {x0} && datum.x < {x1} && datum.y > {y0} && datum.y < {y1}"
    shown = points.transform_filter(inside)
    now = shown.transform_filter("datum.round == shown_round")
    before = shown.transform_filter("datum.round < shown_round")
    outline = rows_of(loops).transform_calculate(o="sequence(length(datum.x))")
    outline = outline.transform_flatten(["x", "y", "o"])
    right, bottom = f"{across} + {SIDE}", f"{down} + {SIDE}"
    faint = {"strokeOpacity": 0.5, "strokeWidth": 1}
    layers = [segment((across, right), (y, y), **faint) for y in (f"{down}", bottom)] + [
        segment((x, x), (down, bottom), **faint) for x in (f"{across}", right)
    ]
    layers += [
        before.mark_circle(color=PRIOR, size=9, opacity=0.5, aria=False).encode(**place),
        now.mark_circle(color=POSTERIOR, size=14, opacity=0.85, aria=False).encode(**place),
        outline.mark_line(stroke=OBSERVED, strokeWidth=1.4, aria=False).encode(
            **place, detail="loop:N", order="o:Q"
        ),
    ]
    for low, high, axis in zip(*limits.T, "xy", strict=True):
        first, last = ends(low, high)
        if axis == "x":
            layers += [
                words(first, across, f"{bottom} + 12", size=11),
                words(last, right, f"{bottom} + 12", align="right", size=11),
                words(labels[0], f"{across} + {SIDE / 2}", f"{bottom} + 14", align="center"),
            ]
        else:
            side = f"{across} - 6"
            layers += [
                words(last, side, f"{down} + 6", align="right", size=11),
                words(first, side, f"{bottom} - 6", align="right", size=11),
                words(labels[1], side, f"{down} + {SIDE / 2}", align="right"),
            ]
    return layers


def rounds_map(
    rounds: Mapping[str, Sequence[ArrayLike]],
    labels: Sequence[str],
    limits: ArrayLike,
    close: ArrayLike,
    *,
    samples: ArrayLike,
    title: str,
    description: str | None = None,
) -> alt.LayerChart:
    """Show where the simulations of each round fall, in the prior and close to the posterior.

    Args:
        rounds: Method to the parameters (n, 2) of each of its rounds.
        labels: Symbols of the two parameters.
        limits: Ranges of the prior, shape (2, 2).
        close: Ranges of the enlarged panel, shape (2, 2).
        samples: Draws of the posterior, shape (m, 2), for its outline.
        title: What to see, in words.
        description: The text alternative; counts of simulations close by if left out.

    Returns:
        The chart, with a slider for the round and a menu for the method.

    Example:
        >>> theta = np.random.default_rng(1).random((50, 2))
        >>> box = [[0, 1], [0, 1]]
        >>> chart = rounds_map({"A": [theta, theta / 2]}, "ab", box, box, samples=theta, title="t")
        >>> chart.description[:35]
        'Simulations of each round as dots: '
    """
    limits, close = ranges(limits, 2), ranges(close, 2)
    samples = numbers("samples", samples, "m", 2)
    rows, told = [], []
    for method, thetas in rounds.items():
        near = []
        for r, given in enumerate(thetas):
            theta = numbers(method, given, "n", 2)
            inside = ((theta > close[:, 0]) & (theta < close[:, 1])).all(1)
            near.append(f"{inside.sum()} of {len(theta)}")
            x, y = np.round(theta, 4).T.tolist()
            rows.append({"method": method, "round": r + 1, "x": x, "y": y})
        told.append(f"{method} {', '.join(near)}")
    count = max(row["round"] for row in rows)
    source = alt.Chart(alt.NamedData("rounds")).transform_filter("datum.method == shown_method")
    points = source.transform_flatten(["x", "y"])
    names = [parse(label).name for label in labels]
    layers = [
        part
        for panel, reach in (("whole", limits), ("close", close))
        for part in _panel(panel, points, _outline(samples, reach), names, reach)
    ]
    slider = alt.binding_range(min=1, max=count, step=1, name="round")
    menu = alt.binding_select(options=list(rounds), name="method")
    chart = alt.layer(*layers, datasets={"rounds": rows}).resolve_scale(
        x="independent", y="independent"
    )
    chart = chart.add_params(
        alt.param(name="shown_round", value=1, bind=slider),
        alt.param(name="shown_method", value=next(iter(rounds)), bind=menu),
    )
    said = (
        "Simulations of each round as dots: in the prior's whole range, and enlarged around the "
        f"posterior. A slider chooses the round. Within the enlarged range: {'; '.join(told)}."
    )
    hint = "Blue: this round. Gray: the rounds before. Line: 90 % of the exact posterior."
    return finish(chart, title, description or said, (SIDE, SIDE), hint)
