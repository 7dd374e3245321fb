r"""Four corrections of one proposal, under sliders that move the proposal.

In one dimension and with Gaussians all of it is a formula: prior N(0, 1), posterior N(mu, w^2),
proposal N(m, s^2). Their quotient posterior * proposal / prior, which maximum likelihood learns,
has precision 1/w^2 + 1/s^2 - 1; SNPE-A divides it by the proposal again. `FORMULAS` are written
so that the page and Python read them alike.
"""

import altair as alt
import numpy as np
from scipy.special import ndtri

from mechfit.figures.labels import number
from mechfit.figures.parts import rows_of, slider, table
from mechfit.figures.theme import OBSERVED, ROLES, WIDTH, present

LOW, HIGH, DRAWS, ATOMS = -2.5, 3.0, 60, 10
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
SLIDERS = (
    slider("m", "proposal center", 0.6, (-1.0, 2.0), 0.1),
    slider("s", "proposal width", 0.6, (0.1, 1.0), 0.05),
    slider("off", "error of q̃ (%)", 0, (0, 30), 1),
)
TRUE, LEARNED = ("mu", "1 / (w * w)"), ("learned_mean", "learned_precision")
LEFT = ("left_mean", "left_precision")
PLACE = {
    "x": alt.X("t:Q").scale(domain=[LOW, HIGH]).axis(None),
    "y": alt.Y("h:Q").scale(domain=[0, 1]).axis(None),
}
"""Fields `t`, a parameter, and `h`, a height from 0 to 1."""


def proposal_corrections(mean: float, width: float, *, title: str) -> alt.VConcatChart:
    """Draw what each method does about a proposal that the reader moves.

    Args:
        mean: Mean of the posterior; the prior is the standard normal.
        width: Standard deviation of the posterior, below 1.
        title: What to see, in words.
    """
    if not 0 < width < 1:
        raise ValueError(f"width is {width}, expected between 0 and 1, that of the prior")
    edge, most = f"{REACH} * s", float(ndtri(1 - 0.5 / ATOMS))
    cut = f"cumulativeNormal(m + {edge}, mu, w) - cumulativeNormal(m - {edge}, mu, w)"
    top = "max(1, 1 / w, 1 / s, sqrt(learned_precision))"
    highest = "max(1 / w, sqrt(off_precision), sqrt(max(left_precision, 0)))"
    lost, one = f"format(100 * (1 - ({cut})), '.1f')", rows_of([{}])
    rows = {
        "Uncorrected": [
            _bell("prior", "0", "1", top),
            _bell("sample", "m", "1 / (s * s)", top),
            _bell("broken", *LEARNED, top),
            _said(one, f"'learns ' + {_width(*LEARNED)} + ', not ' + {_width(*TRUE)}"),
            _bell("posterior", *TRUE, top),
        ],
        "SNPE-A: divide": [
            _bell("broken", "learned_mean", "off_precision", highest),
            _bell("path", *LEFT, highest),
            _said(one, f"{LEFT[1]} > 0 ? 'leaves ' + {_width(*LEFT)} : 'leaves no density'"),
            _bell("posterior", *TRUE, highest),
        ],
        "SNPE-B: weigh": _stems(
            DRAWS,
            "exp(datum.z * datum.z / 2 - datum.t * datum.t / 2)",
            f"'{DRAWS} draws are worth ' + format(pow(datum.total, 2) / datum.square, '.0f')",
        ),
        "SNPE-C: compare": [
            _band(str(LOW), f"m - {most:.3f} * s", "broken"),
            _band(f"m + {most:.3f} * s", str(HIGH), "broken"),
            *_stems(
                ATOMS,
                "exp(-pow((datum.t - mu) / w, 2) / 2 + datum.t * datum.t / 2)",
                f"'sees q at {ATOMS} atoms; shaded: free'",
            ),
        ],
        "Truncated": [
            _band(f"m - {edge}", f"m + {edge}", "path"),
            _bell("prior", "0", "1", "1 / w", f"abs(datum.t - m) < {edge}"),
            _said(one, f"'cuts off ' + {lost} + ' % of the posterior'"),
            _bell("posterior", *TRUE, "1 / w"),
        ],
    }
    base = table(t=[LOW, HIGH], h=[0, 0])
    base = base.mark_line(stroke=OBSERVED, strokeOpacity=0.35, strokeWidth=1)
    views = []
    for name, layers in rows.items():
        axis = alt.Axis(title="θ", tickCount=6) if name == "Truncated" else None
        floor = base.encode(x=PLACE["x"].copy(deep=True).axis(axis), y=PLACE["y"])
        view = alt.layer(_said(one, repr(name), "left"), *layers, floor)
        views.append(view.properties(width=WIDTH, height=56).resolve_axis(x="independent"))
    chart = alt.vconcat(*views, spacing=10).add_params(*SLIDERS)
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
    return present(chart, title, told, hint)


