"""Journeys: routes through parameter space, walked with one slider.

A plane of two parameters holds the routes, a second frame their log-densities along the way. The
slider moves a marker on each, a circle where the circuit works, a cross where it is broken; below
stand the voltages at these very places. A stop of the slider shows the nearest node of each
route, so nothing is interpolated. Taught in the chapter geometry/islands-or-valleys.
"""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import increasing, numbers, ranges
from mechfit.figures.encoding import encode
from mechfit.figures.labels import ends, number, quantity, step_125
from mechfit.figures.marks import Frame, rows_of, segment, words
from mechfit.figures.squares import LEFT, SIDE, SMALL, TOP, Square
from mechfit.figures.states import GAP, REST, markers, state, voltages
from mechfit.figures.theme import OBSERVED, PATH, Role, finish
from mechfit.summaries.density import density
from mechfit.summaries.thinning import thin_together

BINS, BUDGET, POINTS = 32, 180_000, 300
LOOKS = (Role(PATH), Role(OBSERVED, (6, 3)), Role(OBSERVED, (9, 3, 1.5, 3)))
LEVEL = Role(OBSERVED, (2, 3))
NUDGES = ((0, 0.055), (0, -0.055), (0.055, 0))
HEAD, TRACES, HEIGHT = TOP + SIDE + 50, TOP + SIDE + 132, 50
ROW = HEIGHT + GAP
WIDE = f"((page - {LEFT + 2 * GAP}) / 3)"
BELOW = f"({SMALL} ? min({SIDE}, page - {LEFT}) + {TOP + 28} : 0)"
"""In a narrow window the two frames stand below each other and move the traces down."""


@dataclass(frozen=True)
class Route:
    """A chain of nodes through d parameters, from the start of the way to its end.

    theta (nodes, d) are the parameters, log_prob (nodes,) their log-densities, −inf outside the
    prior, voltage (nodes, channels, t) what they simulate in mV; works (nodes,) tells where that
    is as it should be.
    """

    theta: ArrayLike
    log_prob: ArrayLike
    voltage: ArrayLike
    works: ArrayLike

    def checked(self, name: str, d: int, channels: int, t: int) -> "Route":
        """Return the route as arrays, or say what does not fit."""
        log_prob, works = np.asarray(self.log_prob, float), np.asarray(self.works)
        none = log_prob == -np.inf
        n = len(numbers(f"log_prob of {name!r}", np.where(none, 0, log_prob), "n", least=2))
        if works.shape != (n,) or works.dtype != bool:
            raise ValueError(
                f"works of {name!r} has shape {works.shape} of {works.dtype}, expected ({n},) of "
                "bool"
            )
        theta = numbers(f"theta of {name!r}", self.theta, n, d)
        voltage = numbers(f"voltage of {name!r}", self.voltage, n, channels, t)
        return Route(theta, log_prob, voltage, works)


def _stops(
    works: Sequence[np.ndarray], spots: Sequence[tuple], traces: np.ndarray, stops: int
) -> list[dict]:
    """Rows of each stop of each route: places of marker and letter in both frames, and traces.

    Spots are pairs of places (nodes, 2), traces (all nodes, channels, p).
    """
    low, high, first, rows = float(traces.min()), float(traces.max()), 0, []
    for r, good in enumerate(works):
        for k in range(stops):
            node = round(k / (stops - 1) * (len(good) - 1))
            row = {"k": k, "r": r, "letter": "ABC"[r], "works": bool(good[node])}
            for name, places in zip("pq", spots[r], strict=True):
                x, y = places[node]
                right, up = NUDGES[r]
                beside = np.clip((x + (right if x < 0.5 else -right), y + up), 0.03, 0.97)
                row[name] = np.round([x, y, *beside], 4).tolist()
            coded = (encode(trace, low, high) for trace in traces[first + node])
            rows.append(row | {f"v{c}": v for c, v in enumerate(coded)})
        first += len(good)
    return rows


