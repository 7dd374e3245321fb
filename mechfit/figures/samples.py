"""From parameters to voltage: choose a posterior sample and see what it simulates.

The traces travel inside the chart as text (two characters per point), so the page needs no
server. One signal, the sample's number, is set by a click on the scatter or by a slider; two
menus choose which parameters span the scatter. Taught in the chapter
inference/hodgkin-huxley-posterior.
"""

from collections.abc import Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.labels import Label, ends, number, parse
from mechfit.figures.marks import (
    coded_line,
    level,
    line,
    scale_bar,
    segment,
    words,
    x_time,
    y_value,
)
from mechfit.figures.palette import POSTERIOR, ROLES, SAMPLE
from mechfit.figures.theme import NARROW, finish
from mechfit.figures.thinning import check_trace, encode, thin, thin_together

SIDE, LEFT, TRACE, KEY = 224, 46, 112, 22
SMALL = f"page < {NARROW}"
START = f"({SMALL} ? 0 : {SIDE + 82})"
WIDTH = f"(page - {LEFT} - {START})"


def _down(y: float) -> str:
    """Move what belongs to the trace below the scatter in a narrow window."""
    return f"(({SMALL} ? {SIDE + 56} : -24) + {y})"


def _checked(
    theta: ArrayLike,
    labels: Sequence[str],
    voltage: np.ndarray,
    limits: ArrayLike | None,
    axes: tuple[int, int],
) -> tuple[np.ndarray, np.ndarray]:
    theta, d = np.asarray(theta, float), len(labels)
    if voltage.ndim != 2 or theta.shape != (len(voltage), d):
        raise ValueError(
            f"theta has shape {theta.shape} and voltage {voltage.shape}, expected (n, {d}), (n, t)"
        )
    if not np.isfinite(theta).all():
        raise ValueError("theta has non-finite values, expected finite parameters")
    if limits is None:
        low, high = theta.min(0), theta.max(0)
        pad = np.where(high > low, 0.05 * (high - low), 1.0)
        limits = np.stack([low - pad, high + pad], 1)
    limits = np.asarray(limits, float)
    if limits.shape != (d, 2) or not np.all(limits[:, 0] < limits[:, 1]):
        raise ValueError(f"limits have shape {limits.shape}, expected ({d}, 2) with low < high")
    if len(axes) != 2 or not all(0 <= a < d for a in axes):
        raise ValueError(f"axes are {axes}, expected two indices below {d}")
    return theta, limits


def _menus(labels: Sequence[str], axes: tuple[int, int]) -> list[alt.Parameter]:
    options = list(range(len(labels)))
    return [
        alt.param(
            name=name,
            value=int(start),
            bind=alt.binding_select(options=options, labels=list(labels), name=f"{words_} axis"),
        )
        for name, words_, start in zip(
            ("across", "up"), ("horizontal", "vertical"), axes, strict=True
        )
    ]


def _scatter(
    rows: alt.NamedData, chosen: alt.Parameter, labels: Sequence[str], limits: np.ndarray
) -> list[alt.Chart]:
    low, span = limits[:, 0].tolist(), np.diff(limits).ravel().tolist()
    texts = [ends(*pair) for pair in limits]
    place, bare = {}, {}
    for channel, menu, reach in (("x", "across", [0, SIDE]), ("y", "up", [SIDE, 0])):
        first, last = ([t[k] for t in texts] for k in (0, 1))
        axis = alt.Axis(
            values=[0, 1],
            labelExpr=f"datum.value == 0 ? {first}[{menu}] : {last}[{menu}]",
            labelFlush=channel == "x",
            title=None,
        )
        scale = alt.Scale(domain=[0, 1], range=reach, nice=False)
        kind = alt.X if channel == "x" else alt.Y
        place[channel] = kind(f"{channel}:Q", scale=scale, axis=axis)
        bare[channel] = kind(f"{channel}:Q", scale=scale, axis=None)
    dots = alt.Chart(rows).transform_calculate(
        x=f"(datum.theta[across] - {low}[across]) / {span}[across]",
        y=f"(datum.theta[up] - {low}[up]) / {span}[up]",
    )
    said = [alt.Tooltip("sample:Q", title="sample")]
    dot = dots.mark_circle(color=POSTERIOR, size=46, opacity=0.75, cursor="pointer")
    ring = dots.transform_filter(chosen).mark_point(
        shape="circle", size=170, stroke=SAMPLE, fill="transparent", strokeWidth=2.2, opacity=1
    )
    names = list(labels)
    return [
        dot.encode(**place, tooltip=said).add_params(chosen),
        ring.encode(**bare),
        words(f"={names}[across]", SIDE / 2, SIDE + 22, align="center"),
        words(f"={names}[up]", 0, -14),
    ]


