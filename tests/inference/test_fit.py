"""Trained posteriors against the analytic one."""

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal

from mechfit.inference import MAF, MDN, NSF, Coupling, Training, c2st, fit
from mechfit.inference.densities.base import Density
from mechfit.inference.fit import default_flow, stacked
from mechfit.models import Prior
from mechfit.simulation import Bank
from tests.inference import linear_gaussian as exact


@pytest.fixture(scope="module")
def bank():
    return exact.bank(10_000, seed=1)


FLOWS = {"coupling": Coupling(), "maf": MAF(), "mdn": MDN(), "nsf": NSF()}
SPACES = {"unbounded": True, "standardized": False}
FITS = [(f, s) for f in FLOWS for s in SPACES if (f, s) != ("nsf", "unbounded")]  # slow, as maf's


@pytest.mark.slow
@pytest.mark.parametrize(("flow", "space"), FITS)
def test_recovers_the_analytic_posterior(bank, flow, space):
    posterior = fit(
        bank,
        exact.PRIOR,
        flow=FLOWS[flow],
        training=Training(epochs=20),
        leak_free=SPACES[space],
        seed=1,
    ).at(exact.X_O)
    samples = posterior.sample(10_000, seed=2)
    std = np.sqrt(np.diag(exact.C))
    assert (abs(samples.mean(0) - exact.mean(exact.X_O)) < 0.2 * std).all()
    np.testing.assert_allclose(np.cov(samples.T), exact.C, atol=0.25 * exact.C.max())
    reference = multivariate_normal(exact.mean(exact.X_O), exact.C)
    draws = reference.rvs(10_000, random_state=3)
    assert c2st(draws, samples) <= 0.55
    error = posterior.log_prob(draws[:2000]) - reference.logpdf(draws[:2000])
    assert abs(error.mean()) < 0.1


def test_training_is_deterministic_and_leaves_global_state_alone(bank):
    small, state = bank.first(500), torch.get_rng_state()
    first, again, other = (
        fit(small, exact.PRIOR, training=Training(epochs=2), seed=s) for s in (1, 1, 2)
    )
    assert torch.equal(torch.get_rng_state(), state)
    np.testing.assert_array_equal(first.history[0].train, again.history[0].train)
    draws = [p.at(exact.X_O).sample(50, seed=1) for p in (first, again, other)]
    np.testing.assert_array_equal(draws[0], draws[1])
    assert not np.allclose(draws[0], draws[2])


def test_early_stopping_keeps_the_best_weights(bank):
    training = Training(epochs=60, patience=3, learning_rate=5e-3)
    posterior = fit(bank.first(300), exact.PRIOR, training=training, seed=1)
    (history,) = posterior.history
    losses = history.validation
    assert history.best == np.flatnonzero(losses == losses.min())[-1]
    assert history.best + 1 + 3 <= len(losses) < 60


def test_invalid_simulations_do_no_harm(bank):
    x = bank.x.copy()
    x[::7, 2] = np.nan
    holes = type(bank)(bank.theta, x, np.isfinite(x).all(1), 1, bank.statistic_names)
    posterior = fit(holes.first(700), exact.PRIOR, training=Training(epochs=2), seed=1)
    assert posterior.provenance["valid"] == 600
    assert np.isfinite(posterior.at(exact.X_O).sample(100, seed=1)).all()


def test_one_parameter_and_a_constant_statistic():
    prior = Prior.uniform(["a"], [0.0], [1.0])
    theta = prior.sample(2000, seed=1)
    x = np.c_[theta + 0.1 * np.random.default_rng(1).normal(size=theta.shape), np.full(2000, 3.0)]
    bank = Bank(theta, x, np.ones(2000, bool), 1, ("x", "constant"))
    training = Training(epochs=15, batch=50)
    posterior = fit(bank, prior, training=training, seed=1).at([0.5, 3.0])
    samples = posterior.sample(2000, seed=1)
    assert samples.mean() == pytest.approx(0.5, abs=0.03)
    assert samples.std() == pytest.approx(0.1, abs=0.02)


