r"""Flows: a standard normal, bent by invertible maps until it is the posterior.

A flow is a map z = T(u; x) from noise u ~ N(0, I), invertible in u for every x. Its density is

    log q(z | x) = log N(T^-1(z; x); 0, I) + log |det dT^-1/dz|.

Taught in ``book/inference/density-estimators.md``.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from mechfit.inference.densities.base import Density
from mechfit.inference.densities.coupling import SplineCoupling
from mechfit.inference.densities.embedding import Embedding
from mechfit.models.distributions import LOG_SQRT_2PI

__all__ = ["Flow"]


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