def _walk(
    square: Square, source: alt.Chart, field: str, places: Sequence[np.ndarray]
) -> list[alt.Chart]:
    """Draw the routes through places (nodes, 2) of a square, and the chosen stop on each."""
    layers = []
    for spots, look in zip(places, LOOKS, strict=False):
        x, y = spots.T.round(4).tolist()
        rows = rows_of([{"x": x, "y": y, "o": list(range(len(x)))}])
        style = {"stroke": look.color, "strokeDash": list(look.dash), "strokeWidth": 1.6}
        line = rows.transform_flatten(["x", "y", "o"]).mark_line(aria=False, **style)
        layers.append(line.encode(**square.place, order="o:Q"))
    at = source.transform_calculate(x=f"datum.{field}[0]", y=f"datum.{field}[1]")
    name = source.transform_calculate(x=f"datum.{field}[2]", y=f"datum.{field}[3]")
    name = name.mark_text(fontWeight=600, baseline="middle", aria=False)
    return [*layers, *markers(at, square.place), name.encode(**square.place, text="letter:N")]


def _block(
    r: int, name: str, source: alt.Chart, channels: Sequence[str], grid: np.ndarray, span: tuple
) -> list[alt.Chart]:
    """Draw the traces of one route below its name and the word for what they are."""
    start, (low, high) = f"({r} * ({WIDE} + {GAP}))", span
    where = Frame((grid[0], grid[-1]), (low - 4, high + 4), TRACES, HEIGHT, start, WIDE, BELOW)
    mine = source.transform_filter(f"datum.r == {r}")
    said = mine.transform_calculate(said="datum.works ? 'works' : 'broken'")
    head = where.down(HEAD)
    return [
        segment((start, f"{start} + 28"), (head, head), LOOKS[r]),
        words("ABC"[r], f"{start} + 34", head),
        *(
            words(part, start, where.down(HEAD + 17 + 14 * i), size=11)
            for i, part in enumerate(textwrap.wrap(name, 15))
        ),
        *state(said, start, where.down(HEAD + 52)),
        *voltages(mine, where, channels, grid, span, bar=r == 0),
    ]


