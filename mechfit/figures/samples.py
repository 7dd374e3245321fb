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

from mechfit.figures.checks import increasing, numbers, ranges
from mechfit.figures.encoding import encode
from mechfit.figures.labels import ends, number, parse
from mechfit.figures.marks import Frame, at, coded_line, line, segment, words
from mechfit.figures.theme import NARROW, POSTERIOR, ROLES, SAMPLE, finish
from mechfit.summaries.thinning import thin, thin_together

SIDE, LEFT, TRACE, KEY, GAP = 224, 46, 112, 22, 14
MOST = 10
"""Parameters that are written out below the traces."""
SMALL = f"page < {NARROW}"
START = f"({SMALL} ? 0 : {SIDE + 82})"
WIDTH = f"(page - {LEFT} - {START})"
DOWN = f"({SMALL} ? {SIDE + 56} : -24)"
"""In a narrow window the trace stands below the scatter, else beside it."""


def _choice(count: int) -> alt.Parameter:
    """Declare the sample's number: a click on the nearest dot sets it, and a slider."""
    return alt.selection_point(
        name="chosen",
        fields=["sample"],
        on="click",
        nearest=True,
        clear=False,
        empty=False,
        value=[{"sample": 1}],
        bind=alt.binding_range(min=1, max=count, step=1, name="sample number"),
    )


def _scatter(
    rows: alt.NamedData, chosen: alt.Parameter, labels: Sequence[str], limits: np.ndarray
) -> list[alt.Chart]:
    names, low, span = list(labels), limits[:, 0].tolist(), np.diff(limits).ravel().tolist()
    first, last = ([ends(*pair)[k] for pair in limits] for k in (0, 1))
    place, bare = {}, {}
    for kind, menu, reach in ((alt.X, "across", [0, SIDE]), (alt.Y, "up", [SIDE, 0])):
        channel = kind.__name__.lower()
        axis = alt.Axis(
            values=[0, 1],
            labelExpr=f"datum.value == 0 ? {first}[{menu}] : {last}[{menu}]",
            labelFlush=channel == "x",
            title=None,
        )
        scale = alt.Scale(domain=[0, 1], range=reach, nice=False)
        place[channel] = kind(f"{channel}:Q", scale=scale, axis=axis)
        bare[channel] = kind(f"{channel}:Q", scale=scale, axis=None)
    dots = alt.Chart(rows).transform_calculate(
        x=f"(datum.theta[across] - {low}[across]) / {span}[across]",
        y=f"(datum.theta[up] - {low}[up]) / {span}[up]",
    )
    dot = dots.mark_circle(color=POSTERIOR, size=46, opacity=0.75, cursor="pointer")
    ring = dots.transform_filter(chosen).mark_point(
        shape="circle", size=170, stroke=SAMPLE, fill="transparent", strokeWidth=2.2, opacity=1
    )
    return [
        dot.encode(**place, tooltip=[alt.Tooltip("sample:Q", title="sample")]).add_params(chosen),
        ring.encode(**bare),
        words(f"={names}[across]", SIDE / 2, SIDE + 22, align="center"),
        words(f"={names}[up]", 0, -14),
    ]


def _frames(time: np.ndarray, span: tuple[float, float], count: int) -> list[Frame]:
    """Places of the traces of a sample, one below the other."""
    height = TRACE if count == 1 else (SIDE - KEY) / count - GAP
    return [
        Frame((time[0], time[-1]), span, KEY + i * (height + GAP), height, START, WIDTH, DOWN)
        for i in range(count)
    ]


def _named(channels: Sequence[str], frames: Sequence[Frame]) -> list[alt.Chart]:
    """Write the name of each trace above its right end."""
    return [
        words(
            name,
            f"{frame.start} + {frame.width}",
            frame.down(frame.top - 4),
            align="right",
            size=11,
        )
        for name, frame in zip(channels, frames, strict=True)
    ]


