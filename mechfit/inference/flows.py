r"""Flows: a standard normal, bent by invertible maps until it is the posterior.

A flow is a map z = T(u; x) from noise u ~ N(0, I), invertible in u for every x. Its density is

    log q(z | x) = log N(T^-1(z; x); 0, I) + log |det dT^-1/dz|.

Two kinds of maps are those of nflows (``transforms.py``): the masked autoregressive flow and the
neural spline flow. The third, a spline coupling flow as well but faster, is our own
(``spline.py``). Taught in ``book/inference/density-estimators.md``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from mechfit.inference.density import Density
from mechfit.inference.embedding import Embedding
from mechfit.inference.spline import SplineCoupling
from mechfit.inference.transforms import Transform, autoregressive, neural_spline
from mechfit.models.distributions import LOG_SQRT_2PI

__all__ = ["MAF", "NSF", "Coupling", "Flow"]


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


class Flow(Density):
    """A density made by a transform; with `box`, of the unit cube, over a uniform base there.

    Args:
        transform: Makes the transform, given the number of features it is conditioned on.
        d: Number of parameters.
        k: Number of columns of x.
        embedding: Network that reads x first.
        box: Whether z lies in the unit cube.
    """

    def __init__(
        self,
        transform: Callable,
        d: int,
        k: int,
        embedding: Embedding | None,
        *,
        box: bool = False,
    ) -> None:
        super().__init__(d, k, embedding, box=box)
        self.transform = transform(self.features)

    def log_prob_of(self, z: Tensor, features: Tensor) -> Tensor:
        """Log-density (..., n) of standardized z (..., n, d) given features (n, f)."""
        noise, log_det = self._transform(self.transform.forward, z, features)
        return log_det if self.box else log_det - 0.5 * (noise**2).sum(-1) - self.d * LOG_SQRT_2PI

    def push_of(self, noise: Tensor, features: Tensor) -> Tensor:
        """Turn standard normals (m, n, d) into draws of standardized z, given (m, 1, f)."""
        if self.box:
            noise = torch.special.ndtr(noise)
        z = self._transform(self.transform.inverse, noise, features)[0]
        return z.clamp(0, 1) if self.box else z

    def _transform(self, function: Callable, z: Tensor, features: Tensor) -> tuple[Tensor, Tensor]:
        """Apply the transform or its inverse; those of nflows know one leading axis."""
        if isinstance(self.transform, SplineCoupling):
            return function(z, features)
        rows = features.expand(*z.shape[:-1], -1).flatten(0, -2)
        out, log_det = function(z.flatten(0, -2), rows)
        return out.view(z.shape), log_det.view(z.shape[:-1])
