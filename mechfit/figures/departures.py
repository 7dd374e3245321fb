"""Departures: how far the shares of ranks below each place are from what they should be.

A curve that leaves the shaded band is drawn as broken and named; below, every test has a dot at
its p-value, and those left of the line failed. Taught in the chapter inference/calibration.
"""

from collections.abc import Mapping

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import increasing, numbers
from mechfit.figures.labels import number
from mechfit.figures.marks import px, rows_of, segment, tips, words
from mechfit.figures.theme import OBSERVED, PRIOR, ROLES, finish, page

LEFT, RIGHT, TOP, HEIGHT, STRIP = 48, 16, 26, 190, 96
WIDE = page(LEFT + RIGHT)
LEAST = 1e-10
"""Smaller p-values are drawn here."""


def _curves(
    z: np.ndarray, named: dict[str, np.ndarray], lower: np.ndarray, upper: np.ndarray
) -> list[alt.Chart]:
    """Draw the band and the curves, and name those that leave it."""
    off = {name: curve - z for name, curve in named.items()}
    out = {n for n, curve in named.items() if ((curve < lower) | (curve > upper)).any()}
    reach = 1.1 * max(*(float(abs(v).max()) for v in off.values()), float((upper - z).max()))
    x_scale = alt.Scale(domain=[0, 1], range=[0, px(WIDE)], nice=False)
    y_scale = alt.Scale(domain=[-reach, reach], range=[TOP + HEIGHT, TOP], nice=False)
    signed = "datum.value == 0 ? '0' : format(datum.value, '+~g')"
    x = alt.X("x:Q", scale=x_scale, axis=None)
    y = alt.Y("y:Q", scale=y_scale, axis=None)
    ticked = y.axis(title=None, tickCount=5, labelExpr=signed)
    edge = rows_of(
        [
            {"x": a, "y": round(b, 4), "y2": round(c, 4)}
            for a, b, c in zip(z.tolist(), lower - z, upper - z, strict=True)
        ]
    )
    band = edge.mark_area(fill=PRIOR, fillOpacity=0.28, aria=False).encode(x=x, y=ticked, y2="y2")
    layers = [band, segment((0, WIDE), (TOP + HEIGHT / 2,) * 2, strokeWidth=1, strokeOpacity=0.4)]
    places = {}
    for name in sorted(off, key=lambda n: n in out):
        look = ROLES["broken"] if name in out else ROLES["observed"]
        row = {"x": z.tolist(), "y": off[name].round(4).tolist(), "name": name}
        source = rows_of([row]).transform_flatten(["x", "y"])
        style = {"stroke": look.color, "strokeDash": list(look.dash), "aria": False}
        width, opacity = (2.0, 1.0) if name in out else (1.0, 0.45)
        stroke = source.mark_line(strokeWidth=width, strokeOpacity=opacity, **style)
        touch = source.mark_circle(size=80, opacity=0, aria=False)
        layers += [stroke.encode(x=x, y=y), touch.encode(x=x, y=y, tooltip=tips(name="of"))]
        if name in out:
            where = int(abs(off[name]).argmax())
            places[name] = (z[where], off[name][where])
    for name, (at_x, at_y) in places.items():
        down = TOP + (reach - at_y) / (2 * reach) * HEIGHT - (9 if at_y > 0 else -9)
        layers.append(words(name, f"{at_x:.4f} * {WIDE}", down, align="center"))
    return layers


