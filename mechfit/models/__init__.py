"""Mechanistic models: what a model is, and one file per simulator.

Taught in the book's part *models*, beginning with ``book/models/hodgkin-huxley.md``.
"""

from mechfit.models.any_step import AnyStep
from mechfit.models.distributions import LogNormal, LogUniform, Normal, Uniform
from mechfit.models.hodgkin_huxley import HodgkinHuxley
from mechfit.models.hodgkin_huxley_step import gating
from mechfit.models.model import Model, Traces
from mechfit.models.noise import normals
from mechfit.models.nwb import load_recording
from mechfit.models.prior import Parameter, Prior
from mechfit.models.pyloric import Pyloric
from mechfit.models.pyloric_recordings import RECORDED_RHYTHM, RHYTHM_SPREAD
from mechfit.models.recordings import Cell, Recording, read_cells
from mechfit.models.stimuli import (
    ornstein_uhlenbeck_current,
    ramp_current,
    recorded_current,
    step_current,
    step_series,
)
from mechfit.models.thinned import Thinned
from mechfit.models.toys import TwoMoons

__all__ = [
    "RECORDED_RHYTHM",
    "RHYTHM_SPREAD",
    "AnyStep",
    "Cell",
    "HodgkinHuxley",
    "LogNormal",
    "LogUniform",
    "Model",
    "Normal",
    "Parameter",
    "Prior",
    "Pyloric",
    "Recording",
    "Thinned",
    "Traces",
    "TwoMoons",
    "Uniform",
    "gating",
    "load_recording",
    "normals",
    "ornstein_uhlenbeck_current",
    "ramp_current",
    "read_cells",
    "recorded_current",
    "step_current",
    "step_series",
]
