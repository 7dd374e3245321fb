"""The package sbi takes our models for simulators and our posteriors for its own.

Its neural posterior estimation, driven by our simulations, ends at the analytic posterior; its
diagnostics, given our posterior, find it calibrated.
"""

import numpy as np
import pytest
import torch
from sbi_peer import Peer, box_of, drawn, sbi_inference, sbi_runs, tensor, tensors, trained
from scipy.stats import kstest, multivariate_normal, truncnorm

from mechfit.inference import NPE, as_sbi
from mechfit.inference.diagnostics import calibrate
from mechfit.models import HodgkinHuxley, Prior
from mechfit.simulation import Bank
from tests.inference.linear_gaussian import MODEL, PRIOR, X_O, A, C, S, mean

sbi_diagnostics = pytest.importorskip("sbi.diagnostics", exc_type=ImportError)
STANDARD_NORMAL = torch.distributions.MultivariateNormal(torch.zeros(3), torch.eye(3))
STD = np.diag(C) ** 0.5
LEAST_P = 1e-3
QUIET = {"show_progress_bar": False}


def simulator(model, seed):
    """The statistics of a model as sbi wants them: tensors in and out, new noise every time."""
    done = 0

    def simulate(theta):
        nonlocal done
        done += len(theta)
        return tensor(model.statistics(theta.double().numpy(), seed, first=done - len(theta)))

    return simulate


def bank(n, seed):
    """Simulations of the linear Gaussian problem, in single precision."""
    theta = PRIOR.sample(n, seed)
    x = theta @ A.T + S * np.random.default_rng(seed + 100).normal(size=(n, 5))
    theta, x = (tensor(rows).double().numpy() for rows in (theta, x))
    return Bank(theta, x, np.ones(n, bool), seed, MODEL.statistic_names)


def trained_by_sbi(model, prior, n, folder, **settings):
    """The posterior of sbi's own training on n simulations of our model, and their data."""
    with sbi_runs(folder, seed=1):
        theta, x = sbi_inference.simulate_for_sbi(
            simulator(model, 1), prior, n, simulation_batch_size=100, seed=1, **QUIET
        )
        return trained(prior, theta, x, **settings).build_posterior(), x


def test_sbi_learns_from_our_models(tmp_path):
    posterior, _ = trained_by_sbi(MODEL, STANDARD_NORMAL, 4000, tmp_path)
    samples = drawn(posterior, X_O, 5000)
    np.testing.assert_allclose((samples.mean(0) - mean(X_O)) / STD, 0, atol=0.3)
    np.testing.assert_allclose(samples.std(0) / STD, 1, atol=0.3)


@pytest.mark.filterwarnings("ignore:Maximum number of epochs")
@pytest.mark.filterwarnings("ignore:Data has extreme outliers")
def test_sbi_learns_from_a_neuron(tmp_path):
    model = HodgkinHuxley()
    posterior, x = trained_by_sbi(model, box_of(model.prior), 2000, tmp_path, max_num_epochs=30)
    samples = drawn(posterior, x[0], 100, max_sampling_time=60)
    assert np.isfinite(model.prior.log_prob(samples)).all()


@pytest.fixture(scope="module")
def ours():
    return as_sbi(NPE(PRIOR, X_O, seed=1).append_bank(bank(10_000, 1)).fit())


@pytest.mark.parametrize("batched", [True, False])
def test_sbc_of_sbi_finds_ranks_uniform(ours, batched):
    ranks, draws = sbi_diagnostics.run_sbc(
        *tensors(bank(500, 2)), ours, use_batched_sampling=batched, **QUIET
    )
    assert ranks.shape == draws.shape == (500, 3)
    for j in range(3):
        assert kstest((ranks[:, j] + 0.5) / 1001, "uniform").pvalue > LEAST_P
        assert kstest(draws[:, j], "norm").pvalue > LEAST_P


def test_coverage_of_sbi_is_as_expected(ours):
    runs = tensors(bank(500, 3))
    ranks, _ = sbi_diagnostics.run_sbc(*runs, ours, reduce_fns=ours.log_prob, **QUIET)
    assert kstest((ranks[:, 0] + 0.5) / 1001, "uniform").pvalue > LEAST_P


def test_tarp_of_sbi_finds_no_fault(ours):
    expected, level = sbi_diagnostics.run_tarp(*tensors(bank(500, 4)), ours, **QUIET)
    area, p = sbi_diagnostics.check_tarp(expected, level)
    assert abs(area) < 0.5
    assert p > LEAST_P


@pytest.mark.filterwarnings("ignore:Note that log probs of the true parameters")
def test_sbi_reads_our_log_probabilities(ours):
    runs = bank(500, 5)
    off = runs.theta - runs.x @ (C @ A.T / S**2).T
    exact = -multivariate_normal(cov=C).logpdf(off)
    nltp = sbi_diagnostics.get_nltp(*tensors(runs), ours)
    assert -0.05 < nltp.mean() - exact.mean() < 0.15  # in the mean, the exact posterior is best


class Shifted:
    """A density of sbi's kind: normal around x with a standard deviation of 1/2."""

    def sample(self, shape, x):
        return x + 0.5 * torch.randn(*shape, *x.shape)

    def log_prob(self, theta, x):
        return torch.distributions.Normal(x, 0.5).log_prob(theta).sum(-1)


def test_densities_of_sbi_are_those_in_the_prior():
    peer, x = Peer(Prior.uniform(["a"], [-1.0], [1.0]), Shifted()), np.array([[0.0], [1.0]])
    exact = [truncnorm((-1 - m) / 0.5, (1 - m) / 0.5, m, 0.5) for m in x[:, 0]]
    draws = peer.sample_batched(500, 1, x=x)
    for one, theta, found in zip(exact, draws, peer.log_prob_batched(draws, x=x), strict=True):
        assert kstest(theta[:, 0], one.cdf).pvalue > LEAST_P
        np.testing.assert_allclose(found, one.logpdf(theta[:, 0]), atol=0.3)


class Drawn:
    """A posterior for sbi that hands out draws (n, draws, d) as they are."""

    def __init__(self, draws):
        self.draws = draws

    def sample_batched(self, shape, x, **_):
        return tensor(self.draws).transpose(0, 1)


@pytest.fixture(scope="module")
def calibration(ours):
    return calibrate(ours.posterior, bank(500, 6), draws=200, seed=1)


def test_ranks_are_those_of_sbi(calibration):
    ranks, _ = sbi_diagnostics.run_sbc(
        *tensors(calibration), Drawn(calibration.draws), num_posterior_samples=200, **QUIET
    )
    expected = np.floor(201 * calibration.ranks)
    np.testing.assert_allclose(ranks.numpy(), expected, atol=1)  # single precision
    assert (ranks.numpy() == expected).mean() > 0.99


def test_tarp_is_that_of_sbi(calibration):
    theta, points, draws = (
        PRIOR.to_unit(rows.reshape(-1, 3))[0].reshape(rows.shape)
        for rows in (calibration.theta, calibration.references, calibration.draws)
    )
    covered, level = sbi_diagnostics.run_tarp(
        *(tensor(theta), tensor(calibration.x), Drawn(draws)),
        references=tensor(points),
        num_posterior_samples=200,
        z_score_theta=False,
        **QUIET,
    )
    counted = np.floor(201 * calibration.distances)[:, None] / 200
    expected = (counted <= level.numpy() + 1e-6).mean(0)
    np.testing.assert_allclose(covered.numpy()[1:-1], expected[1:-1], atol=0.012)
