"""Problems of neuroscience whose posteriors are known: by formula, quadrature or weighted draws.

Each is a prior, a simulator and the posterior p(theta | x) of any x, normalized. A problem can be
given to `calibrate` in place of a trained posterior, which tells whether the three agree. Numbers
that are exchangeable, such as trials, are sorted, which loses nothing.
"""

from collections.abc import Callable, Sequence
from functools import reduce
from typing import NamedTuple

import numpy as np
from scipy.linalg import toeplitz
from scipy.special import gammaln, logsumexp
from scipy.stats import gamma, multivariate_normal, multivariate_t, truncnorm

from mechfit.models import (
    DriftDiffusion,
    Normal,
    Parameter,
    Prior,
    Uniform,
    decision_log_likelihood,
)
from mechfit.models.distributions import Distribution
from mechfit.simulation import Bank

Rng = np.random.Generator
LogLikelihood = Callable[[Sequence[np.ndarray], np.ndarray], np.ndarray]


class Exact(NamedTuple):
    """A posterior at one x: log-density (m,) of theta (m, d), and draws (n, d)."""

    log_prob: Callable[[np.ndarray], np.ndarray]
    sample: Callable[[int, Rng], np.ndarray]


class Problem(NamedTuple):
    """A simulator x (n, k) of theta (n, d) with its prior and its posterior at an x (k,)."""

    prior: Prior
    simulate: Callable[[np.ndarray, Rng], np.ndarray]
    posterior: Callable[[np.ndarray], Exact]

    def bank(self, n: int, seed: int) -> Bank:
        """Simulations of the prior."""
        theta = self.prior.sample(n, seed)
        x = self.simulate(theta, np.random.default_rng([seed, 1]))
        return Bank.of(theta, x, seed, [f"x{i}" for i in range(1, x.shape[1] + 1)])

    def sample_batched(self, n: int, seed: int, *, x: np.ndarray) -> np.ndarray:
        """Draws (m, n, d) of the posteriors at x (m, k)."""
        rng = np.random.default_rng(seed)
        return np.stack([self.posterior(row).sample(n, rng) for row in x])

    def log_prob_batched(self, theta: np.ndarray, *, x: np.ndarray) -> np.ndarray:
        """Log-densities (m, n) of theta (m, n, d) at x (m, k)."""
        return np.stack([self.posterior(row).log_prob(t) for row, t in zip(x, theta, strict=True)])


def prior_of(*distributions: Distribution) -> Prior:
    """Parameters without names of their own."""
    each = enumerate(distributions, start=1)
    return Prior(tuple(Parameter(f"theta{i}", dist) for i, dist in each))


def quadrature(
    prior: Prior, log_likelihood: LogLikelihood, nodes: Sequence[int]
) -> Callable[[np.ndarray], Exact]:
    """Posterior by the rule of Gauss and Legendre along every side of the prior's unit cube.

    The likelihood takes one array for every parameter, broadcast against each other.
    """
    rules = [np.polynomial.legendre.leggauss(n) for n in nodes]
    parameters = zip(prior.parameters, rules, strict=True)
    axes = [p.distribution.quantile((u + 1) / 2) for p, (u, _) in parameters]
    log_weights = reduce(np.add.outer, [np.log(w / 2) for _, w in rules])
    theta = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, len(axes))

    def posterior(x: np.ndarray) -> Exact:
        mass = (log_likelihood(np.ix_(*axes), x) + log_weights).ravel()
        evidence = logsumexp(mass)
        return Exact(
            lambda t: log_likelihood(t.T, x) + prior.log_prob(t) - evidence,
            lambda n, rng: theta[rng.choice(len(theta), n, p=np.exp(mass - evidence))],
        )

    return posterior


def trace(theta: np.ndarray, rng: Rng, steps: int = 100) -> np.ndarray:
    """Ornstein-Uhlenbeck process of mean mu, standard deviation sigma and time constant tau."""
    mu, sigma, tau = theta.T
    phi, e = np.exp(-1 / tau), rng.normal(size=(steps, len(theta)))
    y = [e[0]]
    for e_t in e[1:]:
        y.append(phi * y[-1] + np.sqrt(1 - phi**2) * e_t)
    return (mu + sigma * y).T


