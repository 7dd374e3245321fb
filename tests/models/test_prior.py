"""The prior's maps are inverse to each other, and their determinants are those of the maps."""

import json
from dataclasses import replace

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
    TwoMoons,
    Uniform,
)
from mechfit.models.dependence import Dependence

DISTRIBUTIONS = {
    "uniform": (Uniform(-2.0, 5.0), stats.uniform(-2, 7)),
    "log-uniform": (LogUniform(0.01, 3.0), stats.loguniform(0.01, 3.0)),
    "normal": (Normal(1.0, 2.0), stats.norm(1.0, 2.0)),
    "log-normal": (LogNormal(0.3, 0.7), stats.lognorm(0.7, scale=np.exp(0.3))),
    "beta": (Beta(0.7, 3.0), stats.beta(0.7, 3.0)),
    "beta on a range": (Beta(2.0, 5.0, -80.0, -40.0), stats.beta(2, 5, -80, 40)),
    "gamma": (Gamma(2.5, 0.4), stats.gamma(2.5, scale=0.4)),
    "normal above": (Truncated(Normal(-39.0, 2.0), 1.0), stats.truncnorm(20, np.inf, -39, 2)),
    "normal between": (Truncated(Normal(1.0, 2.0), -5, 2), stats.truncnorm(-3, 0.5, 1, 2)),
    "gamma below": (Truncated(Gamma(1.0, 2.0), high=3.0), stats.truncexpon(1.5, scale=2)),
}
D = len(DISTRIBUTIONS)
MIXED = Prior(tuple(Parameter(n, d) for n, (d, _) in DISTRIBUTIONS.items()))
RNG = np.random.default_rng(2)
R = np.corrcoef(RNG.normal(size=(D, 2 * D)))
MEANS, ROOTS = (
    0.7 * RNG.normal(size=(3, D)),
    np.tril(0.2 * RNG.normal(size=(3, D, D))) + 0.6 * np.eye(D),
)
MIXTURE = Dependence([0.7, 0.25, 0.05], MEANS, ROOTS @ ROOTS.transpose(0, 2, 1))
PRIORS = {
    "independent": MIXED,
    "correlated": MIXED.correlated(R),
    "mixture": replace(MIXED, dependence=MIXTURE),
}


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
    maps_are_inverse(MIXED, np.array([u]))


@pytest.mark.parametrize("name", ["correlated", "mixture"])
def test_maps_are_inverse_where_parameters_depend(name):
    maps_are_inverse(PRIORS[name], RNG.uniform(1e-3, 1 - 1e-3, (100, D)))


