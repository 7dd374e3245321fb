r"""Simulators whose posteriors are known exactly: two moons, and two sums.

*Two moons*: a posterior that is curved and has two modes. A point p on a crescent is shifted by
the parameters, and the sign of their sum is lost:

    x = p + (-|theta_1 + theta_2|, theta_2 - theta_1) / sqrt(2),
    p = (r cos a + 1/4, r sin a),    a ~ U(-pi/2, pi/2),    r ~ N(radius, width^2).

Given p, each of the two signs determines theta, by a map that preserves area. With a uniform
prior, a draw of the posterior is therefore a draw of p and of a sign, kept if theta lies in it.
Greenberg, Nonnenmacher & Macke (2019), arXiv:1905.07488; with the defaults it is the task of the
benchmark of Lueckmann et al. (2021), arXiv:2101.04653. Taught in
``book/inference/density-estimators.md``.

*Two sums*, x = A theta + noise e with theta, e ~ N(0, 1) and A = ((1, 1), (1, -1)): the posterior
is a normal with precision 1 + A^T N^-2 A, where N holds the noise on its diagonal. Taught in
``book/inference/calibration.md``.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from mechfit.models.distributions import Normal
from mechfit.models.model import Model
from mechfit.models.numerics.noise import normals
from mechfit.models.parameter import Parameter
from mechfit.models.prior import Prior

__all__ = ["Sums", "SumsPosterior", "TwoMoons"]

CENTER = np.array([0.25, 0.0])
ROOT_HALF = 0.5**0.5
MOST_TRIES = 1000


class TwoMoons(Model):
    """The two moons, with their exact posterior.

    Args:
        radius: Mean radius of the crescent.
        width: Standard deviation of the radius, at most a fifth of it.

    Example:
        >>> TwoMoons().posterior_sample([0.0, 0.0], 3, seed=1).shape
        (3, 2)
    """

    prior = Prior.uniform(["theta_1", "theta_2"], [-1.0, -1.0], [1.0, 1.0], symbols=["θ₁", "θ₂"])
    statistic_names = ("x_1", "x_2")
    statistic_units = ("", "")

    def __init__(self, radius: float = 0.1, width: float = 0.01) -> None:
        if not 0 < 5 * width <= radius:
            raise ValueError(f"width is {width}, expected above 0 and at most {radius} / 5")
        self.radius, self.width = radius, width

    def statistics(self, theta: np.ndarray, seed: int, *, first: int = 0) -> np.ndarray:
        """Simulate theta (n, 2), with two normals each from the key (seed, first + i)."""
        theta = self.prior.check(theta)
        noise = np.array([normals(seed, first + i, 2) for i in range(len(theta))])
        total, difference = rotated(theta)
        return self._crescent(*noise.T) + np.stack([-np.abs(total), difference], axis=1)

    def posterior_sample(self, x_o: np.ndarray, n: int, seed: int) -> np.ndarray:
        """Draw (n, 2) from the exact posterior given x_o (2,); ValueError if it is empty."""
        rng, kept = np.random.default_rng(seed), np.empty((0, 2))
        for _ in range(MOST_TRIES):
            p = self._crescent(*rng.standard_normal((2, 2 * n)))
            kept = np.concatenate([kept, self._solve(x_o, p, rng.choice([-1, 1], 2 * n))])
            if len(kept) >= n:
                return kept[:n]
        raise ValueError(f"x_o is {x_o}: no parameters in the prior could have made it")

    def posterior_log_prob(self, theta: np.ndarray, x_o: np.ndarray) -> np.ndarray:
        """Exact log-density (n,) of theta (n, 2) given x_o (2,); -inf outside the prior.

        The likelihood is a formula; its integral over the prior is a sum over 160,000 points p of
        equal probability, which matters where the prior cuts a moon.
        """
        theta = self.prior.check(theta)
        total, difference = rotated(theta)
        v = x_o - CENTER - np.stack([-np.abs(total), difference], axis=1)
        r = np.hypot(*v.T)
        with np.errstate(divide="ignore"):
            log_radius = -0.5 * ((r - self.radius) / self.width) ** 2 - np.log(
                (2 * np.pi) ** 0.5 * self.width * np.pi * r
            )
        inside = (v[:, 0] > 0) & np.isfinite(self.prior.log_prob(theta))
        middles = ndtri((np.arange(400) + 0.5) / 400)
        places = self._crescent(*(g.ravel() for g in np.meshgrid(middles, middles)))
        mass = sum(len(self._solve(x_o, places, sign)) for sign in (-1, 1)) / len(places)
        return np.where(inside, log_radius - np.log(mass), -np.inf)

    def _crescent(self, angle: np.ndarray, radius: np.ndarray) -> np.ndarray:
        """Points p (n, 2) from two standard normals each."""
        a, r = np.pi * (ndtr(angle) - 0.5), self.radius + self.width * radius
        return CENTER + np.stack([r * np.cos(a), r * np.sin(a)], axis=1)

    def _solve(self, x_o: np.ndarray, p: np.ndarray, sign: np.ndarray | int) -> np.ndarray:
        """Theta (m, 2) in the prior, with a sum of this sign, that shifts p to x_o."""
        size, difference = (np.asarray(x_o, float) - p).T * [[-1], [1]]
        total = sign * size
        theta = ROOT_HALF * np.stack([total - difference, total + difference], axis=1)
        return theta[(size >= 0) & np.isfinite(self.prior.log_prob(theta))]


def rotated(theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sum and difference of the two parameters over sqrt(2), (n,) each."""
    return ROOT_HALF * theta.sum(1), ROOT_HALF * (theta[:, 1] - theta[:, 0])


