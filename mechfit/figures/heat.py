"""The densities of a pairplot: marginals on the diagonal, binned heat maps above or below it.

A heat map travels as one character per bin; the page turns it into cells whose opacity is the
density, so it sits on any background. Outlines hold 50 and 90 % of the samples.
"""

import altair as alt
import numpy as np

from mechfit.figures.encoding import ALPHABET, encode
from mechfit.figures.labels import Label, number, quantity
from mechfit.figures.marks import rows_of, tips
from mechfit.figures.panels import Grid
from mechfit.figures.theme import OBSERVED, POSTERIOR, ROLES
from mechfit.summaries.density import density, heights, mass_level, outlines

BESIDE = ROLES["path"].color
FAINT = "rgba(128,128,128,.5)"
SHARES = (0.5, 0.9)
FLAT = 0.5


def _outlines(field: np.ndarray) -> list[tuple[float, np.ndarray]]:
    """Return shares and loops; outlines of an almost flat density would only show its noise."""
    levels = {share: mass_level(field, share) for share in SHARES if field.max() > 0}
    if not levels or levels[max(SHARES)] > FLAT * field.max():
        return []
    return [(share, loop) for share, level in levels.items() for loop in outlines(field, level)]


def _cells(grid: Grid, panels: list[dict], corners: dict, color: str) -> alt.Chart:
    """Turn each character of a panel's text into a cell."""
    b, s = grid.bins, grid.cell
    return (
        rows_of([{k: v for k, v in row.items() if k not in ("x2", "y")} for row in panels])
        .transform_calculate(k="split(datum.c, '')", i=f"sequence({b * b})")
        .transform_flatten(["k", "i"])
        .transform_calculate(q=f"indexof('{ALPHABET}', datum.k) / 63")
        .transform_filter("datum.q > 0")
        .transform_calculate(
            x=f"datum.x + {s} * floor(datum.i / {b})",
            x2=f"datum.x + {s}",
            y=f"datum.y2 - {s} * (1 + datum.i % {b})",
        )
        .transform_calculate(
            x2=f"datum.x + {s}",
            y2=f"datum.y + {s}",
            o="pow(datum.q, 0.75) * 0.95",
            said="format(datum.q * datum.peak, '.2~r') + ' × the uniform prior'",
        )
        .mark_rect(fill=color, strokeWidth=0, aria=False)
        .encode(**corners, fillOpacity=alt.FillOpacity("o:Q", scale=None))
    )


def heat_maps(
    grid: Grid,
    samples: np.ndarray,
    limits: np.ndarray,
    names: list[str],
    r: np.ndarray,
    prior: np.ndarray,
    *,
    below: bool = False,
) -> list[alt.Chart]:
    """Draw frames, densities and outlines on one side of the diagonal; hovering names them.

    Samples have shape (n, d), limits (d, 2), the correlation coefficients r (d, d), the share of
    the prior within the limits (d,).
    """
    panels, loops = [], []
    where = np.tril_indices(grid.d, -1) if below else np.triu_indices(grid.d, 1)
    for i, j in zip(*where, strict=True):
        pair, reach = samples[:, [j, i]], limits[[j, i]]
        field = density(pair, reach, grid.bins)
        peak = float(field.max())
        said = {"pair": f"{names[i]} and {names[j]}", "r": number(r[i, j], 2)}
        box = grid.box(int(j), int(i)) | said
        text = encode(field.ravel(), 0, peak, characters=1)
        panels.append({**box, "c": text, "peak": float(f"{peak / (prior[i] * prior[j]):.4g}")})
        for share, loop in _outlines(density(pair, reach, 2 * grid.bins)):
            x = box["x"] + loop[:, 0] * grid.cell / 2
            y = box["y2"] - loop[:, 1] * grid.cell / 2
            thick = {"w": 1.2 - 1.25 * (share - 0.5), "loop": len(loops)}
            loops.append({"x": x.round(1).tolist(), "y": y.round(1).tolist(), **thick})
    told = tips(pair="parameters", r="correlation", said="density")
    corners = {**grid.place, "x2": "x2", "y2": "y2", "tooltip": told}
    frame = (
        rows_of(panels)
        .transform_calculate(said="'below 1 % of its peak'")
        .mark_rect(fill="transparent", stroke=FAINT, strokeWidth=0.7, aria=False)
        .encode(**corners)
    )
    widths = alt.StrokeWidth("w:Q", scale=None)
    outline = (
        rows_of(loops)
        .transform_calculate(o="sequence(length(datum.x))")
        .transform_flatten(["x", "y", "o"])
        .mark_line(stroke=OBSERVED, strokeOpacity=0.8, aria=False, tooltip=None)
        .encode(**grid.place, detail="loop:N", order="o:Q", strokeWidth=widths)
    )
    return [frame, _cells(grid, panels, corners, BESIDE if below else POSTERIOR), outline]


