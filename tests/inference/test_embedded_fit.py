"""Trained on raw data, the posterior is the analytic one: for trials and for traces."""

import numpy as np
import pytest

from mechfit.inference import MDN, Coupling, Training, fit, load, save
from mechfit.inference.densities.embedding import Convolution, Trials
from mechfit.models import Normal, Parameter, Prior
from mechfit.simulation import Bank

PRIOR = Prior((Parameter("mu", Normal(0.0, 1.0)),))
MOST, S = 8, 1.5
SHAPE = 0.6 * np.sin(np.linspace(0, 3 * np.pi, 64)) * np.linspace(1, 0, 64)


def trials(n, rng, count=None):
    """Gaussian trials N(mu, S^2): so many, or 1 to MOST in each row; the others are absent."""
    theta = rng.normal(size=(n, 1))
    x = theta + S * rng.normal(size=(n, MOST))
    counts = np.full(n, count) if count else rng.integers(1, MOST + 1, n)
    absent = rng.random((n, MOST)).argsort(1) >= counts[:, None]
    return theta, np.where(absent, np.nan, x)


def traces(n, rng):
    """A known response of unknown size in white noise."""
    theta = rng.normal(size=(n, 1))
    return theta, theta * SHAPE + rng.normal(size=(n, 64))


def of_trials(x):
    """Mean and standard deviation of the analytic posterior for rows x (n, k), (n,) each."""
    std = (1 + np.isfinite(x).sum(1) / S**2) ** -0.5
    return std**2 * np.nansum(x, 1) / S**2, std


def of_traces(x):
    """The same for traces."""
    std = (1 + SHAPE @ SHAPE) ** -0.5
    return std**2 * x @ SHAPE, np.full(len(x), std)


def trained(simulate, n, epochs, flow):
    theta, x = simulate(n, np.random.default_rng(1))
    names = tuple(f"x{i}" for i in range(x.shape[1]))
    bank = Bank(theta, x, np.isfinite(x).all(1), 1, names)
    return fit(bank, PRIOR, flow=flow, training=Training(epochs=epochs, batch=100), seed=1)


def errors(posterior, x, mean, std):
    """Error of the means, in exact spreads, and ratio of the spreads, over rows x (n, k)."""
    draws = posterior.sample_batched(1000, 1, x=x)[..., 0]
    error = ((draws.mean(1) - mean) / std) ** 2
    return error.mean() ** 0.5, np.median(draws.std(1) / std)


@pytest.mark.slow
def test_any_number_of_trials():
    flow = Coupling(2, 32, embedding=Trials(1, 32, 8))
    posterior, rng = trained(trials, 8000, 40, flow), np.random.default_rng(2)
    for count in (1, 2, 5, MOST):
        x = trials(100, rng, count)[1]
        error, ratio = errors(posterior, x, *of_trials(x))
        assert error < 0.15
        assert ratio == pytest.approx(1.0, abs=0.08)
        present = np.sort(x[0])[:count]  # absent ones sort last; their places do not matter
        few, all_places = posterior.at(present), posterior.at(x[0])
        np.testing.assert_allclose(few.sample(20, 1), all_places.sample(20, 1), atol=1e-4)


def test_traces():
    flow = Coupling(2, 32, embedding=Convolution(1, (8, 8), 9, 8))
    posterior, x = trained(traces, 3000, 12, flow), traces(100, np.random.default_rng(2))[1]
    error, ratio = errors(posterior, x, *of_traces(x))
    assert error < 0.3
    assert ratio == pytest.approx(1.0, abs=0.1)


EMBEDDED = {
    "trials": (trials, Coupling(2, 8, embedding=Trials(1, 8, 4))),
    "trials-in-the-box": (trials, Coupling(2, 8, box=True, embedding=Trials(1, 8, 4))),
    "traces": (traces, Coupling(2, 8, embedding=Convolution(2, (4, 4), 5, 4))),
    "traces-mixture": (traces, MDN(2, 8, embedding=Convolution(1, (4,), 5, 4))),
}


@pytest.mark.parametrize("kind", EMBEDDED)
def test_storage_keeps_the_draws(kind, tmp_path):
    simulate, flow = EMBEDDED[kind]
    posterior = trained(simulate, 200, 2, flow).at(simulate(1, np.random.default_rng(3))[1])
    save(posterior, tmp_path / "p")
    again = load(tmp_path / "p")
    assert again.flow.embedding == flow.embedding
    np.testing.assert_array_equal(again.x_o, posterior.x_o)
    np.testing.assert_array_equal(again.sample(100, seed=1), posterior.sample(100, seed=1))
    theta = PRIOR.sample(20, seed=1)
    np.testing.assert_array_equal(again.log_prob(theta), posterior.log_prob(theta))
