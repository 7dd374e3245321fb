"""Small pictures as SVG text, quick enough to follow a slider, in the text color around them."""

import html
import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import different, increasing, numbers, ranges, trace_of
from mechfit.figures.labels import ends, number, parse, pieces, quantity, span, step_125
from mechfit.figures.theme import FONT, POSTERIOR
from mechfit.summaries.density import heights
from mechfit.summaries.thinning import thin

__all__ = ["curves_svg", "marginals_svg", "raster_svg", "trace_svg"]

WIDTH, HEIGHT, ROW, LEFT, TOP, BOTTOM = 640, 240, 110, 56, 8, 34
RANGE = (-100.0, 60.0)
LINES = ("", f'stroke="{POSTERIOR}"', 'stroke-dasharray="5 4"')
COLUMNS, PANEL, BINS, DOTS = 4, 86, 48, 4000
"""Marginals in a row, their height in px and their bins; most dots of a raster."""


def picture(label: str, height: float, inside: str) -> str:
    """Wrap the elements of a picture, with its text alternative."""
    return (
        f'<svg role="img" aria-label="{html.escape(label)}" viewBox="0 0 {WIDTH} {height:g}" '
        'style="width:100%;max-width:640px;height:auto;color:inherit" font-size="12" '
        f'font-family="{FONT}" fill="none" stroke="currentColor">{subscripted(inside)}</svg>'
    )


def subscripted(svg: str) -> str:
    """Set the subscripts of symbols in the words of a drawing, as subscripts.js does.

    Example:
        >>> subscripted("<text>rest_mean</text>")
        '<text>rest_mean</text>'
    """

    def lower(words: re.Match[str]) -> str:
        split = pieces(words[0])
        for i in range(1, len(split), 2):
            split[i] = (
                '<tspan font-size="1" fill="none">_</tspan>'
                f'<tspan class="sub" font-size=".75em" dy=".29em">{split[i]}</tspan>'
            )
            split[i + 1] = split[i + 1] and f'<tspan dy="-.22em">{split[i + 1]}</tspan>'
        return "".join(split)

    return re.sub(r"(?<=>)[^<]+", lower, svg)


def words(text: str, x: float, y: float, anchor: str = "end") -> str:
    """A piece of text in a picture."""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="currentColor" '
        f'stroke="none">{html.escape(text)}</text>'
    )


def trace_svg(
    time: ArrayLike,
    voltage: ArrayLike,
    *,
    names: Sequence[str] = (),
    reach: tuple[float, float] = RANGE,
    label: str = "",
) -> str:
    """Draw a voltage (t,) in mV, or several (c, t) below one another, at times (t,) in ms.

    Traces that leave `reach` (mV) widen the picture. The text alternative is the range of the
    traces and `label`.
    """
    time, rows = trace_of(time, np.atleast_2d(np.asarray(voltage, float)))
    if len(names) not in (0, len(rows)) or rows.ndim != 2:
        raise ValueError(
            f"voltage has shape {rows.shape} and names {list(names)}, expected (c, t)"
        )
    tall = (HEIGHT if len(rows) == 1 else ROW) - (TOP + BOTTOM if len(rows) == 1 else TOP)
    low, high = min(reach[0], rows.min()), max(reach[1], rows.max())
    wide, long = WIDTH - LEFT - 4, time[-1] - time[0]
    parts = []
    for i, row in enumerate(rows):
        t, v = thin(time, row)
        top = TOP + i * (tall + TOP)
        x = (LEFT + (t - t[0]) / long * wide).tolist()
        y = (top + (high - v) / (high - low) * tall).tolist()
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
        rest = 10 * round(float(v[0]) / 10)
        level = top + (high - rest) / (high - low) * tall
        parts += [
            f'<path d="M{LEFT} {level:.1f}H{WIDTH - 4}" stroke-dasharray="1 4" opacity=".5"/>'
            f'<polyline points="{path}" stroke-width="1.3" stroke-linejoin="round"/>',
            words(quantity(rest, "mV"), LEFT - 8, level + 4),
            *([words(names[i], LEFT - 8, top + 12)] if names else []),
        ]
    height = TOP + len(rows) * (tall + TOP) - TOP + BOTTOM
    ms, mv = step_125(long / 5), 20
    right, base = WIDTH - 4, height - 18
    bar, up = ms / long * wide, mv / (high - low) * tall
    parts += [
        f'<path d="M{right - bar:.1f} {base - up:.1f}V{base}H{right}" stroke-width="1.5"/>',
        words(f"{mv} mV", right - bar - 6, base - up / 2 + 4),
        words(quantity(ms, "ms", 4), right - bar / 2, base + 14, "middle"),
    ]
    told = [
        f"{name and name + ' '}from {quantity(row.min(), 'mV')} to {quantity(row.max(), 'mV')}"
        for name, row in zip(names or [""] * len(rows), rows, strict=True)
    ]
    said = f"Membrane voltage over {quantity(long, 'ms', 4)}, {', '.join(told)}"
    return picture(said + (label and f"; {label}"), height, "".join(parts))