def test_clear_errors(bank):
    with pytest.raises(ValueError, match="expected at least 20"):
        fit(bank.first(10), exact.PRIOR, seed=1)
    with pytest.raises(ValueError, match="outside the prior"):
        fit(bank, Prior.uniform(["a", "b", "c"], [0] * 3, [1] * 3), seed=1)
    with pytest.raises(ValueError, match="0 < validation < 1"):
        Training(validation=1.0)


class Narrow:
    """Linear statistics with noise of a thousandth of the prior's width."""

    prior = Prior.uniform(["a", "b"], [-1.0, -1.0], [1.0, 1.0])

    @classmethod
    def bank(cls, n, seed):
        rng = np.random.default_rng(seed)
        theta = cls.prior.sample(n, rng)
        x = theta @ [[1.0, 0.4], [-0.3, 1.0]] + 0.002 * rng.normal(size=theta.shape)
        return Bank(theta, x, np.ones(n, bool), seed, ("x", "y"))


@pytest.mark.slow
def test_few_simulations_suffice_for_a_narrow_posterior():
    posterior = fit(Narrow.bank(400, 1), Narrow.prior, seed=1)
    fresh = Narrow.bank(500, 2)
    # theta = M^-1 x, so that its posterior is normal with covariance 0.002^2 (M M^T)^-1
    exact = -np.log(2 * np.pi * np.e * 0.002**2) + np.log(1.12)
    found = posterior.log_prob_batched(fresh.theta[:, None], x=fresh.x).mean()
    assert exact - 0.5 < found < exact + 0.1
    assert posterior.flow.weights[::2].sum() > 0.9


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_hundred_simulations_that_tell_little_are_no_worse_than_none(seed):
    prior = Prior.uniform(["a", "b"], [-2.0, -2.0], [2.0, 2.0])
    rng = np.random.default_rng(seed)
    theta, fresh = prior.sample(100, rng), prior.sample(1000, rng)
    x, of_fresh = (t + 3.0 * rng.normal(size=t.shape) for t in (theta, fresh))
    bank = Bank(theta, x, np.ones(100, bool), seed, ("x", "y"))
    posterior = fit(bank, prior, seed=seed)
    assert posterior.provenance["members"] == 20
    found = posterior.log_prob_batched(fresh[:, None], x=of_fresh).mean()
    assert found > prior.log_prob(fresh).mean() - 0.005


def test_networks_are_weighted_by_what_they_predict():
    z = np.random.default_rng(1).normal(size=(400, 1))
    x = np.zeros((400, 1))
    right, wrong = (Normals(scale) for scale in (1.0, 5.0))
    folds = np.arange(400).reshape(2, 200)
    for networks, share in (
        ((right, wrong, right, wrong), 1.0),
        ((wrong, right, wrong), 0.0),
        ((right, right, right, right), 0.5),
    ):
        weights = stacked(networks, folds, z, x)
        assert float(weights.sum()) == pytest.approx(1.0)
        assert float(weights[::2].sum()) == pytest.approx(share, abs=0.02)
    np.testing.assert_array_equal(stacked((right,), folds, z, x), [1.0])


class Normals(Density):
    """A normal of a given standard deviation."""

    def __init__(self, scale):
        super().__init__(1, 1)
        self.root *= scale

    def log_prob_of(self, z, features):
        return -0.5 * (z**2).sum(-1)


@pytest.mark.parametrize(
    ("n", "sizes"),
    [(299, [4, 64, None]), (300, [4, 128, None]), (49_999, [4, 128, None]), (50_000, [5, 256, 3])],
)
def test_networks_grow_with_the_number_of_simulations(n, sizes):
    flow = default_flow(n)
    assert [flow.layers, flow.hidden, flow.bound] == sizes


def test_the_default_network_is_that_for_the_number_of_simulations():
    made = fit(exact.bank(60, seed=1), exact.PRIOR, training=Training(1), seed=1).provenance
    assert made["flow"]["hidden"] == default_flow(60).hidden
