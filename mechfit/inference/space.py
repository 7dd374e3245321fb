r"""Space: where a density is trained, and the change of variables from the parameters to it.

A density of z = f(theta) is one of theta,

    log q(theta | x) = log q_z(f(theta) | x) + log |df/dtheta|.

f is the prior's own map to standard normals (*unbounded* space), its map to the *unit cube*, or
*standardization*, (theta - m) / s. In the first two no draw can leave the prior; in the third
draws outside it have to be rejected. Taught in ``book/inference/sequential.md``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mechfit.inference.densities.configs import Estimator
from mechfit.inference.densities.scaling import Standardizer
from mechfit.models.prior import Prior

__all__ = ["Space"]

SMALLEST_U = 2.0**-25
"""Distance that draws keep from the faces of the unit cube."""


@dataclass(frozen=True)
class Space:
    """The map f from parameters to the space of a density.

    Attributes:
        prior: Prior over the d parameters.
        cube: Whether f is the prior's map to the unit cube, instead of unbounded space.
        scale: Standardization, which takes the place of the prior's maps, or None.
    """

    prior: Prior
    cube: bool = False
    scale: Standardizer | None = None

    @classmethod
    def of(cls, prior: Prior, flow: Estimator, theta: np.ndarray, *, leak_free: bool) -> Space:
        """The space of a density estimator, standardized by theta (n, d) unless `leak_free`."""
        cube = getattr(flow, "box", False)
        if cube and not leak_free:
            raise ValueError(
                "a flow in the unit cube cannot leave the prior: expected leak_free=True"
            )
        return cls(prior, cube, None if leak_free else Standardizer.of(theta, constant=1.0))

    @property
    def leaks(self) -> bool:
        """Whether draws of a density can fall outside the prior."""
        return self.scale is not None

    def apply(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return z (n, d) and ``log |dz/dtheta|`` (n,) of theta (n, d)."""
        if self.scale is None:
            return (self.prior.to_unit if self.cube else self.prior.to_unbounded)(theta)
        return self.scale.apply(theta), np.full(len(theta), -np.log(self.scale.std).sum())

    def invert(self, z: np.ndarray) -> np.ndarray:
        """Return the parameters theta (..., d) of z (..., d)."""
        if self.scale is not None:
            return self.scale.invert(z)
        rows = z.reshape(-1, len(self.prior))
        if self.cube:
            theta = self.prior.from_unit(np.clip(rows, SMALLEST_U, 1 - SMALLEST_U))[0]
        else:
            theta = self.prior.from_unbounded(rows)[0]
        return theta.reshape(z.shape)

    def gradient(self, theta: np.ndarray, by_z: np.ndarray) -> np.ndarray:
        """Gradient (n, d) of g(z) + ``log |dz/dtheta|`` at theta (n, d), from that of g by z."""
        if self.scale is not None:
            return by_z / self.scale.std
        prior = self.prior
        return (prior.unit_gradient if self.cube else prior.unbounded_gradient)(theta, by_z)

    def log_prior(self, theta: np.ndarray) -> np.ndarray:
        """Log-density (n,) of the prior as a density of z, up to a constant."""
        log_prior = self.prior.log_prob(theta)
        return log_prior if self.leaks else log_prior - self.apply(theta)[1]
