"""The panels of a pairplot: one for each pair of d parameters, counted in columns and rows.

Column j and row i hold parameter j across and parameter i up; a panel spans the axes, minus a
margin, and what it shows is placed in shares of them.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.encoding import decode, encode
from mechfit.figures.fields import FRAME
from mechfit.figures.heat import heat_cells, outline_marks, outline_rows
from mechfit.figures.labels import Label, ends, number, quantity, span
from mechfit.figures.parts import points, rows_of, tips
from mechfit.figures.theme import (
    NARROW,
    PATH,
    POSTERIOR,
    PRIOR,
    ROLES,
    SAMPLE,
    WIDTH,
    Role,
    assign,
)
from mechfit.summaries.density import density, heights

ORDER = ("sample", "broken", "path", "posterior")
BINS, EDGE, INNER = 60, 0.04, 0.92
"""Bins of a marginal; margin of a panel, and what it leaves, in its sides."""
FRAMED = {"stroke": FRAME, "strokeWidth": 0.7}


def panel_axes(parts: Sequence[Label], reaches: Sequence[np.ndarray]) -> dict[str, dict]:
    """Channels of layers for the fields x and y, counted in panels; axes name columns and rows."""
    d, small = len(parts), f"page < {NARROW} && {len(parts)} > 4"
    names = [p.name for p in parts]
    heads = [
        [[p.name, p.unit, " – ".join(ends(*r))] for p, r in zip(parts, shown, strict=True)]
        for shown in reaches
    ]
    which = f"{heads}[axes]" if len(reaches) > 1 else f"{heads[0]}"
    middle = {"values": [k + 0.5 for k in range(d)], "domain": False, "ticks": False}
    across = f"{small} ? {names}[floor(datum.value)] : {which}[floor(datum.value)]"
    room = {"labelPadding": alt.ExprRef(f"{small} ? 3 : 30"), "labelOverlap": False}
    x = alt.Axis(**middle, **room, title=None, orient="top", labelExpr=across, labelFontSize=10)
    y = alt.Axis(**middle, title=None, labelExpr=f"{names}[floor(datum.value)]")
    return {
        "x": alt.X("x:Q", scale=alt.Scale(domain=[0, d]), axis=x).to_dict(),
        "y": alt.Y("y:Q", scale=alt.Scale(domain=[d, 0]), axis=y).to_dict(),
    }


def in_panels(rows: Sequence[Mapping]) -> alt.Chart:
    """Start a mark from rows with `row` and `column`; x, x2, y and y2 are the panel's corners."""
    corner = {"x": "column", "x2": "column", "y": "row", "y2": "row"}  # y counts down
    side = {"x": EDGE, "x2": 1 - EDGE, "y": 1 - EDGE, "y2": EDGE}
    return rows_of(rows).transform_calculate(
        **{field: f"datum.{of} + {side[field]}" for field, of in corner.items()}
    )


def _along(share: ArrayLike, start: float, *, up: bool = False) -> list[float] | float:
    """Place shares of a side across a panel that starts at a column, or up one at a row."""
    share = 1 - np.asarray(share) if up else np.asarray(share)
    return (start + EDGE + INNER * share).round(4).tolist()


