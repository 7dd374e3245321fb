"""Each loss finds the posterior although the parameters came from a proposal."""

import numpy as np
import pytest
import torch
from torch.distributions import Normal

from mechfit.inference.densities.mixture import Mixture
from mechfit.inference.sequential.losses import (
    effective_sample_size,
    importance_weights,
    npe_loss,
    snpe_a_posterior,
    snpe_b_loss,
    snpe_c_atomic_loss,
    snpe_c_mixture_loss,
)

NOISE, N = 0.5, 40_000
PRIOR, PROPOSAL = Normal(0.0, 1.0), Normal(0.8, 0.6)
GENERATOR = torch.Generator().manual_seed(1)
Z = 0.8 + 0.6 * torch.randn(N, 1, generator=GENERATOR, dtype=torch.float64)
X = Z + NOISE * torch.randn(N, 1, generator=GENERATOR, dtype=torch.float64)
PRIOR_MIXTURE = Mixture.standard_normal(1)
PROPOSAL_MIXTURE = Mixture.gaussian(torch.tensor([0.8]).double(), torch.tensor([[0.36]]).double())


def posterior(prior_mean, prior_std):
    """Slope, offset and standard deviation of the posterior of z given x = z + noise."""
    precision = prior_std**-2 + NOISE**-2
    return NOISE**-2 / precision, prior_mean * prior_std**-2 / precision, precision**-0.5


FIRST = torch.zeros(N, dtype=bool)
EXACT = np.array(posterior(0.0, 1.0))
WRONG = np.array(posterior(0.8, 0.6))


def log_q(values):
    slope, offset, log_std = values
    return lambda z, x: Normal(slope * x[:, 0] + offset, log_std.exp()).log_prob(z[..., 0])


def mixture(values):
    slope, offset, log_std = values
    precision = (-2 * log_std).exp().expand(N, 1, 1, 1)
    mean = (slope * X + offset)[:, None]
    return Mixture.of(torch.zeros(N, 1).double(), precision[..., 0] * mean, precision)


def minimum(loss):
    """Slope, offset and standard deviation at the minimum."""
    values = torch.tensor([0.5, 0.0, -0.8], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([values], max_iter=100, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        value = loss(values)
        value.backward()
        return value

    optimizer.step(closure)
    slope, offset, log_std = values.detach().numpy()
    return np.array([slope, offset, np.exp(log_std)])


def test_maximum_likelihood_learns_the_proposal_posterior():
    found = minimum(lambda v: npe_loss(log_q(v), Z, X))
    np.testing.assert_allclose(found, WRONG, atol=0.01)
    assert abs(found - EXACT).max() > 0.1


def test_snpe_a_divides_it_out():
    slope, offset, std = minimum(lambda v: npe_loss(log_q(v), Z, X))
    x = 1.3
    estimate = Mixture.gaussian(torch.tensor([slope * x + offset]), torch.tensor([[std**2]]))
    corrected = snpe_a_posterior(estimate, PROPOSAL_MIXTURE, PRIOR_MIXTURE)
    variance = 1 / float(corrected.precision)
    np.testing.assert_allclose(
        [float(corrected.eta) * variance, variance**0.5],
        [EXACT[0] * x + EXACT[1], EXACT[2]],
        atol=0.02,
    )


def test_snpe_a_divides_one_gaussian_where_a_component_is_too_wide():
    """Beside N(1, 1/4) one as narrow, in row 0, or one wider than the proposal, in row 1."""
    means, stds = torch.tensor([[1.0, 0.6], [1.0, -1.5]]), torch.tensor([[0.5, 0.4], [0.5, 0.7]])
    precision = (stds.double() ** -2)[..., None, None]
    eta = (precision[..., 0] * means[..., None]).double()
    estimate = Mixture.of(torch.tensor([[0.99, 0.01]] * 2).double().log(), eta, precision)
    with pytest.warns(UserWarning, match="too wide to be divided .* at 1 of 2 observations"):
        corrected = snpe_a_posterior(estimate, PROPOSAL_MIXTURE, PRIOR_MIXTURE)
    z = torch.linspace(-2, 2, 9).double()[:, None, None]
    for row, whole in enumerate((estimate, estimate.as_gaussian())):
        one = Mixture(*(t[row : row + 1] for t in vars(whole).values()))
        expected = one.times_over(PRIOR_MIXTURE, PROPOSAL_MIXTURE).log_prob(z)
        np.testing.assert_allclose(corrected.log_prob(z)[:, row], expected[:, 0], rtol=1e-9)
    mean = float(estimate.as_gaussian().times_over(PRIOR_MIXTURE, PROPOSAL_MIXTURE).eta[1])
    assert abs(mean) < 5


def test_snpe_b_weights_it_out():
    weights = importance_weights(PRIOR.log_prob(Z[:, 0]), PROPOSAL.log_prob(Z[:, 0]))
    assert float(weights.mean()) == pytest.approx(1)
    assert 10 < effective_sample_size(weights) < N / 2
    found = minimum(lambda v: snpe_b_loss(log_q(v), Z, X, weights))
    np.testing.assert_allclose(found, EXACT, atol=0.05)


def test_equal_weights_are_worth_their_number():
    assert effective_sample_size(torch.ones(17)) == pytest.approx(17)


@pytest.mark.parametrize("atoms", [2, 20])
def test_snpe_c_with_atoms(atoms):
    log_prior, valid = PRIOR.log_prob(Z[:, 0]), torch.ones(N, dtype=bool)
    found = minimum(lambda v: snpe_c_atomic_loss(log_q(v), Z, X, log_prior, valid, ~valid, atoms))
    np.testing.assert_allclose(found, EXACT, atol=0.02)


@pytest.mark.parametrize("all_are_atoms", [True, False])
def test_invalid_simulations_must_stay_atoms(all_are_atoms):
    valid = X[:, 0] < 0.9
    x, z = torch.where(valid[:, None], X, 0.0), Z
    if not all_are_atoms:
        x, z = x[valid], z[valid]
        valid = valid[valid]
    log_prior, first = PRIOR.log_prob(z[:, 0]), torch.zeros_like(valid)
    found = minimum(lambda v: snpe_c_atomic_loss(log_q(v), z, x, log_prior, valid, first, 10))
    assert (abs(found - EXACT).max() < 0.03) == all_are_atoms


def test_snpe_c_in_closed_form():
    found = minimum(lambda v: snpe_c_mixture_loss(mixture(v), Z, PROPOSAL_MIXTURE, PRIOR_MIXTURE))
    np.testing.assert_allclose(found, EXACT, atol=0.01)


def test_atoms_are_at_least_two():
    with pytest.raises(ValueError, match="atoms is 1, expected at least 2"):
        snpe_c_atomic_loss(log_q(torch.zeros(3)), Z, X, Z[:, 0], FIRST, FIRST, 1)


def test_a_short_batch_has_as_many_atoms_as_rows():
    few = [a[:4] for a in (Z, X, Z[:, 0], ~FIRST, FIRST)]
    losses = [snpe_c_atomic_loss(log_q(torch.zeros(3)), *few, atoms) for atoms in (4, 10)]
    assert losses[0] == losses[1]


def test_a_batch_without_a_valid_simulation_teaches_nothing():
    values = torch.zeros(3, requires_grad=True)
    none = torch.zeros(N, dtype=torch.bool)
    loss = snpe_c_atomic_loss(log_q(values), Z, X, Z[:, 0], none, none, 10)
    loss.backward()
    assert loss == 0
    assert not values.grad.any()
