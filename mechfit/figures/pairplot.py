"""The pairplot: every parameter against every other, on axes that span the prior.

Diagonal: marginal densities, the uniform prior as a flat line. Above it: two-dimensional densities
as heat maps with outlines that hold 50 and 90 % of the samples. Below it: the correlation
coefficient, or the densities of other samples to compare with. Axes span the limits of the prior,
so that contraction is seen, unless a window into it is given. The chart carries bins, not samples.
Taught in the chapter inference/hodgkin-huxley-posterior.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import numbers, ranges
from mechfit.figures.encoding import encode
from mechfit.figures.fields import FRAME, heat_cells
from mechfit.figures.labels import Label, ends, number, parse, quantity
from mechfit.figures.parts import rows_of
from mechfit.figures.theme import (
    NARROW,
    OBSERVED,
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
from mechfit.summaries.density import density, heights, mass_level, outlines

ORDER = ("sample", "broken", "path", "posterior")
LINE = "M-1,0L1,0"
"""A short line as the symbol of a key."""
EDGE, INNER = 0.04, 0.92
"""Places count in panels; a panel has a margin and an inner side, as shares of its side."""


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

    Args:
        samples: Samples, shape (n, d); thousands are fine, they are binned.
        labels: Symbol and unit of each parameter, for example "ḡ_Na (mS/cm²)".
        limits: Low and high of each uniform prior, shape (d, 2): the range of the axes.
        title: What to see, in words.
        name: What the samples are called in the key.
        points: Name to parameters, shape (d,), named in the key; "truth" is a ring, others are
            drawn as sample, broken, path, posterior, in this order.
        window: Range of the axes, shape (d, 2), where it is not that of the prior.
        beside: Name to other samples, shape (m, d), of which the densities stand below the
            diagonal in place of the correlation coefficients; one entry.

    Returns:
        The chart; hovering tells correlations, densities and medians.

    Example:
        >>> theta = np.random.default_rng(1).normal(0.5, 0.1, (2000, 2))
        >>> chart = pairplot(theta, ["a (mV)", "b (ms)"], [[0, 1], [0, 1]], title="Both are known")
        >>> chart.description[:51]
        'Pairplot of 2 parameters from 2,000 samples. Median'
    """
    d = len(labels)
    if d < 2:
        raise ValueError(f"labels names {d} parameters, expected at least 2")
    samples, limits = numbers("samples", samples, "n", d, least=2), ranges(limits, d)
    shown = limits if window is None else ranges(window, d)
    points = {who: numbers(repr(who), p, d) for who, p in (points or {}).items()}
    looks = assign([who for who in points if who != "truth"], None, ORDER)
    looks |= {"truth": Role(SAMPLE)} if "truth" in points else {}
    parts, r = [parse(label) for label in labels], correlations(samples)
    (below, other) = next(iter((beside or {"": None}).items()))
    if other is not None:
        other = numbers(repr(below), other, "m", d, least=2)
    share = np.diff(shown).ravel() / np.diff(limits).ravel()
    sets = [s for s in (samples, other) if s is not None]
    layers = [
        *_marginals(sets, shown, share, parts),
        *_heat_maps(samples, np.triu_indices(d, 1), shown, share, parts, POSTERIOR),
        *(
            [_coefficients(r)]
            if other is None
            else _heat_maps(other, np.tril_indices(d, -1), shown, share, parts, PATH)
        ),
        *_markers(points, looks, shown),
    ]
    place = _place(parts, shown)
    layers = [_key(name, below, looks), *(layer.encode(**place) for layer in layers)]
    chart = alt.layer(*layers).properties(width=WIDTH, height=WIDTH)
    pairs = sorted(zip(*np.triu_indices(d, 1), strict=True), key=lambda pair: -abs(r[pair]))
    strong = [f"{parts[i].name} and {parts[j].name} {number(r[i, j], 2)}" for i, j in pairs[:3]]
    told = (
        f"Pairplot of {d} parameters from {len(samples):,} samples. Median and 90 % interval: "
        f"{medians(samples, parts)}. Strongest correlations: {'; '.join(strong)}."
    )
    if other is not None:
        told += f" Below the diagonal {below}: {medians(other, parts)}."
    hint = "Outlines hold 50 and 90 % of the samples"
    hint += "." if beside else "; numbers are correlation coefficients."
    return present(chart.add_params(PAGE), title, told, hint)


