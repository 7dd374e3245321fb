"""Charts with two axes and direct labels: curves of one variable, the loss during training.

Taught in the chapters models/hodgkin-huxley and inference/hodgkin-huxley-posterior.
"""

from collections.abc import Mapping

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import numbers
from mechfit.figures.labels import number
from mechfit.figures.marks import px, rows_of, words
from mechfit.figures.theme import OBSERVED, PATH, finish, page

LEFT = 48
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [1, 3])


def _spread(places: list[float], gap: float) -> list[float]:
    """Move label places apart until neighbors are `gap` px from each other."""
    order = np.argsort(places)
    moved = np.array(places, float)[order]
    for _ in range(50):
        lack = gap - np.diff(moved)
        if (lack <= 1e-6).all():
            break
        push = np.maximum(lack, 0) / 2
        moved[:-1] -= push
        moved[1:] += push
    out = np.empty(len(places))
    out[order] = moved
    return out.tolist()


def _kept(n: int, most: int) -> np.ndarray:
    return np.unique(np.linspace(0, n - 1, min(most, n)).astype(int))


def _curve(x: np.ndarray, y: np.ndarray, digits: int) -> alt.Chart:
    row = {"x": x.tolist(), "y": [float(f"{v:.{digits}g}") for v in y]}
    return rows_of([row]).transform_flatten(["x", "y"])


def curves(
    x: ArrayLike,
    named: Mapping[str, ArrayLike],
    *,
    title: str,
    across: str,
    up: str,
    points: bool = False,
    description: str | None = None,
) -> alt.LayerChart:
    """Draw named curves over one variable; pointing at a curve tells its values.

    Args:
        x: The variable, shape (n,).
        named: Name to values, shape (n,); at most five, told apart by their dashes.
        title: What to see, in words.
        across: Name and unit of the variable.
        up: Name and unit of the values.
        points: Mark the places where values were computed.
        description: The text alternative; the curves' ranges if left out.

    Returns:
        The chart.

    Example:
        >>> curves([0, 1], {"m": [0, 1]}, title="It opens", across="V (mV)", up="open").description
        'open against V (mV), from 0 to 1: m from 0 to 1.'
    """
    x = np.asarray(x, float)
    named = {name: np.asarray(values, float) for name, values in named.items()}
    for name, values in named.items():
        if x.ndim != 1 or values.shape != x.shape or not np.isfinite(values).all():
            raise ValueError(f"{name} has shape {values.shape}, expected finite {x.shape}")
    if not 1 <= len(named) <= len(DASHES):
        raise ValueError(f"got {len(named)} curves, expected 1 to {len(DASHES)}")
    both = np.concatenate(list(named.values()))
    low, high = min(0.0, float(both.min())), float(both.max()) or 1.0
    wide, height = page(LEFT + 60), 200
    x_scale = alt.Scale(domain=[x[0], x[-1]], range=[0, px(wide)], nice=False)
    y_scale = alt.Scale(domain=[low, high], range=[height, 0], nice=False)
    place = {
        "x": alt.X("x:Q", scale=x_scale, axis=alt.Axis(title=None, tickCount=6)),
        "y": alt.Y("y:Q", scale=y_scale, axis=alt.Axis(title=None, tickCount=5)),
    }
    keep = _kept(len(x), 200)
    beside = _spread([(high - v[-1]) / (high - low) * height for v in named.values()], 14)
    look = {"size": 36, "opacity": 0.9} if points else {"size": 90, "opacity": 0}
    layers = []
    for (name, values), dash, at in zip(named.items(), DASHES, beside, strict=False):
        data = _curve(x[keep].round(4), values[keep], 4)
        said = [alt.Tooltip("x:Q", title=across), alt.Tooltip("y:Q", title=name)]
        stroke = data.mark_line(stroke=OBSERVED, strokeDash=dash, strokeWidth=1.5, aria=False)
        spot = data.mark_circle(fill=OBSERVED, aria=False, **look)
        layers += [
            stroke.encode(**place),
            spot.encode(**place, tooltip=said),
            words(name, f"{wide} + 8", at),
        ]
    layers += [words(across, f"{wide} / 2", height + 36, align="center"), words(up, 0, -14)]
    told = ", ".join(f"{n} from {number(v[0])} to {number(v[-1])}" for n, v in named.items())
    told = f"{up} against {across}, from {number(x[0])} to {number(x[-1])}: {told}."
    return finish(alt.layer(*layers), title, description or told, (200, height))


def history(
    train: ArrayLike,
    validation: ArrayLike,
    *,
    title: str,
    best: int | None = None,
    loss: str = "−log q(θ | x) (nats)",
    description: str | None = None,
) -> alt.LayerChart:
    """Draw training and validation loss and mark the best epoch.

    Args:
        train: Training loss of each epoch, shape (epochs,), nats.
        validation: Validation loss of each epoch, shape (epochs,), nats.
        title: What to see, in words.
        best: Index of the epoch whose weights were kept, by default the least validation loss.
        loss: Name and unit of the loss.
        description: The text alternative; the two end points and the best epoch if left out.

    Returns:
        The chart; epochs are counted from 1.

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
    low, high = low - pad, high + pad
    wide, height = page(LEFT + 84), 190
    x_scale = alt.Scale(domain=[1, max(epochs, 2)], range=[0, px(wide)], nice=False)
    y_scale = alt.Scale(domain=[low, high], range=[height, 0], nice=False, zero=False)
    x = alt.X("x:Q", scale=x_scale, axis=alt.Axis(title=None, tickCount=6, tickMinStep=1))
    y = alt.Y("y:Q", scale=y_scale, axis=alt.Axis(title=None, tickCount=5))
    keep = np.union1d(_kept(epochs, 1000), best)
    look = {"stroke": OBSERVED, "strokeWidth": 1.4, "clip": False, "aria": False}
    layers = [
        _curve(keep + 1, values[keep], 5).mark_line(strokeDash=dash, **look).encode(x=x, y=y)
        for values, dash in ((train, [5, 3]), (validation, [1, 0]))
    ]
    beside = _spread([(high - v[-1]) / (high - low) * height for v in (validation, train)], 15)
    said = [alt.Tooltip("x:Q", title="best epoch"), alt.Tooltip("y:Q", title="validation loss")]
    mark = rows_of([{"x": best + 1, "y": float(f"{validation[best]:.5g}")}])
    side = "right" if best > 0.8 * epochs else "left" if best < 0.2 * epochs else "center"
    rule = mark.mark_rule(stroke=PATH, strokeDash=[3, 2], strokeWidth=1.2, aria=False)
    text = mark.mark_text(align=side, baseline="middle", aria=False)
    spot = {"shape": "diamond", "size": 80, "stroke": PATH, "fill": PATH, "opacity": 1}
    layers += [
        rule.encode(x=x, y=y, y2=alt.value(12)),
        text.encode(x=x, y=alt.value(2), text=alt.value(f"best, epoch {best + 1}")),
        mark.mark_point(**spot, aria=False).encode(x=x, y=y, tooltip=said),
        words("training", f"{wide} + 8", beside[1]),
        words("validation", f"{wide} + 8", beside[0]),
        words("epoch", f"{wide} / 2", height + 36, align="center"),
        words(loss, 0, -14),
    ]
    told = (
        f"Loss over {epochs} epochs, training from {number(train[0])} to "
        f"{number(train[-1])}, validation from {number(validation[0])} to "
        f"{number(validation[-1])}. Best: epoch {best + 1}."
    )
    return finish(alt.layer(*layers), title, description or told, (200, height))
