"""Many trials together give the exact posterior, if each alone does; else this is told."""

import numpy as np
import pytest
import torch
from scipy import stats

from mechfit.inference import MDN, RepeatedTrials, Training, Trials, c2st, fit
from mechfit.inference.densities.base import Density, Ensemble
from mechfit.inference.densities.configs import build
from mechfit.inference.region import Region
from mechfit.models import Normal, Parameter, Prior, Uniform
from mechfit.simulation import Bank
from tests.inference import linear_gaussian as exact
from tests.inference.test_posterior_exact import (
    SPACES,
    Gaussian,
    posterior_of,
    prior_of,
    random_posterior,
)


class Right(Region):
    """Parameters above 1."""

    def score(self, theta):
        return theta[:, 0] - 1.0


class TwoSigns(Density):
    """z | x ~ N(x, STD^2) with probability 2/3, else N(-x, STD^2)."""

    def __init__(self, std):
        super().__init__(2, 2)
        self.noise, self.std = 3, std

    def log_prob_of(self, z, features):
        one, other = (
            torch.distributions.Normal(sign * features, self.std).log_prob(z).sum(-1)
            for sign in (1, -1)
        )
        return torch.logaddexp(one + np.log(2), other) - np.log(3)

    def push_of(self, noise, features):
        sign = torch.where(noise[..., -1:] < stats.norm.ppf(2 / 3), 1.0, -1.0)
        return sign * features + self.std * noise[..., :-1]


def two_signs(std, x):
    prior = Prior(tuple(Parameter(n, Normal(0.0, 1.0)) for n in "ab"))
    return RepeatedTrials(posterior_of(TwoSigns(std), prior, 2), x)


GAUSSIAN = posterior_of(Gaussian(exact.C @ exact.A.T / exact.S**2, exact.C), exact.PRIOR, 5)
TRUTH = np.array([[0.5, -1.0, 0.3]])


def together(x):
    """Mean (3,) and covariance (3, 3) of the exact posterior given trials x (n, 5)."""
    covariance = np.linalg.inv(np.eye(3) + len(x) * exact.A.T @ exact.A / exact.S**2)
    return covariance @ exact.A.T @ x.sum(0) / exact.S**2, covariance


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 2, 10, 50])
def test_linear_gaussian_problem(count):
    x = exact.observe(TRUTH.repeat(count, 0), seed=7)
    repeated, (mean, covariance) = RepeatedTrials(GAUSSIAN, x), together(x)
    chains = repeated.chains(2000, seed=1)
    known = stats.multivariate_normal(mean, covariance)
    log_prob = repeated.log_prob(chains.theta) - chains.log_normalizer
    np.testing.assert_allclose(log_prob, known.logpdf(chains.theta), atol=0.25)
    off = 4 / np.sqrt(chains.effective_sample_size)
    whitened = np.linalg.solve(np.linalg.cholesky(covariance), (chains.theta - mean).T)
    np.testing.assert_allclose(whitened.mean(1), np.zeros(3), atol=off)
    np.testing.assert_allclose(np.cov(whitened), np.eye(3), atol=1.5 * off)
    assert 300 < chains.effective_sample_size <= 2000
    assert c2st(known.rvs(2000, random_state=2), chains.theta) < 0.53


def on_a_line(repeated):
    """Places (n,) in the prior and the distribution function of the product there."""
    theta = repeated.prior.from_unbounded(np.linspace(-4.9, 4.9, 4001)[:, None])[0][:, 0]
    log_prob = repeated.log_prob(theta[:, None])
    density = np.exp(log_prob - log_prob.max())
    total = np.r_[0.0, (np.diff(theta) * (density[1:] + density[:-1]) / 2).cumsum()]
    return theta, total / total[-1], np.log(total[-1]) + log_prob.max()


