"""A circuit at one place: whether it works there, and the voltages of its neurons."""

from collections.abc import Sequence

import altair as alt
import numpy as np

from mechfit.figures.encoding import encode
from mechfit.figures.parts import WORKS, axes, coded_trace, heading, markers, scale_bar
from mechfit.figures.theme import ROLES, WIDTH

LEVEL, TALL = -50.0, 52
"""Voltage that is marked beside the traces (mV), and the height of one trace (px)."""


def encoded(voltage: np.ndarray) -> tuple[list[dict], tuple[float, float]]:
    """Write voltages (n, channels, t) as rows with fields v0, v1, …; return their span too, mV."""
    span = float(voltage.min()), float(voltage.max())
    return [{f"v{c}": encode(v, *span) for c, v in enumerate(each)} for each in voltage], span


def state(
    source: alt.Chart,
    channels: Sequence[str],
    time: np.ndarray,
    span: tuple[float, float],
    *,
    width: float = WIDTH,
    level: bool = True,
) -> alt.VConcatChart:
    """Draw the marker, the words `said` and the voltages of the one row of a source.

    Args:
        source: A filtered source of one row with fields `works`, `said`, v0, v1, …
        channels: Name of each voltage.
        time: Evenly spaced times (t,), ms.
        span: Voltages between which the traces are `encode`d, mV.
        width: Nominal width of the views, px.
        level: Write the voltage that is marked beside the traces.
    """
    place = {"x": alt.value(0), "y": alt.value(8)}
    word = source.mark_text(align="left", dx=18)
    head = alt.layer(*markers(source, place), word.encode(**place, text="said:N"))
    limits = (time[0], time[-1]), (span[0] - 4, span[1] + 4)
    views = [head.properties(width=width, height=16)]
    for c, name in enumerate(channels):
        ends = axes(*limits, level=LEVEL)
        ends["y"]["axis"]["labels"] = level and c == 0
        line = coded_trace(source, time, *span, ROLES["path"], field=f"v{c}")
        line = line.encode(**ends, stroke=WORKS)
        views.append(line.properties(width=width, height=TALL, title=heading(name, size=11)))
    return alt.vconcat(*views, scale_bar(*limits, TALL, width=width), spacing=6)
