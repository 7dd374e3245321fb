"""The share of circuits that work at each temperature, and one circuit as it is warmed."""

from collections.abc import Mapping

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from book.figures.states import encoded, state
from mechfit.figures.curves import band, plane
from mechfit.figures.labels import quantity
from mechfit.figures.parts import choice, markers, menu, table, words
from mechfit.figures.theme import PATH, ROLES, SAMPLE, WIDTH, present


def warming(
    celsius: ArrayLike,
    share: ArrayLike,
    interval: tuple[ArrayLike, ArrayLike],
    works: Mapping[str, ArrayLike],
    voltage: ArrayLike,
    time: ArrayLike,
    *,
    title: str,
    start: float,
) -> alt.VConcatChart:
    """Draw the share of circuits that work against temperature, and chosen circuits at each.

    A slider or a click chooses the temperature, a menu the circuit. Markers below the curve tell
    at which temperatures the circuit works; its voltages at the chosen one stand below.

    Args:
        celsius: Increasing, evenly spaced temperatures, shape (n,), °C.
        share: Share of the circuits that work at each, shape (n,), %.
        interval: Lower and upper end of its interval, shape (n,) each, %.
        works: Name of each circuit of the menu to whether it works, shape (n,).
        voltage: Voltages of these circuits, shape (circuits, n, 3, t), mV.
        time: Evenly spaced times, shape (t,), ms.
        title: What to see, in words.
        start: Temperature that is shown first, °C.
    """
    celsius, share, time = (np.asarray(v, float) for v in (celsius, share, time))
    voltage, (low, high) = np.asarray(voltage, float), np.asarray(interval, float)
    (coded, span), rows = encoded(voltage.reshape(-1, *voltage.shape[2:])), []
    for c, (name, fine) in enumerate(works.items()):
        for k, (t, s, a, b) in enumerate(zip(celsius, share, low, high, strict=True)):
            at = quantity(t, "°C")
            said = f"{name} at {at}: {'works' if fine[k] else 'broken'}"
            head = f"at {at}, {s:.0f} % of circuits work ({a:.0f} to {b:.0f} %)"
            row = {"c": c, "x": float(t), "y": round(float(s), 1), "works": bool(fine[k])}
            rows.append(row | {"said": said, "head": head} | coded[c * len(celsius) + k])
    step = celsius[1] - celsius[0]
    bind = alt.binding_range(min=celsius[0], max=celsius[-1], step=step, name="temperature (°C)")
    heat = choice({"x": start}, bind, name="heat")
    mine = alt.Chart(alt.NamedData("circuits")).transform_filter("datum.c == chosen")
    now = mine.transform_filter(heat)
    ends = celsius[0] - 0.5, celsius[-1] + 0.5
    place = plane(ends, (0, 100), "temperature (°C)", "circuits that work (%)")
    bare = place | {"x": place["x"].copy()}
    bare["x"]["axis"] = None
    data, hot = table(x=celsius, y=share), {"fill": SAMPLE, "strokeWidth": 0}
    dot = data.mark_circle(fill=PATH, size=40, cursor="pointer").add_params(heat)
    rule = now.mark_rule(stroke=SAMPLE, strokeDash=[6, 1.5], strokeWidth=1.5)
    curve = alt.layer(
        band(celsius, low, high, bare, ROLES["path"]),
        data.mark_line(stroke=PATH, strokeWidth=1.8).encode(**bare),
        dot.encode(**bare),
        rule.encode(x=bare["x"]),
        now.mark_point(shape="diamond", size=90, **hot).encode(**bare),
    ).properties(width=WIDTH, height=150)
    lane = alt.layer(*markers(mine, {"x": place["x"], "y": alt.value(8)}, 60))
    chart = alt.vconcat(
        words(now, "head:N", fontWeight=600),
        curve,
        lane.properties(width=WIDTH, height=16),
        state(now, ("AB/PD", "LP", "PY"), time, span),
        spacing=6,
        datasets={"circuits": rows},
    ).add_params(menu("chosen", list(works), "circuit"))
    told = ", ".join(f"{s:.0f} % at {t:g} °C" for s, t in zip(share, celsius, strict=True))
    told = f"Share of circuits that work: {told}. " + "; ".join(
        f"{name} works at {np.sum(w)} of {len(celsius)} temperatures" for name, w in works.items()
    )
    told += ". A slider sets the temperature, and the voltages of AB/PD, LP and PY follow."
    hint = "Set the temperature and choose a circuit below the figure, or click the curve. "
    hint += "Circles and crosses: where the chosen circuit works, and where it is broken."
    return present(chart, title, told, hint)
