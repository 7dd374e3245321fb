"""Many posteriors in one chart: behind checkboxes for what is known, or behind a menu.

With k statistics there are 2^k posteriors. The marginals of each travel as text, one character a
bin, and the checkboxes choose one. Each density fills the height of its panel, so the line of the
prior sinks as the posterior narrows. Taught in the chapters inference/more-features and
inference/real-neurons.
"""

from collections.abc import Collection, Mapping, Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import numbers, ranges
from mechfit.figures.encoding import ALPHABET, encode
from mechfit.figures.labels import parse
from mechfit.figures.marks import rows_of, words
from mechfit.figures.overlaid import HEAD, TRUTH, Panels
from mechfit.figures.theme import ROLES
from mechfit.summaries.density import heights

BINS, MOST, FILLED = 48, 7, 0.95


def subset_explorer(
    samples: ArrayLike,
    names: Sequence[str],
    labels: Sequence[str],
    limits: ArrayLike,
    *,
    title: str,
    start: Collection[str] = (),
    truth: ArrayLike | None = None,
    description: str | None = None,
) -> alt.LayerChart:
    """Show the marginals of the posterior of any set of statistics, chosen by checkboxes.

    Args:
        samples: Samples for every set, shape (2, 2, ..., n, d): one axis for each of the k
            statistics, at most 7, on which 0 stands for unknown and 1 for known.
        names: Names of the k statistics.
        labels: Symbol and unit of each of the d parameters.
        limits: Ranges of the uniform prior, shape (d, 2), of the axes too.
        title: What to see, in words.
        start: Names of the statistics that are known at first.
        truth: The true parameters, shape (d,).
        description: The text alternative; widths at first and with all known if left out.

    Returns:
        The chart; widths are standard deviations in percent of the prior's.

    Example:
        >>> draws = np.random.default_rng(1).random((2, 500, 1)) * [[[1.0]], [[0.5]]]
        >>> chart = subset_explorer(draws, ["mean"], ["a (mV)"], [[0, 1]], title="Know the mean")
        >>> chart.description[:62]
        'Densities of 1 parameters for every set of known statistics, c'
    """
    k, d, limits = len(names), len(labels), ranges(limits, len(labels))
    if not 1 <= k <= MOST:
        raise ValueError(f"got {k} statistics, expected 1 to {MOST}")
    if unknown := set(start) - set(names):
        raise ValueError(f"start names {sorted(unknown)}, expected names among {list(names)}")
    samples = numbers("samples", samples, *(2,) * k, "n", d, least=2).reshape(2**k, -1, d)
    rows, widths = encoded(samples, limits)
    index, first, params = "0", 0, []
    for i, name in enumerate(names):
        bind, value = alt.binding_checkbox(name=name), name in start
        params.append(alt.param(name=f"known_{i}", value=value, bind=bind))
        index, first = f"({index}) * 2 + (known_{i} ? 1 : 0)", 2 * first + value

    panels, looks = Panels(d, 74, 48), {n: ROLES[n] for n in ("prior", "posterior")}
    looks |= {} if truth is None else {"truth": TRUTH}
    count = " + ".join(f"(known_{i} ? 1 : 0)" for i in range(k))
    layers = [
        *densities(panels, index),
        *panels.frames(labels, limits, truth),
        words(f"=({count}) + ' of {k} known'", 0, 32),
    ]
    parts = zip(map(parse, labels), widths[first], widths[-1], strict=True)
    told = (
        f"Densities of {d} parameters for every set of known statistics, chosen by checkboxes: "
        f"{', '.join(names)}. Widths in percent of the prior's, at first and with all known: "
        f"{'; '.join(f'{p.name} {a} and {b}' for p, a, b in parts)}."
    )
    chart = panels.finish(layers, looks, title, description or told)
    return chart.add_params(*params).properties(datasets={"sets": rows})


