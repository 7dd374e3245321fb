"""What faults do to ranks and coverage: a menu chooses the fault, a slider its size."""

from collections.abc import Mapping, Sequence

import altair as alt
from numpy.typing import ArrayLike

from mechfit.figures.checks import numbers
from mechfit.figures.curves import plane
from mechfit.figures.fields import SIDE
from mechfit.figures.labels import number
from mechfit.figures.parts import option, points, rows_of, slider, table, words
from mechfit.figures.theme import BROKEN, OBSERVED, POSTERIOR, PRIOR, present


def miscalibration_explorer(
    faults: Mapping[str, Sequence[str]],
    ranks: Mapping[str, Sequence[ArrayLike]],
    coverage: Mapping[str, Sequence[ArrayLike]],
    verdicts: Mapping[str, Sequence[str]],
    band: tuple[float, float],
    *,
    title: str,
    start: tuple[str, int],
) -> alt.VConcatChart:
    """Draw the histogram of ranks and the expected coverage for a fault of some size.

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
    """
    steps, rows = len(faults[start[0]]), []
    for fault, names in faults.items():
        shares = numbers(f"ranks of {fault}", ranks[fault], steps, "bins", least=2)
        held = numbers(f"coverage of {fault}", coverage[fault], steps, "levels", least=2)
        if len(names) != steps or len(verdicts[fault]) != steps:
            raise ValueError(
                f"{fault} has {len(names)} steps and {len(verdicts[fault])} verdicts, expected "
                f"{steps} of each"
            )
        rows += [
            {"fault": fault, "k": k, "name": name, "verdict": verdict}
            | {"y": h.round(4).tolist(), "c": c.round(4).tolist()}
            | {"color": POSTERIOR if verdict.startswith("calibrated") else BROKEN}
            for k, (name, verdict, h, c) in enumerate(
                zip(names, verdicts[fault], shares, held, strict=True)
            )
        ]
    bins, levels = shares.shape[1], held.shape[1]
    chosen = rows_of(rows).transform_filter("datum.fault == fault && datum.k == size")
    fill, stroke = (kind("color:N", scale=None) for kind in (alt.Fill, alt.Stroke))
    highest = 1.08 * max(max(row["y"]) for row in rows)
    place = plane((0, 1), (0, highest), "rank of the truth among the draws", "share of truths")
    sides = {"x": f"(datum.i + 0.08) / {bins}", "x2": f"(datum.i + 0.92) / {bins}"}
    bars = points(chosen, bins, "y", **sides).mark_rect(fillOpacity=0.75)
    usual = table(x=[0], x2=[1], y=[band[0]], y2=[band[1]]).mark_rect(fill=PRIOR, fillOpacity=0.3)
    histogram = alt.layer(
        usual.encode(**place, x2="x2", y2="y2"),
        bars.encode(**place, x2="x2", y2=alt.datum(0), fill=fill),
    )
    place = plane((0, 1), (0, 1), "level of the credible region", "share of truths inside")
    curve = points(chosen, levels, "c", x=f"datum.i / {levels - 1}", y="datum.c")
    diagonal = table(x=[0, 1], y=[0, 1])
    diagonal = diagonal.mark_line(stroke=OBSERVED, strokeWidth=1.2, strokeDash=[3, 3])
    line = curve.mark_line(strokeWidth=2.2).encode(**place, stroke=stroke)
    covered = alt.layer(diagonal.encode(**place), line)
    views = (v.properties(width=SIDE, height=SIDE - 40) for v in (histogram, covered))
    chart = alt.vconcat(
        words(chosen, "name:N"),
        words(chosen, "verdict:N", fontWeight=600).encode(fill=fill),
        alt.hconcat(*views),
        spacing=8,
    ).add_params(
        option("fault", list(faults), "what is wrong", start[0]),
        slider("size", "by how much", start[1], (0, steps - 1), 1),
    )
    told = "; ".join(f"{f}, from {names[0]} to {names[-1]}" for f, names in faults.items())
    told = (
        f"A menu chooses a fault: {', '.join(faults)}; a slider its size ({told}). Shown are the "
        f"ranks in {bins} bins, usually {number(band[0])} to {number(band[1])} in each, the "
        "coverage of credible regions, and the verdict."
    )
    return present(chart, title, told)
