r"""Flow: a standard normal, transformed by invertible maps into the posterior.

A flow is a map z = T(u; x) from noise u ~ N(0, I), invertible in u for every x, with the density

    log q(z | x) = log N(T^-1(z; x); 0, I) + log |det dT^-1/dz|.

In the unit interval the base is a normal that is cut off (``box.py``). Taught in
``book/inference/density-estimators.md``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from mechfit.inference.densities.base import Density
from mechfit.inference.densities.coupling import SplineCoupling
from mechfit.inference.densities.embedding import Embedding
from mechfit.inference.densities.nflows_transforms import Transform
from mechfit.inference.densities.ridge import Ridge
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
        box: Sequence[bool] = (),
    ) -> None:
        super().__init__(d, k, embedding, box=box)
        self.transform, self.constant = transform(self.features), d * LOG_SQRT_2PI
        if any(self.box):
            inside = torch.tensor(self.box)
            self.register_buffer("inside", inside, persistent=False)
            self.center[inside], self.root.diagonal()[inside] = 0.5, 0.5
            self.constant += sum(self.box) * math.log(self.transform.box.mass)

    def standardize(self, z: Tensor, start: Ridge | None = None) -> None:
        """As in `Density`; numbers in the box have the place that the regression tells."""
        super().standardize(z, start)
        if start is not None and any(self.box):
            self.transform.box.start(start)

    def log_prob_of(self, z: Tensor, features: Tensor) -> Tensor:
        """Log-density (..., n) of standardized z (..., n, d) given features (n, f)."""
        noise, log_det = self._transform(self.transform.forward, z, features)
        return log_det - 0.5 * (noise**2).sum(-1) - self.constant

    def push_of(self, noise: Tensor, features: Tensor) -> Tensor:
        """Transform normals (m, n, d) to draws of standardized z given features (m, 1, f)."""
        if any(self.box):
            cut = self.transform.inside[-1] > 0
            noise = torch.where(cut, self.transform.box.base(noise), noise)
        z = self._transform(self.transform.inverse, noise, features)[0]
        return torch.where(self.inside, z.clamp(-1, 1), z) if any(self.box) else z

    def _transform(self, function: Callable, z: Tensor, features: Tensor) -> tuple[Tensor, Tensor]:
        """Apply the transform or its inverse; those of nflows take one leading axis."""
        if isinstance(self.transform, SplineCoupling):
            return function(z, features)
        rows = features.expand(*z.shape[:-1], -1).flatten(0, -2)
        out, log_det = function(z.flatten(0, -2), rows)
        return out.view(z.shape), log_det.view(z.shape[:-1])
