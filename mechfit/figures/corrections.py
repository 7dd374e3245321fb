r"""Four corrections of one proposal, under sliders that move the proposal.

In one dimension and with Gaussians all of it is a formula: prior N(0, 1), posterior N(mu, w^2),
proposal N(m, s^2). Their quotient posterior * proposal / prior, which maximum likelihood learns,
has precision 1/w^2 + 1/s^2 - 1; SNPE-A divides it by the proposal again. `FORMULAS` are written
so that the page and Python read them alike. Taught in the chapter inference/sequential.
"""

import altair as alt
from scipy.special import ndtri

from mechfit.figures.checks import numbers
from mechfit.figures.labels import number
from mechfit.figures.marks import px, rows_of, words
from mechfit.figures.theme import OBSERVED, ROLES, finish, page

LEFT, HEAD, TALL, ROW = 20, 20, 56, 92
LOW, HIGH = -2.5, 3.0
END = page(LEFT)
DRAWS, ATOMS = 60, 10
REACH = 2.58
"""Half the width of the region in standard deviations of the proposal: it holds 99 % of it."""
FORMULAS = {
    "learned_precision": "1 / (w * w) + 1 / (s * s) - 1",
    "learned_mean": "(mu / (w * w) + m / (s * s)) / learned_precision",
    "off_precision": "learned_precision / ((1 + off / 100) * (1 + off / 100))",
    "left_precision": "off_precision - 1 / (s * s) + 1",
    "left_mean": "(off_precision * learned_mean - m / (s * s)) / left_precision",
}
"""What is learned; the same with a width that is off by a percentage; what SNPE-A makes of it."""
TOPS = (
    "max(1, 1 / w, 1 / s, sqrt(learned_precision))",
    "max(1 / w, sqrt(off_precision), sqrt(max(left_precision, 0)))",
    "1 / w",
    "1 / w",
    "1 / w",
)
"""Highest density in each row, over that of the standard normal."""


def _place(row: int) -> dict[str, alt.X | alt.Y]:
    """Channels for the fields `t`, a parameter, and `h`, a height from 0 to 1."""
    bottom = row * ROW + HEAD + TALL
    scale = alt.Scale(domain=[LOW, HIGH], range=[0, px(END)], nice=False)
    up = alt.Scale(domain=[0, 1], range=[bottom, bottom - TALL], nice=False)
    return {"x": alt.X("t:Q", scale=scale, axis=None), "y": alt.Y("h:Q", scale=up, axis=None)}


def _bell(row: int, role: str, mean: str, precision: str, among: str = "true") -> alt.Chart:
    """Draw a Gaussian where an expression holds."""
    data = rows_of([{}]).transform_calculate(t=f"sequence({LOW}, {HIGH}, 0.025)")
    height = f"exp(-({precision}) * pow(datum.t - ({mean}), 2) / 2) * sqrt({precision})"
    data = data.transform_flatten(["t"]).transform_filter(f"({precision}) > 0 && ({among})")
    look = {"stroke": ROLES[role].color, "strokeDash": list(ROLES[role].dash), "strokeWidth": 1.7}
    data = data.transform_calculate(h=f"{height} / ({TOPS[row]})")
    return data.mark_line(**look, aria=False).encode(**_place(row))


def _band(row: int, start: str, stop: str, role: str) -> alt.Chart:
    """Shade a row between two parameters."""
    ends = {"t": f"clamp({start}, {LOW}, {HIGH})", "t2": f"clamp({stop}, {LOW}, {HIGH})"}
    data = rows_of([{"h": 0, "h2": 1}]).transform_calculate(**ends)
    mark = data.mark_rect(fill=ROLES[role].color, fillOpacity=0.16, strokeWidth=0, aria=False)
    return mark.encode(**_place(row), x2="t2", y2="h2")


def _said(data: alt.Chart, row: int, text: str) -> alt.Chart:
    """Write a result at the right, above its row."""
    mark = data.transform_calculate(said=text)
    mark = mark.mark_text(align="right", baseline="middle", aria=False)
    where = {"x": alt.value(px(END)), "y": alt.value(row * ROW + 6)}
    return mark.encode(**where, text="said:N")


def _stems(row: int, draws: int, share: str, result: str) -> list[alt.Chart]:
    """Draw equally likely draws of the proposal, each as high as its share."""
    z = ndtri([(i + 0.5) / draws for i in range(draws)])
    data = rows_of([{"i": i, "z": float(f"{v:.4f}")} for i, v in enumerate(z)])
    data = data.transform_calculate(t="m + s * datum.z").transform_calculate(u=share)
    data = data.transform_calculate(u2="datum.u * datum.u").transform_joinaggregate(
        total="sum(u)", square="sum(u2)", top="max(u)"
    )
    stems = data.transform_calculate(h="datum.u / datum.top", zero="0")
    stems = stems.transform_filter(f"datum.t > {LOW} && datum.t < {HIGH}")
    color, place = ROLES["sample"].color, _place(row)
    rule = stems.mark_rule(stroke=color, strokeWidth=1.5, aria=False)
    dot = stems.mark_circle(color=color, size=16, opacity=1, aria=False)
    text = _said(data.transform_filter("datum.i == 0"), row, result)
    return [rule.encode(**place, y2="zero:Q"), dot.encode(**place), text]


