"""A live trace for a running notebook: move a slider, simulate, redraw.

The trace is a small SVG text in an `ipywidgets.HTML`: no script of our own, no download, and it
takes the notebook's text color. Slider events that arrive during a simulation are not queued:
they only mark the picture as stale, and one redraw with the latest values follows. In a static
page its twin is `parameter_explorer`. Taught in the chapter models/hodgkin-huxley.
"""

import asyncio
import html
import time as clock
from collections.abc import Callable, Sequence

import ipywidgets
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.labels import Label, parse, quantity, step_125
from mechfit.figures.theme import FONT
from mechfit.figures.thinning import check_trace, thin

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 640, 240, 56, 8, 34
RANGE = (-100.0, 60.0)

Simulate = Callable[[np.ndarray], tuple[ArrayLike, ArrayLike]]


def trace_svg(
    time: ArrayLike, voltage: ArrayLike, *, span: tuple[float, float] = RANGE, label: str = ""
) -> str:
    """Draw a trace as SVG text with a scale bar.

    Args:
        time: Times, shape (t,), ms.
        voltage: Voltage, shape (t,), mV.
        span: Voltages at the lower and upper end; widened if the trace leaves it.
        label: The text alternative; the range of the trace is added to it.

    Returns:
        One `<svg>` element of at most 400 points, in the text color around it.

    Example:
        >>> trace_svg([0.0, 1.0], [-70.0, -60.0])[:33]
        '<svg role="img" aria-label="Membr'
    """
    t, v = thin(time, voltage)
    low, high = min(span[0], v.min()), max(span[1], v.max())
    wide, tall = WIDTH - LEFT - 4, HEIGHT - TOP - BOTTOM
    x = LEFT + (t - t[0]) / (t[-1] - t[0]) * wide
    y = TOP + (high - v) / (high - low) * tall
    path = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x.tolist(), y.tolist(), strict=True))
    rest = 10 * round(float(v[0]) / 10)
    rest_y = TOP + (high - rest) / (high - low) * tall
    ms, mv = step_125((t[-1] - t[0]) / 5), 20
    long, up = ms / (t[-1] - t[0]) * wide, mv / (high - low) * tall
    right, base = WIDTH - 4, HEIGHT - 18
    said = html.escape(
        f"Membrane voltage over {quantity(t[-1] - t[0], 'ms', 4)}, from "
        f"{quantity(v.min(), 'mV')} to {quantity(v.max(), 'mV')}{label and '; ' + label}"
    )
    return (
        f'<svg role="img" aria-label="{said}" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'style="width:100%;max-width:640px;height:auto;color:inherit" font-size="12" '
        f'font-family="{FONT}" fill="none" stroke="currentColor">'
        f'<path d="M{LEFT} {rest_y:.1f}H{WIDTH - 4}" stroke-dasharray="1 4" opacity=".5"/>'
        f'<polyline points="{path}" stroke-width="1.3" stroke-linejoin="round"/>'
        f'<path d="M{right - long:.1f} {base - up:.1f}V{base}H{right}" stroke-width="1.5"/>'
        '<g fill="currentColor" stroke="none">'
        f'<text x="{LEFT - 8}" y="{rest_y + 4:.1f}" text-anchor="end">'
        f"{quantity(rest, 'mV')}</text>"
        f'<text x="{right - long - 6:.1f}" y="{base - up / 2 + 4:.1f}" text-anchor="end">{mv} mV'
        f'</text><text x="{right - long / 2:.1f}" y="{base + 14}" text-anchor="middle">'
        f"{quantity(ms, 'ms', 4)}</text></g></svg>"
    )


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


def _slider(part: Label, value: float, low: float, high: float, steps: int) -> ipywidgets.Widget:
    step = (high - low) / steps
    digits = max(0, int(np.ceil(-np.log10(step))) + (step < 10))
    return ipywidgets.FloatSlider(
        value=value,
        min=low,
        max=high,
        step=step,
        readout_format=f".{min(digits, 6)}f",
        description=f"{part.name} ({part.unit})" if part.unit else part.name,
        continuous_update=True,
        style={"description_width": "150px"},
        layout={"width": "100%", "max_width": "640px"},
    )


def live_trace(
    simulate: Simulate,
    labels: Sequence[str],
    values: ArrayLike,
    limits: ArrayLike,
    *,
    steps: int = 100,
    span: tuple[float, float] = RANGE,
) -> ipywidgets.Widget:
    """Make sliders that redraw the voltage trace of a simulator.

    Args:
        simulate: Takes parameters (d,), returns times (t,) in ms and voltage (t,) in mV.
        labels: Symbol and unit of each parameter, for example "ḡ_Na (mS/cm²)".
        values: Values at the start, shape (d,).
        limits: Low and high of each slider, shape (d, 2).
        steps: Steps of each slider.
        span: Voltages at the lower and upper end of the picture, mV.

    Returns:
        A box of the picture and one slider for each parameter. What the simulator raises is
        told in the box.

    Example:
        >>> t = np.arange(0.0, 10.0)
        >>> box = live_trace(lambda p: (t, p[0] + 0 * t), ["E_l (mV)"], [-70], [[-90, -50]])
        >>> picture, slider = box.children[0], box.children[1]
        >>> slider.value = -60
        >>> "from −60 mV to −60 mV" in picture.value
        True
    """
    values, limits = np.asarray(values, float), np.asarray(limits, float)
    d = len(labels)
    if values.shape != (d,) or limits.shape != (d, 2):
        raise ValueError(
            f"values have shape {values.shape}, limits {limits.shape}, expected ({d},), ({d}, 2)"
        )
    if not np.all((limits[:, 0] <= values) & (values <= limits[:, 1])):
        raise ValueError(f"values are {values}, expected each within its limits")
    parts = [parse(label) for label in labels]
    picture = ipywidgets.HTML(layout={"width": "100%", "max_width": "640px"})
    sliders = [
        _slider(part, value, *pair, steps)
        for part, value, pair in zip(parts, values.tolist(), limits.tolist(), strict=True)
    ]

    def draw() -> None:
        theta = np.array([s.value for s in sliders])
        try:
            time, voltage = check_trace(*simulate(theta))
            said = ", ".join(
                f"{p.name} {quantity(v, p.unit)}" for p, v in zip(parts, theta, strict=True)
            )
            picture.value = trace_svg(time, voltage, span=span, label=said)
        except Exception as error:  # the reader of a notebook sees no kernel log
            reason = html.escape(f"{type(error).__name__}: {error}")
            picture.value = f'<p role="alert">The simulator stopped. {reason}</p>'

    redraw = _Redraw(draw)
    for slider in sliders:
        slider.observe(redraw, names="value")
    redraw.now()
    return ipywidgets.VBox([picture, *sliders])