def _place(parts: Sequence[Label], shown: np.ndarray) -> dict[str, alt.X | alt.Y]:
    """Channels for the fields x and y, counted in panels; axes name columns and rows."""
    d, small = len(parts), f"page < {NARROW} && {len(parts)} > 4"
    names = [p.name for p in parts]
    heads = [[p.name, p.unit, " – ".join(ends(*r))] for p, r in zip(parts, shown, strict=True)]
    middle = {"values": [k + 0.5 for k in range(d)], "domain": False, "ticks": False}
    across = f"{small} ? {names}[floor(datum.value)] : {heads}[floor(datum.value)]"
    room = {"labelPadding": alt.ExprRef(f"{small} ? 3 : 30"), "labelOverlap": False}
    x = alt.Axis(**middle, **room, title=None, orient="top", labelExpr=across, labelFontSize=10)
    y = alt.Axis(**middle, title=None, labelExpr=f"{names}[floor(datum.value)]")
    return {
        "x": alt.X("x:Q", scale=alt.Scale(domain=[0, d], nice=False), axis=x),
        "y": alt.Y("y:Q", scale=alt.Scale(domain=[d, 0], nice=False), axis=y),
    }


def _put(source: alt.Chart, u: str, v: str) -> alt.Chart:
    """Turn shares u across and v up the panel of fields `row` and `column` into x and y."""
    return source.transform_calculate(
        x=f"datum.column + {EDGE} + {INNER} * ({u})", y=f"datum.row + {1 - EDGE} - {INNER} * ({v})"
    )


def _box(row: int, column: int) -> dict[str, float]:
    """Return row, column and the corners of a panel."""
    corner = {"x": column + EDGE, "x2": column + 1 - EDGE, "y": row + EDGE, "y2": row + 1 - EDGE}
    return {"row": int(row), "column": int(column)} | {k: float(v) for k, v in corner.items()}


def _tips(said: Mapping[str, str]) -> list[alt.Tooltip]:
    return [alt.Tooltip(f"{field}:N", title=words) for field, words in said.items()]


def _marginals(
    sets: Sequence[np.ndarray], shown: np.ndarray, share: np.ndarray, parts: Sequence[Label]
) -> list[alt.Chart]:
    """Draw densities of samples (n, d) over a flat line, the uniform prior.

    The second of two sets is a dashed line; `share` (d,) of the prior's range is shown.
    """
    bins, curves, boxes = 60, [], []
    fields = heights(sets, shown, bins)
    u = (np.r_[0, np.arange(bins) + 0.5, bins] / bins).round(4).tolist()
    for i, part in enumerate(parts):
        top = 1.1 * max(float(fields[:, i].max()), share[i])
        tall = np.pad(fields[:, i] / top, [(0, 0), (1, 1)], mode="edge").round(4)
        place = {"row": i, "column": i, "u": u}
        curves.append(place | {f"v{k}": v for k, v in enumerate(tall.tolist())})
        low, middle, high = np.quantile(sets[0][:, i], [0.05, 0.5, 0.95])
        boxes.append(
            {**_box(i, i), "name": part.name, "median": quantity(middle, part.unit)}
            | {"range": f"{number(low)} to {quantity(high, part.unit)}"}
            | {"level": i + 1 - EDGE - INNER * float(share[i] / top)}
        )
    data = rows_of(curves).transform_flatten(["u", *(f"v{k}" for k in range(len(sets)))])
    line = {"stroke": POSTERIOR, "strokeWidth": 1.4, "aria": False}
    area, edge = (_put(data, "datum.u", "datum.v0") for _ in range(2))
    area = area.transform_calculate(y2=f"datum.row + {1 - EDGE}")
    box = rows_of(boxes)
    flat = {"stroke": PRIOR, "strokeDash": list(ROLES["prior"].dash), "strokeWidth": 1.5}
    layers = [
        area.mark_area(fill=POSTERIOR, fillOpacity=0.25, aria=False).encode(
            y2="y2", detail="row:N"
        ),
        edge.mark_line(**line).encode(detail="row:N"),
        box.transform_calculate(y="datum.level").mark_rule(**flat, aria=False).encode(x2="x2"),
    ]
    if len(sets) > 1:
        line |= {"stroke": PATH, "strokeDash": [3, 2]}
        other = _put(data, "datum.u", "datum.v1").mark_line(**line)
        layers.insert(2, other.encode(detail="row:N"))
    said = {"name": "parameter", "median": "median", "range": "90 % of samples"}
    touch = box.mark_rect(fill="transparent", aria=False)
    return [*layers, touch.encode(x2="x2", y2="y2", tooltip=_tips(said))]


