"""Diagnostics: tests of a posterior, and of the observation.

Taught in the chapters ``book/inference/calibration.md``, ``book/inference/predictive-checks.md``
and ``book/inference/when-the-model-is-wrong.md``.
"""

from mechfit.inference.diagnostics.check import Report, check, judge
from mechfit.inference.diagnostics.dependence import dependence
from mechfit.inference.diagnostics.lc2st import LocalC2ST, lc2st
from mechfit.inference.diagnostics.misspecification import Misspecification, misspecification
from mechfit.inference.diagnostics.predictive import PredictiveCheck, predictive_check, tail
from mechfit.inference.diagnostics.ranks import Amortized, Calibration, calibrate
from mechfit.inference.diagnostics.recalibration import Recalibrated, recalibrate
from mechfit.inference.diagnostics.uniform import band, grid, p_value

__all__ = [
    "Amortized",
    "Calibration",
    "LocalC2ST",
    "Misspecification",
    "PredictiveCheck",
    "Recalibrated",
    "Report",
    "band",
    "calibrate",
    "check",
    "dependence",
    "grid",
    "judge",
    "lc2st",
    "misspecification",
    "p_value",
    "predictive_check",
    "recalibrate",
    "tail",
]
