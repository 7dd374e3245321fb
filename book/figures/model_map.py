"""A map of models: each at its level, mechanism or statistics; a click tells what it is."""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np

from mechfit.figures.encoding import encode
from mechfit.figures.parts import choice, coded_trace, points, table, words
from mechfit.figures.theme import OBSERVED, PATH, POSTERIOR, ROLES, SAMPLE, WIDTH, present
from mechfit.summaries.thinning import thin_together

SIDES = ("designed from mechanisms", "built for statistics")
LINE, TALL, KEPT, APART, EDGE = 25, 130, 300, 1.12, 2.12
"""Height of a row and of a simulation in px; points of a trace; second column and right edge."""


def model_map(
    models: Sequence[Mapping],
    *,
    title: str,
    description: str,
    start: str,
) -> alt.VConcatChart:
    """Draw models on a map, and what the chosen one is.

    Args:
        models: Each with `name`, `level`, `side` (0 for mechanisms, 1 for statistics), `equation`,
            `words` (a list of lines), and, where there are, `page` (a link), `time` (t,) in ms
            and either `voltage` (channels, t) or `spikes`, times in ms and rows of a raster.
        title: What to see, in words.
        description: The text alternative.
        start: Name of the model that is shown first.
    """
    places, rows, height = {}, [], 0.0
    for level in dict.fromkeys(m["level"] for m in models):
        places[level] = height
        sides = [[m for m in models if (m["level"], m["side"]) == (level, s)] for s in (0, 1)]
        for side, here in enumerate(sides):
            for k, model in enumerate(here):
                spot = {"k": len(rows), "x": side * APART, "y": height + 1 + k}
                rows.append(spot | _row(model))
        height += max(map(len, sides)) + 1.4
    order = [row["name"] for row in rows]
    bind = alt.binding_select(options=[*range(len(order))], labels=order, name="model")
    chosen = choice({"k": order.index(start)}, bind)
    data = alt.Chart(alt.NamedData("models"))
    now = data.transform_filter(chosen)
    place = {
        "x": alt.X("x:Q").scale(domain=[-0.05, EDGE], nice=False, zero=False).axis(None),
        "y": alt.Y("y:Q").scale(domain=[height - 0.4, -0.8], nice=False, zero=False).axis(None),
    }
    heads = table(x=[0, APART], y=[-0.4, -0.4], side=SIDES).mark_text(align="left", fontWeight=600)
    names = table(x=[0] * len(places), y=[y + 0.35 for y in places.values()], level=list(places))
    names = names.mark_text(align="left", fontSize=11, fontStyle="italic", opacity=0.75)
    shape = alt.Shape("x:N", legend=None).scale(domain=[0, APART], range=["circle", "square"])
    fill = alt.Fill("x:N", legend=None).scale(domain=[0, APART], range=[PATH, POSTERIOR])
    dots = data.mark_point(size=70, strokeWidth=0, cursor="pointer", xOffset=8)
    labels = data.mark_text(align="left", dx=20, cursor="pointer")
    ring = now.mark_point(size=210, stroke=SAMPLE, strokeWidth=2, xOffset=8, filled=False)
    view = alt.layer(
        dots.encode(**place, shape=shape, fill=fill).add_params(chosen),
        heads.encode(**place, text="side:N"),
        names.encode(**place, text="level:N"),
        labels.encode(**place, text="name:N"),
        ring.encode(**place),
    ).properties(width=WIDTH, height=LINE * height)

    link = words(now.transform_filter("isValid(datum.page)"), "link:N", cursor="pointer")
    link = link.encode(href="page:N", tooltip=alt.value("opens the page"))
    unit = {
        "x": alt.X("t:Q").scale(domain=[0, 1]).axis(None),
        "y": alt.Y("v:Q").scale(domain=[0, 1]).axis(None),
    }
    shown, grid = [], np.linspace(0, 1, KEPT)
    for channel in ("v0", "v1", "v2"):
        source = now.transform_filter(f"isValid(datum.{channel})")
        line = coded_trace(source, grid, 0, 1, ROLES["observed"], field=channel)
        shown.append(line.encode(**unit))
    raster = points(now.transform_filter("isValid(datum.r)"), "length(datum.r)", "s", "r")
    raster = raster.transform_calculate(t="datum.s", v="datum.r")
    shown.append(raster.mark_circle(size=5, fill=OBSERVED, opacity=0.8).encode(**unit))
    picture = alt.layer(*shown).properties(width=WIDTH, height=TALL)
    chart = alt.vconcat(
        view,
        words(now, "name:N", fontWeight=600),
        words(now, "equation:N", fontStyle="italic", height=18),
        words(now, "words:N", height=52),
        link,
        words(now, "caption:N", fontSize=11),
        picture,
        spacing=6,
        datasets={"models": rows},
    )
    return present(chart, title, description, "Click a model, or choose it below the figure.")


def _row(model: Mapping) -> dict:
    """One model as a row: words, and its simulation in a square of side 1."""
    row = {k: model[k] for k in ("name", "equation", "words")}
    row |= {"page": model.get("page"), "link": f"Read: {model.get('called', '')} →", "caption": ""}
    if "voltage" in model:
        time, voltage = thin_together(model["time"], np.atleast_2d(model["voltage"]), KEPT)
        share = 1 / len(voltage)
        for c, v in enumerate(voltage):
            v = (len(voltage) - 1 - c + 0.05 + 0.9 * (v - v.min()) / np.ptp(v)) * share
            row[f"v{c}"] = encode(np.interp(np.linspace(time[0], time[-1], KEPT), time, v), 0, 1)
    if "spikes" in model:
        when, who = model["spikes"]
        row["s"] = np.round((when - when.min()) / np.ptp(when), 4).tolist()
        row["r"] = np.round((who + 0.5) / (who.max() + 1), 3).tolist()
    row["caption"] = model.get("caption", "")
    return row
