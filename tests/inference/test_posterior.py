"""A posterior is a density inside the prior, and says so when it cannot be."""

import warnings
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import trapezoid

from mechfit.inference import MAF, Convolution, Coupling, Posterior, Training, fit, load, save
from mechfit.models import Prior
from mechfit.simulation import Bank

PRIOR = Prior.uniform(["a", "b"], [0.0, -1.0], [1.0, 1.0])
X_O = np.array([0.05, 0.9])


def bank(n):
    """Parameters, seen with noise."""
    theta = PRIOR.sample(n, seed=1)
    x = theta + 0.3 * np.random.default_rng(1).normal(size=theta.shape)
    return Bank(theta, x, np.ones(n, bool), 1, ("x", "y"))


@pytest.fixture(scope="module", params=[True, False], ids=["unbounded", "standardized"])
def posterior(request):
    settings = {"flow": Coupling(2, 16), "training": Training(epochs=10)}
    return fit(bank(2000), PRIOR, **settings, leak_free=request.param, seed=1).at(X_O)


def test_integrates_to_one_inside_the_prior(posterior):
    a, b = np.linspace(0, 1, 301), np.linspace(-1, 1, 301)
    a[[0, -1]], b[[0, -1]] = [1e-9, 1 - 1e-9], [-1 + 1e-9, 1 - 1e-9]
    grid = np.stack(np.meshgrid(a, b, indexing="ij"), -1).reshape(-1, 2)
    density = np.exp(posterior.log_prob(grid)).reshape(301, 301)
    assert trapezoid(trapezoid(density, b), a) == pytest.approx(1.0, abs=0.03)


def test_samples_stay_inside_and_follow_the_density(posterior):
    samples = posterior.sample(20_000, seed=1)
    assert np.isfinite(PRIOR.log_prob(samples)).all()
    near_edge = samples[:, 0] < 0.2
    a, b = np.linspace(1e-9, 0.2, 101), np.linspace(-1 + 1e-9, 1 - 1e-9, 201)
    grid = np.stack(np.meshgrid(a, b, indexing="ij"), -1).reshape(-1, 2)
    density = np.exp(posterior.log_prob(grid)).reshape(101, 201)
    assert near_edge.mean() == pytest.approx(trapezoid(trapezoid(density, b), a), abs=0.03)


def test_acceptance_rate(posterior):
    rate = posterior.acceptance_rate()
    if not posterior.space.leaks:
        assert rate == 1.0
    else:
        assert 0.3 < rate < 0.99


def test_density_is_zero_outside_the_prior(posterior):
    outside = np.array([[1.5, 0.0], [0.5, 0.0], [0.5, -1.5]])
    np.testing.assert_array_equal(np.isinf(posterior.log_prob(outside)), [True, False, True])


def test_amortized_and_fixed_observation_agree(posterior):
    other = np.array([0.5, 0.0])
    np.testing.assert_array_equal(
        posterior.sample(100, seed=1, x=other), posterior.at(other).sample((100,), seed=1)
    )
    theta = PRIOR.sample(10, seed=1)
    np.testing.assert_array_equal(
        posterior.log_prob(theta, x=other), posterior.at(other[None]).log_prob(theta)
    )
    assert posterior.sample(5).shape == (5, 2)


def test_leaking_sampler_stops_and_explains():
    settings = {"flow": MAF(2, 20), "training": Training(epochs=2)}
    posterior = fit(bank(500), PRIOR, **settings, leak_free=False, seed=1)
    object.__setattr__(posterior.space.scale, "mean", np.array([0.5, 1e6]))
    with pytest.raises(RuntimeError, match=r"inside the prior; b leaves it most often"):
        posterior.at(X_O).sample(100, seed=1)


@pytest.mark.parametrize("x_o", [[0.0], [0.0, np.nan], [[0.0, 1.0], [2.0, 3.0]]])
def test_wrong_observation(posterior, x_o):
    with pytest.raises(ValueError, match="expected 2 finite statistics: x, y"):
        posterior.at(x_o)


def test_missing_observation_and_empty_draw(posterior):
    with pytest.raises(ValueError, match="no observation"):
        replace(posterior, x_o=None).sample(3)
    with pytest.raises(ValueError, match="expected at least 1"):
        posterior.sample(0)


