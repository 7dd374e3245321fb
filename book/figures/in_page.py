"""A picture that computes in the page: its place, its settings, and a still one without scripts.

The built book draws it with `book/_static/live`; a notebook, which lacks these scripts, and a
browser without scripts show the still one.
"""

import json
import os
from dataclasses import replace
from html import escape

import altair as alt
import numpy as np
import vl_convert
from IPython.display import HTML

from mechfit.figures.svg import subscripted
from mechfit.inference import Posterior

BINS = 30


def in_page(picture: str, still: alt.TopLevelMixin, **options: object) -> HTML | alt.TopLevelMixin:
    """Place a live picture.

    Args:
        picture: Its name, that of a script in `book/_static/live`.
        still: What a reader sees until the script begins, or without it, as in a notebook.
        **options: What its script is told; JSON.
    """
    if os.environ.get("MECHFIT_CHART_SCRIPTS") != "page":
        return still
    svg = subscripted(vl_convert.vegalite_to_svg(still.to_dict()))
    told = escape(json.dumps(options, ensure_ascii=False, separators=(",", ":")))
    said = escape(still.to_dict()["description"])
    return HTML(
        f'<div class="mechfit-live" data-live="{picture}" data-options="{told}">'
        f'<div class="live-still" role="img" aria-label="{said}">{svg}</div></div>'
    )


def spread(x: np.ndarray, log: tuple[int, ...] = ()) -> list[dict[str, object]]:
    """Ranges of statistics (n, k) and their histograms, in units of the uniform density.

    Counts keep whole numbers; those in `log` have axes and bins of equal factors.
    """
    told = []
    for j, column in enumerate(x.T):
        low, high = np.quantile(column, [0.005, 0.995])
        to = np.log if j in log else np.asarray
        bins = np.linspace(to(low), to(high), BINS + 1)
        prior = np.histogram(to(column), bins)[0] * BINS / len(column)
        told.append({"low": low, "high": high, "log": j in log, "prior": prior.round(3).tolist()})
    return told


def first_member(posterior: Posterior) -> Posterior:
    """One network of an ensemble, for which a page has the room; verdicts are of all of them."""
    kept = {k: v for k, v in posterior.provenance.items() if not k.startswith("check")}
    provenance = kept | {"members": 1}
    return replace(posterior, flow=posterior.flow.members[0], provenance=provenance)
