"""A cloud of simulations, cut at an observation, and what is learned of the cut."""

from collections.abc import Mapping, Sequence

import altair as alt
from numpy.typing import ArrayLike

from book.figures.parameter_explorer import sliders
from book.figures.sliding_curves import lines_of
from mechfit.figures.checks import increasing, numbers
from mechfit.figures.parts import heading, named_lines, table
from mechfit.figures.theme import OBSERVED, PRIOR, WIDTH, assign, present

BINS, HIGH = 24, 280
"""Bins of the cut, and height of the views in px."""


def cloud_cut(
    cloud: ArrayLike,
    names: tuple[str, str],
    cuts: Sequence[float],
    half: float,
    theta: ArrayLike,
    named: Mapping[str, ArrayLike],
    *,
    roles: Mapping[str, str],
    title: str,
    description: str,
    start: int = 0,
) -> alt.HConcatChart:
    """Draw simulations as a cloud of datum and parameter, and the densities along a cut.

    Args:
        cloud: Data and parameters of simulations, shape (n, 2).
        names: Name and unit of the datum and of the parameter.
        cuts: Evenly spaced data (k,) among which the slider chooses.
        half: Half the width of the slice whose simulations make the histogram.
        theta: Evenly spaced parameters, shape (p,).
        named: Name to the density over the parameter at each cut, shape (k, p).
        roles: Name to meaning, a key of `ROLES`.
        title: What to see, in words.
        description: The text alternative.
        start: Index of the first cut to show.
    """
    cloud, grid, cuts = numbers("cloud", cloud, "n", 2), increasing(theta), increasing(cuts)
    named = {name: numbers(name, v, len(cuts), len(grid)) for name, v in named.items()}
    looks = assign(list(named), dict(roles), ("observed", "sample", "posterior"))
    high = 1.04 * max(float(v.max()) for v in named.values())
    params, chosen = sliders({names[0]: cuts}, [start])
    at = f"({cuts[0]} + {cuts[1] - cuts[0]:.9g} * ({chosen}))"
    data = table(x=cloud[:, 0], y=cloud[:, 1]).transform_filter(
        f"datum.y >= {grid[0]} && datum.y <= {grid[-1]}"
    )
    ends = {"domain": [float(grid[0]), float(grid[-1])]}
    up = alt.Y("y:Q").scale(**ends).axis(title=names[1], tickCount=6)
    across = alt.X("x:Q").scale(zero=False, nice=False).axis(title=names[0], tickCount=6)
    inside = f"abs(datum.x - {at}) < {half}"
    near = alt.condition(inside, alt.value(0.9), alt.value(0.25))
    here = table(k=[0]).transform_calculate(x=at).mark_rule(stroke=OBSERVED, strokeDash=[4, 3])
    left = alt.layer(
        data.mark_circle(size=9, color=OBSERVED).encode(x=across, y=up, opacity=near),
        here.encode(x=across),
    ).properties(width=0.55 * WIDTH, height=HIGH, title=heading("simulations; dashed: the datum"))
    wide = (grid[-1] - grid[0]) / BINS
    bars = (
        data.transform_filter(inside)
        .transform_calculate(b=f"floor((datum.y - {grid[0]}) / {wide:.9g})")
        .transform_aggregate(n="count()", groupby=["b"])
        .transform_joinaggregate(all="sum(n)")
        .transform_calculate(
            y=f"{grid[0]} + {wide:.9g} * datum.b",
            y2=f"{grid[0]} + {wide:.9g} * (datum.b + 1)",
            x=f"datum.n / datum.all / {wide:.9g}",
        )
        .mark_rect(fill=PRIOR, fillOpacity=0.35, clip=True)
    )
    along = alt.X("v:Q").scale(domain=[0, high]).axis(title="density in the slice", tickCount=3)
    side = alt.Y("t:Q").scale(**ends).axis(None)
    key, marks = named_lines(looks, offset=20), []
    for _, line in lines_of(grid, named, looks, high, chosen):
        marks.append(line.encode(x=along, y=side, order="t:Q", **key))
    counted = bars.encode(
        x=alt.X("x:Q").scale(domain=[0, high]).axis(title="density in the slice", tickCount=3),
        x2=alt.datum(0),
        y=alt.Y("y:Q").scale(**ends).axis(None),
        y2="y2",
    )
    right = alt.layer(counted, *marks).properties(width=0.4 * WIDTH, height=HIGH)
    chart = alt.hconcat(left, right, spacing=20).add_params(*params)
    hint = "Gray: the simulations in the slice around the dashed line."
    return present(chart, title, description, hint)
