"""Marginal densities of several posteriors over each other, one panel a parameter."""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np

from mechfit.figures.labels import number, parse, quantity
from mechfit.figures.marginals import KEY, MARKED, density_axes, panels
from mechfit.figures.parts import heading, named_lines, table
from mechfit.figures.theme import POSTERIOR, WIDTH, Role, present
from mechfit.summaries.density import heights

BINS, TALL = 60, 120
DASHES = ((2, 2), (7, 3), (1, 0))


def overlaid(
    named: Mapping[str, np.ndarray],
    labels: Sequence[str],
    limits: np.ndarray,
    *,
    title: str,
    truth: np.ndarray,
) -> alt.VConcatChart:
    """Draw the marginals of up to three posteriors, each scaled to its own peak.

    Args:
        named: Name to samples, shape (n, d); told apart by their dashes, the last is solid.
        labels: Symbol and unit of each parameter.
        limits: Ranges of the uniform prior, shape (d, 2), of the axes too.
        title: What to see, in words.
        truth: The true parameters, shape (d,).
    """
    dashes = zip(named, DASHES[-len(named) :], strict=True)
    looks = {name: Role(POSTERIOR, dash) for name, dash in dashes} | {"truth": MARKED}
    curves, lines = heights(named.values(), limits, BINS), named_lines(looks, offset=KEY)
    views = []
    for j, (label, reach) in enumerate(zip(labels, limits, strict=True)):
        place = density_axes(reach)
        x = np.linspace(*reach, 2 * BINS + 1)[np.r_[0, 1 : 2 * BINS : 2, 2 * BINS]]
        layers = []
        for name, curve in zip(named, curves[:, j], strict=True):
            data = table(x=x, y=np.pad(0.98 * curve / curve.max(), 1, mode="edge"))
            line = data.transform_calculate(name=repr(name)).mark_line(strokeWidth=1.7)
            layers.append(line.encode(**place, **lines))
        fill = data.mark_area(fill=POSTERIOR, fillOpacity=0.22).encode(**place)
        mark = table(x=[truth[j]], name=["truth"]).mark_rule().encode(x=place["x"], **lines)
        view = alt.layer(fill, *layers, mark)
        views.append(
            view.properties(width=WIDTH / 4, height=TALL, title=heading(parse(label).text))
        )
    told = []
    for name, samples in named.items():
        inner = zip(map(parse, labels), *np.quantile(samples, [0.05, 0.95], axis=0), strict=True)
        reach = [f"{p.name} {number(a)} to {quantity(b, p.unit)}" for p, a, b in inner]
        told.append(f"{name}: {', '.join(reach)}")
    said = f"Densities of parameters, 90 % intervals. {'; '.join(told)}."
    return present(panels(views), title, said)
