"""A live trace for a running notebook: move a slider, simulate, redraw.

The trace is a small SVG text in an `ipywidgets.HTML`, in the notebook's text color. Slider events
that arrive during a simulation are not queued: one redraw with the latest values follows.
"""

import asyncio
import html
import time as clock
from collections.abc import Callable, Sequence

import ipywidgets
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import different, numbers, ranges, trace_of
from mechfit.figures.labels import parse, quantity, step_125
from mechfit.figures.theme import FONT
from mechfit.summaries.thinning import thin

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 640, 240, 56, 8, 34
RANGE, STEPS = (-100.0, 60.0), 100
WIDE = {"width": "100%", "max_width": "640px"}


def trace_svg(time: ArrayLike, voltage: ArrayLike, *, label: str = "") -> str:
    """Draw a trace as one SVG element with a scale bar, in the text color around it.

    A trace that leaves the usual range widens the picture. The text alternative is the range of
    the trace and `label`.
    """
    t, v = thin(time, voltage)
    low, high = min(RANGE[0], v.min()), max(RANGE[1], v.max())
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


def live_trace(
    simulate: Callable[[np.ndarray], tuple[ArrayLike, ArrayLike]],
    labels: Sequence[str],
    values: ArrayLike,
    limits: ArrayLike,
) -> ipywidgets.Widget:
    """Make sliders that redraw the voltage trace of a simulator.

    Args:
        simulate: Takes parameters (d,), returns times (t,) in ms and voltage (t,) in mV.
        labels: Symbol and unit of each parameter, for example "ḡ_Na (mS/cm²)".
        values: Values at the start, shape (d,).
        limits: Low and high of each slider, shape (d, 2).

    Returns:
        A box of the picture and the sliders; it tells what the simulator raises.

    Example:
        >>> t = np.arange(0.0, 10.0)
        >>> box = live_trace(lambda p: (t, p[0] + 0 * t), ["E_l (mV)"], [-70], [[-90, -50]])
        >>> picture, slider = box.children[0], box.children[1]
        >>> slider.value = -60
        >>> "from −60 mV to −60 mV" in picture.value
        True
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
    parts = [parse(label) for label in labels]
    picture, sliders = ipywidgets.HTML(layout=WIDE), []
    for part, value, (low, high) in zip(parts, values.tolist(), limits.tolist(), strict=True):
        step = (high - low) / STEPS
        digits = max(0, int(np.ceil(-np.log10(step))) + (step < 10))
        slider = ipywidgets.FloatSlider(value, min=low, max=high, step=step, layout=WIDE)
        slider.description = f"{part.name} ({part.unit})" if part.unit else part.name
        slider.readout_format = f".{min(digits, 6)}f"
        slider.style.description_width = "150px"
        sliders.append(slider)

    def draw() -> None:
        theta = np.array([s.value for s in sliders])
        try:
            time, voltage = trace_of(*simulate(theta))
            said = ", ".join(
                f"{p.name} {quantity(v, p.unit)}" for p, v in zip(parts, theta, strict=True)
            )
            picture.value = trace_svg(time, voltage, label=said)
        except Exception as error:  # the reader of a notebook sees no kernel log
            reason = html.escape(f"{type(error).__name__}: {error}")
            picture.value = f'<p role="alert">The simulator stopped. {reason}</p>'

    redraw = _Redraw(draw)
    for slider in sliders:
        slider.observe(redraw, names="value")
    redraw.now()
    return ipywidgets.VBox([picture, *sliders])
