"""Geometry: the shape of a posterior – paths through it, what it says given a part, stiff ways."""

from mechfit.geometry.harmonics import Harmonics, harmonic_path
from mechfit.geometry.islands import Connection, Islands, connect, islands
from mechfit.geometry.paths import (
    along,
    high_probability_path,
    length,
    orthogonal_path,
    straight,
)

__all__ = [
    "Connection",
    "Harmonics",
    "Islands",
    "along",
    "connect",
    "harmonic_path",
    "high_probability_path",
    "islands",
    "length",
    "orthogonal_path",
    "straight",
]
