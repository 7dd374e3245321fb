"""Live pictures for a running notebook: move a slider or tick a box, compute, redraw.

A picture is a small SVG text (svg.py) in an `ipywidgets.HTML`. Events that arrive during a
computation are not queued: one redraw with the latest values follows. What a later computation
raises is told, and so is all that is warned of; without a kernel a sentence stands in its place.
"""

import asyncio
import html
import time as clock
import warnings
from collections.abc import Callable, Sequence

import ipywidgets
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import different, numbers, ranges, trace_of
from mechfit.figures.labels import marked_up, number, parse, quantity
from mechfit.figures.svg import RANGE, trace_svg

__all__ = ["live", "live_choice", "live_path", "live_trace"]

STEPS, NAMED = 100, 6
WIDE = {"width": "100%", "max_width": "640px"}
NO_KERNEL = "Sliders need a running kernel: open the notebook of this chapter and run this cell."
STOPPED = "If the picture does not follow, the kernel was restarted: run this cell again."
Draw = Callable[[np.ndarray], str]


class Live(ipywidgets.VBox):
    """A picture and its controls; a sentence where widgets cannot be shown."""

    def _repr_mimebundle_(self, **options: object) -> dict[str, object]:
        bundle = super()._repr_mimebundle_(**options)
        return {**bundle, "text/html": f"<p>{NO_KERNEL}</p>", "text/plain": NO_KERNEL}


class _Redraw:
    """Redraws once for any number of slider events that arrive close together."""

    def __init__(self, draw: Callable[[], None]) -> None:
        self.draw, self.waiting, self.took = draw, False, 0.0

    def now(self) -> None:
        self.waiting = False
        started = clock.perf_counter()
        self.draw()
        self.took = clock.perf_counter() - started

    def __call__(self, _: object = None) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.now()
            return
        if not self.waiting:
            self.waiting = True
            # a pause as long as the last redraw lets the kernel read the events in between
            loop.call_later(min(max(self.took, 0.005), 0.25), self.now)


def shown(draw: Draw, controls: Sequence[ipywidgets.Widget]) -> Live:
    """Put a picture of the controls' values above them, and draw it."""
    picture = ipywidgets.HTML(layout=WIDE)

    def render() -> None:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            text = draw(np.array([control.value for control in controls]))
        notes = dict.fromkeys(html.escape(str(warning.message)) for warning in caught)
        picture.value = text + "".join(f'<p role="status">{note}.</p>' for note in notes)

    def update() -> None:
        try:
            render()
        except Exception as error:  # the reader of a notebook sees no kernel log
            reason = html.escape(f"{type(error).__name__}: {error}")
            picture.value = f'<p role="alert">The simulator stopped. {reason}</p>'

    render()  # the cell fails if the first picture does
    redraw = _Redraw(update)
    for control in controls:
        control.observe(redraw, names="value")
    return Live([picture, *controls, ipywidgets.HTML(f"<small>{STOPPED}</small>", layout=WIDE)])


def live(draw: Draw, labels: Sequence[str], values: ArrayLike, limits: ArrayLike) -> Live:
    """Make sliders that redraw any picture.

    Args:
        draw: Takes values (d,), returns a picture as SVG or HTML, such as `marginals_svg` makes.
        labels: Symbol and unit of each value, for example "ḡ_Na (mS/cm²)".
        values: Values at the start, shape (d,); sliders come back to them.
        limits: Low and high of each slider, shape (d, 2).

    Example:
        >>> box = live(lambda p: f"<p>{p[0]:.0f}</p>", ["a (mV)"], [3], [[0, 9]])
        >>> box.children[0].value
        '<p>3</p>'
    """
    labels = different("labels", labels)
    d = len(labels)
    if np.shape(values) != (d,) or np.shape(limits) != (d, 2):
        raise ValueError(
            f"values have shape {np.shape(values)}, limits {np.shape(limits)}, "
            f"expected ({d},), ({d}, 2)"
        )
    values, limits = numbers("values", values, d), ranges(limits, d)
    if not np.all((limits[:, 0] <= values) & (values <= limits[:, 1])):
        raise ValueError(f"values are {values}, expected each within its limits")
    sliders = []
    for label, value, (low, high) in zip(labels, values.tolist(), limits.tolist(), strict=True):
        part, step = parse(label), (high - low) / STEPS
        step = (value - low) / max(1, round((value - low) / step)) or step  # so that it is a stop
        digits = max(0, int(np.ceil(-np.log10(step))) + (step < 10))
        slider = ipywidgets.FloatSlider(value, min=low, max=high, step=step, layout=WIDE)
        slider.description = part.text  # JupyterLab takes <sub> out of names
        slider.readout_format = f".{min(digits, 6)}f"
        slider.style.description_width = "150px"
        sliders.append(slider)
    return shown(draw, sliders)


