"""The pairplot: every parameter against every other, on axes that span the prior.

Diagonal: marginal densities, the uniform prior as a flat line. Above it: two-dimensional
densities as binned heat maps with outlines that hold 50 and 90 % of the samples. Below it: the
correlation coefficient, or the densities of other samples to compare with. Axes span the limits
of the prior, so that contraction is seen, unless a window into it is given. The chart carries
bins, not samples: a pairplot of 8 parameters is 28 small heat maps. Taught in the chapter
inference/hodgkin-huxley-posterior.
"""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import numbers, ranges
from mechfit.figures.heat import BESIDE, heat_maps, marginals
from mechfit.figures.labels import Label, number, parse, quantity
from mechfit.figures.marks import at, rows_of, segment, words
from mechfit.figures.panels import LEFT, TOP, Grid, coefficients, headers, markers, symbol
from mechfit.figures.theme import _PAGE as WIDTH
from mechfit.figures.theme import NARROW, ROLES, SAMPLE, Role, assign, finish

RING = Role(SAMPLE)
ORDER = ("sample", "broken", "path", "posterior")


def _legend(grid: Grid, looks: Mapping[str, Role], above: str, below: str) -> list[alt.Chart]:
    """Lay the key below the panels in a wide and in a narrow arrangement."""
    patch = {"strokeWidth": 10, "strokeOpacity": 0.6}
    other = {f"{below}, below the diagonal": (Role(BESIDE), patch)} if below else {}
    strokes = {
        "prior": (ROLES["prior"], {}),
        f"{above}, above the diagonal" if below else above: (ROLES["posterior"], patch),
        **other,
        "outlines hold 50 % and 90 %": (ROLES["observed"], {}),
    }
    bottom = f"{TOP + 22} + {grid.total} * {grid.zoom}"
    small = f"page < {NARROW}" if grid.d <= 4 else "false"
    lengths = [40 + 6.4 * len(item) for item in [*strokes, *looks]]
    wide, narrow = _lines(lengths, WIDTH), _lines(lengths, 330)
    layers = []
    for item, here, there in zip([*strokes, *looks], narrow, wide, strict=True):
        x, y = (f"({small} ? {a} : {b})" for a, b in zip(here, there, strict=True))
        x, y = f"({x} - {LEFT - 2})", f"({bottom} + {y})"
        if item in looks:
            layers.append(symbol(rows_of([{}]), looks[item]).encode(**at(f"{x} + 10", y)))
        else:
            role, style = strokes[item]
            layers.append(segment((x, f"{x} + 20"), (y, y), role, **style))
        layers.append(words(item, f"{x} + 27", y))
    return layers


def _lines(lengths: list[float], room: int) -> list[tuple[float, int]]:
    """Lay pieces of the given lengths in lines, like words of a text."""
    places, x, y = [], 0, 0
    for length in lengths:
        if x and x + length > room:
            x, y = 0, y + 20
        places.append((x, y))
        x += length
    return places


def pairplot(
    samples: ArrayLike,
    labels: Sequence[str],
    limits: ArrayLike,
    *,
    title: str,
    truth: ArrayLike | None = None,
    points: Mapping[str, ArrayLike] | None = None,
    roles: Mapping[str, str] | None = None,
    window: ArrayLike | None = None,
    name: str = "posterior",
    beside: Mapping[str, ArrayLike] | None = None,
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
        roles: Name of a point to its meaning, a key of `ROLES`; by default the first
            is a sample, the next broken, path, posterior.
        window: Range of the axes, shape (d, 2), where it is not that of the prior.
        name: What the samples are called in the key.
        beside: Name to other samples, shape (m, d), of which the densities stand below the
            diagonal in place of the correlation coefficients; one entry.
        description: The text alternative; medians and correlations if left out.

    Returns:
        The chart, at most 640 px wide.

    Example:
        >>> theta = np.random.default_rng(1).normal(0.5, 0.1, (2000, 2))
        >>> chart = pairplot(theta, ["a (mV)", "b (ms)"], [[0, 1], [0, 1]], title="Both are known")
        >>> chart.description[:51]
        'Pairplot of 2 parameters from 2,000 samples. Median'
    """
    d, points = len(labels), dict(points or {})
    if d < 2:
        raise ValueError(f"labels names {d} parameters, expected at least 2")
    samples = numbers("samples", samples, "n", d, least=2)
    limits = ranges(limits, d)
    shown = limits if window is None else ranges(window, d)
    prior = np.diff(shown).ravel() / np.diff(limits).ravel()
    looks = assign(list(points), roles, ORDER)
    if truth is not None:
        points["truth"], looks["truth"] = truth, RING
    points = {name: numbers(repr(name), p, d) for name, p in points.items()}
    parts = [parse(label) for label in labels]
    names, r, grid = [p.name for p in parts], correlations(samples), Grid.of(d)
    other, below, lower = None, "", [coefficients(grid, r)]
    if beside:
        ((below, other),) = beside.items()
        other = numbers(repr(below), other, "m", d, least=2)
        lower = heat_maps(grid, other, shown, names, correlations(other), prior, below=True)
    layers = [
        *headers(grid, parts, shown),
        *marginals(grid, samples, shown, parts, prior, other),
        *heat_maps(grid, samples, shown, names, r, prior),
        *lower,
        *markers(grid, points, looks, shown),
        *_legend(grid, looks, name, below),
    ]
    layers[0] = layers[0].properties(name="wide" if d > 4 else "pairs")
    side = 250 if d <= 4 else grid.total
    pairs = sorted(zip(*np.triu_indices(d, 1), strict=True), key=lambda pair: -abs(r[pair]))
    strong = [f"{parts[i].name} and {parts[j].name} {number(r[i, j], 2)}" for i, j in pairs[:3]]
    told = (
        f"Pairplot of {d} parameters from {len(samples):,} samples. Median and 90 % interval: "
        f"{medians(samples, parts)}. Strongest correlations: {'; '.join(strong)}."
    )
    if other is not None:
        told += f" Below the diagonal {below}: {medians(other, parts)}."
    return finish(alt.layer(*layers), title, description or told, (side, side))


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
