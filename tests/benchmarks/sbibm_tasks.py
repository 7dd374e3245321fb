"""The tasks of the public benchmark as models: ten posteriors that are known.

Each simulator is a function of the parameters and of standard normals, which come from the key
(seed, simulation) as everywhere in mechfit. The definitions are those of the appendix of Lueckmann
et al. (2021), arXiv:2101.04653, and of version 1.1 of `sbibm`, where every draw of the Gaussian
mixture has a component of its own.
"""

from collections.abc import Callable, Sequence

import numpy as np
from sbibm_growth import populations
from scipy.linalg import block_diag, toeplitz
from scipy.special import expit, ndtr
from scipy.stats import binom

from mechfit.models import LogNormal, Model, Normal, Parameter, Prior, Uniform
from mechfit.models.distributions import Distribution
from mechfit.models.numerics.noise import normals

Simulator = Callable[[np.ndarray, np.ndarray], np.ndarray]

EPS = 1e-6
SQRT_TENTH = 0.1**0.5
LV_TIMES = 2.1 * np.arange(10)
SIR_TIMES = 17.0 * np.arange(10)
SIR_TOTAL, SIR_TESTED = 1e6, 1000


class Task(Model):
    """A task of the benchmark.

    Args:
        function: Simulator x (n, k) of theta (n, d) and normals (n, noise), with the task's name.
        distributions: Those of the parameters that the inference works with, its prior.
        k: Number of statistics.
        noise: Number of standard normals that one simulation takes.
        mixing: Matrix M (d, d): where it is given, the inference sees independent parameters z,
            and the task's own ones are theta = M z.
    """

    def __init__(
        self,
        function: Simulator,
        distributions: Sequence[Distribution],
        k: int,
        noise: int,
        mixing: np.ndarray | None = None,
    ) -> None:
        self.name, self.function, self.noise = function.__name__, function, noise
        each = enumerate(distributions, start=1)
        self.prior = Prior(tuple(Parameter(f"theta{i}", dist) for i, dist in each))
        self.mixing = np.eye(len(self.prior)) if mixing is None else mixing
        self.statistic_names = tuple(f"x{i}" for i in range(1, k + 1))
        self.statistic_units = ("",) * k

    def native(self, z: np.ndarray) -> np.ndarray:
        """Parameters of the task theta (n, d) from those of the inference z (n, d)."""
        return z @ self.mixing.T

    def statistics(self, theta: np.ndarray, seed: int, *, first: int = 0) -> np.ndarray:
        theta = self.prior.check(theta)
        rows = range(first, first + len(theta))
        noise = np.stack([normals(seed, i, self.noise) for i in rows])
        return self.function(self.native(theta), noise)


