"""Curves of one variable with direct labels: gates against voltage, rates against current.

Taught in the chapter models/hodgkin-huxley.
"""

from collections.abc import Mapping

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.labels import number
from mechfit.figures.marks import words
from mechfit.figures.palette import OBSERVED
from mechfit.figures.theme import finish, page

LEFT, RIGHT, HEIGHT, POINTS = 48, 60, 200, 200
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
    keep = np.unique(np.linspace(0, len(x) - 1, min(POINTS, len(x))).astype(int))
    both = np.concatenate(list(named.values()))
    low, high = min(0.0, float(both.min())), float(both.max()) or 1.0
    wide = page(LEFT + RIGHT)
    x_scale = alt.Scale(domain=[x[0], x[-1]], range=[0, alt.ExprRef(wide)], nice=False)
    y_scale = alt.Scale(domain=[low, high], range=[HEIGHT, 0], nice=False)
    across_at = alt.X("x:Q", scale=x_scale, axis=alt.Axis(title=None, tickCount=6))
    up_at = alt.Y("y:Q", scale=y_scale, axis=alt.Axis(title=None, tickCount=5))
    places = _spread([(high - v[-1]) / (high - low) * HEIGHT for v in named.values()], 14)

    layers = []
    for (name, values), dash, place in zip(named.items(), DASHES, places, strict=False):
        row = {"x": x[keep].round(4).tolist(), "y": [float(f"{v:.4g}") for v in values[keep]]}
        data = alt.Chart(alt.Data(values=[row])).transform_flatten(["x", "y"])
        said = [alt.Tooltip("x:Q", title=across), alt.Tooltip("y:Q", title=name)]
        at = {"x": across_at, "y": up_at}
        stroke = data.mark_line(stroke=OBSERVED, strokeDash=dash, strokeWidth=1.5, aria=False)
        spot = data.mark_circle(
            size=36 if points else 90, fill=OBSERVED, opacity=0.9 if points else 0, aria=False
        )
        layers += [stroke.encode(**at), spot.encode(**at, tooltip=said)]
        layers.append(words(name, f"{wide} + 8", place))
    layers += [
        words(across, f"{wide} / 2", HEIGHT + 36, align="center"),
        words(up, 0, -14),
    ]
    told = ", ".join(f"{n} from {number(v[0])} to {number(v[-1])}" for n, v in named.items())
    told = f"{up} against {across}, from {number(x[0])} to {number(x[-1])}: {told}."
    return finish(
        alt.layer(*layers), title=title, description=description or told, size=(200, HEIGHT)
    )