def maps_are_inverse(prior, u):
    theta, log_det = prior.from_unit(u)
    back, log_det_back = prior.to_unit(theta)
    np.testing.assert_allclose(back, u, rtol=1e-7)
    np.testing.assert_allclose(log_det, -log_det_back, rtol=1e-9)
    z, forward = prior.to_unbounded(theta)
    again, backward = prior.from_unbounded(z)
    np.testing.assert_allclose(again, theta, rtol=1e-7)
    np.testing.assert_allclose(forward, -backward, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("space", ["unit", "unbounded"])
@pytest.mark.parametrize("name", PRIORS)
def test_determinants_and_gradients_by_finite_differences(name, space):
    """Also near the edges of a box, and with one component of a mixture out of the way."""
    prior = PRIORS[name]
    forward, gradient = getattr(prior, f"to_{space}"), getattr(prior, f"{space}_gradient")
    u = np.r_[np.linspace(0.002, 0.998, 40)[:, None].repeat(D, 1), RNG.random((40, D))]
    theta = prior.from_unit(u)[0]
    eps = 1e-8 * np.maximum(abs(theta), 0.01)
    steps = eps[:, None] * np.eye(D)
    ends = [forward((theta[:, None] + s).reshape(-1, D)) for s in (steps, -steps)]
    rise, log_rise = (
        ((high - low).reshape(len(u), D, -1) / (2 * eps[..., None]))
        for high, low in zip(*ends, strict=True)
    )
    np.testing.assert_allclose(np.linalg.slogdet(rise)[1], forward(theta)[1], rtol=1e-4, atol=1e-4)
    by_z = RNG.normal(size=theta.shape)
    expected = (rise @ by_z[..., None] + log_rise)[..., 0]
    scale = abs(expected) + abs(rise).sum(2)
    assert (abs(gradient(theta, by_z) - expected) < 1e-4 * scale).all()


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_score_is_the_slope_of_the_log_density(name):
    ours, reference = DISTRIBUTIONS[name]
    value = reference.ppf(np.linspace(0.001, 0.999, 50))
    eps = 1e-6 * np.maximum(abs(value), 0.01)
    slope = (ours.log_prob(value + eps) - ours.log_prob(value - eps)) / (2 * eps)
    np.testing.assert_allclose(ours.score(value), slope, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", PRIORS)
def test_draws_are_normal_in_unbounded_space(name):
    """So they have the density that the maps have."""
    prior = PRIORS[name]
    z = prior.to_unbounded(prior.sample(5_000, seed=3))[0]
    assert min(stats.kstest(column, stats.norm.cdf).pvalue for column in z.T) > 1e-3
    assert abs(np.cov(z.T) - np.eye(D)).max() < 0.06


def test_normals_with_a_covariance():
    mean, covariance = (
        np.arange(3.0),
        np.array([[4.0, 1.0, 0.5], [1.0, 1.0, 0.0], [0.5, 0.0, 9.0]]),
    )
    prior = Prior.normal(["a", "b", "c"], mean, covariance, units=["mV"] * 3)
    theta = 5 * RNG.normal(size=(50, 3))
    reference = stats.multivariate_normal(mean, covariance)
    np.testing.assert_allclose(prior.log_prob(theta), reference.logpdf(theta), rtol=1e-10)
    z = np.linalg.solve(np.linalg.cholesky(covariance), (theta - mean).T).T
    np.testing.assert_allclose(prior.to_unbounded(theta)[0], z, rtol=1e-10, atol=1e-10)
    assert prior.labels == ("a (mV)", "b (mV)", "c (mV)")


class TestFromSamples:
    def test_of_two_moons_keep_their_shape_and_the_box(self):
        """To a tenth of a nat, of the four that tell the posterior from the prior."""
        model, x_o = TwoMoons(), np.zeros(2)
        theta, fresh = (model.posterior_sample(x_o, 2_000, seed) for seed in (1, 2))
        prior = Prior.from_samples(model.prior, theta)
        missing = (model.posterior_log_prob(fresh, x_o) - prior.log_prob(fresh)).mean()
        all_of_it = (model.posterior_log_prob(fresh, x_o) - model.prior.log_prob(fresh)).mean()
        assert 0 < missing < 0.1
        assert all_of_it > 4
        assert np.isfinite(model.prior.log_prob(prior.sample(2_000, seed=3))).all()
        assert prior.names == model.prior.names

    def test_of_normals_are_their_mean_and_covariance(self):
        known = Prior.normal(["a", "b"], [3.0, -1.0], [[1.0, 0.3], [0.3, 0.1]])
        draws = known.sample(5000, seed=1)
        for base in (
            ["a", "b"],
            Prior((Parameter("a", Normal(0, 9)), Parameter("b", Normal(0, 9)))),
        ):
            prior = Prior.from_samples(base, {"b": draws[:, 1], "a": draws[:, 0]})
            assert len(prior.dependence.weights) == 1
            fresh = known.sample(5000, seed=2)
            assert abs((known.log_prob(fresh) - prior.log_prob(fresh)).mean()) < 0.003
            assert prior == Prior.from_samples(base, draws)

    def test_refuses_what_has_no_density(self):
        for theta in (np.full((5, 2), 0.5), RNG.random((2, 2)), RNG.random((50, 1)) * [1.0, 1.0]):
            with pytest.raises(ValueError, match="samples, expected more than the 2 parameters"):
                Prior.from_samples(Prior.uniform(["a", "b"], [0, 0], [1, 1]), theta)
        with pytest.raises(ValueError, match="a is 2.0, expected 0.0 to 1.0"):
            Prior.from_samples(Prior.uniform(["a"], [0], [1]), [[0.5], [2.0]])


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
    for each in (prior, PRIORS["correlated"], PRIORS["mixture"]):
        assert Prior.from_dict(json.loads(json.dumps(each.to_dict(), allow_nan=False))) == each


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
        (
            lambda: Prior.normal(["a"], [0.0], [1.0]),
            r"covariance has shape \(1,\), expected \(1, 1",
        ),
        (lambda: Prior.normal(["a"], [0.0], [[-1.0]]), "covariance"),
        (
            lambda: MIXED.correlated(np.eye(2)),
            r"correlation has shape \(2, 2\) .*",
        ),
        (lambda: MIXED.correlated(np.ones((D, D))), "positive definite"),
        (lambda: MIXED.correlated(2 * np.eye(D)), "ones on the diagonal"),
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


def test_the_share_at_bounds_counts_both():
    prior = Prior.uniform(["a", "b"], [0.0, -10.0], [1.0, 10.0])
    theta = [[0.005, 9.9], [0.995, -9.9], [0.5, 0.0], [0.02, 9.7]]
    np.testing.assert_allclose(prior.at_bounds(theta), [0.5, 0.5])
