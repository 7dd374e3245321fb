"""How long n simulations take, one bar for each way of computing them: t = n / rate.

A slider moves n by powers of ten and threefold steps. Times stand on a logarithmic axis whose
ticks are the units in which people wait.
"""

import json
from collections.abc import Mapping

import altair as alt
import numpy as np

from mechfit.figures.marks import px, rows_of, tips, words
from mechfit.figures.theme import OBSERVED, finish, page

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
WAITS = {"while |you wait": MINUTE, "over |lunch": HOUR, "over|night": 12 * HOUR}
"""Names of waits with the place where a narrow page breaks them, and their ends, s."""
STOPS = [f * 10**k for k in range(3, 8) for f in (1, 3)] + [10**8]
TOP, ROW, RIGHT = 60, 40, 78
END = page(RIGHT)


def human_time(seconds: float) -> str:
    """Say a duration with two digits, in the unit that people would use.

    Args:
        seconds: The duration, s.

    Returns:
        Number and unit; what rounds to less than a millisecond is "under 1 ms".

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


def _waits(low: float, high: float, x: alt.X, bottom: float) -> list[alt.Chart]:
    """Shade the waits that people know, behind the bars, and name those with room for it."""
    edges = np.clip([0, *WAITS.values()], low, high).tolist()
    rows = [
        {"t": a, "t2": b, "name": name, "share": float(np.log(b / a) / np.log(high / low))}
        for name, a, b in zip(WAITS, edges, edges[1:], strict=False)
        if a < b
    ]
    room = f"datum.share * {END}"
    said = f"replace(datum.name, '|', {room} > 6 * length(datum.name) ? '' : '\\n')"
    said = f"{room} > 28 ? {said} : ''"
    fade = alt.ExprRef("datum.name == 'over |lunch' ? 0.04 : 0.09")
    band = rows_of(rows).mark_rect(fill=OBSERVED, fillOpacity=fade, aria=False)
    text = rows_of(rows).transform_calculate(t="sqrt(datum.t * datum.t2)", said=said)
    style = {"align": "center", "baseline": "top", "lineBreak": "\n", "fontSize": 11}
    return [
        band.encode(x=x, x2="t2", y=alt.value(TOP - 36), y2=alt.value(bottom)),
        text.mark_text(**style, aria=False).encode(x=x, y=alt.value(TOP - 31), text="said:N"),
    ]


def durations(
    rates: Mapping[str, float],
    *,
    title: str,
    chosen: float = 1e5,
    unit: str = "simulations",
    description: str | None = None,
) -> alt.LayerChart:
    """Draw how long n simulations take with each way of computing; a slider chooses n.

    Args:
        rates: Way of computing to simulations per second; two to six ways.
        title: What to see, in words.
        chosen: Number of simulations at the start: 1, 3, 10, 30, ... thousand, up to 10⁸.
        unit: What is counted, in the plural.
        description: The text alternative; the times of the chosen number if left out.

    Returns:
        The chart; pointing at a row tells the rate and the time in seconds.

    Example:
        >>> rates = {"one core": 10.0, "a cluster": 5000.0}
        >>> durations(rates, title="More cores, less time", chosen=1e6).description[:68]
        'How long 1,000,000 simulations take: one core: 1.2 days; a cluster: '
    """
    if not 2 <= len(rates) <= 6:
        raise ValueError(f"got {len(rates)} rates, expected 2 to 6")
    for way, rate in rates.items():
        if not 0 < rate < np.inf:
            raise ValueError(f"{way!r} has rate {rate}, expected a positive, finite number")
    if chosen not in STOPS:
        raise ValueError(f"chosen is {chosen}, expected one of {', '.join(map(str, STOPS))}")
    shortest, high = STOPS[0] / max(rates.values()), STOPS[-1] / min(rates.values())
    sizes = [size for size, _ in UNITS.values()]
    low = max((size for size in sizes if size < 0.8 * shortest), default=shortest / 2)
    ticks = {size: f"1 {name}" for name, (size, _) in UNITS.items() if low <= size <= high}
    axis = alt.Axis(
        values=list(ticks),
        labelExpr=f"{list(ticks.values())}[indexof({list(ticks)}, datum.value)]",
        labelFlush=True,
        title=None,
        aria=False,
    )
    scale = alt.Scale(type="log", domain=[low, high], range=[0, px(END)], nice=False)
    x = alt.X("t:Q", scale=scale, axis=axis)
    y = alt.Y("y:Q", scale=None, axis=None)
    bottom = TOP + ROW * len(rates)
    rows = [
        {"way": way, "rate": float(rate), "y": y0, "times": [human_time(n / rate) for n in STOPS]}
        for y0, (way, rate) in zip(range(TOP + 24, bottom, ROW), rates.items(), strict=True)
    ]
    data = rows_of(rows)
    moved = data.transform_calculate(t="n / datum.rate", time="datum.times[2 * power - 6]")
    bar = moved.transform_calculate(told="datum.way + ': ' + datum.time")
    whole = moved.transform_calculate(
        speed=f"format(datum.rate, ',.3~r') + {json.dumps(f' {unit} per second')}",
        seconds="format(datum.t, ',.4~r')",
    )
    said = tips(way="way", speed="rate", time="time", seconds="in seconds")
    style = {"baseline": "middle", "align": "left", "aria": False}
    start = alt.value(0)
    layers = [
        *_waits(low, high, x, bottom),
        words(f"=format(n, ',') + {json.dumps(f' {unit} take')}", 0, 6, size=14),
        data.mark_text(**style, dy=-16).encode(x=start, y=y, text="way:N"),
        bar.mark_rect(fill=OBSERVED, fillOpacity=0.6, yOffset=-6, y2Offset=6).encode(
            x=x, x2=start, y=y, y2="y", description="told:N"
        ),
        moved.mark_text(**style, dx=6).encode(x=x, y=y, text="time:N"),
        whole.mark_rect(opacity=0, yOffset=-28, y2Offset=12, aria=False).encode(
            x=start, x2=alt.value(px(page(0))), y=y, y2="y", tooltip=said
        ),
        words("time (logarithmic)", f"{END} / 2", bottom + 34, align="center"),
    ]
    bind = alt.binding_range(min=3, max=8, step=0.5, name=f"{unit}, power of 10")
    power = alt.param(name="power", value=3 + STOPS.index(chosen) / 2, bind=bind)
    n = alt.param(name="n", expr="round(pow(10, floor(power))) * (power % 1 ? 3 : 1)")
    times = "; ".join(f"{way}: {human_time(chosen / rate)}" for way, rate in rates.items())
    told = (
        f"How long {chosen:,.0f} {unit} take: {times}. A slider changes the number of {unit} "
        f"from {STOPS[0]:,} to {STOPS[-1]:,}."
    )
    chart = alt.layer(*layers).add_params(power, n)
    return finish(chart, title, description or told, (200, bottom))
