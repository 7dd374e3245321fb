"""A neuron with two electrodes: a menu moves the current, a click what is recorded."""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import numbers, trace_of
from mechfit.figures.curves import plane
from mechfit.figures.encoding import encode
from mechfit.figures.fields import SIDE
from mechfit.figures.labels import parse
from mechfit.figures.morphology import CHOSEN, NAME, SAID, SITE, drawing, node_rows, ramp
from mechfit.figures.parts import (
    axes,
    choice,
    coded_trace,
    heading,
    menu,
    named_lines,
    scale_bar,
    words,
)
from mechfit.figures.theme import ROLES, WIDTH, present
from mechfit.models import Tree
from mechfit.summaries.thinning import thin_together

KEPT, TALL = 260, 150
LOOKS = {"at the current": ROLES["observed"], "at the electrode": ROLES["sample"]}


def electrode_explorer(
    tree: Tree,
    places: Mapping[str, int],
    electrodes: Sequence[int],
    time: ArrayLike,
    voltage: ArrayLike,
    steady: ArrayLike,
    *,
    start: int,
    title: str,
) -> alt.VConcatChart:
    """Show the voltage at the place of a current and at an electrode, both movable on a neuron.

    Args:
        tree: Compartments of the neuron, n nodes.
        places: Name to node into which the current can go, c of them.
        electrodes: Nodes (e,) that can be recorded, among them all of `places`.
        time: Evenly spaced times (t,), ms.
        voltage: Voltages (c, e, t), mV.
        steady: Change of the voltage (c, e) at the end of a small current, mV.
        start: Index of the electrode at first.
        title: What to see, in words.
    """
    c, e = len(places), len(electrodes)
    time, voltage = trace_of(time, voltage)
    voltage, steady = numbers("voltage", voltage, c, e, len(time)), numbers("steady", steady, c, e)
    for name, node in places.items():
        if node not in electrodes:
            raise ValueError(f"{name} is node {node}, expected one of the electrodes")
    home = [list(electrodes).index(node) for node in places.values()]
    share = steady / np.take_along_axis(steady, np.array(home)[:, None], 1)
    height = voltage.max(2) - voltage[:, :, 0]
    shared, thinned = thin_together(time, voltage.reshape(c * e, -1), KEPT)
    low, high = float(thinned.min()), float(thinned.max())

    rows = node_rows(tree, np.full(len(tree), np.nan), parse("voltage (mV)"))
    every = np.full((c, len(tree)), np.nan)
    every[:, list(electrodes)] = height
    for row, values in zip(rows, filled(tree, every).T, strict=True):
        row["height"] = values.round(1).tolist()
    for k, node in enumerate(electrodes):
        rows[node]["k"] = k
    for j, (name, node) in enumerate(places.items()):
        rows[node] |= {"site": name, "c": j}
    traces = [
        {
            "k": k,
            "c": j,
            "v": encode(thinned[j * e + k], low, high),
            "said": f"{rows[node]['said'][1]}: {100 * share[j, k]:.0f} % of a steady voltage "
            f"arrives, and spikes of {height[j, k]:.0f} mV",
        }
        for j in range(c)
        for k, node in enumerate(electrodes)
    ]

    inject = menu("inject", list(places), "current into", 0)
    bind = alt.binding_range(min=0, max=e - 1, step=1, name="electrode")
    chosen = choice({"k": start}, bind)
    nodes = alt.Chart(alt.NamedData("nodes")).transform_calculate(y="datum.height[inject]")
    color = ramp(float(height.min()), float(height.max()))
    drawn, lines = drawing(nodes, tree, color)
    far = float(tree.distance.max())
    against = plane(
        (0, far),
        (0, 1.06 * height.max()),
        "distance along the neuron (µm)",
        "height of the spikes (mV)",
    )
    views = [
        alt.layer(*below, *marks(nodes, place, color, chosen, by)).properties(
            width=SIDE, height=SIDE, title=heading(said)
        )
        for place, below, by, said in (
            (drawn, lines, [chosen], "▼ current, ○ electrode"),
            (against, [], [], ""),
        )
    ]
    now = alt.Chart(alt.NamedData("traces")).transform_filter("datum.c == inject")
    here = now.transform_filter(chosen)
    there = now.transform_filter(f"datum.k == {home}[inject]")
    ends, reach = (float(time[0]), float(time[-1])), (low - 4, high + 4)
    place = axes(ends, reach, level=float(voltage[0, 0, 0])) | named_lines(LOOKS)
    layers = [
        coded_trace(source, shared, low, high, LOOKS[name])
        .transform_calculate(name=repr(name))
        .encode(**place)
        for name, source in zip(LOOKS, (there, here), strict=True)
    ]
    chart = alt.vconcat(
        alt.hconcat(*views, spacing=30),
        words(here, height=20),
        alt.layer(*layers).properties(width=WIDTH, height=TALL),
        scale_bar(ends, reach, TALL),
        spacing=10,
        datasets={"nodes": rows, "traces": traces},
    ).resolve_scale(stroke="independent", strokeDash="independent", color="independent")
    chart = chart.add_params(inject)
    told = (
        f"A neuron of {int((tree.area > 0).sum())} compartments, colored by the height of the "
        f"spikes at each, from {height.min():.0f} to {height.max():.0f} mV, and the same against "
        f"distance. Below, the voltage where the current enters, one of {', '.join(places)}, and "
        f"at an electrode, one of {e} places. At first: {traces[start]['said']}."
    )
    hint = "Click the neuron to move the electrode; the menu moves the current."
    return present(chart, title, told, hint)


def filled(tree: Tree, values: np.ndarray) -> np.ndarray:
    """Give each node without a value (c, n) that of the node it is joined to, which has one."""
    values = values.copy()
    for node, parent in enumerate(tree.parent):
        if np.isnan(values[0, node]):
            values[:, node] = values[:, parent]
    return values


def marks(
    source: alt.Chart,
    place: Mapping[str, object],
    color: alt.Color,
    chosen: alt.Parameter,
    by: list[alt.Parameter],
) -> list[alt.Chart]:
    """The electrodes, the place of the current, and the electrode that was chosen."""
    electrodes = source.transform_filter("isValid(datum.k)")
    current = source.transform_filter("datum.c == inject")
    bead = electrodes.mark_circle(size=16).encode(**place, color=color)
    touch = electrodes.mark_circle(size=90, opacity=0, cursor="pointer" if by else "default")
    return [
        bead,
        touch.encode(**place, tooltip=SAID).add_params(*by),
        current.mark_point(**SITE).encode(**place),
        current.mark_text(**NAME).encode(**place, text="site:N"),
        electrodes.transform_filter(chosen).mark_point(**CHOSEN).encode(**place),
    ]
