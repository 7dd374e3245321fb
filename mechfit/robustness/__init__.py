"""Robustness: what breaks a circuit, which way, and how far away it is; heat, and energy."""

from mechfit.models.pyloric.breakdown import what_is_lost
from mechfit.robustness.breakdown import Radii, breakdown_along, breakdown_radii
from mechfit.robustness.criterion import Criterion, all_defined
from mechfit.robustness.directions import (
    Directions,
    across,
    one_by_one,
    random_directions,
    stiff_and_sloppy,
)
from mechfit.robustness.energy import SPENDERS, energy_by_current
from mechfit.robustness.search import Breaking, smallest_perturbation
from mechfit.robustness.temperature import KELVIN, Warming, q10_of, share_interval, warm

__all__ = [
    "KELVIN",
    "SPENDERS",
    "Breaking",
    "Criterion",
    "Directions",
    "Radii",
    "Warming",
    "across",
    "all_defined",
    "breakdown_along",
    "breakdown_radii",
    "energy_by_current",
    "one_by_one",
    "q10_of",
    "random_directions",
    "share_interval",
    "smallest_perturbation",
    "stiff_and_sloppy",
    "warm",
    "what_is_lost",
]
