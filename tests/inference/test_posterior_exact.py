"""A posterior turns a density of z into one of theta without error, in all three spaces."""

import numpy as np
import pytest
import torch
from scipy import stats
from scipy.integrate import trapezoid

from mechfit.inference import MDN, Coupling, Posterior
from mechfit.inference.densities.base import Density
from mechfit.inference.densities.configs import build
from mechfit.inference.densities.scaling import Featurizer, Standardizer
from mechfit.inference.space import Space
from mechfit.models import LogNormal, LogUniform, Normal, Parameter, Prior, Uniform
from tests.inference import linear_gaussian as exact

SHAPES = {
    "uniform": Uniform(-2.0, 5.0),
    "log-uniform": LogUniform(0.1, 10.0),
    "normal": Normal(1.0, 2.0),
    "log-normal": LogNormal(0.3, 0.5),
}
SPACES = {
    "unbounded": (Coupling(2, 16, box=False), True),
    "box": (Coupling(2, 16, box=True), True),
    "standardized": (Coupling(2, 16), False),
    "mixture": (MDN(3, 16), True),
    "standardized-mixture": (MDN(3, 16), False),
}


class Gaussian(Density):
    """z | x ~ N(B x, C), for every x."""

    def __init__(self, slope, covariance):
        super().__init__(len(covariance), slope.shape[1])
        self.slope, self.covariance = (torch.tensor(a).float() for a in (slope, covariance))

    def log_prob_of(self, z, features):
        mean = features @ self.slope.T
        return torch.distributions.MultivariateNormal(mean, self.covariance).log_prob(z)

    def push_of(self, noise, features):
        return features @ self.slope.T + noise @ torch.linalg.cholesky(self.covariance).T


def prior_of(*names):
    return Prior(tuple(Parameter(n, SHAPES[n]) for n in names))


def posterior_of(density, prior, k, *, leak_free=True):
    """A posterior of k statistics that are seen as they are."""
    scale = None if leak_free else Standardizer.of(prior.sample(1000, seed=1))
    seen = Featurizer(Standardizer(np.zeros(k), np.ones(k)), {})
    space = Space(prior, density.box, scale)
    return Posterior(space, density, seen, tuple(f"x{i}" for i in range(k)), ())


def random_posterior(space, prior):
    """A posterior whose density is that of a network with large random weights."""
    flow, leak_free = SPACES[space]
    box = prior.bounded if leak_free else ()
    density, generator = build(flow, len(prior), 2, 1, box), torch.Generator().manual_seed(2)
    for weight in density.parameters():
        weight.data += 0.15 * torch.randn(weight.shape, generator=generator)
    return posterior_of(density.eval(), prior, 2, leak_free=leak_free)


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("name", SHAPES)
def test_integrates_to_one_and_draws_follow_it(name, space):
    prior = prior_of(name)
    posterior = random_posterior(space, prior).at([0.7, -0.4])
    draws = posterior.sample(3000, seed=1)[:, 0]
    even = np.linspace(draws.min() - np.ptp(draws), draws.max() + np.ptp(draws), 4001)
    quantiles = prior.from_unbounded(np.linspace(-8.2, 8.2, 8001)[:, None])[0][:, 0]
    theta = np.unique(np.r_[even, quantiles])
    theta = theta[np.isfinite(prior.log_prob(theta[:, None]))]
    density = np.exp(posterior.log_prob(theta[:, None]))
    assert trapezoid(density, theta) == pytest.approx(1.0, abs=0.02)
    cdf = np.r_[0.0, (np.diff(theta) * (density[1:] + density[:-1]) / 2).cumsum()]
    found = stats.kstest(draws, lambda t: np.interp(t, theta, cdf / cdf[-1]))
    assert found.pvalue > 1e-4


@pytest.mark.parametrize("space", SPACES)
def test_gradient_is_the_finite_difference(space):
    """In single precision, and across the knots of splines: to a few per cent."""
    prior = prior_of(*SHAPES).correlated(0.6 + 0.4 * np.eye(4))
    posterior = random_posterior(space, prior).at([0.7, -0.4])
    theta = posterior.sample(300, seed=1)
    value, gradient = posterior.log_prob_grad(theta)
    np.testing.assert_allclose(value, posterior.log_prob(theta), atol=1e-4)
    z, moved = prior.to_unbounded(theta)[0], 2e-3 * np.eye(4)
    for j in range(4):
        low, high = (prior.from_unbounded(z + s * moved[j])[0] for s in (-1, 1))
        rise = posterior.log_prob(high) - posterior.log_prob(low)
        slope = (gradient * (high - low)).sum(1) / 4e-3  # by z, where all are alike
        found = rise / 4e-3
        assert np.quantile(abs(found - slope), 0.95) < 0.02 * np.quantile(abs(slope), 0.9)
        assert np.quantile(abs(slope), 0.9) > 0.3


def test_no_gradient_where_there_is_no_density():
    posterior = random_posterior("unbounded", prior_of("uniform", "log-normal")).at([0.0, 0.0])
    theta = np.array([[-2.1, 1.0], [0.0, -1.0], [0.0, 1.0]])
    value, gradient = posterior.log_prob_grad(theta)
    np.testing.assert_array_equal(np.isinf(value), [True, True, False])
    np.testing.assert_array_equal(gradient.any(1), [False, False, True])


