"""Geometry: the shape of a posterior – paths through it, what it says given a part, stiff ways."""

from mechfit.geometry.conditional_draws import (
    sample_conditional,
    sample_conditional_on_grid,
)
from mechfit.geometry.conditionals import (
    conditional_correlations,
    conditional_density,
    mean_correlations,
    pair_correlations,
    partners,
)
from mechfit.geometry.harmonics import Harmonics, harmonic_path
from mechfit.geometry.islands import Connection, Islands, connect, islands
from mechfit.geometry.paths import (
    along,
    high_probability_path,
    length,
    orthogonal_path,
    points_at,
    straight,
)
from mechfit.geometry.sensitivity import ActiveSubspace, active_subspace

__all__ = [
    "ActiveSubspace",
    "Connection",
    "Harmonics",
    "Islands",
    "active_subspace",
    "along",
    "conditional_correlations",
    "conditional_density",
    "connect",
    "harmonic_path",
    "high_probability_path",
    "islands",
    "length",
    "mean_correlations",
    "orthogonal_path",
    "pair_correlations",
    "partners",
    "points_at",
    "sample_conditional",
    "sample_conditional_on_grid",
    "straight",
]
