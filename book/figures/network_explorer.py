"""States of a balanced network on the plane of inhibition and input: spikes and spectrum."""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from book.figures.parameter_explorer import sliders
from mechfit.figures.checks import numbers
from mechfit.figures.curves import plane
from mechfit.figures.encoding import ALPHABET, decode, encode
from mechfit.figures.fields import SIDE
from mechfit.figures.parts import (
    choice,
    coded_trace,
    heading,
    option,
    points,
    rows_of,
    table,
    words,
)
from mechfit.figures.theme import OBSERVED, ROLES, SAMPLE, WIDTH, present
from mechfit.models.networks.network import Spikes

SHOWN, INHIBITORY, WINDOW, TALL = 40, 8, (900.0, 1000.0), 190
"""Rows of a raster, those of them that are inhibitory, its time in ms, and its height in px."""
FLOOR = -3.0
"""Logarithm of the least power that is drawn."""


def some(spikes: Spikes) -> tuple[np.ndarray, np.ndarray]:
    """Times (m,) in ms and rows (m,) of the spikes that a raster shows of a network's."""
    step = spikes.n // SHOWN
    seen = (spikes.ids % step == 0) & (spikes.ids // step < SHOWN)
    seen &= (spikes.times > WINDOW[0]) & (spikes.times <= WINDOW[1])
    return spikes.times[seen], spikes.ids[seen] // step


def coded(spikes: tuple[ArrayLike, ArrayLike]) -> dict:
    """Times and rows as texts `t` and `r`, of two and one characters a spike."""
    return {"t": encode(spikes[0], *WINDOW), "r": encode(spikes[1], 0, 63, 1)}


def raster_view(source: alt.Chart, name: str | alt.ExprRef) -> alt.LayerChart:
    """Draw the raster that the one row of a filtered source holds; inhibitory neurons on top."""
    code = f"indexof('{ALPHABET}', substring(datum.r, datum.i, datum.i + 1))"
    first = SHOWN - INHIBITORY
    dots = points(
        source,
        "length(datum.r)",
        x=decode("datum.t", "datum.i", *WINDOW),
        y=f"{code} + ({code} >= {first} ? 1.5 : 0)",
    )
    place = plane(WINDOW, (-1.0, SHOWN + 1.5), "", "")
    place["x"].axis, place["y"].axis = None, None
    line = table(x=WINDOW, y=[first + 0.25] * 2).mark_line(strokeWidth=0.6, strokeOpacity=0.5)
    bar = table(x=[WINDOW[1] - 20, WINDOW[1]], y=[-1.0] * 2).mark_line(strokeWidth=2)
    return alt.layer(
        dots.mark_point(shape="stroke", angle=90, size=20, stroke=OBSERVED).encode(**place),
        line.encode(**place),
        bar.encode(**place),
    ).properties(width=WIDTH, height=TALL, title=heading(name))


def network_explorer(
    g: ArrayLike,
    eta: ArrayLike,
    spikes: Sequence[tuple[ArrayLike, ArrayLike]],
    spectra: tuple[ArrayLike, ArrayLike],
    rates: ArrayLike,
    cvs: ArrayLike,
    regimes: Mapping[str, tuple[float, float]],
    *,
    start: tuple[int, int],
    title: str,
) -> alt.VConcatChart:
    """Show spikes and spectrum of the network that a click or two sliders choose.

    Args:
        g: Evenly spaced relative strengths of inhibition (a,).
        eta: Evenly spaced inputs (b,).
        spikes: Times and rows of the spikes of each network, as `some` returns them; those of
            one g side by side.
        spectra: Evenly spaced frequencies (f,) in Hz and logarithms, to the base of 10, of
            the powers (a * b, f) in Hz².
        rates: Rates (a * b,) in Hz.
        cvs: Coefficients of variation (a * b,), 0 where there are too few spikes.
        regimes: Name of a regime to the place where it is written.
        start: Index of g and of eta at first.
        title: What to see, in words.
    """
    g, eta = numbers("g", g, "a"), numbers("eta", eta, "b")
    n, hz = len(g) * len(eta), numbers("frequencies", spectra[0], "f")
    power = np.maximum(numbers("spectra", spectra[1], n, len(hz)), FLOOR)
    rates, cvs, top = numbers("rates", rates, n), numbers("cvs", cvs, n), float(power.max())
    states = [
        {
            "k": k,
            "x": round(float(g[k // len(eta)]), 6),
            "y": round(float(eta[k % len(eta)]), 6),
            "cv": round(float(cvs[k]), 2),
            "said": f"{rates[k]:.0f} Hz, CV of the intervals {cvs[k]:.2f}"
            if rates[k]
            else "silent",
            "p": encode(power[k], FLOOR, top),
        }
        | coded(spikes[k])
        for k in range(n)
    ]
    params, _ = sliders({"inhibition g": g, "input η": eta}, start)
    bind = dict(zip("xy", (param.param.bind for param in params), strict=True))
    chosen = choice({axis: states[start[0] * len(eta) + start[1]][axis] for axis in "xy"}, bind)
    data = alt.Chart(alt.NamedData("states"))
    # a slider's value may differ from the state's in the last digit
    near = " && ".join(f"abs(datum.{a} - chosen_{a}) < 1e-3" for a in "xy")
    now = data.transform_filter(near)

    place = plane((g[0] - 0.2, g[-1] + 0.2), (eta[0] - 0.2, eta[-1] + 0.2), "g", "η")
    size = alt.Size("cv:Q", legend=None).scale(domain=[0, 1.2], range=[8, 240], clamp=True)
    dots = data.mark_circle(fill=OBSERVED, opacity=0.3, cursor="pointer")
    names = table(
        x=[p[0] for p in regimes.values()],
        y=[p[1] for p in regimes.values()],
        name=list(regimes),
    ).mark_text(fontWeight=600)
    spot = now.mark_point(shape="diamond", size=130, fill=SAMPLE, strokeWidth=0)
    where = alt.layer(
        dots.encode(**place, size=size).add_params(chosen),
        spot.encode(**place),
        names.encode(**place, text="name:N"),
    ).properties(width=SIDE, height=SIDE - 60)
    where = where.properties(title=heading("larger dots: more irregular"))

    ends = plane((0, hz[-1]), (FLOOR, top), "frequency (Hz)", "power (Hz²)")
    ends["x"].shorthand, ends["y"].shorthand = "t:Q", "v:Q"
    ends["y"].axis = alt.Axis(
        title=None, values=[*range(-2, int(top) + 1, 2)], labelExpr="'1e' + datum.value"
    )
    line = coded_trace(now, hz, FLOOR, top, ROLES["sample"], field="p")
    spectrum = line.encode(**ends).properties(width=SIDE, height=SIDE - 60)
    spectrum = spectrum.properties(title=heading("power of the population's rate (Hz²)"))
    chart = alt.vconcat(
        words(now, fontWeight=600),
        raster_view(now, f"{SHOWN} neurons, inhibitory ones on top; the bar is 20 ms"),
        alt.hconcat(where, spectrum, spacing=40),
        spacing=10,
        datasets={"states": states},
    )
    told = (
        f"Above, a raster of the spikes of {SHOWN} neurons of a network over "
        f"{WINDOW[1] - WINDOW[0]:.0f} ms. Below, the plane of g from {g[0]:g} to {g[-1]:g} and η "
        f"from {eta[0]:g} to {eta[-1]:g} with a dot for each of {n} networks, larger where "
        f"firing is irregular, and the names {', '.join(regimes)}; beside it the spectrum of the "
        "population's rate. A click or two sliders choose the network."
    )
    return present(chart, title, told, "Click a dot, or move the sliders below the figure.")


def rasters(named: Mapping[str, tuple[ArrayLike, ArrayLike]], *, title: str) -> alt.VConcatChart:
    """Show the first of some networks' spikes, and below it one that a menu chooses.

    Args:
        named: Name to times and rows of spikes, as `some` returns them.
        title: What to see, in words.
    """
    rows, (fixed, *others) = [{"name": n} | coded(s) for n, s in named.items()], named
    shown = rows_of(rows[1:]).transform_filter("datum.name == shown")
    chart = alt.vconcat(
        raster_view(rows_of(rows[:1]), fixed),
        raster_view(shown, alt.ExprRef("shown")),
        spacing=14,
    ).add_params(option("shown", others, "below it", others[0]))
    told = (
        f"Rasters of {SHOWN} neurons over {WINDOW[1] - WINDOW[0]:.0f} ms, inhibitory ones on top: "
        f"{fixed}, and below it one that a menu chooses: {', '.join(others)}."
    )
    return present(chart, title, told, "The bar is 20 ms. Choose below the figure.")