class Sums(Model):
    """The sum and the difference of two parameters, with noise of 0.5 and 1."""

    prior = Prior(tuple(Parameter(name, Normal(0.0, 1.0)) for name in "ab"))
    statistic_names = ("sum", "difference")
    statistic_units = ("", "")
    mix, noise = np.array([[1.0, 1.0], [1.0, -1.0]]), np.array([0.5, 1.0])

    def statistics(self, theta: np.ndarray, seed: int, *, first: int = 0) -> np.ndarray:
        """Simulate theta (n, 2), with two normals each from the key (seed, first + i)."""
        theta = self.prior.check(theta)
        noise = np.array([normals(seed, first + i, 2) for i in range(len(theta))])
        return theta @ self.mix.T + self.noise * noise.reshape(theta.shape)


@dataclass(frozen=True)
class SumsPosterior:
    """The posterior of `Sums`, or what it would be under another prior or another noise.

    Attributes:
        prior_std: Standard deviation of the assumed prior; the true one is 1.
        noise_factor: Assumed noise over the true one.

    Example:
        >>> SumsPosterior(noise_factor=0.5).sample_batched(3, seed=1, x=np.zeros((4, 2))).shape
        (4, 3, 2)
    """

    prior_std: float = 1.0
    noise_factor: float = 1.0
    prior = Sums.prior

    def normal(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean (m, 2) for each of m data x (m, 2), and the covariance (2, 2)."""
        weight = Sums.mix.T / (self.noise_factor * Sums.noise) ** 2
        covariance = np.linalg.inv(np.eye(2) / self.prior_std**2 + weight @ Sums.mix)
        return x @ weight.T @ covariance, covariance

    def sample_batched(self, n: int, seed: int, *, x: np.ndarray) -> np.ndarray:
        """Draw n times for each of m data x (m, 2); returns theta (m, n, 2)."""
        mean, covariance = self.normal(x)
        z = np.random.default_rng(seed).standard_normal((len(x), n, 2))
        return mean[:, None] + z @ np.linalg.cholesky(covariance).T

    def log_prob_batched(self, theta: np.ndarray, *, x: np.ndarray) -> np.ndarray:
        """Log-densities (m, n) of theta (m, n, 2), row i given x (m, 2)."""
        mean, covariance = self.normal(x)
        off = theta - mean[:, None]
        square = np.einsum("mni,ij,mnj->mn", off, np.linalg.inv(covariance), off)
        return -0.5 * (square + np.linalg.slogdet(2 * np.pi * covariance)[1])
