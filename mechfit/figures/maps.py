"""An increasing map under sliders, and what follows from it: a density, or its slope.

Every combination of the sliders was computed beforehand and travels as text. Guides lead from
equally spaced inputs up to the map and across to its outputs: where the map is flat the outputs
crowd. Taught in the chapter inference/density-estimators.
"""

from collections.abc import Mapping

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import increasing, numbers
from mechfit.figures.encoding import decode, encode
from mechfit.figures.explorer import sliders
from mechfit.figures.fields import SIDE, Square
from mechfit.figures.labels import ends, step_125
from mechfit.figures.marks import rows_of
from mechfit.figures.theme import OBSERVED, PATH, POSTERIOR, PRIOR, SAMPLE, finish


def _chosen(coded: list[str], chosen: str, points: int) -> alt.Chart:
    """Start from the values that the sliders choose: fields `i`, evenly spaced, and `v`."""
    rows = [{"k": k, "c": text} for k, text in enumerate(coded)]
    return (
        rows_of(rows)
        .transform_filter(f"datum.k == {chosen}")
        .transform_calculate(i=f"sequence({points})")
        .transform_flatten(["i"])
        .transform_calculate(v=decode("datum.c", "datum.i", 0, 1))
    )


def bent_map(
    grid: Mapping[str, ArrayLike],
    u: ArrayLike,
    mapped: ArrayLike,
    beside: ArrayLike,
    *,
    title: str,
    labels: tuple[str, str, str],
    before: ArrayLike | None = None,
    knots: ArrayLike | None = None,
    guides: int = 17,
    description: str | None = None,
) -> alt.LayerChart:
    """Show an increasing map chosen by sliders, and beside it a curve that goes with it.

    Args:
        grid: Label of each slider to its evenly spaced values.
        u: Evenly spaced inputs, shape (n,); the map is drawn in the square they span.
        mapped: Outputs for every combination, shape (a, b, ..., n).
        beside: Curve over the numbers `u` for every combination, shape (a, b, ..., n), at least 0.
        title: What to see, in words.
        labels: Names of input and output, and of what stands beside.
        before: A curve (n,) that stays behind `beside`, for comparison.
        knots: Places on the map for every combination, shape (a, b, ..., k, 2).
        guides: Number of lines from inputs to outputs.
        description: The text alternative; what the sliders do if left out.

    Returns:
        The chart.

    Example:
        >>> u = np.linspace(-1, 1, 5)
        >>> chart = bent_map({"slope": [1, 2]}, u, [u, 2 * u], [u**2, u**2], title="Steeper",
        ...     labels=("u", "z", "density"))
        >>> chart.description
        'A map from u to z, and density. Sliders change it: slope from 1 to 2.'
    """
    values = {label: np.asarray(v, float) for label, v in grid.items()}
    shape, u = tuple(len(v) for v in values.values()), increasing(u)
    n, count = len(u), int(np.prod(shape))
    mapped = numbers("mapped", mapped, *shape, n).reshape(count, n)
    beside = numbers("beside", beside, *shape, n).reshape(count, n)
    low, span = u[0], u[-1] - u[0]
    top = 1.0001 * beside.max()
    top = next(f for f in step_125(top) * np.array([1, 1.2, 1.5, 2, 2.5]) if f >= top)
    params, chosen = sliders(values, [k // 2 for k in shape])
    first, second = Square(), Square(second=True)

    place = {"x": f"datum.i / {n - 1}", "y": "datum.v"}
    share = np.clip((mapped - low) / span, 0, 1)
    curve = _chosen([encode(row, 0, 1) for row in share], chosen, n).transform_calculate(**place)
    side = _chosen([encode(row / top, 0, 1) for row in beside], chosen, n)
    side = side.transform_calculate(**place)
    layers, style = [], {"strokeWidth": 1.8, "aria": False}
    thin = {"strokeWidth": 0.8, "strokeOpacity": 0.7, "aria": False}
    if guides:
        at = np.linspace(0, 1, guides + 2)[1:-1]
        out = [encode(np.interp(at, np.linspace(0, 1, n), row), 0, 1) for row in share]
        elbow = _chosen(out, chosen, guides)
        elbow = elbow.transform_calculate(x=f"(datum.i + 1) / {guides + 1}", y="datum.v")
        for color, end in (
            (PRIOR, {"x2": "datum.x", "y2": "0"}),
            (POSTERIOR, {"x2": "0", "y2": "datum.y"}),
        ):
            rule = elbow.transform_calculate(**end).mark_rule(stroke=color, **thin)
            layers.append(rule.encode(**first.place, x2="x2", y2="y2"))
    diagonal = rows_of([{"x": 0, "y": 0, "x2": 1, "y2": 1}])
    layers += [
        diagonal.mark_rule(stroke=OBSERVED, strokeDash=[1, 4], **thin).encode(
            **first.place, x2="x2", y2="y2"
        ),
        curve.mark_line(stroke=PATH, **style).encode(**first.place, order="i:Q"),
        side.mark_area(
            fill=POSTERIOR,
            fillOpacity=0.2,
            line={"stroke": POSTERIOR, "strokeWidth": 1.8},
            aria=False,
        ).encode(**second.place, y2=alt.datum(0)),
    ]
    if before is not None:
        heights = (numbers("before", before, n) / top).round(4).tolist()
        behind = rows_of([{"i": list(range(n)), "v": heights}]).transform_flatten(["i", "v"])
        behind = behind.transform_calculate(**place)
        behind = behind.mark_line(stroke=PRIOR, strokeDash=[2, 3], strokeWidth=1.5, aria=False)
        layers.append(behind.encode(**second.place, order="i:Q"))
    if knots is not None:
        spots = (np.asarray(knots, float).reshape(count, -1, 2) - low) / span
        coded = [encode(spot.ravel(), 0, 1) for spot in spots]
        dots = _chosen(coded, chosen, 2 * spots.shape[1]).transform_filter("datum.i % 2 == 0")
        dots = dots.transform_calculate(x="datum.v", y=decode("datum.c", "(datum.i + 1)", 0, 1))
        look = {"size": 60, "fill": SAMPLE, "stroke": SAMPLE, "shape": "diamond", "opacity": 1}
        layers.append(dots.mark_point(**look, aria=False).encode(**first.place))
    edge = ends(u[0], u[-1])
    layers += [
        *first.edges(labels[:2], *zip(edge, edge, strict=True)),
        *second.edges(
            (labels[1] if before is not None else labels[0], ""),
            *((edge[0], "0"), (edge[1], ends(0, top)[1])),
        ),
        second.title(labels[2]),
    ]
    chart = alt.layer(*layers).resolve_scale(x="independent", y="independent")
    told = "; ".join(f"{label} from {v[0]:g} to {v[-1]:g}" for label, v in values.items())
    told = f"A map from {labels[0]} to {labels[1]}, and {labels[2]}. Sliders change it: {told}."
    return finish(chart.add_params(*params), title, description or told, (SIDE, SIDE))