def marginal_curves(
    sets: Sequence[np.ndarray], shown: np.ndarray, share: np.ndarray, parts: Sequence[Label]
) -> list[alt.Chart]:
    """Draw densities of one or two sets of samples (n, d) over a flat line, the uniform prior."""
    tall, curves, panels = heights(sets, shown, BINS), [], []
    for i, part in enumerate(parts):
        top = 1.1 * max(float(tall[:, i].max()), share[i])
        for k, curve in enumerate(np.pad(tall[:, i] / top, [(0, 0), (1, 1)], mode="edge")):
            curves.append({"k": k, "row": i, "c": encode(curve, 0, 1)})
        low, middle, high = np.quantile(sets[0][:, i], [0.05, 0.5, 0.95])
        said = {"name": part.name, "median": quantity(middle, part.unit)}
        said |= {"range": span(low, high, part.unit), "level": _along(share[i] / top, i, up=True)}
        panels.append({"row": i, "column": i} | said)
    looks = [(POSTERIOR, [1, 0], 0.25), (PATH, [3, 2], 0)][: len(sets)]
    place = {
        "x": f"datum.row + {EDGE} + {INNER} * clamp((datum.i - 0.5) / {BINS}, 0, 1)",
        "y": f"datum.row + {1 - EDGE} - {INNER} * ({decode('datum.c', 'datum.i', 0, 1)})",
        "y2": f"datum.row + {1 - EDGE}",
    }
    layers = [
        points(rows_of([c for c in curves if c["k"] == k]), BINS + 2, **place)
        .mark_area(
            fill=color,
            fillOpacity=opacity,
            line={"stroke": color, "strokeWidth": 1.4, "strokeDash": dash},
        )
        .encode(y2="y2", detail="row:N")
        for k, (color, dash, opacity) in enumerate(looks)
    ]
    flat = {"stroke": PRIOR, "strokeDash": list(ROLES["prior"].dash), "strokeWidth": 1.5}
    level = in_panels(panels).transform_calculate(y="datum.level").mark_rule(**flat)
    touch = in_panels(panels).mark_rect(fill="transparent")
    said = tips(name="parameter", median="median", range="90 % of samples")
    return [*layers, level.encode(x2="x2"), touch.encode(x2="x2", y2="y2", tooltip=said)]


def heat_maps(
    samples: np.ndarray,
    where: tuple[np.ndarray, np.ndarray],
    shown: np.ndarray,
    share: np.ndarray,
    parts: Sequence[Label],
    color: str,
) -> list[alt.Chart]:
    """Draw frames and densities in some panels; hovering names them."""
    bins, maps, r = _bins(len(parts)), [], correlations(samples)
    for i, j in zip(*where, strict=True):
        field = density(samples[:, [j, i]], shown[[j, i]], bins)
        peak = float(field.max())
        text = encode(field.ravel(), 0, peak, characters=1)
        said = {"row": int(i), "column": int(j), "r": number(r[i, j], 2)}
        said |= {"c": text.strip("A"), "o": len(text) - len(text.lstrip("A"))}
        maps.append(said | {"peak": float(f"{peak / (share[i] * share[j]):.4g}")})
    names, told = [part.name for part in parts], {"pair": "parameters", "r": "correlation"}
    panels = in_panels(maps).transform_calculate(
        pair=f"{names}[datum.row] + ' and ' + {names}[datum.column]"
    )
    sides = (
        (f"datum.column + {EDGE}", f"datum.column + {1 - EDGE}"),
        (f"datum.row + {1 - EDGE}", f"datum.row + {EDGE}"),
    )
    cells = heat_cells(panels, sides, bins, color=color).transform_calculate(
        said="format(datum.q * datum.peak, '.2~r') + ' × the uniform prior'"
    )
    frames = panels.mark_rect(fill="transparent", **FRAMED)
    return [
        frames.encode(x2="x2", y2="y2", tooltip=tips(**told)),
        cells.encode(tooltip=tips(**told, said="density")),
    ]


def outline_maps(
    samples: np.ndarray, where: tuple[np.ndarray, np.ndarray], reaches: Sequence[np.ndarray]
) -> alt.Chart:
    """Draw the outlines of densities in some panels.

    They are computed on the last of the ranges (d, 2) that the axes span in turn, carried once.
    """
    near, loops = reaches[-1], []
    for i, j in zip(*where, strict=True):
        field = density(samples[:, [j, i]], near[[j, i]], 2 * _bins(len(near)))
        loops += [{"row": int(i), "column": int(j)} | loop for loop in outline_rows(field)]
    start = [((near - each)[:, 0] / np.ptp(each, 1)).round(5).tolist() for each in reaches]
    part = [(np.ptp(near, 1) / np.ptp(each, 1)).round(5).tolist() for each in reaches]
    which = "axes" if len(reaches) > 1 else "0"

    def share(field: str, of: str) -> str:
        which_of = f"[{which}][datum.{of}]"
        return f"{INNER} * ({start}{which_of} + {part}{which_of} * datum.{field} / 1000)"

    x = f"datum.column + {EDGE} + {share('u', 'column')}"
    return outline_marks(loops, x, f"datum.row + {1 - EDGE} - {share('v', 'row')}")


