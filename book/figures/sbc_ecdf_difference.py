"""Simulation-based calibration: differences of the ranks' ECDF from the uniform, and p-values."""

from collections.abc import Mapping

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import increasing, numbers
from mechfit.figures.curves import band, plane
from mechfit.figures.labels import number
from mechfit.figures.parts import rows_of, table, tips
from mechfit.figures.theme import BROKEN, OBSERVED, ROLES, WIDTH, present

LEAST = 1e-10
"""Smaller p-values are drawn here."""
NAMED = 3


def sbc_ecdf_difference(
    z: ArrayLike,
    named: Mapping[str, ArrayLike],
    limits: tuple[ArrayLike, ArrayLike],
    p_values: Mapping[str, float],
    alpha: float,
    *,
    title: str,
    usual: tuple[ArrayLike, ArrayLike] | None = None,
) -> alt.VConcatChart:
    """Draw the ranks and the tests of a posterior; pointing at a curve or a dot names it.

    Args:
        z: Places inside (0, 1), increasing, shape (k,).
        named: Name to the share of ranks below each place, shape (k,).
        limits: Lower and upper edge of the band that such shares stay in, shape (k,) each.
        p_values: Name of each test to its p-value.
        alpha: p-value below which a test failed.
        title: What to see, in words.
        usual: Edges of a narrower band, drawn inside that of `limits`.
    """
    z = increasing(z)
    lower, upper = (numbers("limits", edge, len(z)) - z for edge in limits)
    inner = [numbers("usual", edge, len(z)) - z for edge in usual or ()]
    off = {name: numbers(name, curve, len(z)) - z for name, curve in named.items()}
    if not off or not p_values or not 0 < alpha < 1:
        raise ValueError(
            f"got {len(off)} curves, {len(p_values)} tests and alpha {alpha}, expected at "
            "least one of each and alpha inside (0, 1)"
        )
    out = [n for n, v in off.items() if ((v < lower) | (v > upper)).any()]
    failed = [n for n, p in p_values.items() if p < alpha]
    told = (
        f"Ranks of {len(off)} numbers; outside the band: {', '.join(out) or 'none'}. "
        f"Of {len(p_values)} tests failed: {', '.join(failed) or 'none'}."
    )
    chart = alt.vconcat(
        _curves(z, off, [lower, upper], inner, out), _tests(p_values, alpha), spacing=24
    )
    return present(chart, title, told)


def _curves(
    z: np.ndarray,
    off: dict[str, np.ndarray],
    limits: list[np.ndarray],
    inner: list[np.ndarray],
    out: list[str],
) -> alt.LayerChart:
    """Draw the differences (k,) over the bands, and name those that are farthest from 0."""
    reach = 1.1 * max(*(float(abs(v).max()) for v in off.values()), float(limits[1].max()))
    place = plane((0, 1), (-reach, reach), "rank", "ECDF of the ranks, minus the uniform one")
    place["y"]["axis"]["format"] = "+~g"
    zero = table(x=[0, 1], y=[0, 0]).mark_line(stroke=OBSERVED, strokeOpacity=0.4).encode(**place)
    bands = [band(z, *edges, place, ROLES["prior"]) for edges in (limits, inner) if edges]
    layers = [*bands, zero]
    farthest = sorted(off, key=lambda n: -abs(off[n]).max())[:NAMED]
    for name in sorted(off, key=lambda n: n in out):
        look, words = ROLES["broken" if name in out else "observed"], name in {*out, *farthest}
        style = {"stroke": look.color, "strokeDash": list(look.dash)}
        source = table(x=z, y=off[name]).transform_calculate(name=repr(name))
        line = source.mark_line(strokeWidth=2 if name in out else 1.2, **style)
        touch = source.mark_circle(size=80, opacity=0)
        layers += [
            line.encode(**place, strokeOpacity=alt.value(1 if words else 0.3)),
            touch.encode(**place, tooltip=alt.Tooltip("name:N", title="of")),
        ]
        if words:
            k = int(abs(off[name]).argmax())
            spot = rows_of([{"x": float(z[k]), "y": float(off[name][k]), "name": name}])
            text = spot.mark_text(dy=-8 if off[name][k] > 0 else 9)
            layers.append(text.encode(**place, text="name:N"))
    return alt.layer(*layers).properties(width=WIDTH, height=200)


def _tests(p_values: Mapping[str, float], alpha: float) -> alt.LayerChart:
    """Draw a dot at the p-value of every test, in a row for each kind of test."""
    rows = [
        {"p": max(p, LEAST), "kind": _kind(name), "name": name, "said": number(p, 2)}
        | {"bad": bool(p < alpha)}
        for name, p in p_values.items()
    ]
    kinds, data = list(dict.fromkeys(row["kind"] for row in rows)), rows_of(rows)
    ticks = ["1", "10⁻²", "10⁻⁴", "10⁻⁶", "10⁻⁸", "10⁻¹⁰"]
    axis = alt.Axis(title="p-value of each test", values=[0.01**k for k in range(len(ticks))])
    axis["labelExpr"] = f"{ticks}[round(-log(datum.value) / log(100))]"
    x = alt.X("p:Q", axis=axis).scale(type="log", domain=[LEAST, 1])
    y = alt.Y("kind:N").sort(None).scale(domain=kinds).axis(title=None, labelLimit=90)
    layers = [
        data.transform_filter(test)
        .mark_point(strokeWidth=0, opacity=0.6, fill=color, shape=shape, size=size)
        .encode(x=x, y=y, tooltip=tips(name="test", said="p-value"))
        for test, color, shape, size in (
            ("datum.bad", BROKEN, "triangle-up", 70),
            ("!datum.bad", OBSERVED, "circle", 30),
        )
    ]
    edge = table(p=[alpha])
    for text, align, dx in (("failed", "right", -6), ("passed", "left", 6)):
        word = edge.mark_text(align=align, dx=dx, baseline="bottom", dy=-4)
        layers.append(word.encode(x=x, y=alt.value(0), text=alt.value(text)))
    rule = edge.mark_rule(strokeWidth=1.2, strokeDash=[4, 3], stroke=OBSERVED)
    return alt.layer(*layers, rule.encode(x=x)).properties(width=WIDTH, height={"step": 24})


def _kind(test: str) -> str:
    """Tell what a test conditions on by its name, as `Report.p_values` has it."""
    given = [word for word in ("others", "data") if f"the {word}" in test]
    return "given both" if len(given) > 1 else f"given {given[0]}" if given else "ranks"
