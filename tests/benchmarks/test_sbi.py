"""The package sbi takes our models for simulators and our posteriors for its own.

Its neural posterior estimation, driven by our simulations, ends at the analytic posterior; its
diagnostics, given our posterior, find it calibrated.
"""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import kstest

from mechfit.inference import NPE, as_sbi
from mechfit.inference.diagnostics import calibrate
from mechfit.models import HodgkinHuxley
from mechfit.simulation import Bank
from tests.inference.linear_gaussian import MODEL, PRIOR, X_O, A, C, S, mean

sbi_inference = pytest.importorskip("sbi.inference", exc_type=ImportError)
sbi_diagnostics = pytest.importorskip("sbi.diagnostics", exc_type=ImportError)
STANDARD_NORMAL = torch.distributions.MultivariateNormal(torch.zeros(3), torch.eye(3))
STD = np.diag(C) ** 0.5
LEAST_P = 1e-3


def simulator(model, seed):
    """The statistics of a model as sbi wants them: tensors in and out, new noise every time."""
    done = 0

    def simulate(theta):
        nonlocal done
        done += len(theta)
        x = model.statistics(theta.double().numpy(), seed, first=done - len(theta))
        return torch.as_tensor(x, dtype=torch.float32)

    return simulate


def simulations(n, seed):
    """Parameters and data of the linear Gaussian problem, in tensors."""
    theta = PRIOR.sample(n, seed)
    x = theta @ A.T + S * np.random.default_rng(seed + 100).normal(size=(n, 5))
    return torch.as_tensor(theta).float(), torch.as_tensor(x).float()


def trained_by_sbi(model, prior, n, folder, monkeypatch, **settings):
    """The posterior of sbi's own training on n simulations of our model."""
    monkeypatch.chdir(folder)  # it writes its logs where it runs
    theta, x = sbi_inference.simulate_for_sbi(
        simulator(model, 1), prior, n, simulation_batch_size=100, seed=1, show_progress_bar=False
    )
    trainer = sbi_inference.NPE(prior, show_progress_bars=False)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        trainer.append_simulations(theta, x).train(**settings)
        return trainer.build_posterior(), x


def test_sbi_learns_from_our_models(tmp_path, monkeypatch):
    posterior, _ = trained_by_sbi(MODEL, STANDARD_NORMAL, 4000, tmp_path, monkeypatch)
    x_o = torch.as_tensor(X_O, dtype=torch.float32)
    samples = posterior.sample((5000,), x=x_o, show_progress_bars=False).numpy()
    np.testing.assert_allclose((samples.mean(0) - mean(X_O)) / STD, 0, atol=0.3)
    np.testing.assert_allclose(samples.std(0) / STD, 1, atol=0.3)


@pytest.mark.filterwarnings("ignore:Maximum number of epochs")
@pytest.mark.filterwarnings("ignore:Data has extreme outliers")
def test_sbi_learns_from_a_neuron(tmp_path, monkeypatch):
    model = HodgkinHuxley()
    low, high = torch.as_tensor(model.prior.limits(), dtype=torch.float32).T
    prior = torch.distributions.Independent(torch.distributions.Uniform(low, high), 1)
    posterior, x = trained_by_sbi(model, prior, 2000, tmp_path, monkeypatch, max_num_epochs=30)
    samples = posterior.sample((100,), x=x[0], show_progress_bars=False, max_sampling_time=60)
    assert np.isfinite(model.prior.log_prob(samples)).all()


@pytest.fixture(scope="module")
def ours():
    return as_sbi(NPE(PRIOR, X_O, seed=1).append(*simulations(10_000, 1)).fit())


@pytest.mark.parametrize("batched", [True, False])
def test_sbc_of_sbi_finds_ranks_uniform(ours, batched):
    theta, x = simulations(500, 2)
    ranks, draws = sbi_diagnostics.run_sbc(
        theta, x, ours, show_progress_bar=False, use_batched_sampling=batched
    )
    assert ranks.shape == draws.shape == (500, 3)
    for j in range(3):
        assert kstest((ranks[:, j] + 0.5) / 1001, "uniform").pvalue > LEAST_P
        assert kstest(draws[:, j], "norm").pvalue > LEAST_P


def test_coverage_of_sbi_is_as_expected(ours):
    theta, x = simulations(500, 3)
    ranks, _ = sbi_diagnostics.run_sbc(
        theta, x, ours, reduce_fns=ours.log_prob, show_progress_bar=False
    )
    assert kstest((ranks[:, 0] + 0.5) / 1001, "uniform").pvalue > LEAST_P


def test_tarp_of_sbi_finds_no_fault(ours):
    theta, x = simulations(500, 4)
    expected, level = sbi_diagnostics.run_tarp(theta, x, ours, show_progress_bar=False)
    area, p = sbi_diagnostics.check_tarp(expected, level)
    assert abs(area) < 0.5
    assert p > LEAST_P


@pytest.mark.filterwarnings("ignore:Note that log probs of the true parameters")
def test_sbi_reads_our_log_probabilities(ours):
    theta, x = simulations(500, 5)
    off = theta.double().numpy() - x.double().numpy() @ (C @ A.T / S**2).T
    exact = 0.5 * np.einsum("ni,ij,nj->n", off, np.linalg.inv(C), off)
    exact += 0.5 * np.linalg.slogdet(2 * np.pi * C)[1]
    nltp = sbi_diagnostics.get_nltp(theta, x, ours)
    assert -0.05 < nltp.mean() - exact.mean() < 0.15  # in the mean, the exact posterior is best


def drawn(calibration):
    """A posterior for sbi that hands out the draws of a calibration."""

    class Drawn:
        def sample_batched(self, shape, x, **_):
            return torch.as_tensor(calibration.draws).transpose(0, 1).float()

    return Drawn()


@pytest.fixture(scope="module")
def calibration(ours):
    theta, x = (rows.double().numpy() for rows in simulations(500, 6))
    bank = Bank(theta, x, np.ones(500, bool), 6, MODEL.statistic_names)
    return calibrate(ours.posterior, bank, draws=200, seed=1)


def test_ranks_are_those_of_sbi(calibration):
    c = calibration
    theta, x = (torch.as_tensor(rows).float() for rows in (c.theta, c.x))
    ranks, _ = sbi_diagnostics.run_sbc(
        theta, x, drawn(c), num_posterior_samples=200, show_progress_bar=False
    )
    np.testing.assert_allclose(ranks.numpy(), np.floor(201 * c.ranks), atol=1)  # single precision
    assert (ranks.numpy() == np.floor(201 * c.ranks)).mean() > 0.99


def test_tarp_is_that_of_sbi(calibration):
    c, unit = calibration, PRIOR.to_unit
    cube = replace(c, draws=unit(c.draws.reshape(-1, 3))[0].reshape(c.draws.shape))
    theta, points = (torch.as_tensor(unit(rows)[0]).float() for rows in (c.theta, c.references))
    covered, level = sbi_diagnostics.run_tarp(
        theta,
        torch.as_tensor(c.x).float(),
        drawn(cube),
        references=points,
        num_posterior_samples=200,
        z_score_theta=False,
        show_progress_bar=False,
    )
    expected = (np.floor(201 * c.distances)[:, None] / 200 <= level.numpy() + 1e-6).mean(0)
    np.testing.assert_allclose(covered.numpy()[1:-1], expected[1:-1], atol=0.012)