def _values(rows: alt.NamedData, chosen: alt.Parameter, parts: list[Label]) -> list[alt.Chart]:
    layers = []
    for i, part in enumerate(parts):
        value = f"datum.theta[{i}]"
        shown = f"(abs({value}) < 100 ? format({value}, '.3~r') : format({value}, '.0f'))"
        text = f"'{part.name} = ' + {shown} + ' {part.unit}'"
        mark = (
            alt.Chart(rows)
            .transform_filter(chosen)
            .transform_calculate(said=text)
            .mark_text(align="left", baseline="middle", fontSize=11, aria=False)
        )
        x = alt.ExprRef(f"{START} + {i % 2} * {WIDTH} / 2")
        y = alt.ExprRef(_down(KEY + TRACE + 54 + 18 * (i // 2)))
        layers.append(mark.encode(x=alt.value(x), y=alt.value(y), text="said:N"))
    return layers


def samples_to_traces(
    theta: ArrayLike,
    labels: Sequence[str],
    voltage: ArrayLike,
    time: ArrayLike,
    *,
    title: str,
    axes: tuple[int, int] = (0, 1),
    observed: ArrayLike | None = None,
    limits: ArrayLike | None = None,
    description: str | None = None,
) -> alt.LayerChart:
    """Show the voltage that a chosen posterior sample simulates.

    Args:
        theta: Posterior samples, shape (n, d), about 40 to 60 of them.
        labels: Symbol and unit of each parameter, for example "ḡ_Na (mS/cm²)".
        voltage: The voltage that each sample simulates, shape (n, t), mV.
        time: Evenly spaced times, shape (t,), ms.
        title: What to see, in words.
        axes: The two parameters that span the scatter at first; the reader can change them.
        observed: The observed trace, shape (t,), mV, drawn behind.
        limits: Ranges of the parameters, shape (d, 2), best those of the prior; by default the
            ranges of the samples.
        description: The text alternative; what it shows and how to use it if left out.

    Returns:
        The chart, with a slider for the sample and a menu for each axis.

    Example:
        >>> t = np.arange(0.0, 50.0, 0.5)
        >>> theta = np.array([[1.0, 2.0], [3.0, 4.0]])
        >>> chart = samples_to_traces(
        ...     theta, ["a (mV)", "b"], np.sin(theta[:, :1] * t), t, title="Both oscillate"
        ... )
        >>> chart.description[:15]
        'Click a sample,'
    """
    time, voltage = check_trace(time, voltage)
    theta, limits = _checked(theta, labels, voltage, limits, axes)
    grid, thinned = thin_together(time, voltage)
    low, high = float(thinned.min()), float(thinned.max())
    values = [
        {"sample": k + 1, "theta": [float(f"{p:.4g}") for p in point]}
        | {"v": encode(trace, low, high)}
        for k, (point, trace) in enumerate(zip(theta, thinned, strict=True))
    ]
    rows = alt.NamedData("samples")
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
    a, b = low - 4, high + 4
    layers = _scatter(rows, chosen, labels, limits)
    x = x_time(time[0], time[-1], START, f"{START} + {WIDTH}")
    if observed is not None:
        seen = check_trace(time, observed)[1]
        if seen.shape != time.shape:
            raise ValueError(f"observed has shape {seen.shape}, expected {time.shape}")
        a, b = min(a, seen.min() - 4), max(b, seen.max() + 4)
    resting = float(np.clip(10 * np.round(thinned[0, 0] / 10), a, b))
    y = y_value(a, b, _down(KEY), _down(KEY + TRACE))
    key_y = (_down(KEY / 2), _down(KEY / 2))
    if observed is not None:
        role = ROLES["observed"]
        behind = line(*thin(time, seen), role, strokeWidth=1, strokeOpacity=0.75)
        at = f"({START} + 112)"
        layers += [
            behind.encode(x=x, y=y),
            segment((at, f"{at} + 20"), key_y, role, strokeWidth=1),
            words("observed", f"{at} + 26", key_y[0]),
        ]
    trace = coded_line(alt.Chart(rows).transform_filter(chosen), grid, low, high, ROLES["sample"])
    layers += [
        trace.encode(x=x, y=y),
        segment((START, f"{START} + 20"), key_y, ROLES["sample"], strokeDash=[1, 0]),
        words("='sample ' + chosen_sample", f"{START} + 26", key_y[0]),
        *level(resting, a, b, _down(KEY), TRACE, START, WIDTH),
        *scale_bar(
            time[-1] - time[0], b - a, f"{START} + {WIDTH}", WIDTH, TRACE, _down(KEY + TRACE + 4)
        ),
        *_values(rows, chosen, [parse(label) for label in labels]),
    ]
    chart = alt.layer(*layers, datasets={"samples": values}).resolve_scale(
        x="independent", y="independent"
    )
    told = (
        f"Click a sample, or move the slider 'sample number', to see the voltage it simulates"
        f"{' over the observed trace' if observed is not None else ''}. {len(theta)} posterior "
        f"samples; {len(labels)} parameters: {', '.join(labels)}; voltages between "
        f"{number(low)} and {number(high)} mV."
    )
    return finish(
        chart.add_params(*_menus(labels, axes)),
        title=title,
        subtitle="Click a sample, or move the slider below, to see the voltage it simulates.",
        description=description or told,
        size=(SIDE, SIDE),
    )