def live_trace(
    simulate: Callable[[np.ndarray], tuple[ArrayLike, ArrayLike]],
    labels: Sequence[str],
    values: ArrayLike,
    limits: ArrayLike,
    *,
    names: Sequence[str] = (),
    reach: tuple[float, float] = RANGE,
) -> Live:
    """Make sliders that redraw the voltage traces of a simulator.

    Args:
        simulate: Takes parameters (d,), returns times (t,) in ms and voltage (t,) or (c, t) in mV.
        labels: Symbol and unit of each parameter, for example "ḡ_Na (mS/cm²)".
        values: Values at the start, shape (d,).
        limits: Low and high of each slider, shape (d, 2).
        names: Names of the c traces.
        reach: Lowest and highest voltage (mV) of the picture; traces that leave it widen it.

    Returns:
        A box of the picture and the sliders; it tells what the simulator raises later.

    Example:
        >>> t = np.arange(0.0, 10.0)
        >>> box = live_trace(lambda p: (t, p[0] + 0 * t), ["E_l (mV)"], [-70], [[-90, -50]])
        >>> picture, slider = box.children[0], box.children[1]
        >>> slider.value = -60
        >>> "from −60 mV to −60 mV" in picture.value
        True
    """
    parts = [parse(label) for label in labels]

    def draw(theta: np.ndarray) -> str:
        said = [f"{p.name} {quantity(v, p.unit)}" for p, v in zip(parts, theta, strict=True)]
        drawn = {"names": names, "reach": reach, "label": ", ".join(said)}
        return trace_svg(*trace_of(*simulate(theta)), **drawn)

    return live(draw, labels, values, limits)


def live_path(
    simulate: Callable[[np.ndarray], tuple[ArrayLike, ArrayLike]],
    path: ArrayLike,
    labels: Sequence[str],
    *,
    names: Sequence[str] = (),
) -> Live:
    """Make one slider that walks along a path of parameters and simulates where it stands.

    Args:
        simulate: As for `live_trace`.
        path: Nodes (m, d), between which parameters change evenly.
        labels: Symbol and unit of each of the d parameters; those that change most are told.
        names: Names of the c traces.
    """
    parts = [parse(label) for label in different("labels", labels)]
    path = numbers("path", path, "m", len(parts), least=2)
    most = np.argsort(-np.ptp(path, axis=0) / (abs(path).max(0) + 1e-300))[:NAMED]

    def draw(place: np.ndarray) -> str:
        at = place[0] / 100 * (len(path) - 1)
        theta = np.array([np.interp(at, np.arange(len(path)), column) for column in path.T])
        said = ", ".join(f"{parts[j].name} {quantity(theta[j], parts[j].unit)}" for j in most)
        drawn = trace_svg(*trace_of(*simulate(theta)), names=names, label=said)
        return f"{drawn}<p>{number(place[0])} % of the way: {marked_up(said)}</p>"

    return live(draw, ["way (%)"], [0.0], [[0.0, 100.0]])


def live_choice(
    draw: Callable[[tuple[str, ...]], str], names: Sequence[str], chosen: Sequence[str]
) -> Live:
    """Make boxes to tick that redraw any picture.

    Args:
        draw: Takes the names that are ticked, returns a picture as SVG or HTML.
        names: All names.
        chosen: The names that are ticked at the start.

    Example:
        >>> box = live_choice(lambda some: "+".join(some), ["a", "b"], ["b"])
        >>> box.children[1].value = True
        >>> box.children[0].value
        'a+b'
    """
    names = different("names", names)
    if unknown := set(chosen) - set(names):
        raise ValueError(f"chosen has {sorted(unknown)}, expected some of {list(names)}")
    boxes = [ipywidgets.Checkbox(name in chosen, description=name, indent=False) for name in names]

    def drawn(ticked: np.ndarray) -> str:
        return draw(tuple(name for name, tick in zip(names, ticked, strict=True) if tick))

    return shown(drawn, boxes)