def journey(
    routes: Mapping[str, Route],
    time: ArrayLike,
    labels: Sequence[str],
    limits: ArrayLike,
    *,
    title: str,
    channels: Sequence[str],
    axes: tuple[int, int] = (0, 1),
    level: tuple[str, float] | None = None,
    lowest: float | None = None,
    draws: ArrayLike | None = None,
    stops: int = 21,
    description: str | None = None,
) -> alt.LayerChart:
    """Walk along routes through parameter space and see the voltage at every place.

    Args:
        routes: Name, best of two words, to route; up to three, told apart by letter and dash.
        time: Evenly spaced times, shape (t,), ms.
        labels: Symbol and unit of each of the d parameters.
        limits: Ranges of the parameters, shape (d, 2); two of them span the plane.
        title: What to see, in words.
        channels: Name of each voltage.
        axes: The two parameters of the plane.
        level: Name and value of a log-density to compare with, such as a quantile of the draws.
        lowest: Smaller log-densities stand at this one; by default the smallest finite one.
        draws: Draws of the posterior, shape (n, d), whose density is the plane's background.
        stops: Number of places at which the slider halts.
        description: The text alternative; where the routes work and their densities if left out.

    Returns:
        The chart, under 300 kB, with one slider for all routes.

    Raises:
        ValueError: If shapes do not fit, a route leaves the plane or there are too many stops.

    Example:
        >>> way, t = np.linspace(0, 1, 5), np.arange(100.0)
        >>> route = Route(np.stack([way, way], 1), -way, np.zeros((5, 1, 100)), way < 0.6)
        >>> box = [[0, 1], [0, 1]]
        >>> chart = journey({"straight": route}, t, "ab", box, title="It breaks", channels=["V"])
        >>> chart.description[:65]
        'straight: 3 of 5 places work, log-density between −1 and 0. A sli'
    """
    d, time, pair = len(labels), increasing(time), list(axes)
    if not 1 <= len(routes) <= len(LOOKS) or not channels or stops < 2:
        raise ValueError(
            f"got {len(routes)} routes, {len(channels)} channels and {stops} stops, expected "
            f"1 to {len(LOOKS)} routes, at least 1 channel and 2 stops"
        )
    if len(pair) != 2 or not all(0 <= a < d for a in pair):
        raise ValueError(f"axes are {axes}, expected two indices below {d}")
    walked = [r.checked(name, d, len(channels), len(time)) for name, r in routes.items()]
    each = 2 * len(walked) * len(channels)
    points = min(POINTS, BUDGET // (each * stops))
    if points < 100:
        raise ValueError(f"got {stops} stops, expected at most {BUDGET // (each * 100)}")
    limits = ranges(limits, d)[pair]
    shares = [(r.theta[:, pair] - limits[:, 0]) / np.diff(limits).ravel() for r in walked]
    for name, spots in zip(routes, shares, strict=True):
        if (abs(spots - 0.5) > 0.5 + 1e-6).any():
            raise ValueError(f"{name!r} leaves the plane, expected nodes within the limits")
    heights, low, high = _heights([r.log_prob for r in walked], level, lowest)
    ways = [np.stack([np.linspace(0, 1, len(h)), h], 1) for h in heights]
    grid, traces = thin_together(time, np.concatenate([r.voltage for r in walked]), points)
    spots = list(zip(shares, ways, strict=True))
    rows = _stops([r.works for r in walked], spots, traces, stops)
    source = alt.Chart(alt.NamedData("stops")).transform_filter(
        f"datum.k == round(way * {(stops - 1) / 100:.9g})"
    )
    first, second, layers = Square(), Square(second=True), []
    if draws is not None:
        field = density(numbers("draws", draws, "n", d, least=2)[:, pair], limits, BINS)
        coded = rows_of([{"c": encode(field.ravel(), 0, float(field.max()), 1)}])
        layers.append(first.cells(coded, BINS))
    if level is not None:
        y = f"{second.top} + {second.side} * {(high - level[1]) / (high - low):.4f}"
        key, beside = f"{second.left} + 106", f"{second.top} - 12"
        layers += [
            segment((second.left, f"{second.left} + {second.side}"), (y, y), LEVEL),
            segment((f"{key} - 24", key), (beside, beside), LEVEL),
            words(level[0], f"{key} + 6", beside, size=11),
        ]
    names, (left, right) = [labels[a] for a in pair], zip(*(ends(*r) for r in limits), strict=True)
    cut = "≤ " if min(r.log_prob.min() for r in walked) < low else ""
    layers += [
        *first.edges((names[0], ""), left, right),
        first.title(names[1]),
        *second.edges(("share of the way", ""), ("0", cut + number(low)), ("100 %", number(high))),
        second.title("log-density"),
        *_walk(first, source, "p", shares),
        *_walk(second, source, "q", ways),
    ]
    volts = float(traces.min()), float(traces.max())
    for r, name in enumerate(routes):
        layers += _block(r, name, source, channels, grid, volts)
    step = float(f"{100 / (stops - 1):.6g}")
    bind = alt.binding_range(min=0, max=100, step=step, name="way (%)")
    chart = alt.layer(*layers, datasets={"stops": rows}).resolve_scale(
        x="independent", y="independent"
    )
    chart = chart.add_params(alt.param(name="way", value=step * (stops // 2), bind=bind))
    told = "; ".join(
        f"{name}: {r.works.sum()} of {len(r.works)} places work, log-density between "
        f"{number(r.log_prob.min() + 0.0)} and {number(r.log_prob.max() + 0.0)}"
        for name, r in zip(routes, walked, strict=True)
    )
    told += (
        f". A slider walks along the way; a plane of {' and '.join(names)} shows where, the "
        f"voltages of {', '.join(channels)} what happens there."
    )
    hint = "The slider below walks along all routes at once."
    if volts[0] < REST < volts[1]:
        hint += f" Dotted across the voltages: {quantity(REST, 'mV')}."
    return finish(chart, title, description or told, (SIDE, TRACES + ROW * len(channels)), hint)


def _heights(
    curves: Sequence[np.ndarray], level: tuple[str, float] | None, lowest: float | None
) -> tuple[list[np.ndarray], float, float]:
    """Log-densities as shares of a frame with round ends; what is lower stands on its floor."""
    values = np.concatenate([*curves, [level[1]] if level else []])
    low = values[np.isfinite(values)].min() if lowest is None else lowest
    high = values.max()
    if not low < high:
        low, high = low - 1, low + 1
    step = step_125((high - low) / 4)
    low, high = float(np.floor(low / step) * step), float(np.ceil(high / step) * step) + 0.0
    return [np.clip((v - low) / (high - low), 0, 1) for v in curves], low, high
