"""Mixtures: against scipy, a grid, and the Gaussian formulas."""

import numpy as np
import pytest
import torch
from scipy import stats

from mechfit.inference.densities.mixture import Mixture

RNG = np.random.default_rng(1)


def random_mixture(k, d, widen=1.0):
    means = RNG.normal(size=(k, d))
    roots = RNG.normal(size=(k, d, d)) / np.sqrt(d)
    covariances = widen * (roots @ roots.mT + 0.3 * np.eye(d))
    weights = RNG.dirichlet(np.ones(k))
    precision = np.linalg.inv(covariances)
    eta = (precision @ means[..., None])[..., 0]
    mixture = Mixture.of(*(torch.tensor(a) for a in (np.log(weights), eta, precision)))
    return mixture, weights, means, covariances


@pytest.mark.parametrize(("k", "d"), [(1, 1), (3, 2), (4, 5)])
def test_density_is_that_of_scipy(k, d):
    mixture, weights, means, covariances = random_mixture(k, d)
    z = RNG.normal(size=(50, d))
    exact = sum(
        w * stats.multivariate_normal(m, c).pdf(z)
        for w, m, c in zip(weights, means, covariances, strict=True)
    )
    np.testing.assert_allclose(mixture.log_prob(torch.tensor(z)).numpy(), np.log(exact), rtol=1e-9)


def test_product_and_quotient_on_a_grid():
    narrow, *_ = random_mixture(2, 2, widen=0.3)
    proposal, *_ = random_mixture(3, 2, widen=0.5)
    prior = Mixture.gaussian(torch.zeros(2).double(), 4 * torch.eye(2).double())
    axis = torch.linspace(-7, 7, 281).double()
    grid = torch.cartesian_prod(axis, axis)
    product = narrow.times_over(proposal, prior).log_prob(grid)
    wanted = narrow.log_prob(grid) + proposal.log_prob(grid) - prior.log_prob(grid)
    cell = (axis[1] - axis[0]) ** 2
    wanted = wanted - (wanted.exp().sum() * cell).log()
    assert abs(product.exp().sum() * cell - 1) < 1e-4
    close = wanted > -20
    torch.testing.assert_close(product[close], wanted[close], rtol=0, atol=1e-4)


def test_dividing_undoes_multiplying():
    narrow, *_ = random_mixture(1, 3, widen=0.2)
    proposal = Mixture.gaussian(torch.ones(3).double(), 0.5 * torch.eye(3).double())
    prior = Mixture.standard_normal(3)
    back = narrow.times_over(proposal, prior).times_over(prior, proposal)
    z = torch.tensor(RNG.normal(size=(20, 3)))
    torch.testing.assert_close(back.log_prob(z), narrow.log_prob(z))


def test_a_batch_of_mixtures_is_each_of_them():
    singles = [random_mixture(2, 3, widen=0.3)[0] for _ in range(4)]
    batch = Mixture(
        *(torch.stack(a) for a in zip(*(vars(s).values() for s in singles), strict=True))
    )
    proposal, prior = random_mixture(2, 3)[0], Mixture.standard_normal(3)
    proposal = proposal.times_over(
        prior, Mixture.gaussian(torch.zeros(3).double(), 9 * prior.precision[0])
    )
    z = torch.tensor(RNG.normal(size=(4, 3)))
    together = batch.times_over(proposal, prior).log_prob(z)
    alone = [
        s.times_over(proposal, prior).log_prob(row) for s, row in zip(singles, z, strict=True)
    ]
    torch.testing.assert_close(together, torch.stack(alone))


def test_samples_follow_the_density():
    mixture, weights, means, covariances = random_mixture(3, 2)
    batch = Mixture(*(t[None] for t in vars(mixture).values()))
    generator = torch.Generator().manual_seed(1)
    draws = batch.push(torch.randn(1, 50_000, 3, generator=generator).double())[0].numpy()
    mean = weights @ means
    spread = covariances + (means - mean)[:, :, None] * (means - mean)[:, None]
    covariance = np.tensordot(weights, spread, 1)
    error = np.sqrt(np.diag(covariance) / len(draws))
    assert (abs(draws.mean(0) - mean) < 5 * error).all()
    np.testing.assert_allclose(np.cov(draws.T), covariance, atol=0.05 * np.trace(covariance))


def test_what_is_no_density_is_refused():
    wide = Mixture.gaussian(torch.zeros(2).double(), 4 * torch.eye(2).double())
    prior, narrow = (
        Mixture.standard_normal(2),
        Mixture.gaussian(torch.zeros(2).double(), 0.1 * torch.eye(2).double()),
    )
    with pytest.raises(ValueError, match="not a density"):
        wide.times_over(prior, narrow)