def _dots(p_values: Mapping[str, float], limit: float) -> list[alt.Chart]:
    """Draw a dot for every test."""
    top = TOP + HEIGHT + 62
    rows = [
        {"p": max(p, LEAST), "y": top + STRIP * (0.12 + 0.76 * (7 * i % 11) / 10)}
        | {"name": name, "said": number(p, 2), "bad": p < limit}
        for i, (name, p) in enumerate(p_values.items())
    ]
    scale = alt.Scale(type="log", domain=[LEAST, 1], range=[0, px(WIDE)], nice=False)
    axis = alt.Axis(title=None, values=[1e-10, 1e-8, 1e-6, 1e-4, 1e-2, 1], format="~g", offset=4)
    x, y = alt.X("p:Q", scale=scale, axis=None), alt.Y("y:Q", scale=None, axis=None)
    edge = f"{1 - np.log10(limit) / np.log10(LEAST):.4f} * ({WIDE})"
    layers = [
        segment((edge, edge), (top, top + STRIP), strokeWidth=1.2, strokeDash=[4, 3]),
        words("failed", f"{edge} - 8", top + 4, align="right"),
        words("passed", f"{edge} + 8", top + 4),
        words("p-value of each test", f"{WIDE} / 2", top + STRIP + 36, align="center"),
    ]
    said = tips(name="test", said="p-value")
    for bad in (False, True):
        mine = rows_of([row for row in rows if row["bad"] is bad])
        look = {"fill": ROLES["broken"].color, "shape": "triangle-up", "size": 70}
        look = look if bad else {"fill": OBSERVED, "shape": "circle", "size": 30}
        mark = mine.mark_point(stroke=None, opacity=0.8, aria=False, **look)
        layers.append(mark.encode(x=x if bad else x.axis(axis), y=y, tooltip=said))
    return layers


def departures(
    z: ArrayLike,
    named: Mapping[str, ArrayLike],
    lower: ArrayLike,
    upper: ArrayLike,
    p_values: Mapping[str, float],
    limit: float,
    *,
    title: str,
    description: str | None = None,
) -> alt.LayerChart:
    """Show the ranks and the tests of a posterior.

    Args:
        z: Places inside (0, 1), increasing, shape (k,).
        named: Name to the share of ranks below each place, shape (k,).
        lower: Lower edge of the band that such shares stay in, shape (k,).
        upper: Upper edge, shape (k,).
        p_values: Name of each test to its p-value.
        limit: p-value below which a test failed.
        title: What to see, in words.
        description: The text alternative; which curves leave the band and which tests failed if
            left out.

    Returns:
        The chart; pointing at a curve or a dot tells its name.

    Example:
        >>> z = np.array([0.25, 0.5, 0.75])
        >>> curves, tests = {"a": z, "b": z**2}, {"a": 0.5, "b": 1e-6}
        >>> departures(z, curves, z - 0.1, z + 0.1, tests, 0.01, title="b is off").description
        'Ranks of 2 numbers; outside the band: b. Of 2 tests failed: b.'
    """
    z = increasing(z)
    named = {name: numbers(name, curve, len(z)) for name, curve in named.items()}
    lower, upper = numbers("lower", lower, len(z)), numbers("upper", upper, len(z))
    if not named or not p_values or not 0 < limit < 1:
        raise ValueError(
            f"got {len(named)} curves, {len(p_values)} tests and the limit {limit}, expected at "
            "least one of each and a limit inside (0, 1)"
        )
    layers = _curves(z, named, lower, upper) + _dots(p_values, limit)
    layers += [
        words("share of ranks below, minus what it should be", -LEFT + 8, TOP - 16),
        words("0", 0, TOP + HEIGHT + 12, align="center", size=11),
        words("1", WIDE, TOP + HEIGHT + 12, align="center", size=11),
        words("rank", f"{WIDE} / 2", TOP + HEIGHT + 14, align="center"),
    ]
    out = [n for n, v in named.items() if ((v < lower) | (v > upper)).any()]
    bad = [n for n, p in p_values.items() if p < limit]
    told = (
        f"Ranks of {len(named)} numbers; outside the band: {', '.join(out) or 'none'}. "
        f"Of {len(p_values)} tests failed: {', '.join(bad) or 'none'}."
    )
    chart = alt.layer(*layers).resolve_scale(x="independent", y="independent")
    return finish(chart, title, description or told, (200, TOP + HEIGHT + 62 + STRIP))