def marginals(
    grid: Grid,
    samples: np.ndarray,
    limits: np.ndarray,
    parts: list[Label],
    prior: np.ndarray,
    beside: np.ndarray | None = None,
) -> list[alt.Chart]:
    """Draw the marginal densities over a flat line, the uniform prior; hovering tells numbers.

    Others that stand beside them, of samples (m, d), are lines of another color.
    """
    curves, others, priors, boxes = [], [], [], []
    bins = 2 * grid.bins
    sets = heights((s for s in (samples, beside) if s is not None), limits, bins)
    for i, part in enumerate(parts):
        box = grid.box(i, i)
        unit = 0.9 * grid.panel / max(float(sets[:, i].max()), prior[i])
        x = box["x"] + grid.panel / bins * np.r_[0, np.arange(bins) + 0.5, bins]
        for rows, field in zip((curves, others), sets[:, i], strict=False):
            y = box["y2"] - unit * np.r_[field[0], field, field[-1]]
            where = {"x": x.round(2).tolist(), "y": y.round(1).tolist()}
            rows.append({**where, "y2": box["y2"], "i": i})
        priors.append({**box, "y": round(box["y2"] - unit * prior[i], 1)})
        low, middle, high = np.quantile(samples[:, i], [0.05, 0.5, 0.95])
        said = {"name": part.name, "median": quantity(middle, part.unit)}
        boxes.append({**box, **said, "range": f"{number(low)} to {quantity(high, part.unit)}"})
    curve, box = rows_of(curves).transform_flatten(["x", "y"]), rows_of(boxes)
    area = curve.mark_area(fill=POSTERIOR, fillOpacity=0.25, aria=False)
    edge = curve.mark_line(stroke=POSTERIOR, strokeWidth=1.4, aria=False)
    other = rows_of(others).transform_flatten(["x", "y"])
    other = other.mark_line(stroke=BESIDE, strokeWidth=1.4, strokeDash=[3, 2], aria=False)
    gray, dash = ROLES["prior"].color, ROLES["prior"].dash
    flat = rows_of(priors).mark_rule(stroke=gray, strokeDash=dash, strokeWidth=1.5)
    floor = box.transform_calculate(y="datum.y2").mark_rule(
        stroke=OBSERVED, strokeOpacity=0.6, strokeWidth=0.8, aria=False
    )
    name, reach = tips(name="parameter", range="90 % of samples")
    return [
        area.encode(**grid.place, detail="i:N", y2="y2"),
        edge.encode(**grid.place, detail="i:N"),
        *([other.encode(**grid.place, detail="i:N")] if others else []),
        flat.encode(**grid.place, x2="x2"),
        floor.encode(**grid.place, x2="x2"),
        box.mark_rect(fill="transparent", aria=False).encode(
            **grid.place, x2="x2", y2="y2", tooltip=[name, alt.Tooltip("median:N"), reach]
        ),
    ]
