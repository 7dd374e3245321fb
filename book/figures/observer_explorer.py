"""An experiment with one observer, trial by trial: what is believed, and what to show next."""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from book.figures.parameter_explorer import sliders
from mechfit.figures.checks import numbers
from mechfit.figures.curves import plane
from mechfit.figures.encoding import encode
from mechfit.figures.fields import SIDE, square, square_plane
from mechfit.figures.heat import heat_cells
from mechfit.figures.parts import coded_trace, heading, option, points, table, words
from mechfit.figures.theme import BROKEN, PATH, ROLES, SAMPLE, WIDTH, present

TALL = 130


def observer_explorer(
    stimuli: ArrayLike,
    experiments: Mapping[str, Mapping[str, ArrayLike]],
    limits: ArrayLike,
    labels: Sequence[str],
    *,
    truth: Sequence[float],
    curve: ArrayLike,
    start: int,
    title: str,
) -> alt.VConcatChart:
    """Show what is believed of an observer after any trial, and what each stimulus would tell.

    Args:
        stimuli: Evenly spaced strengths (m,).
        experiments: Name to an experiment of T trials: `density` (T + 1, b, b) of two parameters,
            `information` (T + 1, m) in nats, `shown` (T,) indices and `responses` (T,), 0 or 1.
        limits: Ranges of the two parameters (2, 2).
        labels: Their names.
        truth: The observer's two parameters.
        curve: The observer's probabilities (m,) of response 1.
        start: Number of trials that is shown first.
        title: What to see, in words.
    """
    x = numbers("stimuli", stimuli, "m")
    m, names, states = len(x), list(experiments), []
    top = max(float(np.max(e["information"])) for e in experiments.values())
    trials = min(len(e["shown"]) for e in experiments.values())
    bins = len(experiments[names[0]]["density"][0])
    for name, made in experiments.items():
        density = numbers("density", made["density"], trials + 1, bins, bins)
        told = numbers("information", made["information"], trials + 1, m)
        shown, responses = np.asarray(made["shown"], int), np.asarray(made["responses"], int)
        for k in range(trials + 1):
            n = np.bincount(shown[:k], minlength=m)
            ones = np.bincount(shown[:k], responses[:k], minlength=m)
            seen, best = np.flatnonzero(n), int(told[k].argmax())
            state = {"k": k, "name": name, "bx": float(x[best]), "by": round(told[k, best], 4)}
            state["said"] = (
                f"After {k} trials the stimulus {x[best]:.2f} would tell most, "
                f"{told[k, best]:.2f} nats"
            ).replace("-", "−")
            if k < trials:
                state |= {"cx": float(x[shown[k]]), "cy": round(told[k, shown[k]], 4)}
            state |= {"c": encode(density[k].ravel(), 0, density[k].max(), 1)}
            state |= {"v": encode(told[k], 0, top), "sx": x[seen].tolist(), "sn": n[seen].tolist()}
            states.append(state | {"sp": (ones[seen] / n[seen]).round(3).tolist()})
    params, chosen = sliders({"trials so far": np.arange(trials + 1)}, [start])
    now = alt.Chart(alt.NamedData("states"))
    now = now.transform_filter(f"datum.k == {chosen} && datum.name == strategy")

    place = square_plane(np.asarray(limits, float), labels)
    spot = table(x=[truth[0]], y=[truth[1]])
    spot = spot.mark_point(shape="cross", angle=45, size=240, fill=BROKEN, strokeWidth=0)
    belief = square(
        heat_cells(now, limits, bins).encode(**place),
        spot.encode(**place),
        words="what is believed; the cross is true",
    )
    plot = plane((x[0], x[-1]), (0, 1.08 * top), "stimulus x", "")
    plot["y"]["scale"]["type"] = "sqrt"  # what there is to learn falls with the trials
    line = coded_trace(now, x, 0, top, ROLES["posterior"]).transform_calculate(
        x="datum.t", y="datum.v"
    )
    look = {"strokeWidth": 0, "size": 90}
    best = now.transform_calculate(x="datum.bx", y="datum.by")
    taken = now.transform_filter("isValid(datum.cx)").transform_calculate(
        x="datum.cx", y="datum.cy"
    )
    told = alt.layer(
        line.encode(**plot),
        best.mark_point(shape="diamond", fill=PATH, **look).encode(**plot),
        taken.mark_point(shape="circle", filled=False, stroke=SAMPLE, size=190).encode(**plot),
    ).properties(
        width=SIDE,
        height=SIDE,
        title=heading("what a stimulus would tell (nats, root scale)", weight=600),
    )
    data = plane((x[0], x[-1]), (0, 1), "stimulus x", "")
    truly = table(x=x, y=curve).mark_line(strokeWidth=1.3, strokeDash=[4, 3])
    dots = points(now, "length(datum.sx)", "sx", "sn", "sp", x="datum.sx", y="datum.sp")
    size = alt.Size("sn:Q", legend=None).scale(domain=[0, 20], range=[15, 500], clamp=True)
    seen = alt.layer(
        truly.encode(**data),
        dots.mark_circle(fill=SAMPLE, fillOpacity=0.6, strokeWidth=0).encode(**data, size=size),
    ).properties(
        width=WIDTH,
        height=TALL,
        title=heading("share of responses 1; the larger, the more trials", weight=600),
    )
    chart = alt.vconcat(
        words(now, fontWeight=600), belief | told, seen, spacing=10, datasets={"states": states}
    ).add_params(*params, option("strategy", names, "stimuli chosen by", names[0]))
    described = (
        f"An experiment of {trials} trials with one observer, whose threshold and width are known "
        f"to the reader. Left, the posterior of {labels[0]} and {labels[1]}: wide at first, it "
        "closes around the true values as the slider of trials moves on. Right, the information "
        "that each stimulus is expected to give: high at two stimuli on both sides of the "
        "threshold, lower in between and low far away; a diamond marks its maximum, a ring the "
        "stimulus that was shown next. Below, the share of responses 1 to each stimulus shown, "
        f"around the observer's true curve. A menu chooses how stimuli were chosen: "
        f"{', '.join(names)}."
    )
    return present(
        chart, title, described, "Move the trials and choose the rule below the figure."
    )
