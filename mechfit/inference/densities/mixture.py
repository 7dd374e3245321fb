r"""Mixtures of Gaussians in natural parameters, where products of densities are sums.

With precision P and eta = P mu, a Gaussian is N(z) = exp(eta^T z - z^T P z / 2 - A(eta, P)), with
the log-normalizer A = (eta^T P^-1 eta - log |P| + d log 2 pi) / 2. Hence

    N_1 N_2 / N_0 = exp(A_12 - A_1 - A_2 + A_0) N_12,   eta_12 = eta_1 + eta_2 - eta_0, P_12 alike,

and a mixture times a mixture over a Gaussian is a mixture again, as sequential inference needs:
a posterior estimate times proposal over prior, or the reverse. Papamakarios & Murray (2016),
arXiv:1605.06376. Taught in ``book/inference/sequential.md``.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from mechfit.models.distributions import LOG_SQRT_2PI

__all__ = ["Mixture"]


@dataclass(frozen=True)
class Mixture:
    """One mixture of k Gaussians in d dimensions, or one for each row of a batch.

    Attributes:
        log_scales: log w_c - A(eta_c, P_c) with the weights w_c, which sum to one (..., k).
        eta: Precision times mean (..., k, d).
        precision: Inverse covariances (..., k, d, d).
    """

    log_scales: Tensor
    eta: Tensor
    precision: Tensor

    @classmethod
    def of(cls, log_weights: Tensor, eta: Tensor, precision: Tensor) -> Mixture:
        """The mixture with these logarithms of weights (..., k), which sum to one."""
        lower = torch.linalg.cholesky(precision)
        return cls(log_weights - log_normalizer(eta, lower), eta, precision)

    @classmethod
    def gaussian(cls, mean: Tensor, covariance: Tensor) -> Mixture:
        """One Gaussian with the given mean (..., d) and covariance (..., d, d)."""
        precision = torch.linalg.inv(covariance)[..., None, :, :]
        eta = (precision @ mean[..., None, :, None])[..., 0]
        return cls.of(mean.new_zeros(*mean.shape[:-1], 1), eta, precision)

    @classmethod
    def standard_normal(cls, d: int, dtype: torch.dtype = torch.float64) -> Mixture:
        """The prior of every parameter set in the prior's unbounded space."""
        return cls.of(
            torch.zeros(1, dtype=dtype),
            torch.zeros(1, d, dtype=dtype),
            torch.eye(d, dtype=dtype)[None],
        )

    def weights(self, lower: Tensor) -> Tensor:
        """Weights of the components (..., k), given Cholesky factors of the precisions."""
        return (self.log_scales + log_normalizer(self.eta, lower)).exp()

    def log_prob(self, z: Tensor) -> Tensor:
        """Log-density (...) of z (..., d)."""
        z = z[..., None, :]
        linear = (self.eta * z).sum(-1)
        square = (z * torch.matmul(self.precision, z[..., None])[..., 0]).sum(-1)
        return torch.logsumexp(self.log_scales + linear - square / 2, -1)

    def times_over(self, factor: Mixture, divisor: Mixture) -> Mixture:
        """Multiply by a mixture and divide by one Gaussian, and normalize.

        Raises:
            ValueError: The divisor is narrower than what it divides: the result is no density.
        """
        eta = pairs(self.eta, factor.eta, 1) - divisor.eta
        precision = pairs(self.precision, factor.precision, 2) - divisor.precision
        lower, failed = torch.linalg.cholesky_ex(precision)
        if failed.any():
            raise ValueError(
                "the quotient of the mixtures is not a density: a component of the estimate is "
                "wider than the proposal it is divided by"
            )
        log_scales = pairs(self.log_scales, factor.log_scales, 0)
        total = (log_scales + log_normalizer(eta, lower)).logsumexp(-1, keepdim=True)
        return Mixture(log_scales - total, eta, precision)

    def as_gaussian(self) -> Mixture:
        """The Gaussian with the mean and covariance of each mixture, with one component."""
        covariances = torch.linalg.inv(self.precision)
        means = (covariances @ self.eta[..., None])[..., 0]
        weights = self.weights(torch.linalg.cholesky(self.precision))[..., None]
        mean = (weights * means).sum(-2)
        apart = means - mean[..., None, :]
        spread = covariances + apart[..., None] * apart[..., None, :]
        return Mixture.gaussian(mean, (weights[..., None] * spread).sum(-3))

    def push(self, noise: Tensor) -> Tensor:
        """Transform normals (m, n, d + 1), the last for the component, to draws (m, n, d)."""
        lower = torch.linalg.cholesky(self.precision)
        chosen = choose(noise[..., -1], self.weights(lower)[:, None])
        rows = torch.arange(len(noise), device=noise.device)[:, None]
        mean = torch.cholesky_solve(self.eta[..., None], lower)[..., 0]
        lower, noise = lower[rows, chosen], noise[..., :-1, None]
        return (
            mean[rows, chosen] + torch.linalg.solve_triangular(lower.mT, noise, upper=True)[..., 0]
        )

    def to(self, device: torch.device) -> Mixture:
        """Move to a device."""
        return Mixture(*(t.to(device) for t in (self.log_scales, self.eta, self.precision)))


def choose(noise: Tensor, weights: Tensor) -> Tensor:
    """Choose one of k (m, n) by standard normals (m, n), with weights (..., k)."""
    u = torch.special.ndtr(noise)[..., None]
    return (u >= weights.cumsum(-1)[..., :-1]).sum(-1)


def log_normalizer(eta: Tensor, lower: Tensor) -> Tensor:
    """A(eta, P) of each Gaussian (...): eta (..., d), Cholesky factor of P (..., d, d)."""
    root = torch.linalg.solve_triangular(lower, eta[..., None], upper=False)[..., 0]
    half_log_det = lower.diagonal(dim1=-2, dim2=-1).log().sum(-1)
    return (root**2).sum(-1) / 2 - half_log_det + eta.shape[-1] * LOG_SQRT_2PI


def pairs(a: Tensor, b: Tensor, trailing: int) -> Tensor:
    """Sums of all pairs along the component axis, which `trailing` axes follow."""
    axis = -1 - trailing
    both = a.unsqueeze(axis) + b.unsqueeze(axis - 1)
    return both.flatten(axis - 1, axis)
