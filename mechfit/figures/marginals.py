"""Marginal densities of one of several posteriors, chosen from a menu, one panel a parameter.

Each density fills the height of its panel, so the line of the uniform prior sinks as the posterior
narrows.
"""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures import parts
from mechfit.figures.checks import different, numbers, outside, ranges
from mechfit.figures.encoding import ALPHABET, encode
from mechfit.figures.labels import ends, parse
from mechfit.figures.parts import heading, named_lines, points, rows_of
from mechfit.figures.theme import POSTERIOR, ROLES, SAMPLE, WIDTH, Role, present
from mechfit.summaries.density import heights

BINS, FILLED, TALL = 48, 0.95, 70
KEY = 20
"""Room in px for the titles of the panels below the key."""
MARKED = Role(SAMPLE)


def choice_explorer(
    named: Mapping[str, ArrayLike],
    labels: Sequence[str],
    limits: ArrayLike,
    *,
    title: str,
    menu: str,
    points: Mapping[str, ArrayLike] | None = None,
    point: str = "",
) -> alt.VConcatChart:
    """Show the marginals of one of several posteriors, chosen from a menu, and their widths.

    A width is the standard deviation in percent of the prior's.

    Args:
        named: Name to samples, shape (n, d), the same n for all.
        labels: Symbol and unit of each of the d parameters.
        limits: Ranges of the uniform prior, shape (d, 2), of the axes too.
        title: What to see, in words.
        menu: What the menu chooses.
        points: Name to parameter sets (m, d) to mark in its posterior.
        point: What they are called in the key.
    """
    labels = different("labels", labels)
    d, limits = len(labels), ranges(limits, len(labels))
    samples = [numbers(repr(n), v, "n", d, least=2) for n, v in named.items()]
    if len({len(v) for v in samples}) != 1:
        raise ValueError(
            f"named has {[len(v) for v in samples]} samples, expected as many of each"
        )
    notes = [outside(f"samples of {n}", v, limits) for n, v in zip(named, samples, strict=True)]
    note, samples = " ".join(filter(None, notes)), np.array(samples)
    rows = encoded(samples, limits)
    looks = {"prior": ROLES["prior"], "posterior": ROLES["posterior"]}
    looks |= {point: MARKED} if points else {}
    if unknown := set(points or {}) - set(named):
        raise ValueError(f"points names {min(unknown)!r}, expected one of {', '.join(named)}")
    marked = [
        (list(named).index(name), theta)
        for name, sets in (points or {}).items()
        for theta in numbers(repr(name), sets, "m", d)
    ]
    views = []
    for j, label in enumerate(labels):
        marks = [{"k": k, "x": float(theta[j]), "name": point} for k, theta in marked]
        views.append(marginal(rows[j], "chosen", label, limits[j], looks, marks))
    names = [parse(label).name for label in labels]
    widths = "; ".join(
        f"{name}: " + ", ".join(f"{n} {row[k]['w']}" for n, row in zip(names, rows, strict=True))
        for k, name in enumerate(named)
    )
    told = f"Densities of {d} parameters, chosen by a menu ({menu}). Widths in percent of the "
    told += f"prior's: {widths}. {note}".rstrip()
    chart = panels(views).add_params(parts.menu("chosen", list(named), menu))
    return present(chart, title, told, note)


def encoded(samples: np.ndarray, limits: np.ndarray) -> list[list[dict]]:
    """Marginals of sets of samples (s, n, d) as rows, for each parameter a row for each set.

    A row holds the number k of its set, the density c as text, the height p of the prior and the
    standard deviation w in percent of the prior's.
    """
    curves = heights(samples, limits, BINS)
    tops = FILLED / np.maximum(curves.max(2), 1.0)
    widths = np.rint(100 * samples.std(1) / (np.diff(limits).ravel() / np.sqrt(12)))
    widths = np.where(widths < 105, np.minimum(widths, 100), widths)  # the error of the draws
    return [
        [
            {"k": k, "c": encode(c * p, 0, 1, 1), "p": round(float(p), 4), "w": f"{w:.0f} %"}
            for k, (c, p, w) in enumerate(zip(curves[:, j], tops[:, j], widths[:, j], strict=True))
        ]
        for j in range(len(limits))
    ]


def marginal(
    rows: Sequence[Mapping],
    chosen: str,
    label: str,
    reach: Sequence[float],
    looks: Mapping[str, Role],
    marks: Sequence[Mapping] = (),
) -> alt.LayerChart:
    """Draw the `encoded` marginal of one parameter, of the set whose number an expression gives.

    `reach` is the range of the prior; `looks` has "prior", "posterior" and the names of the
    `marks`, which have fields `x` and `name`, and `k` if they belong to one set.
    """
    source = alt.Chart().transform_filter(f"datum.k == {chosen}")
    step = (reach[1] - reach[0]) / BINS
    density = points(
        source,
        BINS + 2,
        x=f"{reach[0]:.9g} + {step:.9g} * clamp(datum.i - 0.5, 0, {BINS})",
        y=f"indexof('{ALPHABET}', datum.c[clamp(datum.i - 1, 0, {BINS - 1})]) / 63",
        name="'posterior'",
    )
    place, lines = density_axes(reach), named_lines(looks, offset=KEY)
    level = source.transform_calculate(name="'prior'").mark_rule(strokeWidth=1.4)
    said = source.mark_text(align="right", baseline="bottom", dy=-5, fontSize=11)
    layers = [
        density.mark_area(fill=POSTERIOR, fillOpacity=0.22).encode(**place),
        density.mark_line(strokeWidth=1.7).encode(**place, **lines),
        level.encode(y=alt.Y("p:Q").axis(None), **lines),
        said.encode(x=alt.datum(float(reach[1])), y=alt.value(0), text="w:N"),
    ]
    if marks:
        shown = rows_of(marks).transform_filter(f"!isValid(datum.k) || datum.k == {chosen}")
        layers.append(shown.mark_rule(strokeWidth=1.7).encode(x=place["x"], **lines))
    view = alt.layer(*layers, data=alt.Data(values=list(rows)))
    return view.properties(width=WIDTH / 4, height=TALL, title=heading(parse(label).text))


def density_axes(reach: Sequence[float]) -> dict[str, alt.X | alt.Y]:
    """Channels for a value `x` of a parameter, whose prior ends are written, and a share `y`."""
    low, high = map(float, reach)
    words = "datum.index < 0.5 ? '{}' : '{}'".format(*ends(low, high))
    x = alt.X("x:Q").scale(domain=[low, high], nice=False, zero=False).title(None)
    x = x.axis(values=[low, high], labelFlush=True, labelExpr=words)
    return {"x": x, "y": alt.Y("y:Q").scale(domain=[0, 1]).axis(None)}


def panels(views: Sequence[alt.LayerChart]) -> alt.VConcatChart:
    """Place views four in a row, on a narrow page two."""
    empty = rows_of([]).mark_point().properties(width=WIDTH / 4)
    views = [*views, *[empty] * (-len(views) % 4 if len(views) > 4 else 0)]
    pairs = [alt.concat(*views[i : i + 2], columns=2) for i in range(0, len(views), 2)]
    rows = [alt.hconcat(*pairs[i : i + 2]) for i in range(0, len(pairs), 2)]
    return alt.vconcat(*rows)
