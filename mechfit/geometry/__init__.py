"""Geometry: the shape of a posterior – paths, conditionals, stiff and sloppy directions."""

from mechfit.geometry.conditional_draws import sample_conditional_on_grid
from mechfit.geometry.conditionals import conditional_density, pair_correlations, partners
from mechfit.geometry.farthest import farthest_points
from mechfit.geometry.islands import Connection, Islands, connect, islands
from mechfit.geometry.paths import (
    along,
    high_probability_path,
    inverse_density,
    length,
    orthogonal_path,
    points_at,
    straight,
    surprisal,
)
from mechfit.geometry.sensitivity import ActiveSubspace, active_subspace

__all__ = [
    "ActiveSubspace",
    "Connection",
    "Islands",
    "active_subspace",
    "along",
    "conditional_density",
    "connect",
    "farthest_points",
    "high_probability_path",
    "inverse_density",
    "islands",
    "length",
    "orthogonal_path",
    "pair_correlations",
    "partners",
    "points_at",
    "sample_conditional_on_grid",
    "straight",
    "surprisal",
]
