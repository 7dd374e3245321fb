"""From parameters to voltage: choose a posterior sample and see what it simulates.

The axes of the scatter span the samples, so that their shape is seen; the strips beside it span
the prior, so that it is seen how little of it they fill.
"""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import different, increasing, numbers, outside, ranges
from mechfit.figures.encoding import encode
from mechfit.figures.labels import ends, parse, span
from mechfit.figures.parts import (
    axes,
    choice,
    coded_trace,
    heading,
    menu,
    named_lines,
    points,
    rows_of,
    scale_bar,
    short,
    trace,
    written,
)
from mechfit.figures.theme import POSTERIOR, PRIOR, ROLES, SAMPLE, WIDTH, present
from mechfit.summaries.thinning import thin, thin_together

SIDE, STEP, MOST = 250, 27, 10
"""Side of the scatter and height of a strip in px; most parameters that all have a strip."""
RING = {"shape": "circle", "size": 150, "stroke": SAMPLE, "strokeWidth": 2.4}


def samples_to_traces(
    theta: ArrayLike,
    labels: Sequence[str],
    voltage: ArrayLike | Mapping[str, ArrayLike],
    time: ArrayLike,
    *,
    title: str,
    axes: tuple[int, int] = (0, 1),
    observed: ArrayLike | None = None,
    limits: ArrayLike | None = None,
) -> alt.VConcatChart:
    """Show the voltage that a chosen posterior sample simulates.

    Args:
        theta: Posterior samples, shape (n, d), about 40 to 60 of them, or 150 short ones.
        labels: Symbol and unit of each parameter, for example "ḡ_Na (mS/cm²)".
        voltage: The voltage that each sample simulates, shape (n, t), mV, or the name of each
            channel to its voltages.
        time: Evenly spaced times, shape (t,), ms.
        title: What to see, in words.
        axes: The two parameters that span the scatter at first; the reader can change them.
        observed: The observed trace, shape (t,), mV, drawn behind that of the first channel.
        limits: Ranges of the parameters, shape (d, 2), best those of the prior; by default the
            ranges of the samples.
    """
    labels = [parse(label).text for label in different("labels", labels)]
    time = increasing(time)
    d, channels = len(labels), dict(voltage) if isinstance(voltage, Mapping) else {"": voltage}
    channels = {name: numbers("voltage", v, "n", len(time)) for name, v in channels.items()}
    theta = numbers("theta", theta, len(next(iter(channels.values()))), d)
    if len(axes) != 2 or not all(0 <= a < d for a in axes):
        raise ValueError(f"axes are {axes}, expected two indices below {d}")
    first, last = theta.min(0), theta.max(0)
    pad = np.where(last > first, 0.06 * (last - first), 1.0)
    limits = np.stack([first - pad, last + pad], 1) if limits is None else ranges(limits, d)
    note = outside("samples", theta, limits)
    window = np.clip(np.stack([first - pad, last + pad], 1).T, *limits.T).T
    coded, views, told = trace_views(time, channels, observed)
    places = enumerate(zip(theta, coded, strict=True), start=1)
    values = [{"sample": k, "theta": short(point)} | texts for k, (point, texts) in places]
    slider = alt.binding_range(min=1, max=len(theta), step=1, name="sample number")
    chosen, rows = choice({"sample": 1}, slider), alt.Chart(alt.NamedData("samples"))
    scatter = _scatter(rows, chosen, labels, window)
    below = alt.hconcat(scatter, _strips(rows, chosen, labels, limits), spacing=30)
    chart = alt.vconcat(*views, below, spacing=8, datasets={"samples": values}).add_params(
        menu("across", labels, "horizontal axis", axes[0]),
        menu("up", labels, "vertical axis", axes[1]),
    )
    over = " over the observed trace" if observed is not None else ""
    of = f"of {', '.join(channels)} " if len(channels) > 1 else ""
    told = (
        f"Click a sample, or move the slider 'sample number', to see the voltage it simulates"
        f"{over}. {len(theta)} posterior samples; {d} parameters: {', '.join(labels)}; "
        f"voltages {of}between {told}. {note}"
    ).strip()
    hint = "Click a dot, or move the slider below, to see the voltage that its parameters give."
    return present(chart, title, told, f"{hint} {note}".strip())


