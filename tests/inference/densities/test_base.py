"""An ensemble is the mean of its members' densities, for its draws as for its log-density."""

import numpy as np
import pytest
import torch
from scipy import stats

from mechfit.inference import MAF, MDN, NSF, Coupling
from mechfit.inference.densities.base import Density, Ensemble
from mechfit.inference.densities.configs import build

KINDS = {
    "coupling": Coupling(2, 8),
    "box": Coupling(2, 8, box=True),
    "maf": MAF(2, 8),
    "nsf": NSF(2, 8),
    "mdn": MDN(2, 8),
}


class Normal(Density):
    """N(mean, std^2), whatever x is."""

    def __init__(self, mean, std):
        super().__init__(1, 1)
        self.exact = stats.norm(mean, std)
        self.mean, self.std = mean, std

    def log_prob_of(self, z, features):
        return torch.distributions.Normal(self.mean, self.std).log_prob(z[..., 0])

    def push_of(self, noise, features):
        return self.mean + self.std * noise


MEMBERS = Normal(-4.0, 0.3), Normal(0.5, 2.0), Normal(6.0, 0.05)
ENSEMBLE, X = Ensemble(MEMBERS).double(), torch.zeros(1, 1)


def random(*shape, seed=1):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def different(kind, d, k):
    """An ensemble of random members which say different things."""
    box = np.resize([True, False], d) if getattr(kind, "box", False) else ()
    members, rows = [build(kind, d, k, seed, box) for seed in (1, 2, 3)], random(200, d)
    for i, member in enumerate(members):
        member.standardize((i + 1) * rows + i)
    return Ensemble(members).double().eval()


def test_log_density_is_that_of_the_mean_also_in_the_tails():
    z = np.r_[np.linspace(-8, 8, 400), -60.0, 60.0]
    exact = np.logaddexp.reduce([m.exact.logpdf(z) for m in MEMBERS]) - np.log(3)
    found = ENSEMBLE.log_prob(torch.as_tensor(z)[:, None], X)
    np.testing.assert_allclose(found, exact, rtol=1e-6)


def test_draws_follow_the_mean():
    draws = ENSEMBLE.push(random(1, 30_000, ENSEMBLE.noise).double(), X)[0, :, 0].numpy()
    test = stats.kstest(draws, lambda z: np.mean([m.exact.cdf(z) for m in MEMBERS], 0))
    assert test.pvalue > 1e-4


@pytest.mark.parametrize("kind", KINDS)
def test_draws_of_any_kind_follow_its_own_density(kind):
    """In one dimension, against the integral of the density; for two x at once."""
    ensemble, x = different(KINDS[kind], 1, 2), torch.tensor([[0.5, -1.0], [2.0, 1.0]]).double()
    noise = random(2, 5000, ensemble.noise)
    box = any(ensemble.members[0].box)
    grid = torch.linspace(0, 1, 2001) if box else torch.linspace(-30, 35, 20_001)
    with torch.no_grad():
        draws = ensemble.push(noise.double(), x)[..., 0].numpy()
        for row, context in zip(draws, x[:, None], strict=True):
            middle = (grid[1:] + grid[:-1]).double()[:, None] / 2
            mass = ensemble.log_prob(middle, context).exp() * grid.diff()
            cdf = np.r_[0.0, mass.cumsum(0)]
            assert cdf[-1] == pytest.approx(1.0, abs=1e-3)
            assert stats.kstest(row, lambda z, cdf=cdf: np.interp(z, grid, cdf)).pvalue > 1e-4


def test_standardized_with_mean_and_covariance():
    """A standard normal becomes the normal of the rows that are learned from."""

    class Standard(Density):
        def log_prob_of(self, z, features):
            return torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(-1)

        def push_of(self, noise, features):
            return noise

    rows, density = random(500, 3) @ random(3, 3, seed=2) + 1, Standard(3, 1)
    density.standardize(rows)
    exact = stats.multivariate_normal(rows.mean(0).numpy(), rows.T.cov().numpy())
    found = density.log_prob(rows, torch.zeros(500, 1))
    np.testing.assert_allclose(found, exact.logpdf(rows.numpy()), rtol=1e-3)
    draws = density.push(random(1, 50_000, 3), X)[0]
    np.testing.assert_allclose(draws.mean(0), exact.mean, atol=0.05)
    np.testing.assert_allclose(draws.T.cov(), exact.cov, atol=0.02 * np.trace(exact.cov))


def test_every_member_counts_the_same_in_several_dimensions():
    ensemble, x = different(KINDS["mdn"], 3, 2), torch.zeros(4, 2).double()
    z = random(5, 4, 3).double()
    alone = torch.stack([m.log_prob(z, x) for m in ensemble.members]).exp().mean(0)
    torch.testing.assert_close(ensemble.log_prob(z, x), alone.log())
    assert ensemble.log_prob(z, x).shape == (5, 4)
