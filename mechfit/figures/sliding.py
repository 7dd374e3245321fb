"""Curves of one variable that a slider changes: densities for every observation, every setting.

The curves of all steps of the slider travel in the chart as text, two characters a point, and an
expression reads back the one that is chosen. Taught in the chapter inference/without-a-likelihood.
"""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from mechfit.figures.checks import increasing, numbers
from mechfit.figures.encoding import encode
from mechfit.figures.labels import number
from mechfit.figures.marks import coded_line, key, px, rows_of, segment, words
from mechfit.figures.theme import POSTERIOR, ROLES, assign, finish, page

TOP, HEIGHT, RIGHT = 30, 190, 24
WIDE = page(RIGHT)
ORDER = ("prior", "observed", "posterior")


def sliding_curves(
    x: ArrayLike,
    steps: Sequence[float],
    named: Mapping[str, ArrayLike],
    *,
    title: str,
    across: str,
    up: str,
    slider: str,
    start: int = 0,
    description: str | None = None,
) -> alt.LayerChart:
    """Draw curves, one set for each step of a slider.

    Args:
        x: The variable, evenly spaced, shape (p,), at most 200 points.
        steps: Evenly spaced values of the slider, at least two.
        named: Name to values that are not negative, shape (steps, p), or (p,) for a curve that
            stays; up to three, drawn as prior, as reference and as posterior.
        title: What to see, in words.
        across: Name and unit of the variable.
        up: Name of the values.
        slider: Name and unit of what the slider changes.
        start: Index of the first step to show.
        description: The text alternative; what the slider does if left out.

    Returns:
        The chart; all steps share one scale.

    Example:
        >>> x, steps = np.linspace(0.0, 1.0, 50), [1, 2]
        >>> curves = {"prior": np.ones(50), "posterior": np.stack([x, 2 * x])}
        >>> words = {"across": "θ", "up": "density", "slider": "x"}
        >>> sliding_curves(x, steps, curves, title="It moves", **words).description
        'density against θ, from 0 to 1: prior, posterior. A slider changes x from 1 to 2.'
    """
    x, steps = increasing(x), increasing(steps)
    if np.ptp(np.diff(steps)) > 1e-6 * np.ptp(steps) or len(x) > 200:
        raise ValueError(f"got {len(x)} points, steps {steps}, expected at most 200, even steps")
    if not 0 <= start < len(steps):
        raise ValueError(f"start is {start}, expected an index below {len(steps)}")
    if not 1 <= len(named) <= len(ORDER):
        raise ValueError(f"got {len(named)} curves, expected 1 to {len(ORDER)}")
    shape = len(steps), len(x)
    named = {
        name: numbers(name, v if np.ndim(v) == 2 else np.tile(v, (len(steps), 1)), *shape)
        for name, v in named.items()
    }
    looks = assign(list(named), None, ORDER)
    high = 1.04 * max(float(v.max()) for v in named.values())
    t = alt.X("t:Q", scale=alt.Scale(domain=[x[0], x[-1]], range=[0, px(WIDE)], nice=False))
    v = alt.Y("v:Q", scale=alt.Scale(domain=[0, high], range=[TOP + HEIGHT, TOP], nice=False))
    place = {"x": t.axis(title=None, tickCount=6, offset=2), "y": v.axis(None).stack(None)}
    step = float(f"{steps[1] - steps[0]:.6g}")
    chosen = f"round((step - {steps[0]:.6g}) / {step:.6g})"
    layers = [
        *key(list(named), looks, 0, 8),
        words(up, 0, TOP + 2, size=11),
        segment((0, WIDE), (TOP + HEIGHT,) * 2, strokeWidth=1, strokeOpacity=0.3),
    ]
    for name, values in named.items():
        rows = [{"k": k, "v": encode(curve, 0, high)} for k, curve in enumerate(values)]
        source = rows_of(rows).transform_filter(f"datum.k == {chosen}")
        stroke = coded_line(source, x, 0, high, looks[name])
        if looks[name] == ROLES["posterior"]:
            fill = stroke.mark_area(fill=POSTERIOR, fillOpacity=0.25, aria=False)
            layers.append(fill.encode(**place))
        layers.append(stroke.encode(**place, strokeDash=alt.value(list(looks[name].dash))))
    layers.append(words(across, f"{WIDE} / 2", TOP + HEIGHT + 38, align="center"))
    bind = alt.binding_range(min=steps[0], max=steps[-1], step=step, name=slider)
    chart = alt.layer(*layers).add_params(
        alt.param(name="step", value=float(f"{steps[start]:.6g}"), bind=bind)
    )
    told = (
        f"{up} against {across}, from {number(x[0])} to {number(x[-1])}: {', '.join(named)}. "
        f"A slider changes {slider} from {number(steps[0])} to {number(steps[-1])}."
    )
    return finish(chart, title, description or told, (200, TOP + HEIGHT))
