"""Charts and live widgets: arrays, named columns and callables in, `alt.Chart` out.

Importing this room registers and enables the theme "mechfit". Colors have one meaning each, see
`ROLES`. Nothing scientific is computed here beyond bins, quantiles and correlations.
"""

from mechfit.figures import renderer  # noqa: F401
from mechfit.figures.answering import pairs_to_traces
from mechfit.figures.bars import statistic_bars
from mechfit.figures.contraction import contraction_matrix
from mechfit.figures.curves import curves, history
from mechfit.figures.fields import fields
from mechfit.figures.live import live, live_choice, live_path, live_trace
from mechfit.figures.marginals import choice_explorer
from mechfit.figures.morphology import morphology_chart
from mechfit.figures.page import html_page, html_table
from mechfit.figures.pairplot import pairplot
from mechfit.figures.predictive import predictive
from mechfit.figures.rhythms import rhythms
from mechfit.figures.samples import samples_to_traces
from mechfit.figures.scores import scores
from mechfit.figures.svg import curves_svg, marginals_svg, raster_svg, trace_svg
from mechfit.figures.theme import BROKEN, OBSERVED, PATH, POSTERIOR, PRIOR, ROLES, SAMPLE, theme
from mechfit.figures.traces import traces
from mechfit.summaries.thinning import thin

__all__ = [
    "BROKEN",
    "OBSERVED",
    "PATH",
    "POSTERIOR",
    "PRIOR",
    "ROLES",
    "SAMPLE",
    "choice_explorer",
    "contraction_matrix",
    "curves",
    "curves_svg",
    "fields",
    "history",
    "html_page",
    "html_table",
    "live",
    "live_choice",
    "live_path",
    "live_trace",
    "marginals_svg",
    "morphology_chart",
    "pairplot",
    "pairs_to_traces",
    "predictive",
    "raster_svg",
    "rhythms",
    "samples_to_traces",
    "scores",
    "statistic_bars",
    "theme",
    "thin",
    "trace_svg",
    "traces",
]
