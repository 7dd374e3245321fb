"""Rounds of simulations: where each one falls, in the prior's range and enlarged."""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import numbers, ranges
from mechfit.figures.fields import square, square_plane
from mechfit.figures.parts import option, rows_of, slider
from mechfit.figures.theme import OBSERVED, POSTERIOR, PRIOR, present
from mechfit.summaries.density import density, mass_level, outlines

BINS = 60


def rounds_map(
    rounds: Mapping[str, Sequence[ArrayLike]],
    labels: Sequence[str],
    limits: ArrayLike,
    close: ArrayLike,
    *,
    samples: ArrayLike,
    title: str,
) -> alt.HConcatChart:
    """Draw the parameters of each round; a slider chooses the round, a menu the method.

    Args:
        rounds: Method to the parameters (n, 2) of each of its rounds.
        labels: Names of the two parameters.
        limits: Ranges of the prior, shape (2, 2).
        close: Ranges of the enlarged view, shape (2, 2).
        samples: Draws of the posterior, shape (m, 2); the region that holds 90 % is outlined.
        title: What to see, in words.
    """
    limits, close = ranges(limits, 2), ranges(close, 2)
    samples, rows, told = numbers("samples", samples, "m", 2), [], []
    for method, thetas in rounds.items():
        near = []
        for r, given in enumerate(thetas):
            theta = numbers(method, given, "n", 2)
            inside = ((theta > close[:, 0]) & (theta < close[:, 1])).all(1)
            near.append(f"{inside.sum()} of {len(theta)}")
            x, y = np.round(theta, 4).T.tolist()
            rows.append({"method": method, "round": r + 1, "x": x, "y": y})
        told.append(f"{method} {', '.join(near)}")
    points = alt.Chart(alt.NamedData("rounds")).transform_filter("datum.method == shown_method")
    points = points.transform_flatten(["x", "y"])
    now = points.transform_filter("datum.round == shown_round")
    now = now.mark_circle(color=POSTERIOR, size=14, opacity=0.85, clip=True)
    before = points.transform_filter("datum.round < shown_round")
    before = before.mark_circle(color=PRIOR, size=9, opacity=0.5, clip=True)
    views = []
    for words, reach in (("the whole prior", limits), ("enlarged", close)):
        place = square_plane(reach, labels)
        field, unit = density(samples, reach, BINS), np.diff(reach).ravel() / BINS
        loops = outlines(field, mass_level(field, 0.9))
        edges = [
            {"loop": k, "o": [*range(len(loop))], "x": x, "y": y}
            for k, loop in enumerate(loops)
            for x, y in [np.round(reach[:, 0] + loop * unit, 4).T.tolist()]
        ]
        outline = rows_of(edges).transform_flatten(["o", "x", "y"])
        outline = outline.mark_line(stroke=OBSERVED, strokeWidth=1.4)
        line = outline.encode(**place, detail="loop:N", order="o:Q")
        views.append(square(before.encode(**place), now.encode(**place), line, words=words))
    last, methods = max(row["round"] for row in rows), list(rounds)
    chart = alt.hconcat(*views, datasets={"rounds": rows}).add_params(
        slider("shown_round", "round", 1, (1, last), 1),
        option("shown_method", methods, "method", methods[0]),
    )
    said = (
        "Simulations of each round as dots: in the prior's whole range, and enlarged around the "
        f"posterior. A slider chooses the round. Within the enlarged range: {'; '.join(told)}."
    )
    hint = "Blue: this round. Gray: the rounds before. Line: 90 % of the exact posterior."
    return present(chart, title, said, hint)
