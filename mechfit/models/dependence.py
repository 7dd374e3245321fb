r"""Dependence: parameters that are not independent, by the joint distribution of their scores.

The normal scores n_j = Phi^-1(F_j(theta_j)) of a prior's parameters are independent standard
normals in a product of distributions. Here they have a mixture of K normals instead,

    q(n) = sum_k w_k N(n; m_k, S_k),        p(theta) = q(n) prod_j p_j(theta_j) / phi(n_j).

One normal with mean 0 and a correlation matrix is the *Gaussian copula*, which leaves every
parameter its distribution F_j. The triangular map of Rosenblatt (1952),
doi:10.1214/aoms/1177729394, makes the scores independent again: with L_k the Cholesky factor of
S_k and e_k = L_k^-1 (n - m_k),

    z_j = Phi^-1( sum_k w_jk Phi(e_jk) ),    w_jk ∝ w_k prod_{i<j} phi(e_ik) / L_k,ii,

and its determinant is q(n) / phi(z). Taught in ``book/inference/density-estimators.md``.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize.elementwise import find_root
from scipy.special import log_ndtr, logsumexp

from mechfit.models.distributions import LOG_SQRT_2PI, normal_of
from mechfit.models.inputs import numbers

__all__ = ["Dependence"]

BLOCK, ROUNDING = 2_000, 1e-8
COMPONENTS, PATIENCE = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32), 2


def in_blocks(method: Callable) -> Callable:
    """Let a method of arrays (n, d) work on some of their rows at a time."""

    @wraps(method)
    def of_all(self, *columns):  # noqa: ANN001, ANN002, ANN202
        starts = range(0, max(len(columns[0]), 1), BLOCK)
        return np.concatenate([method(self, *(c[i : i + BLOCK] for c in columns)) for i in starts])

    return of_all


def nested(values: ArrayLike) -> tuple | float:
    """An array as tuples of tuples of floats."""
    return tuple(map(nested, values)) if np.ndim(values) else float(values)


@dataclass(frozen=True)
class Dependence:
    """A mixture of K normals, the joint distribution of d normal scores.

    Attributes:
        weights: Weights w_k (K,), which sum to 1.
        means: Means m_k (K, d).
        covariances: Covariances S_k (K, d, d).
    """

    weights: tuple
    means: tuple
    covariances: tuple

    def __post_init__(self) -> None:
        vars(self).update({name: nested(values) for name, values in vars(self).items()})

    @classmethod
    def gaussian(cls, correlation: ArrayLike, d: int) -> Self:
        """The Gaussian copula with a correlation matrix (d, d)."""
        matrix = numbers(correlation, "correlation")
        good = matrix.shape == (d, d) and np.allclose(matrix, matrix.T)
        if not (
            good and np.allclose(matrix.diagonal(), 1) and np.linalg.eigvalsh(matrix)[0] > ROUNDING
        ):
            raise ValueError(
                f"correlation has shape {matrix.shape} and the values "
                f"{np.array2string(matrix, threshold=20)}, expected ({d}, {d}), symmetric and "
                "positive definite with ones on the diagonal"
            )
        return cls([1.0], np.zeros((1, d)), [matrix])

    @classmethod
    def of_samples(cls, n: np.ndarray, seed: int) -> Self:
        """The mixture that samples (n, d) support, by the Bayesian information criterion.

        More components are tried until there was no better one for two numbers of them.
        """
        from sklearn.mixture import GaussianMixture

        center, covariance = n.mean(0), np.atleast_2d(np.cov(n.T))
        if len(n) <= n.shape[1] or np.linalg.matrix_rank(covariance) < n.shape[1]:
            raise ValueError(
                f"{len(n)} samples, expected more than the {n.shape[1]} parameters, in which "
                "each varies for itself"
            )
        root, best, since = np.linalg.cholesky(covariance), (np.inf, None), 0
        white = np.linalg.solve(root, (n - center).T).T
        for k in COMPONENTS:
            if since > PATIENCE or k > 1 and k * (n.shape[1] + 1) > len(n):
                break
            with warnings.catch_warnings(action="ignore"):  # of a mixture that could fit better
                found = GaussianMixture(k, max_iter=300, random_state=seed).fit(white)
            since += 1
            if found.bic(white) < best[0]:
                best, since = (found.bic(white), found), 1
        found = best[1]
        means, covariances = center + found.means_ @ root.T, root @ found.covariances_ @ root.T
        return cls(found.weights_, means, covariances)

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Draw scores (n, d)."""
        _, means, roots = self._numbers()
        k = rng.choice(len(means), n, p=self.weights)
        noise = rng.standard_normal((n, means.shape[1], 1))
        return means[k] + (roots[k] @ noise)[..., 0]

    @in_blocks
    def log_prob(self, n: np.ndarray) -> np.ndarray:
        """Log-density (n,) of scores (n, d)."""
        return logsumexp(self._parts(n)[2], 0)

    @in_blocks
    def to_normal(self, n: np.ndarray) -> np.ndarray:
        """Map scores (n, d) to independent ones z (n, d)."""
        e, log_w, _ = self._parts(n)
        return normal_of(*(logsumexp(log_w + log_ndtr(side), 0) for side in (e, -e)))

    @in_blocks
    def from_normal(self, z: np.ndarray) -> np.ndarray:
        """Inverse of `to_normal`, one score after the other."""
        log_w, means, roots = self._numbers()
        log_w, e = np.tile(log_w, len(z)), np.zeros((len(log_w), *z.shape))
        n = np.empty(z.shape)
        for j, std in enumerate(roots.diagonal(axis1=1, axis2=2).T[..., None]):
            centers = means[:, None, j] + (e @ roots[:, j, :, None])[..., 0]
            n[:, j] = quantile(z[:, j], log_w - logsumexp(log_w, 0), centers, std)
            e[..., j] = (n[:, j] - centers) / std
            log_w = log_w - 0.5 * e[..., j] ** 2 - np.log(std)
        return n

    @in_blocks
    def gradient(self, n: np.ndarray, by_z: np.ndarray) -> np.ndarray:
        """Gradient (n, d) of f(z(n)) + log q(n), from the gradient of f by z (n, d)."""
        e, log_w, log_joint = self._parts(n)
        z = self.to_normal(n)
        log_phi = -0.5 * z**2 - LOG_SQRT_2PI
        bump = np.exp(log_w - 0.5 * e**2 - LOG_SQRT_2PI - log_phi)
        side = np.where(z > 0, -1, 1)
        share = side * np.exp(log_w + log_ndtr(side * e) - log_phi)
        later = by_z * (share - np.exp(log_w) * share.sum(0))
        later = np.flip(np.flip(later, -1).cumsum(-1), -1) - later
        odds = np.exp(log_joint - logsumexp(log_joint, 0))[..., None]
        inverse = np.linalg.inv(self._numbers()[2])
        return ((by_z * bump - e * (later + odds)) @ inverse).sum(0)

    def _numbers(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Logarithms of the weights (K, 1), means (K, d) and Cholesky factors (K, d, d)."""
        roots = np.linalg.cholesky(np.array(self.covariances))
        return np.log(self.weights)[:, None], np.array(self.means), roots

    def _parts(self, n: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Residuals e and log w, both (K, n, d), and each component's log-density (K, n)."""
        log_w, means, roots = self._numbers()
        e = (n - means[:, None]) @ np.linalg.inv(roots).transpose(0, 2, 1)
        log_std = np.log(roots.diagonal(axis1=1, axis2=2))[:, None]
        log_joint = log_w[..., None] + (-0.5 * e**2 - LOG_SQRT_2PI - log_std).cumsum(-1)
        before = np.concatenate(
            [np.broadcast_to(log_w[..., None], (*e.shape[:2], 1)), log_joint[..., :-1]], -1
        )
        return e, before - logsumexp(before, 0), log_joint[..., -1]


def quantile(z: np.ndarray, log_w: np.ndarray, centers: np.ndarray, std: np.ndarray) -> np.ndarray:
    """Where mixtures of K normals, given in columns (K, n), have the probability Phi(z) below."""
    ends = centers + std * z
    if len(ends) == 1:
        return ends[0]
    margin = ROUNDING * std.max()
    low, high = ends.min(0) - margin, ends.max(0) + margin
    side = np.where(z > 0, -1, 1)

    def miss(x: np.ndarray, z: np.ndarray, side: np.ndarray, *columns: np.ndarray) -> np.ndarray:
        log_w, centers = np.split(np.stack(columns), 2)
        tail = logsumexp(log_w + log_ndtr(side * (x - centers) / std), 0)
        return side * (tail - log_ndtr(side * z))

    return find_root(miss, (low, high), args=(z, side, *log_w, *centers)).x