def _heat_maps(
    samples: np.ndarray,
    where: tuple[np.ndarray, np.ndarray],
    shown: np.ndarray,
    share: np.ndarray,
    parts: Sequence[Label],
    color: str,
) -> list[alt.Chart]:
    """Draw frames, densities and outlines in some panels; hovering names them."""
    bins = int(np.clip(WIDTH / len(parts) // 3, 18, 34))
    maps, loops, r = [], [], correlations(samples)
    for i, j in zip(*where, strict=True):
        pair, reach = samples[:, [j, i]], shown[[j, i]]
        field = density(pair, reach, bins)
        peak = float(field.max())
        said = {"pair": f"{parts[i].name} and {parts[j].name}", "r": number(r[i, j], 2)}
        said["c"] = encode(field.ravel(), 0, peak, characters=1)
        maps.append(_box(i, j) | said | {"peak": float(f"{peak / (share[i] * share[j]):.4g}")})
        place = {"row": int(i), "column": int(j)}
        loops += [place | loop for loop in outline_rows(density(pair, reach, 2 * bins))]
    step, told = INNER / bins, {"pair": "parameters", "r": "correlation"}
    cells = (
        heat_cells(rows_of(maps), np.array([[0, 1], [0, 1]]), bins)
        .transform_calculate(
            said="format(datum.q * datum.peak, '.2~r') + ' × the uniform prior'",
            x=f"datum.column + {EDGE} + {INNER} * datum.x",
            y=f"datum.row + {1 - EDGE} - {INNER} * datum.y",
        )
        .transform_calculate(x2=f"datum.x + {step:.6g}", y2=f"datum.y - {step:.6g}")
        .mark_rect(fill=color, strokeWidth=0, aria=False)
    )
    frame = {"fill": "transparent", "stroke": FRAME, "strokeWidth": 0.7, "aria": False}
    lines = outline_marks(_put(flat_loops(rows_of(loops)), "datum.u / 1000", "datum.v / 1000"))
    return [
        rows_of([{k: v for k, v in row.items() if k != "c"} for row in maps])
        .mark_rect(**frame)
        .encode(x2="x2", y2="y2", tooltip=_tips(told)),
        cells.encode(tooltip=_tips(told | {"said": "density"})),
        lines,
    ]


def _coefficients(r: np.ndarray) -> alt.Chart:
    """Write the correlation coefficients r (d, d) below the diagonal."""
    rows = []
    for i, j in zip(*np.tril_indices(len(r), -1), strict=True):
        value = f"{r[i, j]:.2f}".replace("-", "−") if abs(r[i, j]) >= 0.005 else "0.00"
        rows.append({"x": j + 0.5, "y": i + 0.5, "t": value, "r": round(float(r[i, j]), 2)})
    weight = alt.ExprRef("abs(datum.r) >= 0.3 ? 600 : 400")
    mark = rows_of(rows).mark_text(fontSize=11, fontWeight=weight, aria=False)
    return mark.encode(text="t:N")


def _markers(
    points: Mapping[str, np.ndarray], looks: Mapping[str, Role], shown: np.ndarray
) -> list[alt.Chart]:
    """Mark named parameter sets (d,) on every density, as a line through every marginal."""
    layers = []
    for name, point in points.items():
        share = ((point - shown[:, 0]) / np.diff(shown).ravel()).round(4).tolist()
        inside = [i for i, s in enumerate(share) if 0 <= s <= 1]
        spots = [
            {"row": i, "column": j, "u": share[j], "v": share[i]}
            for i, j in combinations(inside, 2)
        ]
        lines = [{**_box(i, i), "u": share[i]} for i in inside]
        look = {"stroke": looks[name].color, "strokeDash": list(looks[name].dash)}
        line = rows_of(lines).transform_calculate(x=f"datum.column + {EDGE} + {INNER} * datum.u")
        spot = _put(rows_of(spots), "datum.u", "datum.v")
        size = 45 if len(shown) > 6 else 80
        layers += [
            line.mark_rule(**look, strokeWidth=1.2, aria=False).encode(y2="y2"),
            spot.mark_point(**symbol(looks[name], size), aria=False),
        ]
    return layers


def outline_rows(field: np.ndarray) -> list[dict]:
    """Return the outlines that hold 50 and 90 % of a density (a, b), in thousandths of its sides.

    An almost flat density has none: they would only show its noise.
    """
    levels = {share: mass_level(field, share) for share in (0.5, 0.9) if field.max() > 0}
    if not levels or levels[0.9] > 0.5 * field.max():
        return []
    loops = [(share, loop) for share, level in levels.items() for loop in outlines(field, level)]
    spots = [np.rint(1000 * loop / field.shape).astype(int).T.tolist() for _, loop in loops]
    return [
        {"u": u, "v": v, "loop": k, "w": 1.2 if loops[k][0] == 0.5 else 0.7}
        for k, (u, v) in enumerate(spots)
    ]


def flat_loops(source: alt.Chart) -> alt.Chart:
    """Turn `outline_rows` into rows of one point each."""
    return source.transform_calculate(o="sequence(length(datum.u))").transform_flatten(
        ["u", "v", "o"]
    )


def outline_marks(source: alt.Chart) -> alt.Chart:
    """Draw the outlines of `flat_loops`, which have been given the fields x and y."""
    line = source.mark_line(stroke=OBSERVED, strokeOpacity=0.8, aria=False, tooltip=None)
    width = alt.StrokeWidth("w:Q", scale=None)
    return line.encode(detail=["row:N", "column:N", "loop:N"], order="o:Q", strokeWidth=width)


def symbol(look: Role, size: int) -> dict[str, object]:
    """Style points in a role's color and shape: a circle is open, others are filled."""
    ring = look.shape == "circle"
    fill, area = ("transparent", size) if ring else (look.color, size / 2)
    style = {"stroke": look.color, "strokeWidth": 1.8, "fill": fill, "opacity": 1}
    return {"shape": look.shape, "size": area, **style}


def _key(name: str, below: str, looks: Mapping[str, Role]) -> alt.Chart:
    """Tell colors and symbols apart, by marks that are not seen."""
    entries = {
        f"{name}, above the diagonal" if below else name: ("square", POSTERIOR, POSTERIOR),
        **({f"{below}, below the diagonal": ("square", PATH, PATH)} if below else {}),
        "prior": (LINE, PRIOR, "transparent"),
    }
    for who, look in looks.items():
        style = symbol(look, 60)
        entries[who] = (look.shape, look.color, style["fill"])
    shapes, strokes, fills = (
        alt.Scale(domain=list(entries), range=list(column))
        for column in zip(*entries.values(), strict=True)
    )
    key = alt.Legend(
        orient="top", direction="horizontal", symbolSize=90, symbolOpacity=1, offset=6
    )
    data = rows_of([{"name": n} for n in entries]).mark_point(opacity=0, aria=False)
    return data.encode(
        shape=alt.Shape("name:N", scale=shapes, legend=key),
        stroke=alt.Stroke("name:N", scale=strokes, legend=key),
        fill=alt.Fill("name:N", scale=fills, legend=key),
    )


def correlations(samples: np.ndarray) -> np.ndarray:
    """Correlation coefficients (d, d) of samples (n, d), 0 with what is constant."""
    with np.errstate(invalid="ignore"):
        return np.nan_to_num(np.corrcoef(samples.T))


def medians(samples: np.ndarray, parts: Sequence[Label]) -> str:
    """Tell the median and the 90 % interval of each parameter."""
    middles = np.quantile(samples, [0.05, 0.5, 0.95], axis=0)
    return "; ".join(
        f"{p.name} {number(m)} ({number(a)} to {quantity(b, p.unit)})"
        for p, (a, m, b) in zip(parts, middles.T, strict=True)
    )
