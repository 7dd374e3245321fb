"""Configurations of flows: which map, how deep and how wide; `build` makes it with random weights.

Two kinds of maps are those of nflows (``nflows_transforms.py``): the masked autoregressive flow
and the neural spline flow. The third, a spline coupling flow as well but faster, is our own
(``coupling.py``). Taught in ``book/inference/density-estimators.md``.
"""

from __future__ import annotations

from dataclasses import dataclass

from mechfit.inference.densities.coupling import SplineCoupling
from mechfit.inference.densities.embedding import Embedding
from mechfit.inference.densities.flow import Flow
from mechfit.inference.densities.nflows_transforms import (
    Transform,
    autoregressive,
    neural_spline,
)

__all__ = ["MAF", "NSF", "Coupling"]


@dataclass(frozen=True)
class MAF:
    """Masked autoregressive flow: each number is shifted and scaled given those before it.

    Attributes:
        layers: Number of layers.
        hidden: Width of the networks.
        embedding: Network that reads the data first; None takes statistics as they are.
    """

    layers: int = 5
    hidden: int = 50
    embedding: Embedding | None = None

    def build(self, d: int, k: int) -> Flow:
        """Make the flow of d parameters given k statistics, with random weights."""

        def transform(k: int) -> Transform:
            return autoregressive(d, k, self.layers, self.hidden)

        return Flow(transform, d, k, self.embedding)


@dataclass(frozen=True)
class NSF:
    """Neural spline flow: half of the numbers bend by splines that the other half chooses.

    Attributes:
        layers: Number of layers.
        hidden: Width of the networks.
        bins: Number of bins of each spline.
        bound: The splines reach from -bound to bound, with linear tails.
        embedding: Network that reads the data first; None takes statistics as they are.
    """

    layers: int = 5
    hidden: int = 50
    bins: int = 8
    bound: float = 5.0
    embedding: Embedding | None = None

    def build(self, d: int, k: int) -> Flow:
        """Make the flow of d parameters given k statistics, with random weights."""
        if d == 1:
            return MAF(self.layers, self.hidden, self.embedding).build(d, k)

        def transform(k: int) -> Transform:
            return neural_spline(d, k, self.layers, self.hidden, self.bins, self.bound)

        return Flow(transform, d, k, self.embedding)


@dataclass(frozen=True)
class Coupling:
    """Spline coupling flow of our own: splines as in `NSF`, in far fewer operations.

    Attributes:
        layers: Number of layers.
        hidden: Width of the networks.
        bins: Number of bins of each spline.
        bound: The splines reach from -bound to bound, with linear tails.
        box: Work in the unit cube of the prior, with a uniform base, instead of unbounded space.
        embedding: Network that reads the data first; None takes statistics as they are.
    """

    layers: int = 4
    hidden: int = 128
    bins: int = 8
    bound: float = 5.0
    box: bool = False
    embedding: Embedding | None = None

    def build(self, d: int, k: int) -> Flow:
        """Make the flow of d parameters given k statistics, with random weights."""
        bound = None if self.box else self.bound

        def transform(k: int) -> Transform:
            return SplineCoupling(d, k, self.layers, self.hidden, self.bins, bound)

        return Flow(transform, d, k, self.embedding, box=self.box)
