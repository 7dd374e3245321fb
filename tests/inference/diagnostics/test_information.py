"""Information of sets of statistics equals the analytic one, and the order of choice is right."""

from itertools import combinations

import numpy as np
import pytest

from mechfit.inference import (
    Coupling,
    Subset,
    Training,
    contraction,
    fit,
    greedy_selection,
    information,
    leave_one_out,
    load,
    save,
)
from tests.inference import linear_gaussian
from tests.inference.linear_gaussian import MODEL, PRIOR, A, S

NAMES = MODEL.statistic_names
SETS = [list(s) for n in range(6) for s in combinations(NAMES, n)]


def rows(names):
    return A[[NAMES.index(n) for n in names]]


def exact(names):
    """Information of x_S = A_S theta + s r in nats: log det(I + A_S A_S^T / s^2) / 2."""
    a = rows(names)
    return 0.5 * np.linalg.slogdet(np.eye(len(a)) + a @ a.T / S**2)[1]


def exact_variance(names):
    a = rows(names)
    return np.diag(np.linalg.inv(np.eye(3) + a.T @ a / S**2))


@pytest.fixture(scope="module")
def bank():
    return linear_gaussian.bank(1000, seed=2)


def train(n, epochs):
    flow = Coupling(2, 64, embedding=Subset())
    training = Training(epochs=epochs, batch=100)
    return fit(linear_gaussian.bank(n, seed=1), PRIOR, flow=flow, training=training, seed=1)


@pytest.fixture(scope="module")
def posterior():
    return train(300, 2)


@pytest.fixture(scope="module")
def accurate():
    return train(4000, 25)


@pytest.mark.slow
@pytest.mark.long
def test_every_subset_is_the_analytic_one(bank):
    posterior = train(20_000, 40)
    gain, error = information(posterior, bank, SETS)
    truth = np.array([exact(s) for s in SETS])
    sampled = np.array([exact_gains(s, bank).mean() for s in SETS])
    assert (abs(sampled - truth) < 4 * error + 1e-9).all()
    assert (gain < sampled + 0.02).all()  # a lower bound, up to the noise of 1,000 simulations
    assert abs(gain - sampled).max() < 0.1
    found = contraction(posterior, bank, SETS, seed=1)
    off = abs(found - [1 - exact_variance(s) for s in SETS])
    assert off.max() < 0.12
    assert off.mean() < 0.03


def exact_gains(names, bank):
    """Rise of the exact log-density of each simulation's parameters (n,)."""
    a = rows(names)
    cov = np.linalg.inv(np.eye(3) + a.T @ a / S**2)
    x = bank.x[:, [NAMES.index(n) for n in names]]
    off = bank.theta - x @ a @ cov / S**2
    inside = np.einsum("ni,ij,nj->n", off, np.linalg.inv(cov), off)
    return 0.5 * ((bank.theta**2).sum(1) - inside - np.linalg.slogdet(cov)[1])


@pytest.mark.slow
def test_close_to_the_analytic_one(accurate, bank):
    gain, error = information(accurate, bank, SETS)
    sampled = np.array([exact_gains(s, bank).mean() for s in SETS])
    assert abs(gain - sampled).max() < 0.3
    assert np.corrcoef(gain, sampled)[0, 1] > 0.995
    assert abs(gain[0]) < 0.05
    assert (error < 0.1).all()


@pytest.mark.slow
def test_order_of_choice(accurate, bank):
    names, gains = greedy_selection(accurate, bank, 2)
    first = max(NAMES, key=lambda n: exact([n]))
    assert names[0] == first
    best = max(exact([first, n]) for n in NAMES if n != first)
    assert exact(names) > best - 0.1
    np.testing.assert_allclose(gains[1], information(accurate, bank, [names])[0][0])


@pytest.mark.slow
def test_leave_one_out(accurate, bank):
    lost, error = leave_one_out(accurate, bank)
    truth = [exact(NAMES) - exact([m for m in NAMES if m != n]) for n in NAMES]
    assert abs(lost - truth).max() < 0.15
    assert (error > 0).all()


@pytest.mark.slow
def test_contraction(accurate, bank):
    found = contraction(accurate, bank.first(200), [[], NAMES], seed=1)
    assert abs(found[0]).max() < 0.2
    assert abs(found[1] - (1 - exact_variance(NAMES))).max() < 0.1


def test_a_dedicated_posterior_knows_the_whole_set_and_no_other(bank):
    names = NAMES[1:3]
    training = Training(epochs=25, batch=100)
    own = fit(linear_gaussian.bank(2000, seed=1).select(names), PRIOR, training=training, seed=1)
    some = bank.select(names)
    gain, error = information(own, some, [names])
    assert abs(gain[0] - exact_gains(names, bank).mean()) < 0.1
    found = contraction(own, some, [names], seed=1)
    assert abs(found[0] - (1 - exact_variance(names))).max() < 0.1
    with pytest.raises(ValueError, match=r"got \['w'\], expected all"):
        contraction(own, some, [["w"]], seed=1)


def test_invalid_simulations_are_left_out(posterior, bank):
    x = bank.x.copy()
    x[::2, 1] = np.nan
    holed = type(bank)(bank.theta, x, np.isfinite(x).all(1), bank.seed, NAMES)
    rest = type(bank)(bank.theta[1::2], x[1::2], np.ones(500, bool), bank.seed, NAMES)
    np.testing.assert_array_equal(
        information(posterior, holed, [["v"]]), information(posterior, rest, [["v"]])
    )


def test_storage_and_unknown_statistics(posterior, tmp_path):
    save(posterior, tmp_path / "p")
    again = load(tmp_path / "p")
    x_o = np.array([0.3, np.nan, np.nan, 1.0, np.nan])
    draws = again.at(x_o).sample(200, seed=1)
    np.testing.assert_array_equal(draws, posterior.at(x_o).sample(200, seed=1))
    with pytest.raises(ValueError, match="expected 5 finite statistics"):
        again.at([0.3, np.inf, np.nan, 1.0, np.nan])
    with pytest.raises(ValueError, match="expected 5 finite statistics"):
        again.at([0.3, 0.1])


@pytest.mark.slow
def test_nothing_known_leaves_the_prior(accurate):
    assert accurate.at(np.full(5, np.nan)).sample(2000, 1).std(0) == pytest.approx(1.0, abs=0.15)


def test_refusals(posterior, bank):
    with pytest.raises(ValueError, match=r"\['u'\].*expected some of \['v', 'w'"):
        information(posterior, bank, [["u"]])
    with pytest.raises(ValueError, match="bank with all of these"):
        information(posterior, bank.select(["v", "w"]), [["v"]])
    with pytest.raises(ValueError, match="count is 6, expected 1 to 5"):
        greedy_selection(posterior, bank, 6)
    settings = {"flow": Coupling(1, 8), "training": Training(epochs=1), "seed": 1}
    plain = fit(bank, PRIOR, **settings)
    with pytest.raises(ValueError, match=r"embedding is Subset\(\)"):
        information(plain, bank, [["v"]])