def trace_statistics(x: np.ndarray) -> np.ndarray:
    """Sufficient: mean and variance, mean squared step, mean and mean square of both ends."""
    ends, steps = x[:, [0, -1]], np.diff(x, axis=1)
    return np.stack(
        [x.mean(1), x.var(1), (steps**2).mean(1), ends.mean(1), (ends**2).mean(1)], axis=1
    )


def trace_log_likelihood(
    parameters: Sequence[np.ndarray], s: np.ndarray, n: int = 100
) -> np.ndarray:
    """That of n numbers with covariances sigma^2 phi^|i - j|, whose inverse has 3 diagonals."""
    mu, sigma, tau = parameters
    phi = np.exp(-1 / tau)
    squares = n * (s[1] + (s[0] - mu) ** 2)
    ends = 2 * (s[4] - 2 * mu * s[3] + mu**2)
    products = squares - (ends + (n - 1) * s[2]) / 2
    chi2 = (squares + phi**2 * (squares - ends) - 2 * phi * products) / (sigma**2 * (1 - phi**2))
    return -0.5 * chi2 - n * np.log(sigma) - (n - 1) / 2 * np.log(1 - phi**2)


TRACE = prior_of(Uniform(-2.0, 2.0), Uniform(1.0, 3.0), Uniform(1.0, 20.0))
trace_posterior = quadrature(TRACE, trace_log_likelihood, (40, 40, 40))

STIMULUS = np.random.default_rng(1).normal(size=100)
FILTER = np.column_stack([np.ones(100), toeplitz(STIMULUS, np.zeros(5))])
GLM = prior_of(Normal(1.0, 0.5), *[Normal(0.0, 0.4)] * 5)


def glm_posterior(y: np.ndarray) -> Exact:
    """Poisson counts with rates exp(X theta): draws of a t at the mode, with weights."""
    mean, std = np.array([(p.distribution.mean, p.distribution.std) for p in GLM.parameters]).T
    theta = np.linalg.lstsq(FILTER, np.log(y + 0.5))[0]
    for _ in range(20):  # Newton's method on a concave log-posterior
        rate = np.exp(FILTER @ theta)
        precision = (FILTER.T * rate) @ FILTER + np.diag(std**-2)
        theta = theta + np.linalg.solve(precision, FILTER.T @ (y - rate) - (theta - mean) / std**2)

    def log_joint(t: np.ndarray) -> np.ndarray:
        eta = t @ FILTER.T
        return eta @ y - np.exp(eta).sum(1) - gammaln(y + 1).sum() + GLM.log_prob(t)

    proposal = multivariate_t(theta, np.linalg.inv(precision), df=20, seed=1)
    draws = proposal.rvs(4000)
    mass = log_joint(draws) - proposal.logpdf(draws)
    evidence = logsumexp(mass) - np.log(len(draws))
    weights = np.exp(mass - logsumexp(mass))
    return Exact(
        lambda t: log_joint(t) - evidence,
        lambda n, rng: draws[rng.choice(len(draws), n, p=weights)],
    )


DIFFUSION = prior_of(Uniform(-3.0, 3.0), Uniform(0.8, 2.0), Uniform(0.1, 0.5))


def from_the_middle(v: np.ndarray, a: np.ndarray, t_0: np.ndarray) -> np.ndarray:
    """Parameters (m, 4) of a drift-diffusion without a bias."""
    parts = np.broadcast_arrays(v, a, 0.5, t_0)
    return np.stack([part.ravel() for part in parts], axis=1)


def decisions(theta: np.ndarray, rng: Rng) -> np.ndarray:
    """Twenty reaction times of theta = (v, a, t_0), sorted, negative at the lower bound."""
    model, seed = DriftDiffusion(20), int(rng.integers(2**63))
    x = model.statistics(from_the_middle(*theta.T), seed)
    return np.sort(np.where(x[:, 0::2] == 1, x[:, 1::2], -x[:, 1::2]))


def decisions_log_likelihood(parameters: Sequence[np.ndarray], x: np.ndarray) -> np.ndarray:
    """That of such reaction times."""
    trials = np.stack([x > 0, abs(x)], axis=1)
    found = decision_log_likelihood(trials, from_the_middle(*parameters))
    return found.reshape(np.broadcast_shapes(*map(np.shape, parameters)))


def cauchy_log_likelihood(parameters: Sequence[np.ndarray], x: np.ndarray) -> np.ndarray:
    """That of numbers from a Cauchy distribution of location mu and scale gamma."""
    mu, scale = (p[..., None] for p in parameters)
    return -np.log1p(((x - mu) / scale) ** 2).sum(-1) - x.size * np.log(np.pi * scale[..., 0])


