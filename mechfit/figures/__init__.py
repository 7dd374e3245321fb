"""Charts and live widgets: arrays, named columns and callables in, `alt.Chart` out.

Importing this room registers and enables the theme "mechfit". Colors have one meaning each, see
`palette`. Nothing scientific is computed here beyond bins, quantiles and correlations.
"""

from mechfit.figures.curves import curves
from mechfit.figures.density import density, mass_level, outlines
from mechfit.figures.explorer import parameter_explorer
from mechfit.figures.history import history
from mechfit.figures.live import live_trace, trace_svg
from mechfit.figures.pairplot import pairplot
from mechfit.figures.palette import (
    BROKEN,
    OBSERVED,
    PATH,
    POSTERIOR,
    PRIOR,
    ROLES,
    SAMPLE,
    Role,
)
from mechfit.figures.predictive import predictive
from mechfit.figures.samples import samples_to_traces
from mechfit.figures.theme import theme
from mechfit.figures.thinning import thin, thin_together
from mechfit.figures.traces import traces

__all__ = [
    "BROKEN",
    "OBSERVED",
    "PATH",
    "POSTERIOR",
    "PRIOR",
    "ROLES",
    "SAMPLE",
    "Role",
    "curves",
    "density",
    "history",
    "live_trace",
    "mass_level",
    "outlines",
    "pairplot",
    "parameter_explorer",
    "predictive",
    "samples_to_traces",
    "theme",
    "thin",
    "thin_together",
    "trace_svg",
    "traces",
]