class TestMode:
    def test_of_the_linear_gaussian_problem(self):
        density = Gaussian(exact.C @ exact.A.T / exact.S**2, exact.C)
        posterior = posterior_of(density, exact.PRIOR, 5)
        found = posterior.map(x=exact.X_O)
        np.testing.assert_allclose(found, exact.mean(exact.X_O), atol=2e-3)
        draws = exact.PRIOR.sample(50, seed=1)
        known = stats.multivariate_normal(exact.mean(exact.X_O), exact.C).logpdf(draws)
        np.testing.assert_allclose(posterior.log_prob(draws, x=exact.X_O), known, rtol=1e-3)

    def test_of_correlated_parameters(self):
        covariance = np.array([[4.0, 1.5, 0.5], [1.5, 1.0, 0.0], [0.5, 0.0, 0.25]])
        prior = Prior.normal(["a", "b", "c"], np.zeros(3), covariance)
        root, to_x = np.linalg.cholesky(covariance), exact.A / exact.S
        known = np.linalg.inv(np.linalg.inv(covariance) + to_x.T @ to_x)
        inner = np.linalg.solve(root, np.linalg.solve(root, known).T)
        density = Gaussian(inner @ root.T @ to_x.T / exact.S, inner)
        posterior = posterior_of(density, prior, 5).at(exact.X_O)
        mean = known @ to_x.T @ exact.X_O / exact.S
        np.testing.assert_allclose(posterior.map(), mean, atol=2e-3)
        draws = posterior.sample(50, seed=1)
        reference = stats.multivariate_normal(mean, known).logpdf(draws)
        np.testing.assert_allclose(posterior.log_prob(draws), reference, atol=1e-3)

    def test_counts_in_parameters_not_in_the_unbounded_space(self):
        """log theta ~ N(m, s^2) has its mode at exp(m - s^2), below its median."""
        prior, slope, variance = prior_of("log-normal"), 0.8, 0.2
        posterior = posterior_of(Gaussian(np.array([[slope]]), np.eye(1) * variance), prior, 1)
        shape = SHAPES["log-normal"]
        mean = shape.mean + shape.std * slope * 1.5
        mode = np.exp(mean - shape.std**2 * variance)
        np.testing.assert_allclose(posterior.map(x=[1.5]), [mode], rtol=1e-3)

    @pytest.mark.parametrize("x_o", [1.2, 1.7])
    def test_beyond_the_edge_it_is_the_edge(self, x_o):
        prior = prior_of("uniform", "normal")
        density = Gaussian(np.array([[1.5], [0.0]]), np.eye(2) * 0.3)
        posterior = posterior_of(density, prior, 1, leak_free=False).at([x_o])
        found = posterior.map(draws=3000)
        assert np.isfinite(prior.log_prob(found))
        np.testing.assert_allclose(found, [5.0, posterior.space.scale.mean[1]], atol=0.05)


def test_rejection_gives_the_normal_cut_by_the_prior():
    prior = prior_of("uniform")
    posterior = posterior_of(Gaussian(np.eye(1), np.eye(1) * 0.2), prior, 1, leak_free=False)
    mean, std = posterior.space.scale.invert(1.5)[0], posterior.space.scale.std[0] * 0.2**0.5
    cut = stats.truncnorm(*((b - mean) / std for b in (-2, 5)), loc=mean, scale=std)
    inside = stats.norm(mean, std).cdf(5) - stats.norm(mean, std).cdf(-2)
    assert 0.3 < inside < 0.9
    assert posterior.acceptance_rate(x=[1.5]) == pytest.approx(inside, abs=0.015)
    theta = np.linspace(-1.9, 4.9, 50)
    found = posterior.log_prob(theta[:, None], x=[1.5])
    np.testing.assert_allclose(found, cut.logpdf(theta), atol=0.03)
    assert stats.kstest(posterior.sample(20_000, 1, x=[1.5])[:, 0], cut.cdf).pvalue > 1e-4


@pytest.mark.parametrize("space", ["unbounded", "box", "standardized", "mixture"])
def test_many_observations_at_once_are_each_of_them(space):
    posterior = random_posterior(space, prior_of("uniform", "log-normal"))
    x = np.array([[0.0, 0.0], [1.5, -1.0], [-3.0, 2.0]])
    draws = posterior.sample_batched(5000, 1, x=x)
    assert draws.shape == (3, 5000, 2)
    np.testing.assert_array_equal(draws, posterior.sample_batched((5000,), 1, x=x))
    for i, row in enumerate(draws):
        alone = posterior.at(x[i]).sample(5000, seed=2)
        other = posterior.at(x[i - 1]).sample(5000, seed=2)
        for j in range(2):
            assert stats.ks_2samp(row[:, j], alone[:, j]).pvalue > 1e-4
        assert min(stats.ks_2samp(row[:, j], other[:, j]).pvalue for j in range(2)) < 0.01
