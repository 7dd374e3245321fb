"""Rates, CVs and likelihoods of the integrate-and-fire neuron, against independent ones."""

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

from mechfit.inference import Training, fit
from mechfit.models import (
    LIF,
    interval_density,
    interval_log_likelihood,
    lif_rate,
    mean_field,
    siegert,
)
from mechfit.simulation import simulate

GOLDEN = np.load(Path(__file__).parents[2] / "data" / "lif.npz")
KNOWN = {"tau": 20.0, "t_ref": 2.0}


def chain(theta, steps, dt=0.1):
    """Probability that V passes the threshold at step 1, 2 ... by quadrature over V: exact."""
    mu, sigma, tau, _ = theta
    decay = np.exp(-dt / tau)
    spread = sigma * np.sqrt((1 - decay**2) / 2)
    low = min(10 - 3 * sigma, mu - 5.5 * sigma)
    x, weights = np.polynomial.legendre.leggauss(int(2.5 * (20 - low) / spread))
    v, weights = low + (20 - low) * (x + 1) / 2, weights * (20 - low) / 2
    middle = mu + (v - mu) * decay
    move, cross = norm.pdf(v[:, None], middle, spread) * weights, norm.sf(20, middle, spread)
    start = mu + (10 - mu) * decay
    mass, passed = norm.pdf(v, start, spread), [norm.sf(20, start, spread)]
    for _ in range(steps - 1):
        passed.append(cross * weights @ mass)
        mass = move @ mass
    return np.array(passed)


def test_golden_rates():
    mu, sigma = GOLDEN["siegert_mu"][:, None], GOLDEN["siegert_sigma"]
    rate, cv = siegert(mu, sigma)
    np.testing.assert_allclose(rate, GOLDEN["siegert_rate"], rtol=1e-4, atol=1e-12)
    known = np.isfinite(GOLDEN["siegert_cv"])
    np.testing.assert_allclose(cv[known], GOLDEN["siegert_cv"][known], atol=1e-4)
    np.testing.assert_allclose(lif_rate(GOLDEN["fi_mu"]), GOLDEN["fi_formula"], rtol=1e-12)
    with np.errstate(divide="ignore"):
        steps = np.where(GOLDEN["fi_isi_steps"] > 0, 1e4 / GOLDEN["fi_isi_steps"], 0)
    np.testing.assert_allclose(lif_rate(GOLDEN["fi_mu"], dt=0.1), steps, rtol=1e-12)


def test_limits_of_theory():
    assert siegert(30.0, 1e-5)[0] == pytest.approx(lif_rate(30.0))
    rate, cv = siegert([10.0, -300.0], [0.1, 1.0])  # a naive integral overflows
    assert (rate == 0).all()
    assert (cv == 1).all()


def test_mean_field_of_brunel():
    found = np.concatenate([mean_field(g, eta, J) for g, eta, J, _ in GOLDEN["brunel_params"]])
    np.testing.assert_allclose(found, GOLDEN["brunel_mean_field"], rtol=3e-4)
    with pytest.raises(ValueError, match="expected a positive eta"):
        mean_field(5.0, 0.0)


@pytest.mark.parametrize(
    ("theta", "least"),
    [
        ((20.0, 5.0, 20.0, 2.0), 1e-6),
        ((25.0, 2.0, 20.0, 2.0), 1e-4),
        ((30.0, 0.8, 20.0, 2.0), 5e-4),
        ((12.0, 9.0, 10.0, 1.0), 1e-6),
        ((30.0, 8.0, 5.0, 0.5), 1e-3),
    ],
)
def test_density_is_that_of_the_simulator(theta, least):
    """The distance to the exact chain, in nats an interval, and its moments."""
    exact = chain(theta, steps=4000)
    intervals = theta[3] + 0.1 * np.arange(1, 4001)
    found = 0.1 * interval_density(intervals, theta)[0]
    assert abs(np.sum(exact * np.log(np.maximum(exact, 1e-30) / found))) < least
    mean = exact @ intervals
    assert found @ intervals == pytest.approx(mean, rel=1e-3)
    rate, cv = siegert(*theta, dt=0.1)
    assert 1000 / rate == pytest.approx(mean, rel=5e-4)
    assert np.sqrt(exact @ intervals**2 - mean**2) / mean == pytest.approx(cv, rel=2e-3)


def test_rare_spikes_have_an_exponential_tail():
    theta = [14.0, 2.5, 20.0, 2.0]
    t = np.arange(2.0, 100_000.0)
    density = interval_density(t, theta)[0]
    rate, _ = siegert(*theta, dt=0.1)
    assert density.sum() == pytest.approx(1, abs=2e-3)
    assert t @ density == pytest.approx(1000 / rate, rel=4e-3)
    for waited in (2.05, 50.0, 250.0, 20_000.0):
        later = np.exp(interval_log_likelihood([], theta, waited=waited))[0]
        assert later == pytest.approx(density[t > waited].sum(), abs=2e-3)


def test_refused_parameters():
    with pytest.raises(
        ValueError,
        match="tau 20.0 and t_ref 2.0, expected sigma and tau above 0, and t_ref of at least",
    ):
        interval_log_likelihood([10.0], [20.0, 0.0, 20.0, 2.0])
    with pytest.raises(ValueError, match="theta has shape \\(1, 3\\), expected \\(m, 4\\)"):
        interval_log_likelihood([10.0], [20.0, 1.0, 20.0])


def grid_posterior(spikes, low, high, bins=60):
    """Points (bins², 2), their probabilities and the sides of a bin, zooming in twice."""
    for _ in range(3):
        bin_side = (high - low) / bins
        axes = [a + s * (np.arange(bins) + 0.5) for a, s in zip(low, bin_side, strict=True)]
        points = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 2)
        theta = np.hstack([points, np.tile([20.0, 2.0], (len(points), 1))])
        log_p = interval_log_likelihood(np.diff(spikes), theta, waited=1e4 - spikes[-1])
        p = np.exp(log_p - log_p.max())
        p /= p.sum()
        mean = p @ points
        reach = 6 * np.sqrt(p @ (points - mean) ** 2) + bin_side
        low, high = np.maximum(low, mean - reach), np.minimum(high, mean + reach)
    return points, p


@pytest.mark.slow
def test_a_network_learns_the_exact_posterior():
    """Its means lie within the exact width, and its widths are little more: x tells almost all."""
    model = LIF(known=KNOWN)
    training = {"training": Training(epochs=30), "seed": 1}
    posterior = fit(simulate(model, 10_000, seed=1), model.prior, **training)
    low, high = model.prior.limits().T
    shifts, ratios = [], []
    for i, theta in enumerate([(20, 5), (25, 3), (15, 6), (18, 4), (12, 9), (22, 7)]):
        spikes = model.spikes(theta, seed=11, first=i)[0]
        points, p = grid_posterior(spikes, low, high)
        mean = p @ points
        width = np.sqrt(p @ (points - mean) ** 2)
        x_o = model.statistics(theta, seed=11, first=i)[0]
        draws = posterior.at(x_o).sample(4000, seed=2)
        shifts.append((draws.mean(0) - mean) / width)
        ratios.append(draws.std(0) / width)
    assert np.sqrt(np.mean(np.square(shifts))) < 0.4
    assert abs(np.array(shifts)).max() < 0.8
    assert 0.95 < np.mean(ratios) < 1.25
    assert np.all((np.array(ratios) > 0.8) & (np.array(ratios) < 1.35))
