"""The pairplot: every parameter against every other, on axes that span the prior or the samples.

Diagonal: marginal densities, the uniform prior as a flat line. Above it: two-dimensional densities
with outlines. Below it: the correlation coefficient, or the densities of other samples. The chart
carries bins, not samples.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import different, numbers, outside, ranges
from mechfit.figures.encoding import encode
from mechfit.figures.fields import FRAME
from mechfit.figures.heat import heat_cells, outline_marks, outline_rows
from mechfit.figures.labels import Label, ends, number, parse, quantity, span
from mechfit.figures.parts import menu, rows_of, tips
from mechfit.figures.theme import (
    NARROW,
    PAGE,
    PATH,
    POSTERIOR,
    PRIOR,
    ROLES,
    SAMPLE,
    WIDTH,
    Role,
    assign,
    present,
)
from mechfit.summaries.density import density, heights

ORDER = ("sample", "broken", "path", "posterior")
BINS, EDGE, ALONE = 60, 0.04, 200
"""Bins of a marginal; margin of a panel, in its sides; height in px of one that stands alone."""
FRAMED = {"stroke": FRAME, "strokeWidth": 0.7}
AXES, MOST = ("the prior's range", "the samples' range"), 10
"""What the axes span; most parameters for which there are both."""


def pairplot(
    samples: ArrayLike,
    labels: Sequence[str],
    limits: ArrayLike,
    *,
    title: str,
    name: str = "posterior",
    points: Mapping[str, ArrayLike] | None = None,
    window: ArrayLike | None = None,
    beside: Mapping[str, ArrayLike] | None = None,
) -> alt.LayerChart:
    """Draw marginals, pairwise densities and correlations of posterior samples.

    Of one parameter there is the marginal alone. Samples outside the axes are counted in words.
    Where samples fill little of the prior, a menu changes to axes that span them.

    Args:
        samples: Samples, shape (n, d); thousands are fine, they are binned.
        labels: Symbol and unit of each parameter, for example "ḡ_Na (mS/cm²)".
        limits: Low and high of each uniform prior, shape (d, 2): the range of the axes.
        title: What to see, in words.
        name: What the samples are called in the key.
        points: Name to parameters, shape (d,), to mark; "truth" is a ring.
        window: Range of the axes, shape (d, 2), where it is not that of the prior.
        beside: Name to other samples, shape (m, d), of which the densities stand below the
            diagonal in place of the correlation coefficients; one entry.

    Example:
        >>> theta = np.random.default_rng(1).normal(0.5, 0.1, (2000, 2))
        >>> chart = pairplot(theta, ["a (mV)", "b (ms)"], [[0, 1], [0, 1]], title="Both are known")
        >>> chart.description[:51]
        'Pairplot of 2 parameters from 2,000 samples. Median'
    """
    labels = different("labels", labels)
    d = len(labels)
    samples, limits = numbers("samples", samples, "n", d, least=2), ranges(limits, d)
    shown = limits if window is None else ranges(window, d, "window")
    points = {who: numbers(repr(who), p, d) for who, p in (points or {}).items()}
    others = {who: numbers(repr(who), v, "m", d, least=2) for who, v in (beside or {}).items()}
    parts, r, sets = [parse(label) for label in labels], _correlations(samples), [samples]
    upper, lower = np.triu_indices(d, 1), np.tril_indices(d, -1)
    notes, names = [outside("samples", samples, shown)], {name: POSTERIOR}
    for below, other in others.items():
        sets.append(other)
        notes.append(outside(f"samples of {below}", other, shown))
        sides = (", above the diagonal", ", below the diagonal") if d > 1 else ("", "")
        names = {name + sides[0]: POSTERIOR, below + sides[1]: PATH}
    near = _near([*sets, *(p[None] for p in points.values())], limits)
    reaches = [shown] if window is not None or near is None else [shown, near]
    layers, many = [] if others else [_coefficients(r, lower)], len(reaches) > 1
    for k, reach in enumerate(reaches):
        share = np.diff(reach).ravel() / np.diff(limits).ravel()
        drawn = heat_maps(samples, upper, reach, share, parts, POSTERIOR)
        for other in others.values():
            drawn += heat_maps(other, lower, reach, share, parts, PATH)
        drawn += _marginals(sets, reach, share, parts) + _marked(names, points, reach)
        layers += [layer.transform_filter(f"axes == {k}") for layer in drawn] if many else drawn
    place = panel_axes(parts, reaches)
    chart = alt.layer(*layers, encoding=place)
    chart = chart.add_params(menu("axes", AXES, "axes")) if many else chart
    pairs = sorted(zip(*upper, strict=True), key=lambda pair: -abs(r[pair]))
    strong = [f"{parts[i].name} and {parts[j].name} {number(r[i, j], 2)}" for i, j in pairs[:3]]
    told = (
        f"Pairplot of {d} parameters from {len(samples):,} samples. Median and 90 % interval: "
        f"{_medians(samples, parts)}."
    )
    if strong:
        told += f" Strongest correlations: {'; '.join(strong)}."
    for below, other in others.items():
        told += (
            f" {'Below the diagonal' if d > 1 else 'Beside it'} {below}: {_medians(other, parts)}."
        )
    hint = "Outlines hold 50 and 90 % of the samples"
    hint += "." if others else "; numbers are correlation coefficients."
    hint += " The menu changes what the axes span." if many else ""
    notes = [hint] * (d > 1) + [note for note in notes if note]
    chart = chart.properties(width=WIDTH, height=WIDTH if d > 1 else ALONE).add_params(PAGE)
    return present(chart, title, " ".join([told, *notes[d > 1 :]]), " ".join(notes))


def _near(sets: Sequence[np.ndarray], limits: np.ndarray) -> np.ndarray | None:
    """Ranges (d, 2) that hold nearly all samples; None where these fill most of the limits."""
    ends = np.array([np.quantile(each, [0.005, 0.995], axis=0).T for each in sets])
    low, high = ends[..., 0].min(0), ends[..., 1].max(0)
    pad = 0.1 * (high - low) + 1e-3 * np.diff(limits).ravel()
    near = np.clip(np.stack([low - pad, high + pad], 1), *limits.T[..., None])
    narrow = np.diff(near).ravel() < 0.6 * np.diff(limits).ravel()
    return near if 1 < len(limits) <= MOST and narrow.sum() > 1 else None


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


def corners(row: int, column: int) -> dict[str, float]:
    """Return row, column and corners of a panel; y counts down."""
    corner = {"x": column + EDGE, "x2": column + 1 - EDGE, "y": row + 1 - EDGE, "y2": row + EDGE}
    return {"row": int(row), "column": int(column)} | {k: float(v) for k, v in corner.items()}


def _along(share: ArrayLike, start: float, *, up: bool = False) -> list[float] | float:
    """Place shares of a side across a panel that starts at a column, or up one at a row."""
    share = 1 - np.asarray(share) if up else np.asarray(share)
    return (start + EDGE + (1 - 2 * EDGE) * share).round(4).tolist()


def _marginals(
    sets: Sequence[np.ndarray], shown: np.ndarray, share: np.ndarray, parts: Sequence[Label]
) -> list[alt.Chart]:
    """Draw densities of one or two sets of samples (n, d) over a flat line, the uniform prior."""
    tall, curves, panels = heights(sets, shown, BINS), [], []
    across = np.r_[0, np.arange(BINS) + 0.5, BINS] / BINS
    for i, part in enumerate(parts):
        top = 1.1 * max(float(tall[:, i].max()), share[i])
        for k, curve in enumerate(np.pad(tall[:, i] / top, [(0, 0), (1, 1)], mode="edge")):
            place = {"x": _along(across, i), "y": _along(curve, i, up=True)}
            curves.append({"k": k, "row": i, "y2": i + 1 - EDGE} | place)
        low, middle, high = np.quantile(sets[0][:, i], [0.05, 0.5, 0.95])
        said = {"name": part.name, "median": quantity(middle, part.unit)}
        said |= {"range": span(low, high, part.unit), "level": _along(share[i] / top, i, up=True)}
        panels.append(corners(i, i) | said)
    looks = [(POSTERIOR, [1, 0], 0.25), (PATH, [3, 2], 0)][: len(sets)]
    layers = [
        rows_of([c for c in curves if c["k"] == k])
        .transform_flatten(["x", "y"])
        .mark_area(
            fill=color,
            fillOpacity=opacity,
            line={"stroke": color, "strokeWidth": 1.4, "strokeDash": dash},
        )
        .encode(y2="y2", detail="row:N")
        for k, (color, dash, opacity) in enumerate(looks)
    ]
    flat = {"stroke": PRIOR, "strokeDash": list(ROLES["prior"].dash), "strokeWidth": 1.5}
    level = rows_of(panels).transform_calculate(y="datum.level").mark_rule(**flat)
    touch = rows_of(panels).mark_rect(fill="transparent")
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
    """Draw frames, densities and outlines in some panels; hovering names them."""
    bins = int(np.clip(WIDTH / len(parts) // 3, 18, 34))
    maps, loops, r = [], [], _correlations(samples)
    for i, j in zip(*where, strict=True):
        pair, reach, panel = samples[:, [j, i]], shown[[j, i]], corners(i, j)
        field = density(pair, reach, bins)
        peak = float(field.max())
        said = {"pair": f"{parts[i].name} and {parts[j].name}", "r": number(r[i, j], 2)}
        text = encode(field.ravel(), 0, peak, characters=1)
        said |= {"c": text.strip("A"), "o": len(text) - len(text.lstrip("A"))}
        maps.append(panel | said | {"peak": float(f"{peak / (share[i] * share[j]):.4g}")})
        place = {key: panel[key] for key in ("row", "column", "x", "y")}
        loops += [place | loop for loop in outline_rows(density(pair, reach, 2 * bins))]
    inner, told = 1 - 2 * EDGE, {"pair": "parameters", "r": "correlation"}
    sides = ("datum.column", f"datum.column + {inner}"), ("datum.row", f"datum.row - {inner}")
    cells = rows_of(maps).transform_calculate(column="datum.x", row="datum.y")
    cells = heat_cells(cells, sides, bins, color=color).transform_calculate(
        said="format(datum.q * datum.peak, '.2~r') + ' × the uniform prior'"
    )
    place = (f"datum.x + {inner / 1000} * datum.u", f"datum.y - {inner / 1000} * datum.v")
    return [
        rows_of(maps)
        .mark_rect(fill="transparent", **FRAMED)
        .encode(x2="x2", y2="y2", tooltip=tips(**told)),
        cells.encode(tooltip=tips(**told, said="density")),
        outline_marks(loops, *place),
    ]


def _coefficients(r: np.ndarray, where: tuple[np.ndarray, np.ndarray]) -> alt.Chart:
    """Write correlation coefficients r (d, d), the strong ones bold."""
    rows = [
        {"x": j + 0.5, "y": i + 0.5, "r": round(float(r[i, j]), 2)}
        for i, j in zip(*where, strict=True)
    ]
    weight = alt.ExprRef("abs(datum.r) >= 0.3 ? 600 : 400")
    mark = rows_of(rows).mark_text(fontSize=11, fontWeight=weight)
    return mark.encode(text=alt.Text("r:Q", format=".2f"))


def _marked(
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
        rules += [corners(i, i) | {"name": who, "x": _along(share[i], i)} for i in inside]
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
        rows_of(rules).mark_rule(strokeWidth=1.2).encode(y2="y2", stroke=stroke, strokeDash=dash),
        rows_of(spots)
        .mark_point(size=size, strokeWidth=1.8)
        .encode(
            stroke=stroke,
            shape=alt.Shape("name:N", scale=shapes, legend=key),
            fill=alt.Fill("name:N", scale=fills, legend=key),
        ),
    ]


def _correlations(samples: np.ndarray) -> np.ndarray:
    """Correlation coefficients (d, d) of samples (n, d), 0 with what is constant."""
    with np.errstate(invalid="ignore"):
        return np.nan_to_num(np.atleast_2d(np.corrcoef(samples.T)))


def _medians(samples: np.ndarray, parts: Sequence[Label]) -> str:
    """Tell the median and the 90 % interval of each parameter."""
    middles = np.quantile(samples, [0.05, 0.5, 0.95], axis=0)
    return "; ".join(
        f"{p.name} {number(m)} ({span(a, b, p.unit)})"
        for p, (a, m, b) in zip(parts, middles.T, strict=True)
    )
