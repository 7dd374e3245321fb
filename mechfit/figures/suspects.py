"""Suspects: one statistic of an observation is moved, and the check says which one it was.

A menu chooses the statistic, a slider how far it is moved. Bars tell how far each statistic then
is from the simulations. Taught in the chapter inference/when-the-model-is-wrong.
"""

from collections.abc import Mapping

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import increasing, numbers
from mechfit.figures.labels import number
from mechfit.figures.marks import at, px, rows_of, segment, words
from mechfit.figures.theme import BROKEN, POSTERIOR, finish, page

TOP, ROW, LEFT, RIGHT = 54, 24, 96, 12
WIDE = page(LEFT + RIGHT)
FAR = 0.01


def suspects(
    steps: ArrayLike,
    distances: Mapping[str, ArrayLike],
    p_values: Mapping[str, ArrayLike],
    *,
    title: str,
    across: str,
    start: tuple[str, int],
    most: float = 10.0,
    description: str | None = None,
) -> alt.LayerChart:
    """Show what moving each statistic does to the distances of all.

    Args:
        steps: By how much a statistic is moved, increasing and evenly spaced, shape (s,).
        distances: Name of the moved statistic to the distance of each, shape (s, k); there are k
            names, in the order of the columns.
        p_values: Name to the probability that a distance from all simulations is as large by
            chance, shape (s,).
        title: What to see, in words.
        across: Name and unit of the distances.
        start: The statistic and the step that are shown first.
        most: Distance from which on bars end.
        description: The text alternative; what menu and slider do if left out.

    Returns:
        The chart.

    Example:
        >>> d = {"a": np.eye(2), "b": np.eye(2)}
        >>> p = {"a": [0.5, 0.1], "b": [0.4, 0.2]}
        >>> words = {"across": "sd", "start": ("a", 0), "title": "Which?"}
        >>> suspects([0.0, 1.0], d, p, **words).description
        'A menu chooses one of 2 statistics, a slider moves it by 0 to 1; bars show how far each
        then is from the simulations, and the probability of such a distance is written above.'
    """
    steps, names = increasing(steps), list(distances)
    s, k = len(steps), len(distances)
    if np.ptp(np.diff(steps)) > 1e-6 * np.ptp(steps) or start[0] not in distances:
        raise ValueError(
            f"steps are {steps} and start is {start}, expected even steps and one of {names}"
        )
    rows = []
    for name in names:
        far = numbers(f"distances of {name}", distances[name], s, k)
        p = numbers(f"p-values of {name}", p_values[name], s)
        for i in range(s):
            verdict = "unlike the simulations" if p[i] < FAR else "nothing unusual"
            rows.append(
                {"moved": name, "k": i, "d": far[i].clip(0, most).round(3).tolist()}
                | {"names": names, "top": int(far[i].argmax()), "bad": bool(p[i] < FAR)}
                | {"said": f"p = {number(p[i], 2)}: {verdict}"}
            )
    step = float(f"{steps[1] - steps[0]:.6g}")
    chosen = rows_of(rows).transform_filter(
        f"datum.moved == moved && datum.k == round((step - {steps[0]:.6g}) / {step:.6g})"
    )
    bars = (
        chosen.transform_calculate(i=f"sequence({k})")
        .transform_flatten(["d", "names", "i"])
        .transform_calculate(y=f"{TOP} + {ROW} * datum.i", zero="0")
        .transform_calculate(y2=f"datum.y + {ROW - 8}", middle=f"datum.y + {(ROW - 8) / 2}")
        .transform_calculate(
            color=f"datum.bad && datum.i == datum.top ? '{BROKEN}' : '{POSTERIOR}'"
        )
    )
    bottom = TOP + ROW * k
    scale = alt.Scale(domain=[0, most], range=[0, px(WIDE)], nice=False)
    axis = alt.Axis(title=None, tickCount=5, offset=4)
    fill = alt.Fill("color:N", scale=None)
    y = alt.Y("y:Q", scale=None, axis=None)
    mark = bars.mark_rect(fillOpacity=0.85, aria=False)
    name = bars.mark_text(align="right", baseline="middle", aria=False)
    said = chosen.mark_text(align="left", baseline="middle", fontWeight=600, aria=False)
    layers = [
        mark.encode(x=alt.X("zero:Q", scale=scale, axis=axis), x2="d", y=y, y2="y2", fill=fill),
        name.encode(x=alt.value(-8), y=alt.Y("middle:Q", scale=None, axis=None), text="names:N"),
        segment((-LEFT + 4,) * 2, (TOP, bottom), strokeOpacity=0),
        words("distance of each statistic", 0, TOP - 16),
        said.encode(**at(0, 8), text="said:N"),
        words(across, f"{WIDE} / 2", bottom + 36, align="center"),
    ]
    chart = alt.layer(*layers).resolve_scale(x="independent")
    chart = chart.add_params(
        alt.param(
            name="moved",
            value=start[0],
            bind=alt.binding_select(options=names, name="moved statistic"),
        ),
        alt.param(
            name="step",
            value=float(steps[start[1]]),
            bind=alt.binding_range(
                min=float(steps[0]), max=float(steps[-1]), step=step, name="by (its spreads)"
            ),
        ),
    )
    told = (
        f"A menu chooses one of {k} statistics, a slider moves it by {number(steps[0])} to "
        f"{number(steps[-1])}; bars show how far each then is from the simulations, and the "
        "probability of such a distance is written above."
    )
    return finish(chart, title, description or told, (200, bottom))
