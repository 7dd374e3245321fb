"""Break the inference: a menu chooses what is wrong, a slider by how much, and the ranks answer.

On the left the histogram of ranks with the band of what is usual, on the right the share of truths
in credible regions of every level. Taught in the chapter inference/calibration.
"""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import numbers
from mechfit.figures.labels import number
from mechfit.figures.marks import at, px, rows_of, segment, words
from mechfit.figures.theme import _PAGE as WIDTH
from mechfit.figures.theme import BROKEN, NARROW, POSTERIOR, PRIOR, finish

SIDE, LEFT, TOP, UNDER = 232, 44, 56, 44
GAP = WIDTH - LEFT - 2 * SIDE
SMALL = f"page < {NARROW}"
SECOND = f"({SMALL} ? 0 : {SIDE + GAP})"
DOWN = f"({SMALL} ? {TOP + SIDE + UNDER + 24} : {TOP})"


def breaking(
    faults: Mapping[str, Sequence[str]],
    ranks: Mapping[str, ArrayLike],
    coverage: Mapping[str, ArrayLike],
    verdicts: Mapping[str, Sequence[str]],
    band: tuple[float, float],
    *,
    title: str,
    start: tuple[str, int],
    description: str | None = None,
) -> alt.LayerChart:
    """Show what each fault does to ranks and coverage.

    Args:
        faults: Name of each fault to the names of its steps; all have the same number of steps.
        ranks: Fault to shares of ranks in equal bins, shape (steps, bins).
        coverage: Fault to shares of truths in regions of evenly spaced levels from 0 to 1,
            shape (steps, levels).
        verdicts: Fault to a line for each step; a step is drawn as broken unless its line begins
            with "calibrated".
        band: Lowest and highest usual share in a bin.
        title: What to see, in words.
        start: The fault and the step that are shown first.
        description: The text alternative; the faults if left out.

    Returns:
        The chart, with a menu and a slider.

    Example:
        >>> one = {"noise": np.full((2, 4), 0.25)}
        >>> curve = {"noise": np.tile(np.linspace(0, 1, 5), (2, 1))}
        >>> lines = {"noise": ["calibrated", "too narrow"]}
        >>> steps, words = {"noise": ["right", "wrong"]}, {"start": ("noise", 0), "title": "See"}
        >>> breaking(steps, one, curve, lines, (0.2, 0.3), **words).description[:48]
        'A menu chooses a fault: noise; a slider its size'
    """
    steps = len(next(iter(faults.values())))
    rows = []
    for fault, names in faults.items():
        shares = numbers(f"ranks of {fault}", ranks[fault], steps, "bins", least=2)
        held = numbers(f"coverage of {fault}", coverage[fault], steps, "levels", least=2)
        if len(names) != steps or len(verdicts[fault]) != steps:
            raise ValueError(
                f"{fault} has {len(names)} steps and {len(verdicts[fault])} verdicts, expected "
                f"{steps} of each"
            )
        for k in range(steps):
            line = verdicts[fault][k]
            rows.append(
                {"fault": fault, "k": k, "name": names[k], "line": line}
                | {"h": shares[k].round(4).tolist(), "c": held[k].round(4).tolist()}
                | {"color": POSTERIOR if line.startswith("calibrated") else BROKEN}
            )
    bins, levels = shares.shape[1], held.shape[1]
    most = 1.08 * max(float(np.max(r["h"])) for r in rows)
    chosen = rows_of(rows).transform_filter("datum.fault == fault && datum.k == size")
    color = {"fill": alt.Fill("color:N", scale=None)}

    x = alt.Scale(domain=[0, 1], range=[0, SIDE], nice=False)
    y = alt.Scale(domain=[0, most], range=[TOP + SIDE, TOP], nice=False)
    bars = (
        chosen.transform_calculate(i=f"sequence({bins})")
        .transform_flatten(["h", "i"])
        .transform_calculate(x=f"(datum.i + 0.08) / {bins}", x2=f"(datum.i + 0.92) / {bins}")
        .transform_calculate(y="datum.h", y2="0")
    ).mark_rect(fillOpacity=0.75, aria=False)
    first = {"x": alt.X("x:Q", scale=x, axis=None), "y": alt.Y("y:Q", scale=y, axis=None)}
    usual = rows_of([{"x": 0, "x2": 1, "y": band[0], "y2": band[1]}])
    usual = usual.mark_rect(fill=PRIOR, fillOpacity=0.3, aria=False)

    right, bottom = f"{SECOND} + {SIDE}", f"{DOWN} + {SIDE}"
    u = alt.Scale(domain=[0, 1], range=[px(SECOND), px(right)], nice=False)
    v = alt.Scale(domain=[0, 1], range=[px(bottom), px(DOWN)], nice=False)
    second = {"x": alt.X("x:Q", scale=u, axis=None), "y": alt.Y("c:Q", scale=v, axis=None)}
    curve = (
        chosen.transform_calculate(i=f"sequence({levels})")
        .transform_flatten(["c", "i"])
        .transform_calculate(x=f"datum.i / {levels - 1}")
    )
    line = curve.mark_line(strokeWidth=2.2, aria=False)
    stroke = {"stroke": alt.Stroke("color:N", scale=None)}
    look = {"strokeWidth": 1, "strokeOpacity": 0.35}
    said = chosen.mark_text(align="left", baseline="middle", fontWeight=600, aria=False)
    step = chosen.mark_text(align="left", baseline="middle", aria=False)
    layers = [
        usual.encode(**first, x2="x2", y2="y2"),
        bars.encode(**first, x2="x2", y2="y2", **color),
        segment((0, SIDE), (TOP + SIDE,) * 2, **look),
        words("shares of ranks", 0, TOP - 12),
        words("below all draws", 0, TOP + SIDE + 14, size=11),
        words("above all", SIDE, TOP + SIDE + 14, align="right", size=11),
        segment((SECOND, right), (bottom, DOWN), strokeWidth=1.2, strokeDash=[3, 3]),
        segment((SECOND, right), (bottom, bottom), **look),
        segment((SECOND, SECOND), (DOWN, bottom), **look),
        line.encode(**second, **stroke),
        words("share of truths inside", SECOND, f"{DOWN} - 12"),
        words("0", SECOND, f"{bottom} + 14", size=11),
        words("level of the region", f"{SECOND} + {SIDE / 2}", f"{bottom} + 14", align="center"),
        words("1", right, f"{bottom} + 14", align="right", size=11),
        words("1", f"{SECOND} - 7", f"{DOWN} + 4", align="right", size=11),
        segment((f"{SECOND} - 36",) * 2, (DOWN, bottom), strokeOpacity=0),
        step.encode(**at(0, 2), text="name:N"),
        said.encode(**at(0, 22), text="line:N", **color),
    ]
    fault, size = start
    menu = alt.binding_select(options=list(faults), name="what is wrong")
    slider = alt.binding_range(min=0, max=steps - 1, step=1, name="by how much")
    chart = alt.layer(*layers).resolve_scale(x="independent", y="independent")
    chart = chart.add_params(
        alt.param(name="fault", value=fault, bind=menu),
        alt.param(name="size", value=size, bind=slider),
    )
    told = "; ".join(f"{f}, from {names[0]} to {names[-1]}" for f, names in faults.items())
    told = (
        f"A menu chooses a fault: {', '.join(faults)}; a slider its size ({told}). Shown are the "
        f"ranks in {bins} bins, usually {number(band[0])} to {number(band[1])} in each, the "
        "coverage of credible regions, and the verdict."
    )
    return finish(chart, title, description or told, (SIDE, TOP + SIDE))
