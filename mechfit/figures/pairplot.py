"""The pairplot: every parameter against every other, on axes that span the prior or the samples.

Diagonal: marginal densities, the uniform prior as a flat line. Above it: two-dimensional densities
with outlines. Below it: the correlation coefficient, or the densities of other samples. The chart
carries bins, not samples.
"""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import different, numbers, outside, ranges
from mechfit.figures.labels import Label, number, parse, span
from mechfit.figures.panels import (
    coefficients,
    correlations,
    heat_maps,
    marginal_curves,
    marked,
    outline_maps,
    panel_axes,
)
from mechfit.figures.parts import menu
from mechfit.figures.theme import PAGE, PATH, POSTERIOR, WIDTH, present

ALONE = 200
"""Height in px of a marginal that stands alone."""
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
    parts, r, sets = [parse(label) for label in labels], correlations(samples), [samples]
    upper, lower = np.triu_indices(d, 1), np.tril_indices(d, -1)
    notes, names = [outside("samples", samples, shown)], {name: POSTERIOR}
    for below, other in others.items():
        sets.append(other)
        notes.append(outside(f"samples of {below}", other, shown))
        sides = (", above the diagonal", ", below the diagonal") if d > 1 else ("", "")
        names = {name + sides[0]: POSTERIOR, below + sides[1]: PATH}
    near = _near([*sets, *(p[None] for p in points.values())], limits)
    reaches = [shown] if window is not None or near is None else [shown, near]
    layers, spots, many = [] if others else [coefficients(r, lower)], [], len(reaches) > 1
    for k, reach in enumerate(reaches):
        share = np.diff(reach).ravel() / np.diff(limits).ravel()
        drawn = heat_maps(samples, upper, reach, share, parts, POSTERIOR)
        for other in others.values():
            drawn += heat_maps(other, lower, reach, share, parts, PATH)
        drawn += marginal_curves(sets, reach, share, parts)
        for each, under in ((drawn, layers), (marked(names, points, reach), spots)):
            under += [layer.transform_filter(f"axes == {k}") for layer in each] if many else each
    outlined = zip(sets, (upper, lower), strict=False)
    layers += [outline_maps(each, where, reaches) for each, where in outlined] + spots
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


def _medians(samples: np.ndarray, parts: Sequence[Label]) -> str:
    """Tell the median and the 90 % interval of each parameter."""
    middles = np.quantile(samples, [0.05, 0.5, 0.95], axis=0)
    return "; ".join(
        f"{p.name} {number(m)} ({span(a, b, p.unit)})"
        for p, (a, m, b) in zip(parts, middles.T, strict=True)
    )
