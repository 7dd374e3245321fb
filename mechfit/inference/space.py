r"""Space: where a density is trained, and the change of variables from the parameters to it.

A density of z = f(theta) is one of theta,

    log q(theta | x) = log q_z(f(theta) | x) + log |df/dtheta|.

f is the prior's own map to standard normals (*unbounded* space), or *standardization*,
(theta - m) / s. With the first no draw can leave the prior; with the second draws outside it have
to be rejected. At a bound of the prior, a density in unbounded space would have to fall off just
as a normal does for that of theta to be finite there. So a flow may work with bounded parameters
in the unit interval instead (the *box*), u = Phi(z), where any smooth density will do. Taught in
``book/inference/sequential.md``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from mechfit.inference.densities.configs import Estimator
from mechfit.inference.densities.scaling import Standardizer
from mechfit.models.prior import Prior, standard_normal_log_prob

__all__ = ["Space"]

SMALLEST_U = 2.0**-25
"""Distance that draws keep from the ends of the unit interval."""


@dataclass(frozen=True)
class Space:
    """The map f from parameters to the space of a density.

    Attributes:
        prior: Prior over the d parameters.
        box: Which parameters are in the unit interval instead of unbounded space (d,).
        scale: Standardization, which takes the place of the prior's maps, or None.
    """

    prior: Prior
    box: tuple[bool, ...]
    scale: Standardizer | None = None

    @classmethod
    def of(cls, prior: Prior, flow: Estimator, theta: np.ndarray, *, leak_free: bool) -> Space:
        """The space of a density estimator, standardized by theta (n, d) unless `leak_free`."""
        return cls.stored(prior, flow, None if leak_free else Standardizer.of(theta, constant=1.0))

    @classmethod
    def stored(cls, prior: Prior, flow: Estimator, scale: Standardizer | None) -> Space:
        """The same with the standardization that was found from the parameters, or None."""
        boxed = scale is None and getattr(flow, "box", False)
        return cls(prior, tuple(prior.bounded if boxed else [False] * len(prior)), scale)

    @property
    def leaks(self) -> bool:
        """Whether draws of a density can fall outside the prior."""
        return self.scale is not None

    def apply(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return z (n, d) and ``log |dz/dtheta|`` (n,) of theta (n, d)."""
        if self.scale is not None:
            return self.scale.apply(theta), np.full(len(theta), -np.log(self.scale.std).sum())
        z, log_det = self.prior.to_unbounded(theta)
        box = list(self.box)
        log_det = log_det + standard_normal_log_prob(z[:, box])
        z[:, box] = ndtr(z[:, box])
        return z, log_det

    def invert(self, z: np.ndarray) -> np.ndarray:
        """Return the parameters theta (..., d) of z (..., d)."""
        if self.scale is not None:
            return self.scale.invert(z)
        rows, box = z.reshape(-1, len(self.prior)).copy(), list(self.box)
        rows[:, box] = ndtri(np.clip(rows[:, box], SMALLEST_U, 1 - SMALLEST_U))
        return self.prior.from_unbounded(rows)[0].reshape(z.shape)

    def gradient(self, theta: np.ndarray, by_z: np.ndarray) -> np.ndarray:
        """Gradient (n, d) of g(z) + ``log |dz/dtheta|`` at theta (n, d), from that of g by z."""
        if self.scale is not None:
            return by_z / self.scale.std
        unbounded = self.prior.unbounded_gradient(theta, by_z)
        if not any(self.box):
            return unbounded
        return np.where(self.box, self.prior.unit_gradient(theta, by_z), unbounded)

    def log_prior(self, theta: np.ndarray) -> np.ndarray:
        """Log-density (n,) of the prior as a density of z, up to a constant."""
        log_prior = self.prior.log_prob(theta)
        return log_prior if self.leaks else log_prior - self.apply(theta)[1]