def two_moons(theta: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """A crescent, moved by |theta_1 + theta_2|: the sum's sign is lost."""
    angle = np.pi * (ndtr(noise[:, 0]) - 0.5)
    radius = 0.1 + 0.01 * noise[:, 1]
    total, difference = theta.sum(1) / 2**0.5, (theta[:, 1] - theta[:, 0]) / 2**0.5
    x = radius * np.cos(angle) + 0.25 - abs(total)
    return np.stack([x, radius * np.sin(angle) + difference], axis=1)


def slcp(theta: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Four points of a Gaussian in the plane; the squares of two parameters are its scales."""
    s1, s2 = theta[:, 2] ** 2, theta[:, 3] ** 2
    # rows of the Cholesky factor of the covariance, with EPS added to its diagonal
    a = np.sqrt(s1**2 + EPS)
    b = np.tanh(theta[:, 4]) * s1 * s2 / a
    c = np.sqrt(s2**2 + EPS - b**2)
    e = noise.reshape(-1, 4, 2)
    first = theta[:, :1] + a[:, None] * e[..., 0]
    second = theta[:, 1:2] + b[:, None] * e[..., 0] + c[:, None] * e[..., 1]
    return np.stack([first, second], axis=2).reshape(-1, 8)


LEGACY = np.random.RandomState(42)  # noqa: NPY002
CENTERS = 15 * LEGACY.normal(size=(20, 92))
FACTORS = 3 * np.array(
    [
        np.tril(LEGACY.normal(size=(92, 92))) + np.diag(np.exp(LEGACY.normal(size=92)))
        for _ in range(20)
    ]
)
PERMUTATION = LEGACY.permutation(100)


def slcp_distractors(theta: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """The same among 92 numbers that tell nothing: t with two degrees of freedom, 20 clusters."""
    cluster = (20 * ndtr(noise[:, 8])).astype(int)
    half_chi2 = -np.log(ndtr(noise[:, 9]))
    t = noise[:, 10:] / np.sqrt(half_chi2)[:, None]
    rest = CENTERS[cluster] + np.einsum("nij,nj->ni", FACTORS[cluster], t)
    return np.hstack([slcp(theta, noise[:, :8]), rest])[:, PERMUTATION]


def gaussian_linear(theta: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """The parameters with noise of variance 0.1."""
    return theta + SQRT_TENTH * noise


def gaussian_linear_uniform(theta: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """The same, with a uniform prior."""
    return gaussian_linear(theta, noise)


def gaussian_mixture(theta: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """The parameters with wide or with narrow noise, as the toss of a coin decides."""
    return theta + np.where(noise[:, :1] < 0, 1.0, 0.1) * noise[:, 1:]


WHITE = np.random.RandomState(42).randn(100).astype(np.float32)  # noqa: NPY002
DESIGN = np.column_stack([np.ones(100), toeplitz(WHITE, np.zeros(9))])
"""Design (100, 10) of the Bernoulli GLM: a constant and white noise, 0 to 8 steps late."""


def bernoulli_glm_raw(theta: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Spikes (n, 100) of a neuron with a linear filter."""
    return (ndtr(noise) < expit(theta @ DESIGN.T)).astype(float)


def bernoulli_glm(theta: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Their number and the stimulus before them."""
    return bernoulli_glm_raw(theta, noise) @ DESIGN


def smooth_filters() -> np.ndarray:
    """Factor L (10, 10) with theta = L z of the Bernoulli GLM's prior, for standard normals z.

    The prior is a Gaussian whose precision punishes second differences of the filter. Working with
    z makes it a product, and a linear map of theta changes neither the posterior nor C2ST's truth.
    """
    difference = np.eye(9) - np.eye(9, k=-1)
    rough = difference @ difference + np.diag(np.sqrt(np.arange(9) / 9))
    return np.linalg.cholesky(np.linalg.inv(block_diag(0.5, rough.T @ rough)))


def lotka_volterra_means(theta: np.ndarray) -> np.ndarray:
    """Logarithms (n, 20) of prey and predators at ten times, kept in sbibm's bounds."""
    rates = theta * [1.0, -1.0, -1.0, 1.0]
    path = populations(rates, np.log([30.0, 1.0]), LV_TIMES)
    return np.clip(path.reshape(-1, 20), np.log(1e-10), np.log(1e4))


def lotka_volterra(theta: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Prey and predators, measured with errors of ten percent."""
    return np.exp(lotka_volterra_means(theta) + 0.1 * noise)


def sir_means(theta: np.ndarray) -> np.ndarray:
    """Infected fraction (n, 10) of the population at ten times."""
    beta, gamma = theta.T
    rates = np.stack([np.zeros_like(beta), -beta, -gamma, beta], axis=1)
    start = np.log([1 - 1 / SIR_TOTAL, 1 / SIR_TOTAL])
    return np.exp(populations(rates, start, SIR_TIMES)[:, 1])


def sir(theta: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Infected among a thousand tested, at ten times of an epidemic."""
    return binom.ppf(ndtr(noise), SIR_TESTED, sir_means(theta))


RATES = LogNormal(-0.125, 0.5), LogNormal(-3.0, 0.5)
CONTACT, RECOVERY = LogNormal(np.log(0.4), 0.5), LogNormal(np.log(0.125), 0.2)
TASKS = {
    task.name: task
    for task in (
        Task(two_moons, [Uniform(-1.0, 1.0)] * 2, 2, 2),
        Task(slcp, [Uniform(-3.0, 3.0)] * 5, 8, 8),
        Task(slcp_distractors, [Uniform(-3.0, 3.0)] * 5, 100, 102),
        Task(gaussian_linear, [Normal(0.0, SQRT_TENTH)] * 10, 10, 10),
        Task(gaussian_linear_uniform, [Uniform(-1.0, 1.0)] * 10, 10, 10),
        Task(gaussian_mixture, [Uniform(-10.0, 10.0)] * 2, 2, 3),
        Task(bernoulli_glm, [Normal(0.0, 1.0)] * 10, 10, 100, smooth_filters()),
        Task(bernoulli_glm_raw, [Normal(0.0, 1.0)] * 10, 100, 100, smooth_filters()),
        Task(lotka_volterra, [*RATES, *RATES], 20, 20),
        Task(sir, [CONTACT, RECOVERY], 10, 10),
    )
}
