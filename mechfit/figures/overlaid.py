"""Marginals of several posteriors over each other: what more data add to each parameter.

Every panel spans the prior of one parameter and has one height for all of its curves, so that
equal areas mean equal probability. Taught in the chapter inference/more-features.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import numbers, ranges
from mechfit.figures.labels import ends, number, parse, quantity
from mechfit.figures.marks import key, rows_of
from mechfit.figures.theme import NARROW, POSTERIOR, ROLES, SAMPLE, Role, finish
from mechfit.summaries.density import heights

BINS, HEAD, FOOT, GAP = 60, 22, 26, 20
DASHES = ((2, 2), (7, 3), (1, 0))
TRUTH = Role(SAMPLE)
COLUMNS = f"(page < {NARROW} ? 2 : 4)"
SIDE = f"((page - 8 - {GAP} * ({COLUMNS} - 1)) / {COLUMNS})"
PLACE = {"x": alt.X("x:Q", scale=None, axis=None), "y": alt.Y("y:Q", scale=None, axis=None)}


@dataclass(frozen=True)
class Panels:
    """Panels of d parameters, four beside each other, in a narrow window two.

    Data name a panel by their field `i`; places in it are shares of its sides, expressions.
    """

    d: int
    height: int
    top: int

    def put(self, source: alt.Chart, **shares: str) -> alt.Chart:
        """Turn shares into fields `x`, `x2`, `y`, `y2` in px."""
        left = f"(datum.i % {COLUMNS}) * ({SIDE} + {GAP}) + {SIDE}"
        row = f"({HEAD + FOOT + self.height}) * ceil((datum.i + 1) / {COLUMNS})"
        starts = {"x": left, "y": f"{self.top - FOOT} + {row} - {self.height}"}
        fields = {name: f"{starts[name[0]]} * ({share})" for name, share in shares.items()}
        return source.transform_calculate(**fields)

    def rules(self, source: alt.Chart, role: Role, *ends: str, **style: object) -> alt.Chart:
        """Draw lines between `ends` x, x2, y, y2."""
        look = {"stroke": role.color, "strokeDash": list(role.dash), "strokeWidth": 1.4, **style}
        data = self.put(source, **dict(zip(("x", "x2", "y", "y2"), ends, strict=True)))
        return data.mark_rule(aria=False, **look).encode(**PLACE, x2="x2", y2="y2")

    def curves(self, source: alt.Chart, dash: Sequence[float]) -> list[alt.Chart]:
        """Draw curves from the fields `at` and `v`; what is under a solid one is filled."""
        data = self.put(source, x="datum.at", y="datum.v", y2="0")
        line = data.mark_line(stroke=POSTERIOR, strokeWidth=1.7, strokeDash=dash, aria=False)
        area = data.mark_area(fill=POSTERIOR, fillOpacity=0.22, aria=False)
        fill = area.encode(**PLACE, y2="y2", detail="i:N")
        stroke = line.encode(**PLACE, detail="i:N", order="at:Q")
        return [fill, stroke] if dash[1] == 0 else [stroke]

    def words(self, source: alt.Chart, field: str, x: str, dy: int, align: str) -> alt.Chart:
        """Write a field `dy` px below the floor."""
        look = {"align": align, "baseline": "middle", "dy": dy, "fontSize": 11, "aria": False}
        return self.put(source, x=x, y="0").mark_text(**look).encode(**PLACE, text=f"{field}:N")

    def frames(self, labels: Sequence[str], limits: np.ndarray, truth: ArrayLike | None) -> list:
        """Write label and range of every panel, draw its floor and the true parameters (d,)."""
        sides = [ends(*pair) for pair in limits]
        pairs = enumerate(zip(labels, sides, strict=True))
        data = rows_of([{"i": i, "n": n, "low": s[0], "high": s[1]} for i, (n, s) in pairs])
        layers = [
            self.rules(data, ROLES["observed"], "0", "1", "0", "0", strokeOpacity=0.4),
            self.words(data, "n", "0", 8 - HEAD - self.height, "left"),
            self.words(data, "low", "0", 11, "left"),
            self.words(data, "high", "1", 11, "right"),
        ]
        if truth is not None:
            shares = (numbers("truth", truth, self.d) - limits[:, 0]) / np.diff(limits).ravel()
            spots = rows_of([{"i": i, "at": s} for i, s in enumerate(shares.round(4).tolist())])
            layers.append(self.rules(spots, TRUTH, "datum.at", "datum.at", "0", "1"))
        return layers

    def finish(self, layers: list, looks: dict, title: str, description: str) -> alt.LayerChart:
        """Add the key, three names a line for a narrow window, and make the chart."""
        legend = key(list(looks)[:3], looks, 0, 8) + key(list(looks)[3:], looks, 0, 32)
        chart = alt.layer(*layers, *legend).resolve_scale(x="independent", y="independent")
        rows = -(-self.d // 4) * (HEAD + FOOT + self.height)
        return finish(chart, title, description, (230, self.top + rows))


def overlaid(
    named: Mapping[str, ArrayLike],
    labels: Sequence[str],
    limits: ArrayLike,
    *,
    title: str,
    truth: ArrayLike | None = None,
    description: str | None = None,
) -> alt.LayerChart:
    """Draw the marginal densities of up to three posteriors over each other.

    Args:
        named: Name to samples, shape (n, d); told apart by their dashes, the last is solid.
        labels: Symbol and unit of each parameter.
        limits: Ranges of the uniform prior, shape (d, 2), of the axes too.
        title: What to see, in words.
        truth: The true parameters, shape (d,).
        description: The text alternative; 90 % intervals if left out.

    Returns:
        The chart.

    Example:
        >>> few = np.random.default_rng(1).random((1000, 1))
        >>> named = {"few": few, "many": few / 2}
        >>> overlaid(named, ["a (mV)"], [[0, 1]], title="It narrows").description[:41]
        'Densities of parameters, 90 % intervals. '
    """
    if not 1 <= len(named) <= len(DASHES):
        raise ValueError(f"got {len(named)} posteriors, expected 1 to {len(DASHES)}")
    d, limits = len(labels), ranges(limits, len(labels))
    named = {name: numbers(repr(name), v, "n", d, least=2) for name, v in named.items()}
    curves = heights(named.values(), limits, BINS)
    peaks = 1.02 * np.maximum(curves.max((0, 2)), 1.0)
    panels, looks, told = Panels(d, 120, 48), {"prior": ROLES["prior"]}, []
    level = rows_of([{"i": i, "v": 1 / peak} for i, peak in enumerate(peaks.tolist())])
    layers = [panels.rules(level, looks["prior"], "0", "1", "datum.v", "datum.v")]
    dashes, at = (
        DASHES[-len(named) :],
        (np.r_[0, np.arange(BINS) + 0.5, BINS] / BINS).round(4).tolist(),
    )
    curves = np.pad(curves / peaks[:, None], [(0, 0), (0, 0), (1, 1)], mode="edge").round(4)
    for (name, samples), shares, dash in zip(named.items(), curves, dashes, strict=True):
        looks[name] = Role(POSTERIOR, dash)
        rows = [{"i": i, "at": at, "v": v} for i, v in enumerate(shares.tolist())]
        layers += panels.curves(rows_of(rows).transform_flatten(["at", "v"]), list(dash))
        inner = zip(map(parse, labels), *np.quantile(samples, [0.05, 0.95], axis=0), strict=True)
        reach = [f"{p.name} {number(a)} to {quantity(b, p.unit)}" for p, a, b in inner]
        told.append(f"{name}: {', '.join(reach)}")
    layers += panels.frames(labels, limits, truth)
    looks |= {} if truth is None else {"truth": TRUTH}
    said = f"Densities of parameters, 90 % intervals. {'; '.join(told)}."
    return panels.finish(layers, looks, title, description or said)
