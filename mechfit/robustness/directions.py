r"""Directions in which a circuit is perturbed, each with a name and a group.

*One parameter*, v = ± e_k, is what a drug or a gene changes. *Random* ones are uniform over the
sphere: the null distribution. *Stiff* and *sloppy* ones are the first and the last eigenvectors of
M = E[g g^T], g the scaled gradient of log q. *Across* is the direction at a right angle to the
tangent t of a path in which log q falls fastest,

    v = -(1 - t t^T) g / |(1 - t t^T) g|.

All are unit vectors in units of the scale. Taught in ``book/robustness/perturbations.md``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mechfit.geometry import ActiveSubspace
from mechfit.models.inputs import aligned, finite, spans
from mechfit.robustness.stored import Stored

__all__ = ["Directions", "across", "one_by_one", "random_directions", "stiff_and_sloppy"]


@dataclass(frozen=True)
class Directions(Stored):
    """Directions (k, d) with their names and groups.

    Attributes:
        vectors: Unit vectors (k, d), in units of the scale.
        names: Name of each.
        groups: Kind of each.
    """

    vectors: np.ndarray
    names: tuple[str, ...]
    groups: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.names)

    def __add__(self, other: Directions) -> Directions:
        """Both, one after the other."""
        vectors = np.concatenate([self.vectors, other.vectors])
        return Directions(vectors, self.names + other.names, self.groups + other.groups)

    def vector(self, name: str) -> np.ndarray:
        """The direction (d,) of a name."""
        return self.vectors[self.names.index(name)]

    def of(self, group: str) -> np.ndarray:
        """Numbers of the directions of a group."""
        return np.flatnonzero(np.array(self.groups) == group)


def one_by_one(symbols: Sequence[str]) -> Directions:
    """Less and more of each parameter alone: 2 d directions.

    Example:
        >>> one_by_one(["Na", "leak"]).names
        ('less Na', 'more Na', 'less leak', 'more leak')
    """
    d = len(symbols)
    vectors = np.stack([-np.eye(d), np.eye(d)], 1).reshape(2 * d, d)
    names = tuple(f"{way} {symbol}" for symbol in symbols for way in ("less", "more"))
    return Directions(vectors, names, ("one parameter",) * len(names))


def random_directions(k: int, d: int, seed: int) -> Directions:
    """Draw k directions in d dimensions, uniform over the sphere."""
    v = np.random.default_rng(seed).standard_normal((k, d))
    names = tuple(f"random {m + 1}" for m in range(k))
    return Directions(v / np.linalg.norm(v, axis=1, keepdims=True), names, ("random",) * k)


def stiff_and_sloppy(subspace: ActiveSubspace, k: int = 3) -> Directions:
    """The k stiffest and the k sloppiest directions, both ways each."""
    kinds = {"stiff": subspace.directions[:k], "sloppy": subspace.directions[::-1][:k]}
    names, groups, vectors = [], [], []
    for kind, found in kinds.items():
        for m, v in enumerate(found):
            vectors += [v, -v]
            names += [f"{kind} {m + 1}, {sign}" for sign in ("+", "−")]
            groups += [kind] * 2
    return Directions(np.array(vectors), tuple(names), tuple(groups))


def across(tangent: np.ndarray, slope: np.ndarray) -> Directions:
    """Down the density and up it, at a right angle to a path.

    Args:
        tangent: Direction (d,) of the path, in units of the scale.
        slope: Gradient (d,) of log q by the parameters in units of the scale.

    Raises:
        ValueError: The tangent has no length, or the slope points along the path.
    """
    t, slope = aligned(tangent=tangent, slope=slope)
    norm = np.linalg.norm(finite(t, "tangent", rows=None))
    t = t / (norm or 1.0)
    spans(finite(slope, "slope", rows=None), len(t), "slope")
    down = -(slope - t * (t @ slope))
    if not norm > 0 or np.linalg.norm(down) <= 1e-12 * np.linalg.norm(slope):
        raise ValueError(
            f"the tangent has the length {norm:.3g}, and across it the slope is "
            f"{np.linalg.norm(down):.3g}; expected a tangent, and a slope that is not along it"
        )
    down /= np.linalg.norm(down)
    return Directions(np.stack([down, -down]), ("across, down", "across, up"), ("across",) * 2)
