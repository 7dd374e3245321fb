"""Curves of one variable with direct labels, a band around a curve, the loss during training."""

from collections.abc import Mapping

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import numbers
from mechfit.figures.labels import span
from mechfit.figures.parts import named_lines, rows_of, short, table
from mechfit.figures.theme import PATH, ROLES, WIDTH, Role, assign, present

ORDER = ("posterior", "sample", "path", "broken", "observed", "prior")
HEIGHT, LETTERS = 200, 14


def curves(
    x: ArrayLike,
    named: Mapping[str, ArrayLike],
    *,
    title: str,
    across: str,
    up: str,
    points: bool = False,
    log: str = "",
    roles: Mapping[str, str] | None = None,
) -> alt.LayerChart:
    """Draw named curves over one variable; pointing at a curve tells its values.

    Args:
        x: The variable, shape (n,).
        named: Name to values, shape (n,); at most six, told apart by color and dash.
        title: What to see, in words.
        across: Name and unit of the variable.
        up: Name and unit of the values.
        points: Mark the places where values were computed.
        log: Axes that are logarithmic, "x", "y" or "xy"; what they show is above 0.
        roles: Name to meaning, a key of `ROLES`; by default posterior, sample, path, broken,
            observed, prior in this order.

    Example:
        >>> curves([0, 1], {"m": [0, 1]}, title="It opens", across="V (mV)", up="open").description
        'open against V (mV), from 0 to 1: m from 0 to 1.'
    """
    x = numbers("x", x, "n")
    named = {name: numbers(name, values, len(x)) for name, values in named.items()}
    if not 1 <= len(named) <= len(ORDER):
        raise ValueError(f"got {len(named)} curves, expected 1 to {len(ORDER)}")
    looks = assign(list(named), roles, ORDER)
    told = f"{up} against {across}, from {span(x[0], x[-1])}: {_told(named)}."
    x = _powers(across, x) if "x" in log else x
    named = {n: _powers(n, v) for n, v in named.items()} if "y" in log else named
    both = np.concatenate(list(named.values()))
    ends = (x.min(), x.max()) if np.ptp(x) else (x[0] - 0.5, x[0] + 0.5)
    ends = ends if x[0] <= x[-1] else ends[::-1]
    low, high = both.min() if "y" in log else min(0.0, both.min()), both.max()
    place = plane(ends, (low, high if high > low else low + 1.0), across, up, log)
    data, lines = _lines(x, named, _kept(len(x), 200)), named_lines(looks, key=False)
    shown = {f"{a}_said": f"pow(10, datum.{a})" if a in log else f"datum.{a}" for a in "xy"}
    data = data.transform_calculate(**shown)
    spot = {"size": 36, "opacity": 0.9} if points or len(x) == 1 else {"size": 90, "opacity": 0}
    fill = alt.Fill("name:N", scale=lines["stroke"]["scale"], legend=None)
    said = [alt.Tooltip("name:N", title="curve")]
    said += [
        alt.Tooltip(f"{a}_said:Q", title=t, format="~r") for a, t in (("x", across), ("y", up))
    ]
    layers = [
        data.mark_line(strokeWidth=1.6).encode(**place, **lines),
        data.mark_circle(strokeWidth=0, **spot).encode(**place, fill=fill, tooltip=said),
        line_ends(x[-1], {n: v[-1] for n, v in named.items()}, place),
    ]
    chart = alt.layer(*layers).properties(width=WIDTH, height=HEIGHT)
    return present(chart, title, told)


def _powers(name: str, values: np.ndarray) -> np.ndarray:
    """Return the powers of 10 that values are."""
    if (values <= 0).any():
        raise ValueError(f"{name} is {values.min():g} somewhere, expected above 0 on a log axis")
    return np.log10(values)


def _decades(*ends: float) -> dict[str, object]:
    """Ticks at round numbers of an axis of powers of 10, whose labels are the numbers."""
    low, high = sorted(ends)
    steps = (1, 2, 5) if high - low < 2.5 else (1,)
    ticks = np.add.outer(np.arange(np.floor(low), np.ceil(high) + 1), np.log10(steps)).ravel()
    inside = ticks[(ticks >= low - 1e-9) & (ticks <= high + 1e-9)]
    return {"values": inside.tolist(), "labelExpr": "format(pow(10, datum.value), ',.1~r')"}


def _lines(x: np.ndarray, named: Mapping[str, np.ndarray], keep: np.ndarray) -> alt.Chart:
    """Start a mark from some points of curves (n,), with fields `name`, `x` and `y`."""
    rows = [{"name": n, "x": short(x[keep]), "y": short(v[keep])} for n, v in named.items()]
    return rows_of(rows).transform_flatten(["x", "y"])


def _told(named: Mapping[str, np.ndarray]) -> str:
    """Tell the first and the last value of each curve."""
    return ", ".join(f"{name} from {span(v[0], v[-1])}" for name, v in named.items())