@pytest.mark.parametrize("space", [*SPACES, "ensemble", "region"])
def test_in_every_space(space):
    posterior = random_posterior(space if space in SPACES else "mixture", prior_of("uniform"))
    if space == "ensemble":
        other = build(MDN(3, 16), 1, 2, seed=5).eval()
        vars(posterior)["flow"] = Ensemble([posterior.flow, other])
    if space == "region":
        posterior = posterior.on(Right(prior=posterior.prior, threshold=0.0))
    repeated = RepeatedTrials(posterior, [[0.7, -0.4], [0.4, 0.3], [1.0, 0.0]])
    theta, cdf, log_normalizer = on_a_line(repeated)
    chains = repeated.chains(1000, seed=1)
    found = stats.ks_1samp(chains.theta[:, 0], lambda t: np.interp(t, theta, cdf))
    assert found.statistic < 2 / np.sqrt(chains.effective_sample_size)
    assert chains.log_normalizer == pytest.approx(log_normalizer, abs=0.25)
    np.testing.assert_array_equal(repeated.sample(10, seed=1), chains.theta[:10])


def test_modes_keep_their_mass():
    repeated = two_signs(0.4, np.array([[1.2, -0.8], [1.3, -0.7], [1.1, -0.9]]))
    shares = [(repeated.sample(1000, seed)[:, 0] > 0).mean() for seed in range(3)]
    assert np.mean(shares) == pytest.approx(8 / 9, abs=0.03)


def test_blocks_of_trials():
    """Ten trials of two numbers, of which one is missing, by a network for four at most."""
    density = build(MDN(2, 8, embedding=Trials(2, 8, 4)), 1, 8, seed=1).eval()
    posterior = posterior_of(density, prior_of("normal"), 8)
    x = np.random.default_rng(1).normal(size=(10, 2))
    x[3, 1] = np.nan
    repeated = RepeatedTrials(posterior, x)
    assert repeated.x.shape == (3, 8)
    np.testing.assert_array_equal(repeated.x[:, :6].reshape(-1, 2), np.delete(x, 3, 0))
    assert np.isnan(repeated.x[:, 6:]).all()
    few, theta = RepeatedTrials(posterior, x[:3]), posterior.prior.sample(20, seed=1)
    np.testing.assert_allclose(few.log_prob(theta), posterior.log_prob(theta, x=x[:3].ravel()))
    with pytest.raises(ValueError, match="19 columns, expected a multiple of the 2 numbers"):
        RepeatedTrials(posterior, x.ravel()[:19])


def test_what_cannot_be_believed_is_told(monkeypatch):
    away = exact.observe(np.array([[4.0, 0, 0], [-4.0, 0, 0]]), seed=1)
    with pytest.warns(UserWarning, match="outside the 9.*% credible regions of the 2 rows"):
        RepeatedTrials(GAUSSIAN, away).sample(100, seed=1)
    with pytest.warns(UserWarning, match="x_o is unlike every simulation in .*1 of 2 rows"):
        RepeatedTrials(GAUSSIAN, [[0.0] * 5, [0, 0, 0, 0, 1e9]])
    monkeypatch.setattr("mechfit.inference.repeated.LARGEST_R_HAT", 1.001)
    monkeypatch.setattr("mechfit.inference.repeated.ROUNDS", 2)
    with pytest.raises(RuntimeError, match="disagree: R-hat of . is 1.0.*, expected below 1.001"):
        two_signs(0.4, np.array([[1.2, -0.8], [1.1, -0.9]])).sample(100, seed=1)


@pytest.mark.slow
def test_poisson_counts():
    """One to eight trials in training, forty together; the likelihood is a product of Poissons."""
    prior, rng = Prior((Parameter("rate", Uniform(1.0, 20.0)),)), np.random.default_rng(1)
    theta = prior.sample(8000, seed=1)
    counts = rng.poisson(theta, (len(theta), 8)).astype(float)
    bank = Bank(theta, counts, np.ones(len(theta), bool), 1, tuple(f"trial_{i}" for i in range(8)))
    flow = MDN(components=2, embedding=Trials(1))
    posterior = fit(bank, prior, flow=flow, training=Training(epochs=30), seed=1)
    for seed, rate in enumerate((3.0, 8.0, 14.0)):
        x = np.random.default_rng(seed).poisson(rate, 40)
        exact_gamma = stats.gamma(x.sum() + 1, scale=1 / 40)  # the prior's bounds are far away
        draws = RepeatedTrials(posterior, x[:, None]).sample(2000, seed=1)[:, 0]
        assert abs(draws.mean() - exact_gamma.mean()) < 0.5 * exact_gamma.std()
        assert draws.std() == pytest.approx(exact_gamma.std(), rel=0.2)
