"""Robustness: what breaks a circuit, which way, and how far away it is."""

from mechfit.robustness.breakdown import Radii, breakdown_radii
from mechfit.robustness.works import Works, all_defined

__all__ = ["Radii", "Works", "all_defined", "breakdown_radii"]