def _bell(role: str, mean: str, precision: str, top: str, among: str = "true") -> alt.Chart:
    """Draw a Gaussian over the highest density `top`, where an expression holds."""
    data = rows_of([{}]).transform_calculate(t=f"sequence({LOW}, {HIGH}, 0.025)")
    height = f"exp(-({precision}) * pow(datum.t - ({mean}), 2) / 2) * sqrt({precision}) / ({top})"
    data = data.transform_flatten(["t"]).transform_filter(f"({precision}) > 0 && ({among})")
    look = {"stroke": ROLES[role].color, "strokeDash": list(ROLES[role].dash), "strokeWidth": 1.7}
    return data.transform_calculate(h=height).mark_line(**look).encode(**PLACE)


def _band(start: str, stop: str, role: str) -> alt.Chart:
    """Shade a row between two parameters."""
    ends = {"t": f"clamp({start}, {LOW}, {HIGH})", "t2": f"clamp({stop}, {LOW}, {HIGH})"}
    data = rows_of([{"h": 0, "h2": 1}]).transform_calculate(**ends)
    mark = data.mark_rect(fill=ROLES[role].color, fillOpacity=0.16, strokeWidth=0)
    return mark.encode(**PLACE, x2="t2", y2="h2")


def _said(data: alt.Chart, text: str, side: str = "right") -> alt.Chart:
    """Write the words of an expression above one end of their row."""
    end = str({"left": LOW, "right": HIGH}[side])
    mark = data.transform_calculate(said=text, t=end, h="1")
    mark = mark.mark_text(align=side, baseline="bottom", dy=-7)
    return mark.encode(**PLACE, text="said:N")


def _stems(draws: int, share: str, result: str) -> list[alt.Chart]:
    """Draw equally likely draws of the proposal, each as high as its share, and the posterior."""
    i = np.arange(draws)
    data = table(i=i, z=ndtri((i + 0.5) / draws))
    data = data.transform_calculate(t="m + s * datum.z").transform_calculate(u=share)
    data = data.transform_calculate(u2="datum.u * datum.u").transform_joinaggregate(
        total="sum(u)", square="sum(u2)", top="max(u)"
    )
    stems = data.transform_calculate(h="datum.u / datum.top")
    stems = stems.transform_filter(f"datum.t > {LOW} && datum.t < {HIGH}")
    color = ROLES["sample"].color
    rule = stems.mark_rule(stroke=color, strokeWidth=1.5)
    dot = stems.mark_circle(color=color, size=16)
    return [
        rule.encode(**PLACE, y2=alt.datum(0)),
        dot.encode(**PLACE),
        _said(data.transform_filter("datum.i == 0"), result),
        _bell("posterior", *TRUE, "1 / w"),
    ]


def _width(mean: str, precision: str) -> str:
    return f"format({mean}, '.2f') + ' ± ' + format(1 / sqrt({precision}), '.2f')"
