"""The prior's maps are inverse to each other, and their determinants are those of the maps."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.special import log_ndtr

from mechfit.models import (
    Beta,
    Gamma,
    LogNormal,
    LogUniform,
    Normal,
    Parameter,
    Prior,
    Truncated,
    Uniform,
)

DISTRIBUTIONS = {
    "uniform": (Uniform(-2.0, 5.0), stats.uniform(-2, 7)),
    "log-uniform": (LogUniform(0.01, 3.0), stats.loguniform(0.01, 3.0)),
    "normal": (Normal(1.0, 2.0), stats.norm(1.0, 2.0)),
    "log-normal": (LogNormal(0.3, 0.7), stats.lognorm(0.7, scale=np.exp(0.3))),
    "beta": (Beta(0.7, 3.0), stats.beta(0.7, 3.0)),
    "beta on a range": (Beta(2.0, 5.0, -80.0, -40.0), stats.beta(2, 5, -80, 40)),
    "gamma": (Gamma(2.5, 0.4), stats.gamma(2.5, scale=0.4)),
    "normal above": (Truncated(Normal(1.0, 2.0), 41.0), stats.truncnorm(20, np.inf, 1, 2)),
    "normal between": (Truncated(Normal(1.0, 2.0), -5, 2), stats.truncnorm(-3, 0.5, 1, 2)),
    "gamma below": (Truncated(Gamma(1.0, 2.0), high=3.0), stats.truncexpon(1.5, scale=2)),
}
D = len(DISTRIBUTIONS)
MIXED = Prior(tuple(Parameter(n, d) for n, (d, _) in DISTRIBUTIONS.items()))


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_agrees_with_scipy(name):
    ours, reference = DISTRIBUTIONS[name]
    u = np.linspace(0.001, 0.999, 50)
    value = reference.ppf(u)
    np.testing.assert_allclose(ours.quantile(u), value, rtol=1e-10)
    np.testing.assert_allclose(ours.cdf(value), u, rtol=1e-10)
    np.testing.assert_allclose(ours.log_prob(value), reference.logpdf(value), rtol=1e-10)
    np.testing.assert_array_equal(ours.limits(0.0), reference.support())


@pytest.mark.parametrize("name", ["gamma", "beta", "normal above"])
def test_tails_are_accurate_far_out(name):
    """Below, where the support ends at 0, and above, where it does not end."""
    ours, reference = DISTRIBUTIONS[name]
    z = np.linspace(*{"gamma": (-30, 30), "beta": (-30, 5), "normal above": (1, 30)}[name], 12)
    value = ours.from_normal(z)
    tail = np.where(z < 0, reference.logcdf(value), reference.logsf(value))
    np.testing.assert_allclose(tail, log_ndtr(-abs(z)), rtol=1e-10)
    np.testing.assert_allclose(ours.to_normal(value), z, rtol=1e-10)


def test_truncation_far_out_and_twice():
    far = Truncated(Normal(0.0, 1.0), 40.0)
    np.testing.assert_allclose(far.quantile(0.5), 40.0173, rtol=1e-6)
    twice = Truncated(Truncated(Beta(2.0, 3.0, -1.0, 1.0), high=0.5), -2.0, 0.0)
    value, once = np.linspace(-1.0, 0.0, 11), Truncated(Beta(2.0, 3.0, -1.0, 1.0), high=0.0)
    np.testing.assert_allclose(twice.cdf(value), once.cdf(value), rtol=1e-12)
    assert twice.limits(0.1) == (-1.0, 0.0)


@pytest.mark.parametrize("name", ["uniform", "log-uniform", "log-normal"])
def test_density_is_zero_outside_the_support(name):
    ours, reference = DISTRIBUTIONS[name]
    outside = np.array([-3.0, -1e9]) if name == "uniform" else np.array([-1.0, 0.0])
    assert (ours.log_prob(outside) == -np.inf).all()
    assert (reference.logpdf(outside) == -np.inf).all()


@given(st.lists(st.floats(1e-6, 1 - 1e-6), min_size=D, max_size=D))
def test_maps_are_inverse(u):
    u = np.array([u])
    theta, log_det = MIXED.from_unit(u)
    back, log_det_back = MIXED.to_unit(theta)
    np.testing.assert_allclose(back, u, rtol=1e-7)
    np.testing.assert_allclose(log_det, -log_det_back, rtol=1e-9)
    z, forward = MIXED.to_unbounded(theta)
    again, backward = MIXED.from_unbounded(z)
    np.testing.assert_allclose(again, theta, rtol=1e-7)
    np.testing.assert_allclose(forward, -backward, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("space", ["unit", "unbounded"])
def test_log_determinant_by_finite_differences(space):
    theta = MIXED.sample(20, seed=1)
    forward = getattr(MIXED, f"to_{space}")
    _, log_det = forward(theta)
    eps = 1e-6 * np.maximum(abs(theta), 0.1)
    steps = [np.where(np.arange(D) == j, eps, 0.0) for j in range(D)]
    slopes = [
        (forward(theta + s)[0] - forward(theta - s)[0])[:, j] / (2 * eps[:, j])
        for j, s in enumerate(steps)
    ]
    np.testing.assert_allclose(np.log(slopes).sum(0), log_det, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_score_is_the_slope_of_the_log_density(name):
    ours, reference = DISTRIBUTIONS[name]
    value = reference.ppf(np.linspace(0.001, 0.999, 50))
    eps = 1e-6 * np.maximum(abs(value), 0.01)
    slope = (ours.log_prob(value + eps) - ours.log_prob(value - eps)) / (2 * eps)
    np.testing.assert_allclose(ours.score(value), slope, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("space", ["unit", "unbounded"])
def test_slopes_by_finite_differences(space):
    """Also in the tails of a normal and near the edges of a box."""
    theta = MIXED.from_unit(np.linspace(1e-3, 1 - 1e-3, 200)[:, None].repeat(D, 1))[0]
    slopes, log_slopes = getattr(MIXED, f"{space}_slopes")(theta)
    eps = 1e-8 * np.maximum(abs(theta), 0.01)
    high, low = theta + eps, theta - eps
    rise = getattr(MIXED, f"to_{space}")(high)[0] - getattr(MIXED, f"to_{space}")(low)[0]
    np.testing.assert_allclose(slopes, rise / (2 * eps), rtol=1e-4)
    logs = [np.log(getattr(MIXED, f"{space}_slopes")(end)[0]) for end in (high, low)]
    np.testing.assert_allclose(log_slopes, (logs[0] - logs[1]) / (2 * eps), rtol=1e-4, atol=1e-4)


def test_samples_follow_the_density_and_the_seed():
    theta = MIXED.sample(20_000, seed=3)
    for column, (_, reference) in zip(theta.T, DISTRIBUTIONS.values(), strict=True):
        assert stats.kstest(column, reference.cdf).pvalue > 1e-3
    np.testing.assert_array_equal(theta[:100], MIXED.sample(100, seed=3))
    assert not np.array_equal(theta[:100], MIXED.sample(100, seed=4))


def test_never_outside_after_rounding():
    box = Prior.uniform(["a", "b"], [0.1, 50.0], [0.3, 3000.0])
    theta, _ = box.from_unbounded(np.array([[-50.0, 50.0], [50.0, -50.0], [8.0, -8.0]]))
    assert np.isfinite(box.log_prob(theta)).all()
    assert np.isfinite(box.to_unbounded(theta)[0]).all()


def test_plain_data_round_trip():
    prior = Prior((Parameter("a", LogNormal(0.0, 1.0), "mS", "ā"), *MIXED.parameters))
    assert Prior.from_dict(json.loads(json.dumps(prior.to_dict(), allow_nan=False))) == prior


def test_names_labels_limits():
    prior = Prior.uniform(["a", "b"], [0, 1], [2, 3], units=["mV", ""], symbols=["α", ""])
    assert prior.labels == ("α (mV)", "b")
    np.testing.assert_array_equal(prior.limits(), [[0, 2], [1, 3]])
    np.testing.assert_array_equal(prior.vector({"b": 1.5, "a": 0.5}), [0.5, 1.5])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: MIXED.log_prob(np.zeros(3)), r"shape \(3,\), expected \(n, 10\) or \(10,\)"),
        (lambda: MIXED.log_prob(np.zeros((2, 2, D))), "expected"),
        (lambda: MIXED.index("delta"), "unknown parameter 'delta', expected one of uniform"),
        (lambda: MIXED.vector({"uniform": 1.0}), "no value given for log-uniform"),
        (lambda: Prior.uniform(["a"], [1.0], [1.0]), "low < high"),
        (lambda: Prior.uniform(["a", "b"], [1.0], [2.0]), "lengths"),
        (lambda: Prior.uniform(["a", "a"], [0, 0], [1, 1]), "distinct"),
        (lambda: LogUniform(0.0, 1.0), "0 < low"),
        (lambda: Normal(0.0, 0.0), "std > 0"),
        (lambda: Beta(1.0, 0.0), r"b > 0 .*, got Beta\(a=1.0, b=0.0"),
        (lambda: Gamma(-1.0, 1.0), "shape > 0"),
        (lambda: Truncated(Gamma(1.0, 1.0), -2.0, -1.0), "low < high and probability between"),
        (lambda: Truncated(Beta(1.0, 1.0), np.nan), "low < high"),
    ],
)
def test_clear_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_rounding_to_single_precision_is_forgiven_and_no_more():
    prior = Prior((Parameter("a", Uniform(-0.1, 0.1)), Parameter("b", LogNormal(0.0, 1.0))))
    edge = np.array([[0.1, 1.0], [-0.1, 1.0]])
    assert np.isneginf(prior.log_prob(np.float32(edge))).all()
    np.testing.assert_array_equal(prior.inside(np.float32(edge)), edge)
    for value in (0.1 * (1 + 2e-7), np.nan, np.inf):
        with pytest.raises(ValueError, match=r"in row 1 of theta, a is .*, expected -0.1 to 0.1"):
            prior.inside([[0.0, 1.0], [value, 1.0]])
    with pytest.raises(ValueError, match="b is 0.0, expected 0.0 to inf"):
        prior.inside([0.0, 0.0])
    assert prior.log_prob([0.1 * (1 + 1e-9), 1.0]) == -np.inf
