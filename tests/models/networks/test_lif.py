"""The integrate-and-fire neuron spikes where theory and another simulator say it does."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechfit.models import LIF, lif_rate, siegert
from mechfit.models.networks.lif import LANES
from mechfit.models.numerics.noise import normals
from mechfit.summaries import interval_statistics

GOLDEN = np.load(Path(__file__).parents[2] / "data" / "lif.npz")
KNOWN = {"tau": 20.0, "t_ref": 2.0}
FAST, REFERENCE = (LIF(2000.0, precision=p) for p in ("float32", "float64"))
THETA = FAST.prior.sample(2 * LANES + 5, seed=1)
X = FAST.statistics(THETA, seed=2)


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_spikes_without_noise_are_those_of_brian2(precision):
    model = LIF(500.0, precision=precision, v_init=0.0, known={"sigma": 0.0, **KNOWN})
    for steps, first, interval in zip(
        model.spikes(GOLDEN["fi_mu"][:, None], seed=1),
        GOLDEN["fi_first_step"],
        GOLDEN["fi_isi_steps"],
        strict=True,
    ):
        steps = np.rint(steps / 0.1)
        assert first == (steps[0] if len(steps) else -1)
        assert (np.diff(steps) == interval).all()


def test_a_step_is_the_one_of_the_equations():
    """A plain loop in numpy, with every rule written out, under a changing input."""
    drive = 8 * np.sin(np.arange(1500) / 50)
    model, theta = LIF(dt=0.2, drive=drive, v_init=3.0), np.array([18.0, 4.0, 12.0, 1.5])
    mu, sigma, tau, _ = theta
    v, silent, spikes, voltage, r = 3.0, 0, [], [3.0], normals(7, 3, 1500)
    decay = np.exp(-0.2 / tau)
    for k in range(1500):
        if silent:
            silent -= 1
        else:
            v = mu + drive[k] + (v - mu - drive[k]) * decay
            v += sigma * np.sqrt((1 - decay**2) / 2) * r[k]
        voltage.append(v)
        if v >= 20:
            v, silent = 10.0, round(1.5 / 0.2)
            spikes.append(0.2 * (k + 1))
    assert len(spikes) > 5
    traces = model.simulate(theta, seed=7, first=3)
    np.testing.assert_allclose(traces.voltage[0, 0], voltage, rtol=1e-12)
    np.testing.assert_allclose(model.spikes(theta, 7, first=3)[0], spikes)
    x = interval_statistics(spikes, model.duration)
    np.testing.assert_allclose(model.summarize(traces)[0], x)
    np.testing.assert_allclose(model.statistics(theta, 7, first=3)[0], x)
    slow = LIF(dt=0.2, drive=drive, v_init=3.0, precision="float64")
    np.testing.assert_allclose(slow.statistics(theta, 7, first=3)[0], x)
    given = model.simulate(theta, seed=0, noise=r).voltage
    np.testing.assert_array_equal(given, traces.voltage)


def test_single_precision_spikes_as_the_reference_does():
    pairs = zip(FAST.spikes(THETA, 2), REFERENCE.spikes(THETA, 2), strict=True)
    assert np.mean([np.array_equal(a, b) for a, b in pairs]) > 0.9
    close = np.isclose(X, REFERENCE.statistics(THETA, 2), rtol=1e-3, atol=1e-3, equal_nan=True)
    assert close.mean() > 0.95


@settings(max_examples=25, deadline=None)
@given(st.integers(0, len(THETA) - 1), st.integers(1, len(THETA)))
def test_neighbors_cannot_be_seen(first, count):
    rows = slice(first, first + count)
    np.testing.assert_array_equal(FAST.statistics(THETA[rows], seed=2, first=first), X[rows])


def test_rate_and_cv_are_those_of_theory():
    """Within 2.5 standard errors, at the golden points and at the corners of the prior."""
    mu = np.r_[GOLDEN["noise_mu"], 20, 28, 30, 24, 14]
    sigma = np.r_[GOLDEN["noise_sigma"], 1, 9, 0.5, 10, 8]
    tau, t_ref = np.r_[[20.0] * 8, 10, 5, 40, 30, 8], np.r_[[2.0] * 8, 1, 0.5, 5, 3, 1]
    theta = np.stack([mu, sigma, tau, t_ref], 1)
    x = LIF().statistics(np.repeat(theta, 64, axis=0), seed=3).reshape(-1, 64, 5)
    error = x.std(1, ddof=1) / 8
    rate, cv = siegert(*theta.T, dt=0.1)
    # the first interval has no refractory period, the last one is cut
    expected = rate + ((cv**2 - 1) / 2 + rate * t_ref / 1000) / 10
    assert (abs(x[..., 0].mean(1) - expected) < 2.5 * error[:, 0] + 1e-9).all()
    # the CV of few intervals is low
    bias = cv * (1 + cv**2) / (rate * 10)
    assert (abs(x[..., 1].mean(1) - cv) < 2.5 * error[:, 1] + 2 * bias).all()


def test_statistics_of_a_spike_train():
    rng = np.random.default_rng(1)
    spikes = np.cumsum(rng.gamma(4.0, 5.0, 20_000))  # CV 1/2, skewness 1, mean 20 ms
    x = interval_statistics(spikes, spikes[-1])
    assert (abs(x[[0, 1, 3, 4]] - [50, 0.5, 1, 0]) < [0.6, 0.01, 0.1, 0.03]).all()
    shortest = np.sort(np.diff(spikes))[:1000].mean()
    assert x[2] == pytest.approx(shortest)
    alternating = np.cumsum([10.0, 20.0] * 500)
    assert interval_statistics(alternating, 1e4)[4] == pytest.approx(-1, abs=0.01)


def test_undefined_statistics_are_nan():
    silent, regular = LIF(500.0).statistics([[10, 0, 20, 2], [30, 0, 20, 2]], seed=1)
    assert silent[0] == 0
    assert np.isnan(silent[1:]).all()
    assert regular[1] == 0
    assert regular[0] == 2 * (500 * lif_rate(30.0, dt=0.1) // 1000)
    assert np.isnan(regular[3:]).all()
    assert np.isnan(interval_statistics([1.0, 2.0], 10.0)[1:]).all()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: LIF(known={"rate": 1.0}), "known names .* expected some of mu, sigma"),
        (lambda: LIF(known=dict.fromkeys(FAST.prior.names, 1.0)), "expected some of"),
        (lambda: LIF(reset=20.0), "expected both below the threshold"),
        (lambda: LIF(duration=0.01), "there are 0 steps"),
        (lambda: LIF(precision="half"), "expected 'float32' or 'float64'"),
        (lambda: LIF(dt=-1.0), "expected a positive dt"),
        (lambda: LIF().statistics([20, -1, 20, 2], 1), "sigma is -1.0 in row 0"),
        (lambda: LIF().statistics([[20, 1, 20, 2], [20, 1, 0, 2]], 1), "tau is 0.0 in row 1"),
        (lambda: LIF().simulate(THETA[:2], 1, noise=np.zeros(3)), "expected \\(2, 100000\\)"),
        (lambda: FAST.summarize(LIF(9.0).simulate(THETA[:2], 1)), r"expected \(n, 1, 20001\)"),
        (lambda: interval_statistics([2.0, 1.0], 9.0), "times that do not increase"),
        (lambda: siegert(20.0, 0.0), "expected sigma and tau above 0"),
    ],
)
def test_clear_errors(make, said):
    with pytest.raises(ValueError, match=said):
        make()
