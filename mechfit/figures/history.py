"""The loss during training: when validation stops improving, the best weights are kept.

Taught in the chapter inference/hodgkin-huxley-posterior.
"""

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.labels import number
from mechfit.figures.marks import words
from mechfit.figures.palette import OBSERVED, PATH
from mechfit.figures.theme import finish, page

LEFT, RIGHT, HEIGHT, POINTS = 48, 84, 190, 1000


def _losses(name: str, values: ArrayLike, epochs: int | None = None) -> np.ndarray:
    values = np.asarray(values, float)
    if values.ndim != 1 or len(values) < 1 or epochs not in (None, len(values)):
        raise ValueError(f"{name} has shape {values.shape}, expected ({epochs or 'epochs'},)")
    if not np.isfinite(values).all():
        raise ValueError(f"{name} has non-finite values, expected finite losses")
    return values


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
    train = _losses("train", train)
    validation = _losses("validation", validation, len(train))
    best = int(np.argmin(validation)) if best is None else int(best)
    epochs = len(train)
    if not 0 <= best < epochs:
        raise ValueError(f"best is {best}, expected an index below {epochs}")
    keep = np.unique(np.r_[np.linspace(0, epochs - 1, min(POINTS, epochs)).astype(int), best])
    both = np.r_[train, validation]
    low, high = (float(v) for v in np.quantile(both, [0, 1]))
    high = min(high, float(np.quantile(both, 0.98)) + (high - low) * 0.25)
    pad = 0.06 * (high - low) or 0.5
    low, high = low - pad, high + pad
    wide = page(LEFT + RIGHT)

    x_scale = alt.Scale(domain=[1, max(epochs, 2)], range=[0, alt.ExprRef(wide)], nice=False)
    y_scale = alt.Scale(domain=[low, high], range=[HEIGHT, 0], nice=False, zero=False)
    x = alt.X("x:Q", scale=x_scale, axis=alt.Axis(title=None, tickCount=6, tickMinStep=1))
    y = alt.Y("y:Q", scale=y_scale, axis=alt.Axis(title=None, tickCount=5))

    layers, places = [], {}
    for name, values, dash in (("training", train, [5, 3]), ("validation", validation, [1, 0])):
        row = {"x": (keep + 1).tolist(), "y": [float(f"{v:.5g}") for v in values[keep]]}
        curve = alt.Chart(alt.Data(values=[row])).transform_flatten(["x", "y"])
        layers.append(
            curve.mark_line(
                stroke=OBSERVED, strokeDash=dash, strokeWidth=1.4, clip=False, aria=False
            ).encode(x=x, y=y)
        )
        places[name] = (high - values[-1]) / (high - low) * HEIGHT
    gap = 15 - abs(places["training"] - places["validation"])
    if gap > 0:
        lower = max(places, key=places.get)
        for name in places:
            places[name] += gap / 2 if name == lower else -gap / 2
    said = [alt.Tooltip("x:Q", title="best epoch"), alt.Tooltip("y:Q", title="validation loss")]
    spot = {"x": best + 1, "y": float(f"{validation[best]:.5g}")}
    mark = alt.Chart(alt.Data(values=[spot]))
    side = "right" if best > 0.8 * epochs else "left" if best < 0.2 * epochs else "center"
    layers += [
        mark.mark_rule(stroke=PATH, strokeDash=[3, 2], strokeWidth=1.2, aria=False).encode(
            x=x, y=y, y2=alt.value(12)
        ),
        mark.mark_text(align=side, baseline="middle", aria=False).encode(
            x=x, y=alt.value(2), text=alt.value(f"best, epoch {best + 1}")
        ),
        mark.mark_point(
            shape="diamond", size=80, stroke=PATH, fill=PATH, opacity=1, aria=False
        ).encode(x=x, y=y, tooltip=said),
        *(words(name, f"{wide} + 8", place) for name, place in places.items()),
        words("epoch", f"{wide} / 2", HEIGHT + 36, align="center"),
        words(loss, 0, -14),
    ]
    told = (
        f"Loss over {epochs} epochs, training from {number(train[0])} to "
        f"{number(train[-1])}, validation from {number(validation[0])} to "
        f"{number(validation[-1])}. Best: epoch {best + 1}."
    )
    return finish(
        alt.layer(*layers), title=title, description=description or told, size=(200, HEIGHT)
    )
