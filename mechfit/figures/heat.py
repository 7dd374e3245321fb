"""Densities on equal bins: heat maps, and outlines that hold a given mass.

A density travels as one character per bin; the page turns it into cells whose opacity is the
density, so that it sits on any background.
"""

from collections.abc import Sequence

import altair as alt
import numpy as np

from mechfit.figures.encoding import ALPHABET, decode, encode
from mechfit.figures.parts import rows_of
from mechfit.figures.theme import OBSERVED, POSTERIOR
from mechfit.summaries.density import mass_level, outlines

NEAR = 0.15
"""How far an outline may run beside its exact course, in bins; they are a few px wide."""


def heat_cells(
    source: alt.Chart, limits: Sequence[Sequence], bins: int, *, color: str = POSTERIOR
) -> alt.Chart:
    """Turn the characters of the field `c` into cells with fields x, y, x2 and y2.

    The field holds a density on equal bins within limits (2, 2), which may be Vega expressions;
    first axis across, `encode`d with one character each from 0 on. A field `o` counts the empty
    bins before the first character, where there are any; bins after the last one are empty.
    """
    place, index = {}, (f"floor(datum.i / {bins})", f"datum.i % {bins}")
    for name, k, (low, high) in zip("xy", index, limits, strict=True):
        for end, step in ((name, 0), (f"{name}2", 1)):
            place[end] = f"({low}) + (({high}) - ({low})) * ({k} + {step}) / {bins}"
    cells = (
        source.transform_calculate(k="split(datum.c, '')", o="datum.o || 0")
        .transform_calculate(i="sequence(datum.o, datum.o + length(datum.c))")
        .transform_flatten(["k", "i"])
        .transform_calculate(q=f"indexof('{ALPHABET}', datum.k) / 63")
        .transform_filter("datum.q > 0.02")
        .transform_calculate(**place, opacity="pow(datum.q, 0.75) * 0.95")
    )
    opacity = alt.FillOpacity("opacity:Q", scale=None)
    mark = cells.mark_rect(fill=color, strokeWidth=0)
    return mark.encode(x2="x2", y2="y2", fillOpacity=opacity)


def outline_rows(field: np.ndarray) -> list[dict]:
    """Return the outlines that hold 50 and 90 % of a density (a, b), in thousandths of its sides.

    An almost flat density has none: they would only show its noise.
    """
    levels = {share: mass_level(field, share) for share in (0.5, 0.9) if field.max() > 0}
    if not levels or levels[0.9] > 0.5 * field.max():
        return []
    loops = [(share, loop) for share, level in levels.items() for loop in outlines(field, level)]
    spots = [
        np.rint(1000 * _fewer(loop) / field.shape).astype(int).T.tolist() for _, loop in loops
    ]
    return [
        {"u": u, "v": v, "loop": k, "w": 1.2 if share == 0.5 else 0.7}
        for k, ((share, _), (u, v)) in enumerate(zip(loops, spots, strict=True))
    ]


def _fewer(line: np.ndarray) -> np.ndarray:
    """Keep the corners of a line (p, 2) that lie beside the way between those kept already.

    The algorithm is that of Douglas and Peucker (1973), doi:10.3138/FM57-6770-U75U-7727.
    """
    away, (a, b) = line - line[0], line[-1] - line[0]
    long = np.hypot(a, b)
    off = abs(away @ [b, -a]) / long if long > 0 else np.hypot(*away.T)
    k = int(off.argmax())
    if off[k] <= NEAR:
        return line[[0, -1]]
    return np.vstack([_fewer(line[: k + 1])[:-1], _fewer(line[k:])])


def outline_marks(rows: Sequence[dict], x: str, y: str) -> alt.Chart:
    """Draw `outline_rows` with fields x and y, given as Vega expressions of u and v."""
    coded = [row | {k: encode(row[k], 0, 1000) for k in "uv"} for row in rows]
    points = (
        rows_of(coded)
        .transform_calculate(o="sequence(length(datum.u) / 2)")
        .transform_flatten(["o"])
        .transform_calculate(**{k: decode(f"datum.{k}", "datum.o", 0, 1000) for k in "uv"})
        .transform_calculate(x=x, y=y)
    )
    line = points.mark_line(stroke=OBSERVED, strokeOpacity=0.8, tooltip=None)
    width = alt.StrokeWidth("w:Q", scale=None)
    return line.encode(detail=["row:N", "column:N", "loop:N"], order="o:Q", strokeWidth=width)