def test_a_statistic_that_never_varied_moves_nothing_and_is_told():
    plain = bank(300)
    x = np.c_[plain.x, np.zeros(300), 5 * (1 + 1e-13 * plain.x[:, 0])]
    flat = Bank(plain.theta, x, plain.valid, 1, ("x", "y", "rest", "rounded"))
    settings = {"flow": Coupling(2, 16), "training": Training(epochs=1), "seed": 1}
    learned = fit(flat, PRIOR, **settings)
    wanted = learned.at([*X_O, 0.0, 5.0]).sample(20, seed=1)
    for other in ([1.0, 5.0], [0.0, 5.1], [-1e308, 1e308]):
        said = "rest = .*, always 0" if other[0] else "rounded = 5.1, always 5"
        with pytest.warns(UserWarning, match=f"x_o is unlike every simulation in {said}"):
            at = learned.at([*X_O, *other])
        np.testing.assert_array_equal(at.sample(20, seed=1), wanted)


def test_an_observation_far_from_all_simulations_is_told(posterior):
    said, theta = r"unlike every simulation in y = 1e\+06, -?0.0\d* ± 0", np.zeros((2, 1, 2))
    for call in (
        posterior.at,
        lambda x: posterior.sample(3, x=x),
        lambda x: posterior.log_prob(theta[0], x=x),
        lambda x: posterior.map(x=x, draws=20),
        lambda x: posterior.sample_batched(3, x=[X_O, x]),
        lambda x: posterior.log_prob_batched(theta, x=[X_O, x]),
    ):
        with pytest.warns(UserWarning, match=said) as told, suppress(RuntimeError):
            call([0.05, 1e6])  # standardized, no draw falls inside the prior
        assert len(told) == 1
    assert str(told[0].message).count("(row 1; 1 of 2 rows are)") == 1


def test_draws_in_a_corner_of_the_prior_are_told(posterior, monkeypatch):
    corner = np.tile([0.999, -0.999], (60, 1))
    corners = corner * np.where(np.arange(60) % 2, 1, -1)[:, None]  # two members, two corners
    for theta, told in (
        (corner, True), (corners, True), (corner[:40], False), (corner * [0.5, 1], False)
    ):  # fmt: skip
        monkeypatch.setattr(Posterior, "_draw", lambda *_, theta=theta: theta[None])
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            posterior.sample(len(theta))
        assert [("a bound of the prior, in a, b;" in str(w.message)) for w in said] == [
            True
        ] * told


def test_a_trace_that_differs_where_all_were_the_same_is_told(tmp_path):
    plain = bank(60)
    x = np.c_[np.full(60, -70.0), plain.x, plain.x]
    traces = Bank(plain.theta, x, plain.valid, 1, tuple("vwxyz"))
    flow = Coupling(2, 8, embedding=Convolution(1, (4,), 4, 4))
    save(fit(traces, PRIOR, flow=flow, training=Training(1), seed=1), tmp_path / "p")
    learned = load(tmp_path / "p")
    learned.at(x[0])
    with pytest.warns(UserWarning, match="v = -65, always -70 there; the posterior"):
        learned.at([-65.0, *x[0, 1:]])


def test_an_observation_is_a_copy(posterior):
    x_o = X_O.copy()
    at = posterior.at(x_o)
    x_o[:] = 9.0
    np.testing.assert_array_equal(at.x_o, X_O)


def test_rounding_to_single_precision_leaves_no_prior():
    prior = Prior.uniform(["a", "b"], [1e-4, -1.0], [0.15, 1.0])
    theta = prior.sample(200, seed=1)
    theta[7] = np.float32([0.15, -1.0])
    assert theta[7, 0] > 0.15
    settings = {"flow": Coupling(2, 16), "training": Training(epochs=1), "seed": 1}
    learned = fit(Bank(theta, theta, np.ones(200, bool), 1, ("x", "y")), prior, **settings)
    found = learned.log_prob([theta[7], [0.15, -1.0], [0.150001, -1.0]], x=X_O)
    assert found[0] == found[1] > found[2] == -np.inf
    theta[7] = 0.1, 1.001
    said = "1 of 200 .* outside the prior: in row 7 of theta, b is 1.001, expected -1.0 to 1.0"
    with pytest.raises(ValueError, match=said):
        fit(Bank(theta, theta, np.ones(200, bool), 1, ("x", "y")), prior, **settings)
