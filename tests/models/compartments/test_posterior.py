"""The posterior of a passive neuron is the exact one, from any of its electrodes.

Without active channels the change of the voltage at each site is linear in the noise, so its
distribution is known: its mean is that of a simulation without noise, and its covariance follows
from the response to one impulse of the noise, which is the same at all times.
"""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from mechfit.inference import Training, fit
from mechfit.models import Compartments, Morphology, Protocol
from mechfit.simulation import simulate

CHANNELS = ("g_Na_soma", "g_K_soma", "g_Na_dend", "kappa_Na", "g_K_dend", "g_M")
KNOWN = dict.fromkeys(CHANNELS, 0.0) | {"C_m": 1.0, "shunt": 0.0}
SITES = {"soma": ["R_in"], "trunk": ["R_in", "att_p"], "tuft": ["R_in", "att_p", "att_d"]}
BINS = 32


@pytest.fixture(scope="module")
def model():
    steps = Protocol(test_window=(10.0, 40.0), window=(40.0, 45.0), duration=45.0)
    tree = Morphology.ball_and_stick(20, 600, 2).discretize(60.0)
    return Compartments(tree, (0, 5, 10), steps, sigma=0.02, known=KNOWN)


@pytest.fixture(scope="module")
def grid(model):
    """Centers of bins (b², 2), and there mean (b², 3) and covariance of the changes in mV."""
    low, high = model.prior.limits().T
    axes = low[:, None] + (high - low)[:, None] * (np.arange(BINS) + 0.5) / BINS
    theta = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 2)
    steps = len(model.time) - 1
    noise = np.zeros((len(theta), steps))
    changes = model.simulate(theta, 1, noise=noise).voltage
    noise[:, 0] = 1
    response = model.simulate(theta, 1, noise=noise).voltage - changes
    before, after = ((model.time >= a - 5) & (model.time < a) for a in (10, 40))
    mean = changes[..., after].mean(2) - changes[..., before].mean(2)
    window = after / after.sum() - before / before.sum()
    # the weight of the noise of step j is the sum of window times the response j steps before
    size = 2 * len(window)
    weights = np.fft.irfft(
        np.fft.rfft(window, size) * np.fft.rfft(response, size).conj(), size
    )[..., :steps]  # fmt: skip
    return theta, mean, np.einsum("nij,nkj->nik", weights, weights)


@pytest.fixture(scope="module")
def bank(model):
    return simulate(model, 8000, seed=1)


def exact(grid, x, k, current):
    """Mean (2,) and standard deviation (2,) of the posterior from the first k sites."""
    theta, mean, covariance = grid
    change = current * x[0] * np.array([1.0, *x[1:k]])
    log_p = np.array(
        [
            multivariate_normal.logpdf(change, m[:k], c[:k, :k])
            for m, c in zip(mean, covariance, strict=True)
        ]
    )
    p = np.exp(log_p - log_p.max())[:, None] / np.exp(log_p - log_p.max()).sum()
    middle = (p * theta).sum(0)
    return middle, np.sqrt((p * (theta - middle) ** 2).sum(0))


def test_the_noise_of_the_reference(model, grid):
    """The reference itself, beside simulations."""
    theta, mean, covariance = grid
    x = model.statistics(np.tile(theta[500], (2000, 1)), 2)[:, 1:4]
    changes = model.protocol.test * x[:, :1] * np.c_[np.ones(2000), x[:, 1:]]
    spread = np.sqrt(np.diag(covariance[500]))
    np.testing.assert_allclose(changes.mean(0), mean[500], atol=4 * spread.max() / 2000**0.5)
    np.testing.assert_allclose(np.cov(changes.T), covariance[500], rtol=0.15)


@pytest.mark.slow
@pytest.mark.parametrize("site", SITES)
def test_posterior_of_a_passive_neuron(model, grid, bank, site):
    names, prior = SITES[site], model.prior
    posterior = fit(bank.select(names), prior, training=Training(epochs=40), seed=1)
    theta = 0.2 + 0.6 * np.random.default_rng(3).random((12, 2))  # away from the edges
    low, high = prior.limits().T
    observed = model.statistics(low + (high - low) * theta, 4)[:, 1 : 1 + len(names)]
    width = (high - low) / np.sqrt(12)
    for x_o in observed:
        mean, std = exact(grid, x_o, len(names), model.protocol.test)
        draws = posterior.at(x_o).sample(4000, seed=1)
        assert (abs(draws.mean(0) - mean) < 0.1 * width + 0.15 * std).all()
        assert (abs(draws.std(0) - std) < 0.1 * width + 0.1 * std).all()