def _width(mean: str, precision: str) -> str:
    return f"format({mean}, '.2f') + ' ± ' + format(1 / sqrt({precision}), '.2f')"


def corrections(
    mean: float, width: float, *, title: str, description: str | None = None
) -> alt.LayerChart:
    """Show what each method does about a proposal that the reader moves.

    Args:
        mean: Mean of the posterior; the prior is the standard normal.
        width: Standard deviation of the posterior, below 1.
        title: What to see, in words.
        description: The text alternative; what the sliders do if left out.

    Returns:
        The chart, with sliders for center and width of the proposal, and for the error of the
        width that was learned.

    Example:
        >>> corrections(0.96, 0.45, title="Four ways").description[:38]
        'Five rows over one parameter θ, each w'
    """
    mean, width = numbers("mean and width", [mean, width], 2).tolist()
    if not 0 < width < 1:
        raise ValueError(f"width is {width}, expected between 0 and 1, that of the prior")
    one, edge = rows_of([{}]), f"{REACH} * s"
    learned, left = ("learned_mean", "learned_precision"), ("left_mean", "left_precision")
    inside = f"abs(datum.t - m) < {edge}"
    cut = f"cumulativeNormal(m + {edge}, mu, w) - cumulativeNormal(m - {edge}, mu, w)"
    most = float(ndtri(1 - 0.5 / ATOMS))
    layers = [
        *(
            words(name, 0, row * ROW + 6)
            for row, name in enumerate(
                ("Uncorrected", "SNPE-A: divide", "SNPE-B: weigh", "SNPE-C: compare", "Truncated")
            )
        ),
        _bell(0, "prior", "0", "1"),
        _bell(0, "sample", "m", "1 / (s * s)"),
        _bell(0, "broken", *learned),
        _said(
            one, 0, f"'learns ' + {_width(*learned)} + ', not ' + {_width('mu', '1 / (w * w)')}"
        ),
        _bell(1, "broken", "learned_mean", "off_precision"),
        _bell(1, "path", *left),
        _said(one, 1, f"left_precision > 0 ? 'leaves ' + {_width(*left)} : 'leaves no density'"),
        *_stems(
            2,
            DRAWS,
            "exp(datum.z * datum.z / 2 - datum.t * datum.t / 2)",
            f"'{DRAWS} draws are worth ' + format(pow(datum.total, 2) / datum.square, '.0f')",
        ),
        _band(3, str(LOW), f"m - {most:.3f} * s", "broken"),
        _band(3, f"m + {most:.3f} * s", str(HIGH), "broken"),
        *_stems(
            3,
            ATOMS,
            "exp(-pow((datum.t - mu) / w, 2) / 2 + datum.t * datum.t / 2)",
            f"'sees q at {ATOMS} atoms; shaded: free'",
        ),
        _band(4, f"m - {edge}", f"m + {edge}", "path"),
        _bell(4, "prior", "0", "1", inside),
        _said(one, 4, f"'cuts off ' + format(100 * (1 - ({cut})), '.1f') + ' % of the posterior'"),
        *(_bell(row, "posterior", "mu", "1 / (w * w)") for row in range(5)),
    ]
    base = one.transform_calculate(t=str(LOW), t2=str(HIGH), h="0").mark_rule(
        stroke=OBSERVED, strokeOpacity=0.35, strokeWidth=1, aria=False
    )
    layers += [base.encode(**_place(row), x2="t2:Q") for row in range(4)]
    last = _place(4)
    last["x"].axis = alt.Axis(title="θ", tickCount=6)
    layers.append(base.encode(**last, x2="t2:Q"))
    chart = alt.layer(*layers).resolve_scale(x="independent", y="independent")
    for name, value, low, high, step, label in (
        ("m", 0.6, -1.0, 2.0, 0.1, "proposal center"),
        ("s", 0.6, 0.1, 1.0, 0.05, "proposal width"),
        ("off", 0, 0, 30, 1, "error of q̃ (%)"),
    ):
        bind = alt.binding_range(min=low, max=high, step=step, name=label)
        chart = chart.add_params(alt.param(name=name, value=value, bind=bind))
    given = {"mu": f"{mean:.6g}", "w": f"{width:.6g}", **FORMULAS}
    chart = chart.add_params(*(alt.param(name=n, expr=e) for n, e in given.items()))
    told = (
        "Five rows over one parameter θ, each with the posterior, "
        f"{number(mean)} ± {number(width)}, under a standard normal prior. Sliders set center and "
        "width of the proposal and the error of what was learned. The rows show what maximum "
        "likelihood learns, what SNPE-A leaves after dividing, the weights of SNPE-B, the atoms "
        "of SNPE-C with the ranges where none lies, and the region of truncated proposals."
    )
    hint = (
        "Blue: posterior. Gray: prior. Orange: proposal. Purple: learned. Green: after dividing."
    )
    return finish(chart, title, description or told, (200, 4 * ROW + HEAD + TALL), hint)
