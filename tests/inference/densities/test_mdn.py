"""A mixture density network is a density that its draws follow, and says when it is none."""

from functools import partial

import numpy as np
import pytest
import torch
from scipy import stats

from mechfit.inference import MDN, SNPE_A, Training
from mechfit.inference.densities.configs import build
from mechfit.inference.densities.mixture import Mixture
from mechfit.inference.sequential.methods import Gaussian, Round
from mechfit.simulation import Bank
from tests.inference import linear_gaussian as exact


def random(*shape, seed=1):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def network(d, k, components=3):
    """A network whose components differ, learned from z that are spread unevenly."""
    density = build(MDN(components, 16), d, k, seed=1)
    density.standardize(random(300, d) @ random(d, d, seed=2) + 1)
    for weight in density.parameters():
        weight.data += 0.2 * random(*weight.shape, seed=3)
    return density


def gaussian(d, mean, variance):
    return Mixture.gaussian(torch.full((d,), mean).double(), variance * torch.eye(d).double())


@pytest.fixture(params=[False, True], ids=["learned", "divided"])
def in_one_dimension(request):
    """Its density on a grid, and draws."""
    density, x = network(1, 2), random(1, 2)
    if request.param:
        density.divide_by(gaussian(1, 0.3, 3.0))
    grid = torch.linspace(-25, 25, 50_001, dtype=torch.double)
    with torch.no_grad():
        value = density.log_prob(grid[:, None], x).exp().numpy()
        draws = density.push(random(1, 20_000, 2), x)[0, :, 0].numpy()
    return grid.numpy(), value, draws


def test_integrates_to_one_and_draws_follow_it(in_one_dimension):
    grid, value, draws = in_one_dimension
    cdf = value.cumsum() * (grid[1] - grid[0])
    assert cdf[-1] == pytest.approx(1.0, abs=1e-5)
    assert stats.kstest(draws, lambda z: np.interp(z, grid, cdf)).pvalue > 1e-4
    assert abs(stats.kurtosis(draws)) > 0.2 or abs(stats.skew(draws)) > 0.2  # more than one


def test_integrates_to_one_in_two_dimensions():
    axis = torch.linspace(-15, 17, 801)
    with torch.no_grad():
        value = network(2, 3).log_prob(torch.cartesian_prod(axis, axis), random(1, 3)).exp()
    assert float(value.sum() * axis.diff()[0] ** 2) == pytest.approx(1.0, abs=1e-3)


def test_moments_are_those_of_its_mixture():
    density, x = network(3, 2), random(2, 2)
    with torch.no_grad():
        draws = density.push(random(2, 40_000, 4, seed=5), x).double().numpy()
        mixture = density.mixture(x)
    for i, rows in enumerate(draws):
        one = Mixture(*(t[i] for t in vars(mixture).values())).as_gaussian()
        covariance = torch.linalg.inv(one.precision)[0].numpy()
        mean, spread = covariance @ one.eta[0].numpy(), np.sqrt(np.diag(covariance))
        np.testing.assert_allclose((rows.mean(0) - mean) / spread, 0.0, atol=0.03)
        error = (np.cov(rows.T) - covariance) / np.outer(spread, spread)
        np.testing.assert_allclose(error, 0.0, atol=0.05)


@pytest.mark.parametrize("d", [1, 3, 6])
@pytest.mark.parametrize("scale", [1.0, 30.0, 1e3])
def test_data_like_no_simulation_give_finite_numbers(d, scale):
    density, x = network(d, 2), scale * random(20, 2)
    z = 10 * random(20, d)
    z.requires_grad_()
    value = density.log_prob(z, x)
    value.sum().backward()
    assert value.isfinite().all()
    assert z.grad.isfinite().all()
    assert all(w.grad.isfinite().all() for w in density.parameters())
    assert density.push(random(20, 50, d + 1), x).isfinite().all()


def test_divided_by_the_proposal_it_is_the_posterior():
    """On a grid: what was learned times the prior over the proposal, and normalized."""
    density, x, grid = network(1, 2), random(1, 2), torch.linspace(-8, 8, 4001).double()[:, None]
    normal, proposal = torch.distributions.Normal(0.0, 1.0), gaussian(1, 0.3, 3.0)
    with torch.no_grad():
        wanted = density.log_prob(grid, x) + normal.log_prob(grid[:, 0])
        wanted = wanted - proposal.log_prob(grid)
        density.divide_by(proposal)
        found = density.log_prob(grid, x)
    wanted = wanted - (wanted.exp().sum() * 16 / 4000).log()
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-5)


@pytest.mark.parametrize("use", ["log_prob", "push"])
def test_wider_than_the_proposal_is_said(use):
    """Narrow proposals take away more precision than there is: no density is left."""
    density, x = network(2, 2), random(5, 2)
    density.divide_by(gaussian(2, 0.0, 1e-4))
    with pytest.raises(ValueError, match="wider than the proposal it is divided by"):
        getattr(density, use)(random(5, 1, 3)[..., : 2 if use == "log_prob" else 3], x)


def test_users_of_snpe_a_are_told():
    """After a round from a proposal that is far too narrow."""
    theta = exact.PRIOR.sample(100, seed=1)
    x = theta @ exact.A.T + exact.S * np.random.default_rng(1).normal(size=(100, 5))
    proposal = Gaussian(exact.PRIOR, gaussian(3, 0.0, 1e-6))
    bank = Bank(theta, x, np.ones(100, bool), 1, exact.MODEL.statistic_names)
    rounds = [Round(bank, exact.PRIOR), Round(bank, proposal)]
    settings = {"flow": MDN(2, 8), "training": Training(epochs=1), "seed": 1}
    learn = partial(SNPE_A().learn, prior=exact.PRIOR, **settings)
    assert np.isfinite(learn(rounds[:1]).log_prob(theta, x=exact.X_O)).all()
    corrected = learn(rounds).at(exact.X_O)
    for use in (partial(corrected.sample, 10), partial(corrected.log_prob, theta)):
        with pytest.raises(ValueError, match="the quotient of the mixtures is not a density"):
            use()
