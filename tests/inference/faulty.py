"""The exact posterior of the linear Gaussian problem, and the faults that can be planted in it."""

from dataclasses import dataclass

import numpy as np

from mechfit.models import Model
from tests.inference.linear_gaussian import MODEL, PRIOR, A, S


@dataclass(frozen=True)
class Exact:
    """The posterior if the prior has standard deviation `prior_std`; changed as planted."""

    prior_std: float = 1.0
    stretch: float = 1.0
    shift: float = 0.0
    order: tuple[int, ...] = (0, 1, 2)
    scale: float = 1.0
    scaled: int = 4
    prior = PRIOR

    def normal(self, x):
        """Means (m, 3) and a root of the covariance, with the planted faults."""
        cov = np.linalg.inv(np.eye(3) / self.prior_std**2 + A.T @ A / S**2)
        means = (
            np.where(np.arange(5) == self.scaled, self.scale * x, x) @ A @ cov / S**2
            + self.shift * np.diag(cov) ** 0.5
        )
        return means[:, self.order], self.stretch * np.linalg.cholesky(cov)[list(self.order)]

    def sample_batched(self, n, seed, *, x):
        """Draws (m, n, 3)."""
        means, root = self.normal(x)
        return means[:, None] + np.random.default_rng(seed).normal(size=(len(x), n, 3)) @ root.T

    def log_prob_batched(self, theta, *, x):
        """Log-densities (m, n) up to a constant."""
        means, root = self.normal(x)
        return -0.5 * (((theta - means[:, None]) @ np.linalg.inv(root).T) ** 2).sum(2)


class Simulator(Model):
    """The linear Gaussian model, all rows at once, with noise of any size."""

    prior, statistic_names = PRIOR, MODEL.statistic_names
    statistic_units = MODEL.statistic_units

    def __init__(self, noise=1.0):
        self.noise = noise

    def statistics(self, theta, seed, *, first=0):
        """Statistics (n, 5)."""
        normals = np.random.default_rng([seed, first]).normal(size=(len(theta), 5))
        return theta @ A.T + self.noise * S * normals

    simulate = summarize = None


FAULTS = {
    "standard deviation x 0.7": (Exact(stretch=0.7), Simulator()),
    "standard deviation x 1.4": (Exact(stretch=1.4), Simulator()),
    "shift by half a standard deviation": (Exact(shift=0.5), Simulator()),
    "prior half as wide": (Exact(prior_std=0.5), Simulator()),
    "noise x 1.5": (Exact(), Simulator(noise=1.5)),
    "two parameters swapped": (Exact(order=(1, 0, 2)), Simulator()),
    "one statistic x 1.2": (Exact(scale=1.2), Simulator()),
}
