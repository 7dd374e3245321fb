"""Neurons that were given one current step: what each next one is expected to tell."""

from collections.abc import Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import numbers
from mechfit.figures.curves import plane
from mechfit.figures.fields import SIDE
from mechfit.figures.parts import choice, heading, points, table, words
from mechfit.figures.theme import POSTERIOR, PRIOR, SAMPLE, present


def next_step_explorer(
    spikes: ArrayLike,
    curves: ArrayLike,
    errors: ArrayLike,
    designs: Sequence[str],
    *,
    start: int,
    title: str,
) -> alt.VConcatChart:
    """Show the information that each design is expected to give about the chosen neuron.

    Args:
        spikes: Spikes of each neuron under its first step (n,).
        curves: Expected information (n, designs) in nats.
        errors: Its standard errors (n, designs).
        designs: Names of the designs.
        start: Index of the neuron that is shown first.
        title: What to see, in words.
    """
    spikes = numbers("spikes", spikes, "n")
    n, m = len(spikes), len(designs)
    curves, errors = numbers("curves", curves, n, m), numbers("errors", errors, n, m)
    jitter = np.random.default_rng(0).uniform(-0.3, 0.3, n)
    best, rows = curves.argmax(1), []
    for i in range(n):
        said = [
            f"{spikes[i]:.0f} spikes so far; next: {designs[best[i]]},",
            f"expected to tell {curves[i].max():.1f} ± {errors[i, best[i]]:.1f} nats",
        ]
        row = {"k": i, "x": round(spikes[i] + jitter[i], 2), "y": round(curves[i].max(), 3)}
        row |= {"v": curves[i].round(2).tolist(), "e": errors[i].round(2).tolist()}
        rows.append(row | {"said": said})
    chosen = choice({"k": start}, alt.binding_range(min=0, max=n - 1, step=1, name="neuron"))
    data = alt.Chart(alt.NamedData("neurons"))
    now = data.transform_filter(chosen)
    ends = min(0.0, 1.04 * float(curves.max(1).min())), 1.04 * float(curves.max())
    place = plane((-1, spikes.max() + 1), ends, "spikes under the first step", "")
    zero = table(y=[0.0]).mark_rule(strokeWidth=1, strokeDash=[2, 3]).encode(y=place["y"])
    dots = data.mark_circle(fill=POSTERIOR, fillOpacity=0.55, size=36, cursor="pointer")
    ring = now.mark_point(stroke=SAMPLE, strokeWidth=2.2, size=170, filled=False)
    left = alt.layer(
        zero, dots.encode(**place).add_params(chosen), ring.encode(**place)
    ).properties(
        width=SIDE, height=SIDE, title=heading("information of the best next step", weight=600)
    )
    names = alt.Axis(title=None, values=list(range(m)), labelExpr=f"{list(designs)}[datum.value]")
    across = {
        "y": alt.Y("d:Q", axis=names).scale(domain=[m - 0.5, -0.5], nice=False, zero=False),
        "x": alt.X("i:Q", title="expected information (nats)"),
    }
    each = points(now, m, "v", "e", d="datum.i").transform_calculate(
        i="datum.v", low="datum.v - datum.e", high="datum.v + datum.e"
    )
    bars = each.mark_rule(stroke=SAMPLE, strokeWidth=2).encode(
        y=across["y"], x=alt.X("low:Q", title="expected information (nats)"), x2="high"
    )
    mean = table(d=np.arange(m), i=curves.mean(0)).mark_tick(
        color=PRIOR, thickness=2.5, size=16, orient="vertical"
    )
    right = alt.layer(
        mean.encode(**across),
        bars,
        each.mark_circle(fill=SAMPLE, size=60).encode(**across),
    ).properties(
        width=SIDE,
        height=SIDE,
        title=heading("of each step; tick: mean of all neurons", weight=600),
    )
    told = (
        f"{n} neurons after one current step. Left, the information of the best next step "
        "against the spikes so far; right, for the chosen neuron, the expected information of "
        f"each of {m} steps with its standard error, and a tick for the mean over all neurons. "
        f"The steps: {', '.join(designs)}."
    )
    chart = alt.vconcat(
        words(now, fontWeight=600, height=34), left | right, datasets={"neurons": rows}
    )
    return present(chart, title, told, "Click a neuron, or choose one below the figure.")