def plane(
    x: tuple[float, float], y: tuple[float, float], across: str, up: str, log: str = ""
) -> dict[str, alt.X | alt.Y]:
    """Channels for the fields `x` and `y` with exact ends; `up` is written above its axis.

    On the axes that `log` names the fields are powers of 10, and the labels the numbers.
    """
    decades = {
        axis: _decades(*ends) if axis in log else {}
        for axis, ends in zip("xy", (x, y), strict=True)
    }
    below = alt.Axis(title=across, tickCount=6, labelFlush=True, **decades["x"])
    aside = alt.Axis(title=up, tickCount=5, **ABOVE, **decades["y"])
    x, y = (alt.Scale(domain=[float(v) for v in d], nice=False, zero=False) for d in (x, y))
    return {"x": alt.X("x:Q", scale=x, axis=below), "y": alt.Y("y:Q", scale=y, axis=aside)}


ABOVE = {"titleAngle": 0, "titleAlign": "left", "titleAnchor": "end", "titleY": -10, "titleX": 0}
"""Writes the title of a vertical axis above it, horizontally."""


def band(
    x: ArrayLike, low: ArrayLike, high: ArrayLike, place: Mapping[str, object], role: Role
) -> alt.Chart:
    """Shade what lies between two curves (n,), on the channels of `plane`."""
    shade = table(x=x, y=low, high=high).mark_area(fill=role.color, fillOpacity=0.22)
    return shade.encode(**place, y2="high")


def line_ends(x: float, ends: Mapping[str, float], place: Mapping[str, object]) -> alt.Chart:
    """Write the name of each curve beside its last value; names keep a line from each other."""
    low, high = place["y"].to_dict()["scale"]["domain"]
    spread = _spread(list(ends.values()), LETTERS * (high - low) / HEIGHT)
    words = table(x=[float(x)] * len(ends), y=spread, name=list(ends))
    mark = words.mark_text(align="left", dx=8, clip=False)
    return mark.encode(**place, text="name:N")


def history(
    train: ArrayLike, validation: ArrayLike, *, title: str, best: int | None = None
) -> alt.LayerChart:
    """Draw training and validation loss and mark the best epoch, counted from 1.

    Args:
        train: Training loss of each epoch, shape (epochs,), nats.
        validation: Validation loss of each epoch, shape (epochs,), nats.
        title: What to see, in words.
        best: Index of the epoch whose weights were kept, by default the least validation loss.

    Example:
        >>> history([3.0, 2.0, 1.5], [3.1, 2.4, 2.6], title="Two epochs suffice").description
        'Loss over 3 epochs, training from 3 to 1.5, validation from 3.1 to 2.6. Best: epoch 2.'
    """
    train = numbers("train", train, "epochs")
    epochs = len(train)
    validation = numbers("validation", validation, epochs)
    best = int(np.argmin(validation)) if best is None else int(best)
    if not 0 <= best < epochs:
        raise ValueError(f"best is {best}, expected an index below {epochs}")
    both = np.r_[train, validation]
    low, high = float(both.min()), float(both.max())
    high = min(high, float(np.quantile(both, 0.98)) + (high - low) * 0.25)
    pad = 0.06 * (high - low) or 0.5
    place = plane((1, max(epochs, 2)), (low - pad, high + pad), "epoch", "−log q(θ | x) (nats)")
    keep = np.union1d(_kept(epochs, 1000), best)
    looks = {"training": ROLES["prior"], "validation": ROLES["posterior"]}
    losses = dict(zip(looks, (train, validation), strict=True))
    lines = _lines(np.arange(1, epochs + 1), losses, keep).mark_line(strokeWidth=1.5, clip=True)
    said = [alt.Tooltip("x:Q", title="best epoch"), alt.Tooltip("y:Q", title="validation loss")]
    mark = table(x=[best + 1], y=[validation[best]])
    side = "right" if best > 0.8 * epochs else "left" if best < 0.2 * epochs else "center"
    rule = mark.mark_rule(stroke=PATH, strokeDash=[3, 2], strokeWidth=1.2)
    word = mark.mark_text(align=side, baseline="bottom")
    spot = {"shape": "diamond", "size": 80, "stroke": PATH, "fill": PATH}
    layers = [
        lines.encode(**place, **named_lines(looks, key=False)),
        rule.encode(x=place["x"], y=place["y"], y2=alt.datum(high + pad)),
        word.encode(
            x=place["x"], y=alt.datum(high + pad), text=alt.value(f"best, epoch {best + 1}")
        ),
        mark.mark_point(**spot).encode(**place, tooltip=said),
        line_ends(epochs, {name: loss[-1] for name, loss in losses.items()}, place),
    ]
    told = f"Loss over {epochs} epochs, {_told(losses)}. Best: epoch {best + 1}."
    chart = alt.layer(*layers).properties(width=WIDTH, height=HEIGHT)
    return present(chart, title, told)


def _spread(values: list[float], gap: float) -> list[float]:
    """Move values apart until neighbors are `gap` from each other."""
    order = np.argsort(values)
    moved = np.array(values, float)[order]
    for _ in range(50):
        push = np.maximum(gap - np.diff(moved), 0) / 2
        moved[:-1] -= push
        moved[1:] += push
    return moved[np.argsort(order)].tolist()


def _kept(n: int, most: int) -> np.ndarray:
    return np.unique(np.linspace(0, n - 1, min(most, n)).astype(int))
