r"""Flow: a standard normal, transformed by invertible maps into the posterior.

A flow is a map z = T(u; x) from noise u ~ N(0, I), invertible in u for every x, with the density

    log q(z | x) = log N(T^-1(z; x); 0, I) + log |det dT^-1/dz|.

In the unit cube the base is uniform. Taught in ``book/inference/density-estimators.md``.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from mechfit.inference.densities.base import Density
from mechfit.inference.densities.coupling import SplineCoupling
from mechfit.inference.densities.embedding import Embedding
from mechfit.inference.densities.nflows_transforms import Transform
from mechfit.models.distributions import LOG_SQRT_2PI

__all__ = ["Flow"]


class Flow(Density):
    """A density over z (d numbers) given x (k columns) by a transform.

    `transform` makes it, given the number of features that it is conditioned on.
    """

    def __init__(
        self,
        transform: Callable[[int], Transform],
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
        """Transform normals (m, n, d) to draws of standardized z given features (m, 1, f)."""
        if self.box:
            noise = torch.special.ndtr(noise)
        z = self._transform(self.transform.inverse, noise, features)[0]
        return z.clamp(0, 1) if self.box else z

    def _transform(self, function: Callable, z: Tensor, features: Tensor) -> tuple[Tensor, Tensor]:
        """Apply the transform or its inverse; those of nflows take one leading axis."""
        if isinstance(self.transform, SplineCoupling):
            return function(z, features)
        rows = features.expand(*z.shape[:-1], -1).flatten(0, -2)
        out, log_det = function(z.flatten(0, -2), rows)
        return out.view(z.shape), log_det.view(z.shape[:-1])
