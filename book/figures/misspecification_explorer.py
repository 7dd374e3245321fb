"""One statistic of an observation is moved; bars tell how far each is from the simulations."""

from collections.abc import Mapping

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.labels import number
from mechfit.figures.parts import option, slider
from mechfit.figures.theme import BROKEN, POSTERIOR, WIDTH, present

UNLIKE, MOST = 0.01, 10.0
"""P-value below which an observation is called unlike the simulations; where bars end."""


def misspecification_explorer(
    steps: np.ndarray,
    distances: Mapping[str, ArrayLike],
    p_values: Mapping[str, ArrayLike],
    *,
    title: str,
    across: str,
    start: tuple[str, int],
) -> alt.LayerChart:
    """Show what moving each statistic does to the distances of all.

    Args:
        steps: By how much a statistic is moved, increasing and evenly spaced, shape (s,).
        distances: Name of the moved statistic to the distance of each, shape (s, k); there are k
            names, in the order of the columns.
        p_values: Name to the p-value of the observation, shape (s,).
        title: What to see, in words.
        across: Name and unit of the distances.
        start: The statistic and the step that are shown first.
    """
    names, rows = list(distances), []
    for name in names:
        for k, (far, p) in enumerate(zip(distances[name], p_values[name], strict=True)):
            verdict = "unlike the simulations" if p < UNLIKE else "nothing unusual"
            row = {"moved": name, "k": k, "names": names, "d": far.clip(0, MOST).round(3).tolist()}
            row |= {"p": float(p), "worst": names[far.argmax()]}
            rows.append(row | {"said": f"p = {number(p, 2)}: {verdict}"})
    first, last, step = float(steps[0]), float(steps[-1]), float(steps[1] - steps[0])
    params = [
        option("moved", names, "moved statistic", start[0]),
        slider("step", "by (prior s.d.)", float(steps[start[1]]), (first, last), step),
    ]
    shown = f"datum.moved == moved && datum.k == round((step - {first:.6g}) / {step:.6g})"
    source = alt.Chart().transform_filter(shown)
    worst = f"datum.p < {UNLIKE} && datum.names == datum.worst"
    bars = source.transform_flatten(["d", "names"]).mark_bar(fillOpacity=0.85)
    word = source.mark_text(align="left", baseline="bottom", fontWeight=600)
    chart = alt.layer(
        bars.encode(
            x=alt.X("d:Q").scale(domain=[0, MOST]).axis(title=across, tickCount=5),
            y=alt.Y("names:N").scale(domain=names, padding=0.25).title(None),
            fill=alt.condition(worst, alt.value(BROKEN), alt.value(POSTERIOR)),
        ),
        word.encode(x=alt.value(0), y=alt.value(-8), text="said:N"),
        data=alt.Data(values=rows),
    ).properties(width=WIDTH, height={"step": 26})
    told = (
        f"A menu chooses one of {len(names)} statistics, a slider moves it by {number(steps[0])} "
        f"to {number(steps[-1])}; bars show how far each then is from the simulations, and the "
        "p-value of such a distance is written above."
    )
    return present(chart.add_params(*params), title, told)
