"""What users of sbi know works here, and ends at the analytic posterior."""

import numpy as np
import pytest
import torch

from mechfit.inference import MDN, NPE, Coupling, Training, truncate
from mechfit.models import Prior
from tests.inference.linear_gaussian import PRIOR, X_O, A, C, S, mean

QUICK = {"training": Training(epochs=3)}


def simulations(proposal, n, seed):
    """Parameters and data of the linear Gaussian problem."""
    theta = proposal.sample(n, seed)
    return theta, theta @ A.T + S * np.random.default_rng(seed + 100).normal(size=(n, 5))


def errors(posterior):
    """Of mean, in standard deviations, and of standard deviation, as a ratio, at X_O (2, 3)."""
    samples, std = posterior.sample((4000,), seed=1, x=X_O), np.diag(C) ** 0.5
    return np.array([(samples.mean(0) - mean(X_O)) / std, samples.std(0) / std - 1])


def trained(**settings):
    npe = NPE(PRIOR).append_simulations(*simulations(PRIOR, 3000, 1))
    npe.train(**settings)
    return npe.build_posterior()


@pytest.fixture(scope="module")
def posterior():
    return trained(flow=Coupling(2, 16), training=Training(epochs=5))


@pytest.fixture(scope="module")
def accurate():
    return trained(training=Training(epochs=25))


@pytest.mark.slow
def test_it_finds_the_analytic_posterior(accurate):
    assert abs(errors(accurate)).max() < 0.25


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["posterior", "region"])
def test_a_second_round_gets_closer(kind, accurate):
    at = accurate.at(X_O)
    proposal = at if kind == "posterior" else truncate(at, seed=1)
    npe = NPE(PRIOR).append_simulations(*simulations(PRIOR, 1500, 1))
    theta, x = simulations(proposal, 2000, 2)
    x[::10] = np.nan
    npe.append_simulations(theta, x, proposal=proposal)
    npe.train(flow=Coupling(3, 32), training=Training(epochs=30), seed=1)
    assert abs(errors(npe.build_posterior())).max() < 0.15


def test_tensors_and_parts_are_welcome():
    theta, x = simulations(PRIOR, 500, 1)
    whole = NPE(PRIOR).append_simulations(theta, x)
    parts = NPE(PRIOR)
    for rows in (slice(200), slice(200, 500)):
        parts.append_simulations(
            torch.as_tensor(theta[rows]), torch.as_tensor(x[rows]), proposal=PRIOR
        )
    drawn = []
    for npe in (whole, parts):
        npe.train(**QUICK, seed=3)
        x_o = torch.as_tensor(X_O, dtype=torch.float32)
        drawn.append(npe.build_posterior().sample((10,), seed=1, x=x_o))
    np.testing.assert_array_equal(*drawn)


def test_prior_simulations_come_first_whenever_they_are_appended(posterior):
    npe = NPE(PRIOR)
    region = truncate(posterior.at(X_O), seed=1)
    npe.append_simulations(*simulations(region, 100, 1), proposal=region)
    npe.append_simulations(*simulations(PRIOR, 200, 2))
    npe.append_simulations(*simulations(PRIOR, 300, 3))
    assert [r.proposal for r in npe.rounds] == [PRIOR, region]
    assert [len(r.bank) for r in npe.rounds] == [500, 100]


def test_every_density_has_its_posterior():
    npe = NPE(PRIOR).append_simulations(*simulations(PRIOR, 300, 1))
    first = npe.train(flow=MDN(2), training=Training(epochs=1))
    second = npe.train(flow=MDN(2), **QUICK)
    assert npe.build_posterior(first).flow is first
    assert npe.build_posterior().flow is second
    assert npe.build_posterior().statistic_names == ("x0", "x1", "x2", "x3", "x4")


def test_mistakes_are_named(posterior):
    theta, x = simulations(PRIOR, 100, 1)
    npe = NPE(PRIOR)
    with pytest.raises(
        TypeError, match=r"type Cauchy, expected a Prior, .* Parameter make others"
    ):
        NPE(torch.distributions.Cauchy(0.0, 1.0))
    with pytest.raises(ValueError, match="call append_simulations"):
        npe.train()
    with pytest.raises(ValueError, match=r"call train\(\) first"):
        npe.build_posterior()
    with pytest.raises(ValueError, match="of the prior first"):
        npe.append_simulations(theta, x, proposal=posterior.at(X_O))
    with pytest.raises(ValueError, match="another prior, expected that of NPE"):
        npe.append_simulations(theta, x, proposal=Prior.uniform(["a"], [0], [1]))
    npe.append_simulations(theta, x)
    with pytest.raises(TypeError, match="train got training_batch_size, expected flow, .*sbi has"):
        npe.train(training_batch_size=50)
    with pytest.raises(ValueError, match=r"expected posterior.at\(x_o\)"):
        npe.append_simulations(theta, x, proposal=posterior)
    with pytest.raises(ValueError, match=r"x has shape \(100, 4\), expected \(100, 5\)"):
        npe.append_simulations(theta, x[:, :4])
    with pytest.raises(ValueError, match=r"theta has shape \(100, 2\), expected \(n, 3\)"):
        npe.append_simulations(theta[:, :2], x)
    other = Prior.uniform(["a", "b", "c"], [0.0] * 3, [1.0] * 3)
    with pytest.raises(ValueError, match="outside the prior"):
        NPE(other).append_simulations(theta, x).train()


def test_names_of_a_table_are_the_statistics():
    pandas = pytest.importorskip("pandas")
    theta, x = simulations(PRIOR, 200, 1)
    npe = NPE(PRIOR).append_simulations(theta, pandas.DataFrame(x, columns=list("vwxyz")))
    npe.train(training=Training(epochs=1))
    assert npe.build_posterior().statistic_names == tuple("vwxyz")
