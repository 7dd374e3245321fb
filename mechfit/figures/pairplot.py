"""The pairplot: every parameter against every other, on axes that span the prior.

Diagonal: marginal densities, the uniform prior as a flat line. Above it: two-dimensional
densities as binned heat maps with outlines that hold 50 and 90 % of the samples. Below it: the
correlation coefficient. Axes span the limits of the prior, so that contraction is seen. The chart
carries bins, not samples: a pairplot of 8 parameters is 28 small heat maps. Taught in the chapter
inference/hodgkin-huxley-posterior.
"""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.heat import heat_maps, marginals
from mechfit.figures.labels import Label, number, parse, quantity
from mechfit.figures.marks import NOTHING, segment, words
from mechfit.figures.palette import OBSERVED, POSTERIOR, ROLES, SAMPLE, Role, assign
from mechfit.figures.panels import (
    LEFT,
    TOP,
    Grid,
    coefficients,
    headers,
    markers,
    symbol,
)
from mechfit.figures.theme import NARROW, WIDTH, finish

RING = Role(SAMPLE, (1, 0), "circle")
ORDER = ("sample", "broken", "path", "posterior")


def _checked(
    samples: ArrayLike, labels: Sequence[str], limits: ArrayLike, points: Mapping[str, ArrayLike]
) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    samples, limits = np.asarray(samples, float), np.asarray(limits, float)
    d = len(labels)
    if samples.ndim != 2 or samples.shape[1] != d or len(samples) < 2 or d < 2:
        raise ValueError(f"samples have shape {samples.shape}, expected (n, {d}), n >= 2, d >= 2")
    if limits.shape != (d, 2) or not np.all(limits[:, 0] < limits[:, 1]):
        raise ValueError(f"limits have shape {limits.shape}, expected ({d}, 2) with low < high")
    if not np.isfinite(samples).all():
        raise ValueError("samples have non-finite values, expected finite parameters")
    named = {name: np.asarray(p, float) for name, p in points.items()}
    for name, point in named.items():
        if point.shape != (d,):
            raise ValueError(f"{name!r} has shape {point.shape}, expected ({d},)")
    return samples, limits, named


def _legend(grid: Grid, looks: Mapping[str, Role]) -> list[alt.Chart]:
    """Lay the key below the panels in a wide and in a narrow arrangement."""
    items = ["prior", "posterior", "outlines hold 50 % and 90 %", *looks]
    bottom = f"{TOP + 22} + {grid.total} * {grid.zoom}"
    layers, offset = [], {WIDTH: [0, 0], NARROW: [0, 0]}
    for item in items:
        length = 29 + 5.9 * len(item) + 11
        at = {}
        for room, place in offset.items():
            if place[0] and place[0] + length > (WIDTH if room == WIDTH else 330):
                place[:] = [0, place[1] + 20]
            at[room] = tuple(place)
            place[0] += length
        small = f"page < {NARROW}" if grid.d <= 4 else "false"
        x, y = (f"({small} ? {at[NARROW][k]} : {at[WIDTH][k]})" for k in (0, 1))
        x = f"({x} - {LEFT - 2})"
        y = f"({bottom} + {y})"
        row = (f"{y}", f"{y}")
        if item in looks:
            spot = symbol(alt.Chart(NOTHING), looks[item])
            layers.append(
                spot.encode(x=alt.value(alt.ExprRef(f"{x} + 10")), y=alt.value(alt.ExprRef(y)))
            )
        elif item == "posterior":
            thick = {"strokeWidth": 10, "strokeOpacity": 0.6}
            layers.append(segment((x, f"{x} + 20"), row, Role(POSTERIOR, (1, 0), ""), **thick))
        else:
            look = ROLES["prior"] if item == "prior" else Role(OBSERVED, (1, 0), "")
            layers.append(segment((x, f"{x} + 20"), row, look))
        layers.append(words(item, f"{x} + 27", y))
    return layers


def _describe(n: int, parts: list[Label], middles: np.ndarray, r: np.ndarray) -> str:
    quantiles = "; ".join(
        f"{p.name} {number(m)} ({number(a)} to {quantity(b, p.unit)})"
        for p, (a, m, b) in zip(parts, middles.T, strict=True)
    )
    pairs = sorted(zip(*np.triu_indices(len(parts), 1), strict=True), key=lambda k: -abs(r[k]))[:3]
    strong = "; ".join(
        f"{parts[i].name} and {parts[j].name} {number(r[i, j], 2)}" for i, j in pairs
    )
    return (
        f"Pairplot of {len(parts)} parameters from {n:,} samples. Median and 90 % interval: "
        f"{quantiles}. Strongest correlations: {strong}."
    )


def pairplot(
    samples: ArrayLike,
    labels: Sequence[str],
    limits: ArrayLike,
    *,
    title: str,
    truth: ArrayLike | None = None,
    points: Mapping[str, ArrayLike] | None = None,
    roles: Mapping[str, str] | None = None,
    description: str | None = None,
) -> alt.LayerChart:
    """Draw marginals, pairwise densities and correlations of posterior samples.

    Args:
        samples: Samples, shape (n, d); thousands are fine, they are binned.
        labels: Symbol and unit of each parameter, for example "ḡ_Na (mS/cm²)".
        limits: Low and high of each uniform prior, shape (d, 2): the range of the axes.
        title: What to see, in words.
        truth: The true parameters, shape (d,), drawn as rings.
        points: Name to parameters, shape (d,), drawn in other shapes and named in the key.
        roles: Name of a point to its meaning, a key of `palette.ROLES`; by default the first
            is a sample, the next broken, path, posterior.
        description: The text alternative; medians and correlations if left out.

    Returns:
        The chart, at most 640 px wide.

    Example:
        >>> theta = np.random.default_rng(1).normal(0.5, 0.1, (2000, 2))
        >>> chart = pairplot(theta, ["a (mV)", "b (ms)"], [[0, 1], [0, 1]], title="Both are known")
        >>> chart.description[:51]
        'Pairplot of 2 parameters from 2,000 samples. Median'
    """
    points = dict(points or {})
    named = points if truth is None else {**points, "truth": truth}
    samples, limits, named = _checked(samples, labels, limits, named)
    looks = assign(list(points), dict(roles or {}), ORDER)
    looks = looks if truth is None else {**looks, "truth": RING}
    parts = [parse(label) for label in labels]
    with np.errstate(invalid="ignore"):
        r = np.nan_to_num(np.corrcoef(samples.T))
    grid = Grid.of(len(labels))
    layers = [
        *headers(grid, parts, limits),
        *marginals(grid, samples, limits, parts),
        *heat_maps(grid, samples, limits, [p.name for p in parts], r),
        coefficients(grid, r).properties(name="wide" if grid.d > 4 else "pairs"),
        *markers(grid, named, looks, limits),
        *_legend(grid, looks),
    ]
    middles = np.quantile(samples, [0.05, 0.5, 0.95], axis=0)
    side = 250 if grid.d <= 4 else grid.total
    return finish(
        alt.layer(*layers),
        title=title,
        description=description or _describe(len(samples), parts, middles, r),
        size=(side, side),
    )