def _values(source: alt.Chart, labels: Sequence[str], frame: Frame) -> list[alt.Chart]:
    """Write the chosen sample's parameters in two columns below the last trace."""
    layers = []
    for i, part in enumerate(map(parse, labels)):
        value = f"datum.theta[{i}]"
        shown = f"(abs({value}) < 100 ? format({value}, '.3~r') : format({value}, '.0f'))"
        text = source.transform_calculate(said=f"'{part.name} = ' + {shown} + ' {part.unit}'")
        mark = text.mark_text(align="left", baseline="middle", fontSize=11, aria=False)
        x = f"{START} + {i % 2} * {WIDTH} / 2"
        y = frame.down(frame.top + frame.height + 54 + 18 * (i // 2))
        layers.append(mark.encode(**at(x, y), text="said:N"))
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
    channels: Sequence[str] = (),
    description: str | None = None,
) -> alt.LayerChart:
    """Show the voltage that a chosen posterior sample simulates.

    Args:
        theta: Posterior samples, shape (n, d), about 40 to 60 of them, or 150 short ones.
        labels: Symbol and unit of each parameter, for example "ḡ_Na (mS/cm²)".
        voltage: The voltage that each sample simulates, shape (n, t) or (n, channels, t), mV.
        time: Evenly spaced times, shape (t,), ms.
        title: What to see, in words.
        axes: The two parameters that span the scatter at first; the reader can change them.
        observed: The observed trace, shape (t,), mV, drawn behind.
        limits: Ranges of the parameters, shape (d, 2), best those of the prior; by default the
            ranges of the samples.
        channels: Name of each channel, where there are several.
        description: The text alternative; what it shows and how to use it if left out.

    Returns:
        The chart, with a slider for the sample and a menu for each axis.

    Example:
        >>> t, theta = np.arange(0.0, 50.0, 0.5), np.array([[1.0, 2.0], [3.0, 4.0]])
        >>> voltage = np.sin(theta[:, :1] * t)
        >>> chart = samples_to_traces(theta, ["a (mV)", "b"], voltage, t, title="Both oscillate")
        >>> chart.description[:15]
        'Click a sample,'
    """
    d, role = len(labels), ROLES["observed"]
    time = increasing(time)
    several = (len(channels),) if channels else ()
    voltage = numbers("voltage", voltage, "n", *several, len(time))
    theta = numbers("theta", theta, len(voltage), d)
    if limits is None:
        first, last = theta.min(0), theta.max(0)
        pad = np.where(last > first, 0.05 * (last - first), 1.0)
        limits = np.stack([first - pad, last + pad], 1)
    limits = ranges(limits, d)
    if len(axes) != 2 or not all(0 <= a < d for a in axes):
        raise ValueError(f"axes are {axes}, expected two indices below {d}")
    grid, thinned = thin_together(time, voltage)
    low, high = float(thinned.min()), float(thinned.max())
    bottom, top = low - 4, high + 4
    if observed is not None:
        observed = numbers("observed", observed, len(time))
        bottom, top = min(bottom, observed.min() - 4), max(top, observed.max() + 4)
    frames = _frames(time, (bottom, top), len(channels) or 1)
    frame = frames[-1]

    values = [
        {"sample": k + 1, "theta": [float(f"{p:.4g}") for p in point]}
        | {f"v{i}": encode(trace, low, high) for i, trace in enumerate(each)}
        for k, (point, each) in enumerate(
            zip(theta, thinned.reshape(len(theta), len(frames), -1), strict=True)
        )
    ]
    rows, chosen = alt.NamedData("samples"), _choice(len(theta))
    source = alt.Chart(rows).transform_filter(chosen)
    layers = _scatter(rows, chosen, labels, limits)
    beside = frames[0].down(KEY / 2 - (6 if channels else 0))
    if observed is not None:
        behind = line(*thin(time, observed), role, strokeWidth=1, strokeOpacity=0.75)
        right = f"({START} + 112)"
        layers += [
            behind.encode(**frame.place),
            segment((right, f"{right} + 20"), (beside, beside), role, strokeWidth=1),
            words("observed", f"{right} + 26", beside),
        ]
    layers += [
        *(
            coded_line(
                source.transform_calculate(v=f"datum.v{i}"), grid, low, high, ROLES["sample"]
            ).encode(**each.place)
            for i, each in enumerate(frames)
        ),
        *_named(channels, frames if channels else []),
        segment((START, f"{START} + 20"), (beside, beside), ROLES["sample"], strokeDash=[1, 0]),
        words("='sample ' + chosen_sample", f"{START} + 26", beside),
        *frame.level(thinned.flat[0]),
        *frame.scale_bar(frame.top + frame.height + 4),
        *(_values(source, labels, frame) if d <= MOST else []),
    ]
    chart = alt.layer(*layers, datasets={"samples": values}).resolve_scale(
        x="independent", y="independent"
    )
    told = (
        f"Click a sample, or move the slider 'sample number', to see the voltage it simulates"
        f"{' over the observed trace' if observed is not None else ''}. {len(theta)} posterior "
        f"samples; {d} parameters: {', '.join(labels)}; voltages "
        f"{'of ' + ', '.join(channels) + ' ' if channels else ''}between "
        f"{number(low)} and {number(high)} mV."
    )
    for name, way, first in zip(("across", "up"), ("horizontal", "vertical"), axes, strict=True):
        menu = alt.binding_select(options=[*range(d)], labels=list(labels), name=f"{way} axis")
        chart = chart.add_params(alt.param(name=name, value=int(first), bind=menu))
    hint = "Click a sample, or move the slider below, to see the voltage it simulates."
    return finish(chart, title, description or told, (SIDE, SIDE), hint)
