"""An increasing map under sliders, and beside it a density or the map's slope."""

from collections.abc import Mapping

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from book.figures.parameter_explorer import sliders
from mechfit.figures.checks import increasing, numbers
from mechfit.figures.encoding import decode, encode
from mechfit.figures.fields import square, square_plane
from mechfit.figures.parts import points, rows_of, table
from mechfit.figures.theme import OBSERVED, PATH, POSTERIOR, PRIOR, SAMPLE, present

GUIDES = 17
THIN = {"strokeWidth": 0.8, "strokeOpacity": 0.7}


def monotone_map(
    grid: Mapping[str, ArrayLike],
    across: tuple[str, ArrayLike],
    up: tuple[str, ArrayLike],
    beside: tuple[str, ArrayLike],
    *,
    title: str,
    description: str,
    before: ArrayLike | None = None,
    knots: ArrayLike | None = None,
) -> alt.HConcatChart:
    """Draw a map that sliders change, and a curve that changes with it.

    Args:
        grid: Label of each slider to its evenly spaced values.
        across: Name and values (n,) of the inputs, evenly spaced.
        up: Name and values (a, b, ..., n) of the outputs for every combination.
        beside: Name and values (a, b, ..., n), at least 0, of the curve over the same numbers.
        title: What to see, in words.
        description: The text alternative.
        before: A curve (n,) that stays behind `beside`, for comparison; lines then lead from
            evenly spaced inputs up to the map and across to its outputs.
        knots: Places on the map for every combination, shape (a, b, ..., k, 2).
    """
    values = {label: np.asarray(v, float) for label, v in grid.items()}
    shape, u = tuple(len(v) for v in values.values()), increasing(across[1])
    n, count, ends = len(u), int(np.prod(shape)), (float(u[0]), float(u[-1]))
    mapped = numbers(up[0], up[1], *shape, n).reshape(count, n)
    curve = numbers(beside[0], beside[1], *shape, n).reshape(count, n)
    top = 1.05 * float(curve.max())
    params, chosen = sliders(values, [k // 2 for k in shape])

    def coded(rows: np.ndarray, low: float, high: float) -> alt.Chart:
        """Start from the row that the sliders choose, as fields x, evenly spaced, and y."""
        texts = [{"k": k, "c": encode(row, low, high)} for k, row in enumerate(rows)]
        x = f"{ends[0]} + {(ends[1] - ends[0]) / (rows.shape[1] - 1):.9g} * datum.i"
        picked = rows_of(texts).transform_filter(f"datum.k == {chosen}")
        return points(picked, rows.shape[1], x=x, y=decode("datum.c", "datum.i", low, high))

    left = square_plane((ends, ends), (across[0], up[0]))
    below = across[0] if before is None else up[0]
    right = square_plane((ends, (0, top)), (below, beside[0]))
    diagonal = table(x=ends, y=ends).mark_line(stroke=OBSERVED, strokeDash=[1, 4], **THIN)
    line = coded(mapped, mapped.min(), mapped.max())
    line = line.mark_line(stroke=PATH, strokeWidth=1.8, clip=True)
    edge = {"stroke": POSTERIOR, "strokeWidth": 1.8}
    area = coded(curve, 0, top).mark_area(fill=POSTERIOR, fillOpacity=0.2, line=edge)
    map_layers = [diagonal.encode(**left), line.encode(**left, order="i:Q")]
    curve_layers = [area.encode(**right, y2=alt.datum(0))]
    if before is not None:
        inputs = np.linspace(*ends, GUIDES)
        elbows = coded(np.stack([np.interp(inputs, u, row) for row in mapped]), *ends)
        inside = elbows.transform_filter(f"datum.y > {ends[0]} && datum.y < {ends[1]}")
        rise = inside.mark_rule(stroke=PRIOR, **THIN).encode(**left, y2=alt.datum(ends[0]))
        lead = inside.mark_rule(stroke=POSTERIOR, **THIN).encode(**left, x2=alt.datum(ends[0]))
        behind = table(x=u, y=numbers("before", before, n))
        behind = behind.mark_line(stroke=PRIOR, strokeDash=[2, 3], strokeWidth=1.5)
        map_layers += [rise, lead]
        curve_layers.append(behind.encode(**right))
    if knots is not None:
        spots = np.asarray(knots, float).reshape(count, -1, 2).tolist()
        rows = [{"k": k, "spot": spot} for k, spot in enumerate(spots)]
        dots = rows_of(rows).transform_filter(f"datum.k == {chosen}").transform_flatten(["spot"])
        dots = dots.transform_calculate(x="datum.spot[0]", y="datum.spot[1]")
        dots = dots.mark_point(shape="diamond", size=60, fill=SAMPLE, stroke=SAMPLE)
        map_layers.append(dots.encode(**left))
    chart = alt.hconcat(square(*map_layers), square(*curve_layers))
    return present(chart.add_params(*params), title, description)