CAUCHY = prior_of(Uniform(-5.0, 5.0), Uniform(0.5, 3.0))


def cauchy(theta: np.ndarray, rng: Rng) -> np.ndarray:
    """Twenty such numbers, with outliers of any size, sorted."""
    return np.sort(theta[:, :1] + theta[:, 1:] * rng.standard_cauchy((len(theta), 20)))


MIXING = np.random.default_rng(2).normal(size=(30, 30)) / 30**0.5
LINEAR_COVARIANCE = np.linalg.inv(np.eye(30) + MIXING.T @ MIXING / 0.25)


def linear_posterior(x: np.ndarray) -> Exact:
    """Standard normal parameters, mixed, with noise of standard deviation 0.5."""
    exact = multivariate_normal(LINEAR_COVARIANCE @ MIXING.T @ x / 0.25, LINEAR_COVARIANCE)
    return Exact(  # shapes that scipy drops for one
        lambda t: exact.logpdf(t).reshape(len(t)), lambda n, rng: exact.rvs(n, rng).reshape(n, 30)
    )


def modes_posterior(x: np.ndarray) -> Exact:
    """The sizes of d uniform parameters with noise of 0.1: 2^d modes, as every sign is lost."""
    size = truncnorm(-x / 0.1, (1 - x) / 0.1, x, 0.1)
    return Exact(
        lambda t: (size.logpdf(abs(t)) - np.log(2)).sum(1),
        lambda n, rng: rng.choice([-1, 1], (n, x.size)) * size.rvs((n, x.size), rng),
    )


def counts_posterior(x: np.ndarray) -> Exact:
    """Spikes of four neurons in a second: gamma distributions up to the prior's 20 Hz."""
    rate = gamma(x + 1)
    return Exact(
        lambda t: (rate.logpdf(t) - rate.logcdf(20)).sum(1),
        lambda n, rng: rate.ppf(rate.cdf(20) * rng.random((n, x.size))),
    )


TURN = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))[0]


def narrow_posterior(x: np.ndarray) -> Exact:
    """Parameters turned, with noise of a thousandth of the prior's width."""
    mean = x @ TURN
    exact = truncnorm((-1 - mean) / 0.002, (1 - mean) / 0.002, mean, 0.002)
    return Exact(lambda t: exact.logpdf(t).sum(1), lambda n, rng: exact.rvs((n, x.size), rng))


def noisy(mean: Callable[[np.ndarray], np.ndarray], std: float) -> Callable:
    """Simulator that adds normal noise."""
    return lambda theta, rng: rng.normal(mean(theta), std)


def folded(d: int) -> Problem:
    """Problem of 2^d modes."""
    return Problem(prior_of(*[Uniform(-1.0, 1.0)] * d), noisy(abs, 0.1), modes_posterior)


PROBLEMS = {
    "trace_statistics": Problem(
        TRACE, lambda theta, rng: trace_statistics(trace(theta, rng)), trace_posterior
    ),
    "raw_trace": Problem(TRACE, trace, lambda x: trace_posterior(trace_statistics(x[None])[0])),
    "filter_counts": Problem(
        GLM, lambda theta, rng: rng.poisson(np.exp(theta @ FILTER.T)).astype(float), glm_posterior
    ),
    "drift_diffusion": Problem(
        DIFFUSION, decisions, quadrature(DIFFUSION, decisions_log_likelihood, (24, 40, 64))
    ),
    "parameters_30": Problem(
        prior_of(*[Normal(0.0, 1.0)] * 30), noisy(lambda t: t @ MIXING.T, 0.5), linear_posterior
    ),
    "modes_4": folded(2),
    "modes_32": folded(5),
    "four_rates": Problem(
        prior_of(*[Uniform(0.0, 20.0)] * 4),
        lambda theta, rng: rng.poisson(theta).astype(float),
        counts_posterior,
    ),
    "narrow": Problem(
        prior_of(*[Uniform(-1.0, 1.0)] * 3), noisy(lambda t: t @ TURN.T, 0.002), narrow_posterior
    ),
    "heavy_tails": Problem(CAUCHY, cauchy, quadrature(CAUCHY, cauchy_log_likelihood, (120, 120))),
}
