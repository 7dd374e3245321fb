"""Paths between parameter sets, walked with one slider: where they run and what happens there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from book.figures.states import encoded, state
from mechfit.figures.checks import increasing, numbers, ranges
from mechfit.figures.curves import plane
from mechfit.figures.encoding import encode
from mechfit.figures.fields import square, square_plane
from mechfit.figures.heat import heat_cells
from mechfit.figures.labels import number
from mechfit.figures.parts import choice, heading, markers, named_lines, rows_of, short, table
from mechfit.figures.theme import OBSERVED, PATH, WIDTH, Role, present
from mechfit.summaries.density import density

BINS, SIDE = 32, 264
LOOKS = (Role(PATH), Role(OBSERVED, (6, 3)), Role(OBSERVED, (9, 3, 1.5, 3)))
CHANNELS = ("AB/PD", "LP", "PY")


@dataclass(frozen=True)
class Route:
    """A way through parameter space, of which n evenly spaced stops were simulated.

    theta (m, 2) are the two parameters that are drawn, log_prob (m,) the log-densities, both
    evenly spaced along the way; voltage (n, 3, t) holds the voltages at the stops in mV, works
    (n,) tells whether they are as they should be.
    """

    theta: ArrayLike
    log_prob: ArrayLike
    voltage: ArrayLike
    works: ArrayLike


def path_explorer(
    routes: Mapping[str, Route],
    time: ArrayLike,
    draws: ArrayLike,
    labels: Sequence[str],
    limits: ArrayLike,
    *,
    level: tuple[str, float],
    lowest: float,
    title: str,
) -> alt.VConcatChart:
    """Draw routes through a posterior, their log-densities, and the voltages at a chosen stop.

    Args:
        routes: Name to route, up to three.
        time: Evenly spaced times of the voltages, shape (t,), ms.
        draws: Two parameters of draws of the posterior, shape (n, 2); their density is drawn.
        labels: Names of the two parameters.
        limits: Their ranges, shape (2, 2).
        level: Name and value of a log-density to compare with.
        lowest: Log-densities below this one are drawn at it.
        title: What to see, in words.
    """
    time, names, stops = increasing(time), list(routes), len(next(iter(routes.values())).works)
    if not 1 <= len(names) <= len(LOOKS):
        raise ValueError(f"got {len(names)} routes, expected 1 to {len(LOOKS)}")
    for name, route in routes.items():
        numbers(f"voltage of {name!r}", route.voltage, stops, len(CHANNELS), len(time))
        numbers(f"works of {name!r}", route.works, stops)
    limits, draws = ranges(limits, 2), numbers("draws", draws, "n", 2, least=2)
    coded, span = encoded(np.concatenate([route.voltage for route in routes.values()]))
    heights = {n: np.maximum(r.log_prob, lowest) for n, r in routes.items()}
    rows = []
    for r, (name, route) in enumerate(routes.items()):
        a, b = (_at_stops(c, stops) for c in np.transpose(np.asarray(route.theta, float)))
        places = zip(a, b, _at_stops(heights[name], stops), route.works, strict=True)
        for k, (x, y, h, works) in enumerate(places):
            row = {"k": k + 1, "r": r, "a": x, "b": y, "h": h, "works": bool(works)}
            said = "works" if works else "broken"
            rows.append(row | {"said": said} | coded[r * stops + k])
    bind = alt.binding_range(min=1, max=stops, step=1, name=f"stop (1 to {stops})")
    stop = choice({"k": stops // 2 + 1}, bind, name="stop")
    every = alt.Chart(alt.NamedData("stops"))
    looks, share = dict(zip(names, LOOKS, strict=False)), WIDTH / len(names)
    states = []
    for r, name in enumerate(names):
        here = every.transform_filter(stop).transform_filter(f"datum.r == {r}")
        view = state(here, CHANNELS, time, span, width=share, level=r == 0)
        states.append(view.properties(title=heading(name)))
    q, place = density(draws, limits, BINS), square_plane(limits, labels)
    cells = rows_of([{"c": encode(q.ravel(), 0, float(q.max()), 1)}])
    layers = [heat_cells(cells, limits, BINS).encode(**place)]
    for name, route in routes.items():
        x, y = np.transpose(np.asarray(route.theta, float))
        data = table(x=x, y=y, o=np.arange(len(x))).transform_calculate(name=repr(name))
        line = data.mark_line(strokeWidth=1.7)
        layers.append(line.encode(**place, **named_lines(looks, offset=30), order="o:Q"))
    at = every.transform_filter(stop).transform_calculate(x="datum.a", y="datum.b")
    both = alt.hconcat(
        square(*layers, *markers(at, place)),
        _heights(every, heights, looks, level, stops, stop),
        spacing=24,
    ).resolve_scale(stroke="independent", strokeDash="independent")
    below = alt.concat(*states, columns=len(names), spacing=18)
    chart = alt.vconcat(both, below, spacing=20, datasets={"stops": rows})
    told = "; ".join(
        f"{name}: {np.sum(r.works)} of {stops} places work, log-density between "
        f"{number(np.min(r.log_prob))} and {number(np.max(r.log_prob))}"
        for name, r in routes.items()
    )
    told += f". A slider chooses a stop of every route; a map of {' and '.join(labels)} shows "
    told += f"where, the voltages of {', '.join(CHANNELS)} what happens there."
    hint = "The slider below moves along all routes at once; or click a place beside the map. "
    hint += "Circles: the circuit keeps its rhythm; crosses: it loses it."
    return present(chart, title, told, hint)


def _at_stops(values: ArrayLike, stops: int) -> list[float]:
    """Interpolate values (m,), evenly spaced along a route, at its stops."""
    return short(np.interp(np.linspace(0, 1, stops), np.linspace(0, 1, len(values)), values))


def _heights(
    every: alt.Chart,
    heights: Mapping[str, np.ndarray],
    looks: Mapping[str, Role],
    level: tuple[str, float],
    stops: int,
    stop: alt.Parameter,
) -> alt.LayerChart:
    """Draw the log-densities (m,) along the routes, and all stops; a click chooses one."""
    both = np.concatenate(list(heights.values()))
    low, high = float(both.min()), float(np.ceil(both.max() / 5) * 5)
    place = plane((1, stops), (low, high), "stop", "log-density (nats)")
    place["y"]["axis"]["labelExpr"] = f"datum.value <= {low} ? '≤ ' + datum.label : datum.label"
    lines = [
        table(x=np.linspace(1, stops, len(h)), y=h)
        .transform_calculate(name=repr(name))
        .mark_line(strokeWidth=1.7)
        .encode(**place, **named_lines(looks, key=False))
        for name, h in heights.items()
    ]
    mark = table(x=[(1 + stops) / 2], y=[level[1]])
    rule = mark.mark_rule(strokeDash=[2, 3]).encode(y=place["y"])
    word = mark.mark_text(baseline="bottom", dy=-3, fontSize=11)
    spots = every.transform_calculate(x="datum.k", y="datum.h")
    touch = spots.mark_point(size=200, opacity=0, cursor="pointer")
    return alt.layer(
        *lines,
        rule,
        word.encode(**place, text=alt.value(level[0])),
        *markers(spots, place, 22),
        *markers(spots.transform_filter(stop), place),
        touch.encode(**place).add_params(stop),
    ).properties(width=SIDE - 1, height=SIDE)
