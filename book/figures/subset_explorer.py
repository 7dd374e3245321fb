"""The posterior of every set of known statistics, chosen by checkboxes."""

from collections.abc import Collection, Sequence

import altair as alt
import numpy as np

from mechfit.figures.labels import parse
from mechfit.figures.marginals import MARKED, encoded, marginal, panels
from mechfit.figures.theme import ROLES, present


def subset_explorer(
    samples: np.ndarray,
    names: Sequence[str],
    labels: Sequence[str],
    limits: np.ndarray,
    *,
    title: str,
    start: Collection[str],
    truth: np.ndarray,
) -> alt.VConcatChart:
    """Show the marginals of the posterior given any set of k statistics.

    Args:
        samples: Samples for every set, shape (2, 2, ..., n, d): one axis for each of the k
            statistics, on which 0 stands for unknown and 1 for known.
        names: Names of the k statistics.
        labels: Symbol and unit of each of the d parameters.
        limits: Ranges of the uniform prior, shape (d, 2), of the axes too.
        title: What to see, in words.
        start: Names of the statistics that are known at first.
        truth: The true parameters, shape (d,).
    """
    d, k = len(labels), len(names)
    rows = encoded(samples.reshape(2**k, -1, d), limits)
    known = [name in start for name in names]
    chosen = " + ".join(f"(known_{i} ? {2 ** (k - 1 - i)} : 0)" for i in range(k))
    looks = {"prior": ROLES["prior"], "posterior": ROLES["posterior"], "truth": MARKED}
    views = []
    for row, label, reach, true in zip(rows, labels, limits, truth, strict=True):
        mark = [{"x": float(true), "name": "truth"}]
        views.append(marginal(row, f"({chosen})", label, reach, looks, mark))
    boxes = [
        alt.param(name=f"known_{i}", value=known[i], bind=alt.binding_checkbox(name=name))
        for i, name in enumerate(names)
    ]
    first = sum(2 ** (k - 1 - i) for i in range(k) if known[i])
    widths = "; ".join(
        f"{parse(label).name} {row[first]['w']} and {row[-1]['w']}"
        for label, row in zip(labels, rows, strict=True)
    )
    told = f"Densities of {d} parameters for every set of known statistics, chosen by checkboxes: "
    told += f"{', '.join(names)}. Widths in percent of the prior's, at first and with all known: "
    told += f"{widths}."
    return present(panels(views).add_params(*boxes), title, told)
