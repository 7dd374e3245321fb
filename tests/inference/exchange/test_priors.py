"""A converted prior has the density of the distribution it was made of, and its bounds."""

import numpy as np
import pytest
import torch
from scipy import stats
from torch import distributions as of_torch

from mechfit.inference import NPE, prior_of
from mechfit.models import Prior, Uniform

LOW, HIGH = torch.tensor([-1.0, 0.5, 3.0]), torch.tensor([1.0, 80.0, 3.5])


class Several(of_torch.Distribution):
    """Independent distributions, as sbi keeps those of a list."""

    def __init__(self, dists):
        self.dists = dists


OF_TORCH = [
    of_torch.Uniform(LOW, HIGH),
    of_torch.Independent(of_torch.Normal(LOW, HIGH + 2), 1),
    of_torch.Independent(of_torch.LogNormal(LOW.double(), 0.3), 1),
    of_torch.MultivariateNormal(LOW, torch.diag(HIGH + 2)),
    of_torch.MultivariateNormal(LOW, torch.diag(HIGH) + 0.3),
    of_torch.Beta(HIGH, 3 * torch.ones(3)),
    of_torch.Gamma(HIGH, 2 * torch.ones(3)),
    of_torch.Exponential(HIGH),
    of_torch.HalfNormal(HIGH),
]
OF_SCIPY = [
    stats.uniform(-2, 5),
    stats.norm(scale=[1.0, 2.0]),
    stats.lognorm(0.5, scale=3.0),
    stats.loguniform(0.1, b=20.0),
    stats.beta(2, 3, loc=-1, scale=4),
    stats.gamma(2, scale=3),
    stats.expon(scale=2),
    stats.halfnorm(1, 2),
    stats.truncnorm(-1, 2, loc=1, scale=3),
]


def named(prior):
    return type(getattr(prior, "base_dist", getattr(prior, "dist", prior))).__name__


@pytest.mark.parametrize("given", OF_TORCH, ids=named)
def test_of_torch(given):
    torch.manual_seed(1)
    prior, theta = prior_of(given), given.sample((50,)).double()
    expected = given.log_prob(theta.to(LOW.dtype)).reshape(50, -1).sum(1)
    np.testing.assert_allclose(prior.log_prob(theta), expected, rtol=1e-5, atol=1e-5)
    assert prior.names == ("theta_1", "theta_2", "theta_3")


@pytest.mark.parametrize("given", OF_SCIPY, ids=named)
def test_of_scipy(given):
    prior = prior_of(given)
    theta = given.rvs((50, len(prior)), random_state=1)
    np.testing.assert_allclose(prior.log_prob(theta), given.logpdf(theta).sum(1))
    np.testing.assert_allclose(prior.limits(0.0), np.transpose(given.support()).reshape(-1, 2))


def test_correlations():
    normal = stats.multivariate_normal([1.0, -2.0], [[4.0, 1.5], [1.5, 1.0]])
    theta = np.random.default_rng(1).normal(size=(20, 3))
    expected = normal.logpdf(theta[:, :2]) + stats.norm.logpdf(theta[:, 2])
    np.testing.assert_allclose(prior_of([normal, stats.norm()]).log_prob(theta), expected)


def test_lists_names_and_priors():
    box = of_torch.Independent(of_torch.Uniform(LOW, HIGH), 1)
    for given in ([box, stats.norm()], (of_torch.Uniform(LOW, HIGH), Several([OF_SCIPY[1]]))):
        assert prior_of(given).parameters[:3] == prior_of(box).parameters
    one = prior_of(of_torch.Uniform(0.0, 1.0), ["g"])
    assert one == Prior.uniform(["g"], [0.0], [1.0]) == prior_of(one)
    assert one.parameters[0].distribution == Uniform(0.0, 1.0)
    assert NPE(box).prior == prior_of(box)


@pytest.mark.parametrize(
    ("given", "error", "match"),
    [
        (of_torch.Cauchy(0.0, 1.0), TypeError, "type Cauchy, expected a Prior, or a dist"),
        ("uniform", TypeError, "type str, expected"),
        (stats.cauchy(), TypeError, "expected a Prior"),
        (stats.lognorm(0.5, loc=1), ValueError, "has loc=1, expected loc=0"),
    ],
    ids=lambda v: "",
)
def test_others_are_refused(given, error, match):
    with pytest.raises(error, match=match):
        prior_of(given)
    with pytest.raises(ValueError, match="2 names, expected one for each of 1"):
        prior_of(stats.norm(), ["a", "b"])
