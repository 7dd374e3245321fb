"""The tasks of the public benchmark as models: seven posteriors that are known.

Each simulator is a function of the parameters and of standard normals, which come from the key
(seed, simulation) as everywhere in mechfit. The definitions are those of the appendix of Lueckmann
et al. (2021), arXiv:2101.04653, and of version 1.1 of `sbibm`, where every draw of the Gaussian
mixture has a component of its own.
"""

from collections.abc import Callable

import numpy as np
from sbibm_growth import populations
from scipy.special import expit, ndtr
from scipy.stats import binom

from mechfit.models import LogNormal, Model, Normal, Parameter, Prior
from mechfit.models.numerics.noise import normals

Simulator = Callable[[np.ndarray, np.ndarray], np.ndarray]

EPS = 1e-6
SQRT_TENTH = 0.1**0.5
LV_TIMES = 2.1 * np.arange(10)
SIR_TIMES = 17.0 * np.arange(10)
SIR_TOTAL, SIR_TESTED = 1e6, 1000


class Task(Model):
    """A task of the benchmark.

    Attributes:
        name: Its name in `sbibm`.
        prior: What the inference works with; if there is a `mixing` matrix M (d, d), it sees
            independent parameters z, and the task's own ones are theta = M z.
        noise: Number of standard normals that one simulation takes.
        function: Simulator x (n, k) of theta (n, d) and normals (n, noise).
    """

    def __init__(
        self,
        name: str,
        prior: Prior,
        sizes: tuple[int, int],
        function: Simulator,
        mixing: np.ndarray | None = None,
    ) -> None:
        self.name, self.prior, self.function = name, prior, function
        k, self.noise = sizes
        self.mixing = np.eye(len(prior)) if mixing is None else mixing
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

    def simulate(self, theta, seed, *, first=0, noise=None):
        raise TypeError("a task of the benchmark has no traces, use statistics()")

    def summarize(self, traces):
        raise TypeError("a task of the benchmark has no traces, use statistics()")


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


def gaussian_linear(theta: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """The parameters with noise of variance 0.1."""
    return theta + SQRT_TENTH * noise


def gaussian_mixture(theta: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """The parameters with wide or with narrow noise, as the toss of a coin decides."""
    return theta + np.where(noise[:, :1] < 0, 1.0, 0.1) * noise[:, 1:]


def stimulus() -> np.ndarray:
    """Design (100, 10) of the Bernoulli GLM: a constant and white noise, 0 to 8 steps late."""
    white = np.random.RandomState(42).randn(100).astype(np.float32)  # noqa: NPY002
    late = [np.concatenate([np.zeros(lag), white[: 100 - lag]]) for lag in range(9)]
    return np.stack([np.ones(100), *late], axis=1)


DESIGN = stimulus()


def bernoulli_glm(theta: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Spikes of a neuron with a linear filter: their number and the stimulus before them."""
    spikes = ndtr(noise) < expit(theta @ DESIGN.T)
    return spikes @ DESIGN


def smooth_filters() -> np.ndarray:
    """Factor L (10, 10) with theta = L z of the Bernoulli GLM's prior, for standard normals z.

    The prior is a Gaussian whose precision punishes second differences of the filter. Working with
    z makes it a product, and a linear map of theta changes neither the posterior nor C2ST's truth.
    """
    difference = np.eye(9) - np.eye(9, k=-1)
    rough = difference @ difference + np.diag(np.sqrt(np.arange(9) / 9))
    precision = np.zeros((10, 10))
    precision[0, 0] = 0.5
    precision[1:, 1:] = rough.T @ rough
    return np.linalg.cholesky(np.linalg.inv(precision))


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


def box(d: int, size: float) -> Prior:
    """Uniform prior between -size and size in d dimensions."""
    return Prior.uniform(names(d), [-size] * d, [size] * d)


def product(*distributions: Normal) -> Prior:
    """Independent parameters."""
    pairs = zip(names(len(distributions)), distributions, strict=True)
    return Prior(tuple(Parameter(name, each) for name, each in pairs))


def names(d: int) -> list[str]:
    """Names of d parameters."""
    return [f"theta{i}" for i in range(1, d + 1)]


RATES = LogNormal(-0.125, 0.5), LogNormal(-3.0, 0.5)
CONTACT, RECOVERY = LogNormal(np.log(0.4), 0.5), LogNormal(np.log(0.125), 0.2)
TASKS = {
    t.name: t
    for t in (
        Task("two_moons", box(2, 1.0), (2, 2), two_moons),
        Task("slcp", box(5, 3.0), (8, 8), slcp),
        Task(
            "gaussian_linear", product(*[Normal(0.0, SQRT_TENTH)] * 10), (10, 10), gaussian_linear
        ),
        Task("gaussian_mixture", box(2, 10.0), (2, 3), gaussian_mixture),
        Task(
            "bernoulli_glm",
            product(*[Normal(0.0, 1.0)] * 10),
            (10, 100),
            bernoulli_glm,
            smooth_filters(),
        ),
        Task("lotka_volterra", product(*RATES, *RATES), (20, 20), lotka_volterra),
        Task("sir", product(CONTACT, RECOVERY), (10, 10), sir),
    )
}