def marginals_svg(
    samples: ArrayLike,
    labels: Sequence[str],
    limits: ArrayLike,
    *,
    truth: ArrayLike | None = None,
    label: str = "",
) -> str:
    """Draw the marginal densities of samples (n, d) within limits (d, 2), and a truth (d,)."""
    parsed = [parse(name) for name in different("labels", labels)]
    d = len(parsed)
    samples, limits = numbers("samples", samples, "n", d, least=2), ranges(limits, d)
    truth = None if truth is None else numbers("truth", truth, d)
    curves = heights([samples], limits, BINS)[0]
    wide, tall, parts = WIDTH / COLUMNS - 16, PANEL - 36, []
    for j, (name, (low, high), curve) in enumerate(zip(parsed, limits, curves, strict=True)):
        left, base = j % COLUMNS * (wide + 16) + 8, j // COLUMNS * PANEL + PANEL - 18
        x = (left + (np.arange(BINS) + 0.5) / BINS * wide).tolist()
        y = (base - tall * curve / max(curve.max(), 1.0)).tolist()
        line = "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(x, y, strict=True))
        shape = f"M{x[0]:.1f} {base}L{line}V{base}"
        parts += [
            f'<path d="{shape}" stroke="{POSTERIOR}" fill="{POSTERIOR}" fill-opacity=".3"/>'
            f'<path d="M{left} {base}h{wide:.1f}" opacity=".5"/>',
            words(f"{name.name} ({name.unit})" if name.unit else name.name, left, base - tall - 6,
                  "start"),
            words(number(low), left, base + 13, "start"),
            words(number(high), left + wide, base + 13),
        ]  # fmt: skip
        if truth is not None:
            place = left + (truth[j] - low) / (high - low) * wide
            parts += [f'<path d="M{place:.1f} {base}v{-tall}" stroke-width="1.5"/>']
    inner = np.quantile(samples, [0.05, 0.95], axis=0).T
    told = [f"{p.name} {span(*ends, p.unit)}" for p, ends in zip(parsed, inner, strict=True)]
    said = f"Densities of {d} parameters; 90 % of the draws lie in {'; '.join(told)}"
    return picture(said + (label and f"; {label}"), -(-d // COLUMNS) * PANEL + 4, "".join(parts))


def raster_svg(
    times: ArrayLike, ids: ArrayLike, n: int, duration: float, *, label: str = ""
) -> str:
    """Draw spikes at times (m,) in ms of neurons ids (m,) below n; at most 4,000 of them."""
    times, ids = np.asarray(times, float), np.asarray(ids, float)
    if times.ndim != 1 or ids.shape != times.shape:
        raise ValueError(f"times and ids have shapes {times.shape}, {ids.shape}, expected (m,)")
    if not (n >= 1 and duration > 0):
        raise ValueError(f"n is {n} and duration {duration} ms, expected numbers above 0")
    kept = slice(None, None, max(1, -(-len(times) // DOTS)))
    wide, tall = WIDTH - LEFT - 4, HEIGHT - TOP - BOTTOM
    x = (LEFT + times[kept] / duration * wide).tolist()
    y = (TOP + ids[kept] / n * tall).tolist()
    dots = "".join(f"M{a:.1f} {b:.1f}h1" for a, b in zip(x, y, strict=True))
    base, ms = HEIGHT - 18, step_125(duration / 5)
    reach = ms / duration * wide
    parts = [
        f'<path d="{dots}" stroke-width="1.5"/>',
        f'<path d="M{WIDTH - 4 - reach:.1f} {base}h{reach:.1f}" stroke-width="1.5"/>',
        words(quantity(ms, "ms", 4), WIDTH - 4 - reach / 2, base + 14, "middle"),
        words(f"{n:,}", LEFT - 8, TOP + 12),
        words("neurons", LEFT - 8, TOP + 26),
    ]
    rate = 1000 * len(times) / (n * duration)
    said = (
        f"Spikes of {n:,} neurons over {quantity(duration, 'ms', 4)}, {number(rate)} a second each"
    )
    return picture(said + (label and f"; {label}"), HEIGHT, "".join(parts))


def curves_svg(
    x: ArrayLike,
    curves: Mapping[str, ArrayLike],
    reach: tuple[float, float],
    *,
    across: str,
    up: str,
    dots: ArrayLike | None = None,
    label: str = "",
) -> str:
    """Draw named curves (t,) over x (t,) within `reach`; the second is blue, a third dashed.

    Args:
        x: Increasing values of the axis `across`.
        curves: Values on the axis `up`; what leaves `reach` is drawn at its end.
        reach: Low and high end of the axis `up`.
        across: Name of the horizontal axis.
        up: Name of the vertical axis.
        dots: Data (m, 3): x, y and a number of trials, to which the area of a dot is
            proportional.
        label: What the text alternative tells besides names and ranges.

    Raises:
        ValueError: More than three curves, other shapes, or values that are not finite.
    """
    x, ((low, high),) = increasing(x), ranges([reach], 1, "reach")
    if not 1 <= len(curves) <= len(LINES):
        raise ValueError(f"curves has {len(curves)} entries, expected 1 to {len(LINES)}")
    dots = np.empty((0, 3)) if dots is None else numbers("dots", dots, "m", 3)
    wide, tall, base = WIDTH - LEFT - 8, HEIGHT - TOP - BOTTOM, HEIGHT - BOTTOM
    parts, told = [f'<path d="M{LEFT} {TOP}V{base}h{wide}" opacity=".5"/>'], []

    def placed(a: np.ndarray, b: np.ndarray) -> list[tuple[float, float]]:
        left = LEFT + (a - x[0]) / (x[-1] - x[0]) * wide
        top = base - (np.clip(b, low, high) - low) / (high - low) * tall
        return list(zip(left.tolist(), top.tolist(), strict=True))

    for i, ((name, y), line) in enumerate(zip(curves.items(), LINES, strict=False)):
        y = numbers(name, y, len(x))
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in placed(x, y))
        key = TOP + 8 + 16 * i
        parts += [
            f'<polyline points="{path}" stroke-width="1.5" {line}/>',
            f'<path d="M{LEFT + 12} {key}h22" stroke-width="1.5" {line}/>',
            words(name, LEFT + 40, key + 4, "start"),
        ]
        told.append(f"{name} from {' to '.join(ends(y.min(), y.max()))}")
    for (a, b), trials in zip(placed(dots[:, 0], dots[:, 1]), dots[:, 2], strict=True):
        radius = 1.6 * np.sqrt(trials)
        parts += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="{radius:.1f}" stroke-width="1.2"/>']
    for k, text in enumerate(ends(low, high)):
        parts += [words(text, LEFT - 8, base - k * tall + 4 + 4 * k)]
    for k, text in enumerate(ends(x[0], x[-1])):
        parts += [words(text, LEFT + k * wide, base + 16, "end" if k else "start")]
    parts += [words(across, LEFT + wide / 2, base + 28, "middle")]
    middle = TOP + tall / 2
    turned = words(up, LEFT - 28, middle, "middle")
    parts += [f'<g transform="rotate(-90 {LEFT - 28} {middle:g})">{turned}</g>']
    said = f"{up} against {across}, {span(x[0], x[-1])}: {'; '.join(told)}"
    return picture(said + (label and f"; {label}"), HEIGHT, "".join(parts))
