"""Summary statistics of traces and samples. Taught in the book's part *summaries*."""

from mechfit.summaries.bootstrap import bootstrap_interval
from mechfit.summaries.bursts import burst_times
from mechfit.summaries.correlation_ratio import correlation_ratio
from mechfit.summaries.density import density
from mechfit.summaries.driven import DRIVEN, driven_statistics
from mechfit.summaries.extended import Extended
from mechfit.summaries.intervals import INTERVAL_STATISTICS, interval_statistics
from mechfit.summaries.moments import moments
from mechfit.summaries.population import (
    POPULATION,
    population_spectrum,
    population_statistics,
    why_no_statistics,
)
from mechfit.summaries.spikes import spike_times
from mechfit.summaries.thinning import thin, thin_together
from mechfit.summaries.triphasic import TRIPHASIC, why_undefined
from mechfit.summaries.voltage import (
    STATISTIC_NAMES,
    STATISTIC_UNITS,
    features,
    voltage_statistics,
)

__all__ = [
    "DRIVEN",
    "INTERVAL_STATISTICS",
    "POPULATION",
    "STATISTIC_NAMES",
    "STATISTIC_UNITS",
    "TRIPHASIC",
    "Extended",
    "bootstrap_interval",
    "burst_times",
    "correlation_ratio",
    "density",
    "driven_statistics",
    "features",
    "interval_statistics",
    "moments",
    "population_spectrum",
    "population_statistics",
    "spike_times",
    "thin",
    "thin_together",
    "voltage_statistics",
    "why_no_statistics",
    "why_undefined",
]