def choice_explorer(
    named: Mapping[str, ArrayLike],
    labels: Sequence[str],
    limits: ArrayLike,
    *,
    title: str,
    menu: str,
    points: Mapping[str, ArrayLike] | None = None,
    point: str = "",
    description: str | None = None,
) -> alt.LayerChart:
    """Show the marginals of one of several posteriors, chosen from a menu.

    Args:
        named: Name to samples, shape (n, d), the same n for all.
        labels: Symbol and unit of each of the d parameters.
        limits: Ranges of the uniform prior, shape (d, 2), of the axes too.
        title: What to see, in words.
        menu: What the menu chooses.
        points: Name to parameter sets (m, d) to mark in its posterior.
        point: What they are called in the key.
        description: The text alternative; widths of all posteriors if left out.

    Returns:
        The chart; widths are standard deviations in percent of the prior's.

    Example:
        >>> draws = np.random.default_rng(1).random((500, 1))
        >>> named = {"A": draws, "B": draws / 2}
        >>> chart = choice_explorer(named, ["a (mV)"], [[0, 1]], title="They differ", menu="cell")
        >>> chart.description[:54]
        'Densities of 1 parameters, chosen by a menu (cell). Wi'
    """
    d, limits = len(labels), ranges(limits, len(labels))
    samples = np.array([numbers(repr(n), v, "n", d, least=2) for n, v in named.items()])
    rows, widths = encoded(samples, limits)
    bind = alt.binding_select(options=list(range(len(named))), labels=list(named), name=menu)
    panels, looks = Panels(d, 74, 24), {n: ROLES[n] for n in ("prior", "posterior")}
    layers = [*densities(panels, "chosen"), *panels.frames(labels, limits, None)]
    if points:
        marked = [numbers(repr(n), points[n], "m", d) for n in named]
        shares = [(v - limits[:, 0]) / np.diff(limits).ravel() for v in marked]
        ticks = [
            {"k": k, "i": i, "at": at}
            for k, each in enumerate(shares)
            for row in each.round(4).tolist()
            for i, at in enumerate(row)
        ]
        mine = rows_of(ticks).transform_filter("datum.k == chosen")
        looks[point] = TRUTH
        layers.append(panels.rules(mine, looks[point], "datum.at", "datum.at", "0", "0.3"))
    told = "; ".join(
        f"{name}: {', '.join(f'{parse(n).name} {w}' for n, w in zip(labels, row, strict=True))}"
        for name, row in zip(named, widths.tolist(), strict=True)
    )
    said = (
        f"Densities of {d} parameters, chosen by a menu ({menu}). Widths in percent of the "
        f"prior's: {told}."
    )
    chart = panels.finish(layers, looks, title, description or said)
    chosen = alt.param(name="chosen", value=0, bind=bind)
    return chart.add_params(chosen).properties(datasets={"sets": rows})


def encoded(samples: np.ndarray, limits: np.ndarray) -> tuple[list[dict], np.ndarray]:
    """Marginals of samples (s, n, d) as text, and widths (s, d) in percent of the prior's."""
    curves = heights(samples, limits, BINS)
    peaks = np.maximum(curves.max(2), 1.0) / FILLED
    widths = np.rint(100 * samples.std(1) / (np.diff(limits).ravel() / np.sqrt(12))).astype(int)
    texts = [encode(h, 0, 1, 1) for h in (curves / peaks[..., None]).reshape(len(samples), -1)]
    columns = zip(texts, (1 / peaks).round(4).tolist(), widths.tolist(), strict=True)
    return [{"k": k, "c": c, "p": p, "w": w} for k, (c, p, w) in enumerate(columns)], widths


def densities(panels: Panels, index: str) -> list[alt.Chart]:
    """Draw the marginals whose number an expression tells, the prior's line and the widths."""
    d = panels.d
    chosen = alt.Chart(alt.NamedData("sets")).transform_filter(f"datum.k == {index}")
    each = chosen.transform_calculate(i=f"sequence({d})").transform_flatten(["i"])
    each = each.transform_calculate(v="datum.p[datum.i]", w="datum.w[datum.i] + ' %'")
    points = each.transform_calculate(b=f"sequence({BINS + 2})").transform_flatten(["b"])
    points = points.transform_calculate(
        at=f"clamp(datum.b - 0.5, 0, {BINS}) / {BINS}",
        j=f"datum.i * {BINS} + clamp(datum.b - 1, 0, {BINS - 1})",
    ).transform_calculate(v=f"indexof('{ALPHABET}', split(datum.c, '')[datum.j]) / 63")
    return [
        *panels.curves(points, [1, 0]),
        panels.rules(each, ROLES["prior"], "0", "1", "datum.v", "datum.v"),
        panels.words(each, "w", "1", 8 - HEAD - panels.height, "right"),
    ]
