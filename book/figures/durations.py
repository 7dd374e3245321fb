"""How long n simulations take, one bar for each way of computing them: t = n / rate."""

from collections.abc import Mapping

import altair as alt
import numpy as np

from mechfit.figures.parts import heading, rows_of, slider, tips
from mechfit.figures.theme import OBSERVED, WIDTH, present

MINUTE, HOUR, DAY, YEAR = 60.0, 3600.0, 86400.0, 365.25 * 86400
UNITS = {
    "ms": (1e-3, 0.1),
    "s": (1.0, MINUTE),
    "min": (MINUTE, HOUR),
    "h": (HOUR, DAY),
    "day": (DAY, YEAR / 12),
    "month": (YEAR / 12, YEAR),
    "year": (YEAR, np.inf),
}
"""Each unit's length and the time from which the next unit is used, s."""
WAITS = {"while you wait": MINUTE, "lunch": HOUR, "night": 12 * HOUR}
"""Names of waits and their ends, s."""
STOPS = [f * 10**k for k in range(3, 8) for f in (1, 3)] + [10**8]
ROW = 40


def human_time(seconds: float) -> str:
    """Say a duration with two digits, in the unit that people would use.

    Example:
        >>> [human_time(t) for t in (0.033, 0.2, 59.7, 16560.0, 259200.0)]
        ['33 ms', '0.2 s', '1 min', '4.6 h', '3 days']
    """
    if seconds < 0.995e-3:
        return "under 1 ms"
    for unit, (size, limit) in UNITS.items():
        count = float(f"{seconds / size:.2g}")
        text = f"{count:,.10g} {unit}{'s' if size >= DAY and count != 1 else ''}"
        if count * size < limit:
            break
        seconds = max(seconds, limit)
    return text


def durations(rates: Mapping[str, float], *, title: str, chosen: float = 1e5) -> alt.LayerChart:
    """Draw how long n simulations take; pointing at a row tells rate and time.

    Args:
        rates: Way of computing to simulations per second.
        title: What to see, in words.
        chosen: Number of simulations at the start: 1, 3, 10, 30, ... thousand, up to 10⁸.
    """
    for way, rate in rates.items():
        if not 0 < rate < np.inf:
            raise ValueError(f"{way!r} has rate {rate}, expected a positive, finite number")
    if chosen not in STOPS:
        raise ValueError(f"chosen is {chosen}, expected one of {', '.join(map(str, STOPS))}")
    shortest, high = STOPS[0] / max(rates.values()), STOPS[-1] / min(rates.values())
    sizes = [size for size, _ in UNITS.values()]
    low = max((size for size in sizes if size < 0.8 * shortest), default=shortest / 2)
    ticks = {size: f"1 {name}" for name, (size, _) in UNITS.items() if low <= size <= high}
    axis = alt.Axis(values=list(ticks), labelFlush=True, title="time (logarithmic)")
    axis["labelExpr"] = f"{list(ticks.values())}[indexof({list(ticks)}, datum.value)]"
    scale = alt.Scale(type="log", domain=[low, 4 * high], nice=False)
    x = alt.X("t:Q", scale=scale, axis=axis)
    y = alt.Y("way:N", sort=None, axis=None)
    rows = [
        {"way": way, "rate": float(rate), "times": [human_time(n / rate) for n in STOPS]}
        for way, rate in rates.items()
    ]
    moved = rows_of(rows).transform_calculate(
        t="n / datum.rate",
        time="datum.times[2 * power - 6]",
        speed="format(datum.rate, ',.3~r') + ' simulations per second'",
        told="datum.way + ': ' + datum.times[2 * power - 6]",
    )
    said = tips(way="way", speed="rate", time="time")
    bar = moved.mark_bar(fill=OBSERVED, aria=True, fillOpacity=0.6, size=12, yOffset=9)
    name = moved.mark_text(align="left", dy=-10, dx=2)
    time = moved.mark_text(align="left", dy=8, dx=6)
    edges = np.clip([0, *WAITS.values()], low, high).tolist()
    waits = [
        {"t": a, "t2": b, "middle": (a * b) ** 0.5, "name": name}
        for name, a, b in zip(WAITS, edges, edges[1:], strict=False)
        if a < b
    ]
    fade = alt.ExprRef("datum.name == 'lunch' ? 0.04 : 0.09")
    band = rows_of(waits).mark_rect(fill=OBSERVED, fillOpacity=fade)
    word = rows_of(waits).mark_text(baseline="bottom", dy=-3, fontSize=11)
    layers = [
        band.encode(x=x, x2="t2"),
        word.encode(x="middle:Q", y=alt.value(0), text="name:N"),
        bar.encode(x=x, x2=alt.datum(low), y=y, tooltip=said, description="told:N"),
        name.encode(x=alt.datum(low), y=y, text="way:N"),
        time.encode(x=x, y=y, text="time:N"),
    ]
    top = heading(alt.ExprRef("format(n, ',') + ' simulations take'"), size=13)
    chart = alt.layer(*layers).properties(width=WIDTH, height={"step": ROW})
    start = 3 + STOPS.index(chosen) / 2
    power = slider("power", "simulations, power of 10", start, (3, 8), 0.5)
    n = alt.param(name="n", expr="round(pow(10, floor(power))) * (power % 1 ? 3 : 1)")
    times = "; ".join(f"{way}: {human_time(chosen / rate)}" for way, rate in rates.items())
    told = (
        f"How long {chosen:,.0f} simulations take: {times}. A slider changes the number of "
        f"simulations from {STOPS[0]:,} to {STOPS[-1]:,}."
    )
    chart = alt.vconcat(chart.properties(title=top)).add_params(power, n)
    return present(chart, title, told)