def trace_views(
    time: np.ndarray, channels: Mapping[str, np.ndarray], observed: ArrayLike | None
) -> tuple[list[dict], list[alt.LayerChart], str]:
    """Write the traces of each sample as text, draw a view for each channel, tell the range."""
    grid, thinned = thin_together(time, np.stack(list(channels.values()), 1))
    low, high = float(thinned.min()), float(thinned.max())
    coded = [{f"v{i}": encode(v, low, high) for i, v in enumerate(each)} for each in thinned]
    every, looks, behind = [low, high], {"sample": ROLES["sample"]}, []
    if observed is not None:
        observed = numbers("observed", observed, len(time))
        every += [float(observed.min()), float(observed.max())]
        looks = {"observed": ROLES["observed"]} | looks
        line = trace(*thin(time, observed), ROLES["observed"], strokeOpacity=0.8)
        behind = [line.transform_calculate(name="'observed'")]
    ends, volts = (float(time[0]), float(time[-1])), (min(every) - 4, max(every) + 4)
    place = axes(ends, volts, level=float(thinned.flat[0]))
    height = 140 if len(channels) == 1 else 74
    words = "datum.label == 'sample' ? 'sample ' + chosen_sample : datum.label"
    key = alt.Legend(symbolType="stroke", labelExpr=words)
    stroke = named_lines(looks)["stroke"].legend(key)
    source = alt.Chart(alt.NamedData("samples")).transform_filter(alt.param(name="chosen"))
    views = []
    for i, name in enumerate(channels):
        line = coded_trace(source, grid, low, high, ROLES["sample"], field=f"v{i}")
        layers = [*(behind if i == 0 else []), line.transform_calculate(name="'sample'")]
        color = stroke if i == 0 else alt.value(SAMPLE)
        view = alt.layer(*(layer.encode(**place, stroke=color) for layer in layers))
        view = view.properties(width=WIDTH, height=height)
        views.append(view.properties(title=heading(name, size=11)) if name else view)
    return coded, [*views, scale_bar(ends, volts, height)], f"{span(low, high)} mV"


def _scatter(
    rows: alt.Chart, chosen: alt.Parameter, labels: Sequence[str], window: np.ndarray
) -> alt.LayerChart:
    """Draw two parameters of all samples, on axes that span the samples."""
    ends, names = np.round(window.T, 6).tolist(), list(labels)
    dots = rows.transform_calculate(x="datum.theta[across]", y="datum.theta[up]")
    x, y = ([alt.ExprRef(f"{end}[{which}]") for end in ends] for which in ("across", "up"))
    place = {"x": alt.X("x:Q").scale(domain=x), "y": alt.Y("y:Q").scale(domain=y)}
    place = {field: c.axis(title=None, tickCount=5) for field, c in place.items()}
    dot = dots.mark_circle(clip=True, color=POSTERIOR, size=60, opacity=0.75, cursor="pointer")
    ring = dots.transform_filter(chosen).mark_point(**RING, fill="transparent", clip=True)
    name = rows_of([{}]).mark_text(dy=24, align="right", baseline="top")
    return alt.layer(
        dot.encode(**place, tooltip="sample:Q").add_params(chosen),
        ring.encode(**place),
        name.encode(
            x=alt.value("width"),
            y=alt.value("height"),
            text=alt.value(alt.ExprRef(f"{names}[across]")),
        ),
    ).properties(width=SIDE, height=SIDE, title=heading(alt.ExprRef(f"{names}[up]")))


def _strips(
    rows: alt.Chart, chosen: alt.Parameter, labels: Sequence[str], limits: np.ndarray
) -> alt.LayerChart:
    """Draw each parameter of all samples on the range of the prior, and the chosen value.

    Where there are more than `MOST` parameters, only those of the scatter have a strip.
    """
    low, width = limits[:, 0].tolist(), np.diff(limits).ravel().tolist()
    parts = [parse(label) for label in labels]
    names, units = [part.name for part in parts], [part.unit for part in parts]
    picked = "true" if len(labels) <= MOST else "datum.i == across || datum.i == up"
    reach = alt.X("x:Q").scale(domain=[-0.16, 1.16]).axis(None)
    place = {"x": reach, "y": alt.Y("name:N").sort(None).title(None)}
    both = [
        {"i": i, "name": part.name, "x": x, "end": end}
        for i, (part, pair) in enumerate(zip(parts, limits, strict=True))
        for x, end in enumerate(ends(*pair))
    ]
    prior, value = rows_of(both).transform_filter(picked), "datum.theta[datum.i]"
    every = points(rows, len(labels)).transform_filter(picked)
    every = every.transform_calculate(
        name=f"{names}[datum.i]",
        x=f"({value} - {low}[datum.i]) / {width}[datum.i]",
        said=written(value, f"{units}[datum.i]"),
    )
    now = every.transform_filter(chosen)
    tick = {"thickness": 1.5, "height": 11, "opacity": 0.55, "clip": True}
    word = {"fontSize": 10, "opacity": 0.75, "align": alt.ExprRef("datum.x ? 'left' : 'right'")}
    word |= {"dx": alt.ExprRef("datum.x ? 5 : -5")}
    layers = [
        prior.mark_line(stroke=PRIOR, strokeWidth=1.5).encode(detail="i:N"),
        prior.mark_text(**word).encode(text="end:N"),
        every.mark_tick(color=POSTERIOR, **tick),
        now.mark_point(**RING | {"size": 70}, fill="transparent"),
        now.mark_text(dy=-12, fontSize=11, fontWeight=600).encode(text="said:N"),
    ]
    view = alt.layer(*(layer.encode(**place) for layer in layers))
    top = heading("The same samples on the range of the prior")
    return view.properties(width=WIDTH - SIDE - 30, height={"step": STEP}, title=top)