def _bins(d: int) -> int:
    """Bins along a side of a panel, about three px wide."""
    return int(np.clip(WIDTH / d // 3, 18, 34))


def coefficients(r: np.ndarray, where: tuple[np.ndarray, np.ndarray]) -> alt.Chart:
    """Write correlation coefficients r (d, d), the strong ones bold."""
    rows = [
        {"x": j + 0.5, "y": i + 0.5, "r": round(float(r[i, j]), 2)}
        for i, j in zip(*where, strict=True)
    ]
    weight = alt.ExprRef("abs(datum.r) >= 0.3 ? 600 : 400")
    mark = rows_of(rows).mark_text(fontSize=11, fontWeight=weight)
    return mark.encode(text=alt.Text("r:Q", format=".2f"))


def marked(
    names: Mapping[str, str], points: Mapping[str, np.ndarray], shown: np.ndarray
) -> list[alt.Chart]:
    """Mark parameter sets (d,) on densities and marginals; the key names samples (color) too."""
    looks = assign([who for who in points if who != "truth"], None, ORDER)
    looks |= {who: Role(SAMPLE) for who in points if who == "truth"}
    spots, rules = [], []
    for who, point in points.items():
        share = (point - shown[:, 0]) / np.diff(shown).ravel()
        inside = [i for i, s in enumerate(share) if 0 <= s <= 1]
        for i, j in combinations(inside, 2):
            place = {"x": _along(share[j], j), "y": _along(share[i], i, up=True)}
            spots.append({"name": who} | place)
        rules += [{"name": who, "row": i, "x": _along(share[i], i)} for i in inside]
    entries = {who: ("square", color, color) for who, color in names.items()}
    entries["prior"] = ("M-1,0L1,0", PRIOR, "transparent")
    for who, look in looks.items():
        fill = "transparent" if look.shape == "circle" else look.color
        entries[who] = (look.shape, look.color, fill)
    shapes, strokes, fills = (
        alt.Scale(domain=list(entries), range=list(column))
        for column in zip(*entries.values(), strict=True)
    )
    dashes = alt.Scale(domain=list(looks), range=[list(look.dash) for look in looks.values()])
    key = alt.Legend(direction="horizontal", symbolSize=90, symbolOpacity=1, offset=6)
    stroke = alt.Stroke("name:N", scale=strokes, legend=key)
    dash = alt.StrokeDash("name:N", scale=dashes, legend=None)
    size = 40 if len(shown) > 6 else 60
    return [
        rows_of(rules)
        .transform_calculate(y=f"datum.row + {1 - EDGE}", y2=f"datum.row + {EDGE}")
        .mark_rule(strokeWidth=1.2)
        .encode(y2="y2", stroke=stroke, strokeDash=dash),
        rows_of(spots)
        .mark_point(size=size, strokeWidth=1.8)
        .encode(
            stroke=stroke,
            shape=alt.Shape("name:N", scale=shapes, legend=key),
            fill=alt.Fill("name:N", scale=fills, legend=key),
        ),
    ]


def correlations(samples: np.ndarray) -> np.ndarray:
    """Correlation coefficients (d, d) of samples (n, d), 0 with what is constant."""
    with np.errstate(invalid="ignore"):
        return np.nan_to_num(np.atleast_2d(np.corrcoef(samples.T)))
