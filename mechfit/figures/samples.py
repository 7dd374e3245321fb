"""From parameters to voltage: choose a posterior sample and see what it simulates.

The axes of the scatter span the samples, so that their shape is seen; the strips below span the
prior, so that it is seen how little of it they fill. The traces travel as text (two characters per
point). Taught in the chapter inference/hodgkin-huxley-posterior.
"""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import increasing, numbers, ranges
from mechfit.figures.encoding import encode
from mechfit.figures.labels import ends, number, parse
from mechfit.figures.parts import (
    axes,
    coded_trace,
    heading,
    named_lines,
    rows_of,
    scale_bar,
    trace,
)
from mechfit.figures.theme import OBSERVED, POSTERIOR, PRIOR, ROLES, SAMPLE, WIDTH, present
from mechfit.summaries.thinning import thin, thin_together

SIDE, STEP, MOST = 250, 27, 10
"""Side of the scatter and height of a strip in px; most parameters that all have a strip."""
RING = {"shape": "circle", "size": 150, "stroke": SAMPLE, "strokeWidth": 2.4, "opacity": 1}


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

    Returns:
        The chart, with a slider for the sample and a menu for each axis.

    Example:
        >>> t, theta = np.arange(0.0, 50.0, 0.5), np.array([[1.0, 2.0], [3.0, 4.0]])
        >>> voltage = np.sin(theta[:, :1] * t)
        >>> chart = samples_to_traces(theta, ["a (mV)", "b"], voltage, t, title="Both oscillate")
        >>> chart.description[:15]
        'Click a sample,'
    """
    d, time = len(labels), increasing(time)
    channels = dict(voltage) if isinstance(voltage, Mapping) else {"": voltage}
    channels = {name: numbers("voltage", v, "n", len(time)) for name, v in channels.items()}
    theta = numbers("theta", theta, len(next(iter(channels.values()))), d)
    if len(axes) != 2 or not all(0 <= a < d for a in axes):
        raise ValueError(f"axes are {axes}, expected two indices below {d}")
    first, last = theta.min(0), theta.max(0)
    pad = np.where(last > first, 0.06 * (last - first), 1.0)
    limits = np.stack([first - pad, last + pad], 1) if limits is None else ranges(limits, d)
    window = np.clip(np.stack([first - pad, last + pad], 1).T, *limits.T).T
    coded, views, span = _traces(time, channels, observed)
    values = [
        {"sample": k + 1, "theta": [float(f"{p:.4g}") for p in point]} | texts
        for k, (point, texts) in enumerate(zip(theta, coded, strict=True))
    ]
    chosen = alt.selection_point(
        name="chosen",
        fields=["sample"],
        on="click",
        nearest=True,
        clear=False,
        empty=False,
        value=[{"sample": 1}],
        bind=alt.binding_range(min=1, max=len(theta), step=1, name="sample number"),
    )
    rows = alt.Chart(alt.NamedData("samples"))
    below = alt.hconcat(
        _scatter(rows, chosen, labels, window), _strips(rows, chosen, labels, limits), spacing=30
    )
    chart = alt.vconcat(*views, below, spacing=8, datasets={"samples": values})
    for name, way, start in zip(("across", "up"), ("horizontal", "vertical"), axes, strict=True):
        menu = alt.binding_select(options=[*range(d)], labels=list(labels), name=f"{way} axis")
        chart = chart.add_params(alt.param(name=name, value=int(start), bind=menu))
    told = (
        f"Click a sample, or move the slider 'sample number', to see the voltage it simulates"
        f"{' over the observed trace' if observed is not None else ''}. {len(theta)} posterior "
        f"samples; {d} parameters: {', '.join(labels)}; voltages "
        f"{'of ' + ', '.join(channels) + ' ' if len(channels) > 1 else ''}between "
        f"{number(span[0])} and {number(span[1])} mV."
    )
    hint = "Click a dot, or move the slider below, to see the voltage that its parameters give."
    return present(chart, title, told, hint)


def _traces(
    time: np.ndarray, channels: Mapping[str, np.ndarray], observed: ArrayLike | None
) -> tuple[list[dict], list[alt.LayerChart], tuple[float, float]]:
    """Write the traces of each sample as text, and draw a view for each channel."""
    grid, thinned = thin_together(time, np.stack(list(channels.values()), 1))
    low, high = float(thinned.min()), float(thinned.max())
    coded = [{f"v{i}": encode(v, low, high) for i, v in enumerate(each)} for each in thinned]
    bottom, top = low - 4, high + 4
    looks = {"sample": ROLES["sample"]}
    if observed is not None:
        observed = numbers("observed", observed, len(time))
        bottom, top = min(bottom, observed.min() - 4), max(top, observed.max() + 4)
        looks = {"observed": ROLES["observed"], "sample": ROLES["sample"]}
    span, height = (float(time[0]), float(time[-1])), 140 if len(channels) == 1 else 74
    place = axes(span, (bottom, top), level=float(thinned.flat[0]))
    told_apart = named_lines(looks)
    told_apart["strokeDash"] = alt.value([1, 0])
    told_apart["stroke"].legend = alt.Legend(
        symbolType="stroke",
        labelExpr="datum.label == 'sample' ? 'sample ' + chosen_sample : datum.label",
    )
    source = alt.Chart(alt.NamedData("samples")).transform_filter(alt.param(name="chosen"))
    views = []
    for i, name in enumerate(channels):
        line = coded_trace(source, grid, low, high, ROLES["sample"], field=f"v{i}")
        layers = [line.transform_calculate(name="'sample'")]
        if observed is not None and i == 0:
            behind = trace(*thin(time, observed), ROLES["observed"], strokeOpacity=0.8)
            layers.insert(0, behind.transform_calculate(name="'observed'"))
        if i > 0:
            told_apart["stroke"] = alt.value(SAMPLE)
        layers = [layer.encode(**place, **told_apart) for layer in layers]
        view = alt.layer(*layers).properties(width=WIDTH, height=height)
        views.append(view.properties(title=heading(name, size=11)) if name else view)
    return coded, [*views, scale_bar(span, (bottom, top), height)], (low, high)


def _scatter(
    rows: alt.Chart, chosen: alt.Parameter, labels: Sequence[str], window: np.ndarray
) -> alt.VConcatChart:
    """Draw two parameters of all samples, on axes that span the samples."""
    low, high, names = *np.round(window.T, 6).tolist(), list(labels)
    dots, place = rows, {}
    for kind, menu in ((alt.X, "across"), (alt.Y, "up")):
        field = kind.__name__.lower()
        domain = [alt.ExprRef(f"{end}[{menu}]") for end in (low, high)]
        scale = alt.Scale(domain=domain, nice=False, zero=False)
        axis = alt.Axis(title=None, tickCount=5)
        place[field] = kind(f"{field}:Q", scale=scale, axis=axis)
        dots = dots.transform_calculate(**{field: f"datum.theta[{menu}]"})
    tip = [alt.Tooltip("sample:Q", title="sample")]
    dot = dots.mark_circle(color=POSTERIOR, size=60, opacity=0.75, cursor="pointer", aria=False)
    ring = dots.transform_filter(chosen).mark_point(**RING, fill="transparent", aria=False)
    plot = alt.layer(dot.encode(**place, tooltip=tip).add_params(chosen), ring.encode(**place))
    name = rows_of([{}]).mark_text(baseline="top", aria=False)
    return alt.vconcat(
        plot.properties(width=SIDE, height=SIDE, title=heading(alt.ExprRef(f"{names}[up]"))),
        name.encode(text=alt.value(alt.ExprRef(f"{names}[across]"))).properties(
            width=SIDE, height=14, view=alt.ViewBackground(stroke=None)
        ),
        spacing=2,
    )


def _strips(
    rows: alt.Chart, chosen: alt.Parameter, labels: Sequence[str], limits: np.ndarray
) -> alt.LayerChart:
    """Draw each parameter of all samples on the range of the prior, and the chosen value.

    Where there are more than `MOST` parameters, only those of the scatter have a strip.
    """
    low, span = limits[:, 0].tolist(), np.diff(limits).ravel().tolist()
    names, units = ([getattr(parse(label), part) for label in labels] for part in ("name", "unit"))
    scale = alt.Scale(domain=[-0.16, 1.16], nice=False)
    x, x2 = (alt.X(f"{field}:Q", scale=scale, axis=None) for field in ("x", "x2"))
    y = alt.Y("name:N", sort=None, axis=alt.Axis(title=None, ticks=False, domain=False))
    picked = "true" if len(labels) <= MOST else "datum.i == across || datum.i == up"
    borders = [
        {"i": i, "name": n, "low": a, "high": b, "x": 0, "x2": 1}
        for i, (n, (a, b)) in enumerate(zip(names, (ends(*r) for r in limits), strict=True))
    ]
    prior = rows_of(borders).transform_filter(picked)
    value = "datum.theta[datum.i]"
    every = (
        rows.transform_calculate(i=f"sequence({len(labels)})")
        .transform_flatten(["i"])
        .transform_filter(picked)
        .transform_calculate(
            name=f"{names}[datum.i]",
            x=f"({value} - {low}[datum.i]) / {span}[datum.i]",
            said=f"(abs({value}) < 100 ? format({value}, '.3~r') : format({value}, '.0f'))"
            f" + ' ' + {units}[datum.i]",
        )
    )
    now = every.transform_filter(chosen)
    small = {"fontSize": 10, "baseline": "middle", "aria": False, "opacity": 0.75}
    tick = {"color": POSTERIOR, "thickness": 1.5, "height": 11, "opacity": 0.55, "aria": False}
    return alt.layer(
        prior.mark_rule(stroke=PRIOR, strokeWidth=1.5, aria=False).encode(x=x, x2="x2", y=y),
        prior.mark_text(align="right", dx=-5, **small).encode(x=x, y=y, text="low:N"),
        prior.mark_text(align="left", dx=5, **small).encode(x=x2, y=y, text="high:N"),
        every.mark_tick(**tick).encode(x=x, y=y),
        now.mark_point(**RING | {"size": 70}, fill="transparent", aria=False).encode(x=x, y=y),
        now.mark_text(dy=-12, fontSize=11, fontWeight=600, fill=OBSERVED, aria=False).encode(
            x=x, y=y, text="said:N"
        ),
    ).properties(
        width=WIDTH - SIDE - 30,
        height={"step": STEP},
        title=heading("The same samples on the range of the prior"),
    )
