"""Recorded voltages, each above what the model does with draws from its posterior."""

from collections.abc import Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import different, numbers, trace_of
from mechfit.figures.encoding import encode
from mechfit.figures.parts import axes, coded_trace, menu, scale_bar, slider, words
from mechfit.figures.theme import ROLES, WIDTH, present
from mechfit.summaries.thinning import thin_together

TALL = 120


def recorded_explorer(
    time: ArrayLike,
    recorded: ArrayLike,
    drawn: ArrayLike,
    counts: ArrayLike,
    names: Sequence[str],
    *,
    title: str,
) -> alt.VConcatChart:
    """Show the recording of a cell, chosen from a menu, and one of its draws, by a slider.

    Args:
        time: Evenly spaced times (t,), ms.
        recorded: Recorded voltages (k, t) of k cells, mV.
        drawn: Voltages (k, m, t) of m draws for each cell, mV.
        counts: Spikes recorded, then in each draw (k, 1 + m).
        names: Names of the cells.
        title: What to see, in words.
    """
    names = different("names", names)
    time, recorded = trace_of(time, recorded)
    k = len(names)
    drawn = numbers("drawn", drawn, k, "m", len(time))
    m = drawn.shape[1]
    counts = numbers("counts", counts, k, 1 + m)
    every = np.concatenate([recorded[:, None], drawn], 1)
    grid, thinned = thin_together(time, every.reshape(k * (1 + m), -1))
    low, high = float(thinned.min()), float(thinned.max())
    rows = [
        {"cell": i // (1 + m), "draw": i % (1 + m), "v": encode(v, low, high), "n": f"{n:.0f}"}
        for i, (v, n) in enumerate(zip(thinned, counts.ravel(), strict=True))
    ]
    of_cell = alt.Chart(alt.NamedData("traces")).transform_filter("datum.cell == chosen")
    place = axes((float(time[0]), float(time[-1])), (low - 4, high + 4), level=-60)
    views = []
    for which, role, said in (
        ("0", "observed", "'recorded: ' + datum.n + ' spikes'"),
        ("draw", "sample", "'draw ' + draw + ' from its posterior: ' + datum.n + ' spikes'"),
    ):
        one = of_cell.transform_filter(f"datum.draw == {which}")
        line = coded_trace(one, grid, low, high, ROLES[role]).encode(**place)
        views.append(words(one.transform_calculate(said=said), fontWeight=600))
        views.append(line.properties(width=WIDTH, height=TALL))
    bar = scale_bar((time[0], time[-1]), (low - 4, high + 4), TALL)
    chart = alt.vconcat(*views, bar, spacing=6, datasets={"traces": rows}).add_params(
        menu("chosen", names, "cell"), slider("draw", "draw", 1, (1, m), 1)
    )
    spikes = "; ".join(
        f"{name}: {row[0]:.0f} spikes recorded, {row[1:].min():.0f} to {row[1:].max():.0f} drawn"
        for name, row in zip(names, counts, strict=True)
    )
    told = f"Recorded voltages of {k} cells, each above {m} simulated ones. {spikes}."
    return present(chart, title, told, "Choose a cell, and move the slider to another draw.")
