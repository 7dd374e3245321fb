"""An integrate-and-fire neuron under two sliders: its voltage, and its rate among all others."""

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from book.figures.parameter_explorer import sliders
from mechfit.figures.checks import numbers, trace_of
from mechfit.figures.curves import plane
from mechfit.figures.encoding import encode
from mechfit.figures.parts import (
    axes,
    coded_trace,
    heading,
    named_lines,
    points,
    scale_bar,
    table,
    words,
)
from mechfit.figures.theme import POSTERIOR, ROLES, SAMPLE, WIDTH, present
from mechfit.summaries.thinning import thin_together

KEPT, TALL = 300, 150
LOOKS = {"no noise": ROLES["prior"], "theory with noise": ROLES["posterior"]}


def firing_explorer(
    mu: ArrayLike,
    sigma: ArrayLike,
    time: ArrayLike,
    voltage: ArrayLike,
    rate: ArrayLike,
    theory: tuple[ArrayLike, ArrayLike],
    cv: ArrayLike,
    *,
    threshold: float,
    start: tuple[int, int],
    title: str,
) -> alt.VConcatChart:
    """Show the voltage of a neuron, and its rate against the mean input, at any noise.

    Args:
        mu: Evenly spaced mean inputs (a,), mV.
        sigma: Evenly spaced sizes of the noise (b,) from 0 on, mV.
        time: Evenly spaced times (t,), ms.
        voltage: Voltages (a, b, t), mV, with spikes drawn above the threshold.
        rate: Simulated rates (a, b), Hz.
        theory: Mean inputs (p,) and the rates (b, p) that are expected there, Hz.
        cv: Simulated coefficients of variation (a, b), NaN where there are too few spikes.
        threshold: Voltage that is marked, mV.
        start: Index of the input and of the noise that are shown first.
        title: What to see, in words.
    """
    time, voltage = trace_of(time, voltage)
    a, b = voltage.shape[:2]
    mu, sigma, rate = numbers("mu", mu, a), numbers("sigma", sigma, b), numbers("rate", rate, a, b)
    across, expected = numbers("theory", theory[0], "p"), np.asarray(theory[1], float)
    shared, thinned = thin_together(time, voltage.reshape(a * b, -1), KEPT)
    low, high, top = float(thinned.min()), float(thinned.max()), float(1.04 * expected.max())
    params, chosen = sliders({"input μ (mV)": mu, "noise σ (mV)": sigma}, start)
    states = []
    for k, trace in enumerate(thinned):
        i, j = divmod(k, b)
        regular = "" if np.isnan(cv[i, j]) else f", CV of its intervals {cv[i, j]:.2f}"
        at = {"k": k, "x": float(mu[i]), "y": round(float(rate[i, j]), 1)}
        at["said"] = f"{rate[i, j]:.1f} spikes a second{regular}"
        states.append(at | {"v": encode(trace, low, high)})
    now = alt.Chart(alt.NamedData("states")).transform_filter(f"datum.k == {chosen}")
    theories = [
        {"j": j, "c": encode(curve, 0, top), "r": rate[:, j].round(1).tolist()}
        for j, curve in enumerate(expected)
    ]
    same_noise = alt.Chart(alt.NamedData("curves"))
    same_noise = same_noise.transform_filter(f"datum.j == ({chosen}) % {b}")

    ends, reach = (float(time[0]), float(time[-1])), (low - 2, high + 2)
    line = coded_trace(now, shared, low, high, ROLES["sample"]).encode(**axes(ends, reach))
    level = table(t=ends, v=[threshold] * 2).mark_line(strokeDash=[2, 3], strokeWidth=1)
    name = table(t=[ends[0]], v=[threshold]).mark_text(
        align="left", baseline="bottom", dx=2, dy=-2, fontSize=11
    )
    trace_view = alt.layer(
        line,
        level.encode(**axes(ends, reach)),
        name.encode(**axes(ends, reach), text=alt.value("threshold")),
    ).properties(width=WIDTH, height=TALL, title=heading("voltage, spikes drawn in"))

    place = plane((mu[0], mu[-1]), (0, top), "mean input μ (mV)", "")
    key = named_lines(LOOKS)
    quiet = table(x=across, y=expected[0]).transform_calculate(name="'no noise'")
    noisy = coded_trace(same_noise, across, 0, top, ROLES["posterior"], field="c")
    noisy = noisy.transform_calculate(name="'theory with noise'", x="datum.t", y="datum.v")
    dots = points(same_noise, a, "r", x=f"{mu[0]} + {mu[1] - mu[0]} * datum.i", y="datum.r")
    spot = now.mark_point(shape="diamond", size=110, fill=SAMPLE, strokeWidth=0)
    rate_view = alt.layer(
        quiet.mark_line(strokeWidth=1.6).encode(**place, **key),
        noisy.encode(**place, **key),
        dots.mark_circle(fill=POSTERIOR, size=40).encode(**place),
        spot.encode(**place),
    ).properties(width=WIDTH, height=TALL, title=heading("rate (Hz); dots are simulations"))
    chart = alt.vconcat(
        words(now, fontWeight=600),
        trace_view,
        scale_bar(ends, reach, TALL),
        rate_view,
        spacing=8,
        datasets={"states": states, "curves": theories},
    ).add_params(*params)
    chart = chart.resolve_scale(stroke="independent", strokeDash="independent")
    told = (
        f"Above, the voltage of an integrate-and-fire neuron over {time[-1] - time[0]:.0f} ms. "
        f"Below, its rate against the mean input from {mu[0]:g} to {mu[-1]:g} mV: a curve without "
        "noise, which is 0 up to the threshold; a curve of theory for the chosen noise, which "
        "rises smoothly from below the threshold, and simulated rates as dots. Two sliders set "
        "the mean input and the noise; the trace, the curve and a diamond follow."
    )
    return present(chart, title, told, "Set mean input and noise below the figure.")
