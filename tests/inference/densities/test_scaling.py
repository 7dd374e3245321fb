"""What a network sees: moments without rounding errors, and scores of what is far from normal."""

import numpy as np
import pytest
from scipy.stats import norm

from mechfit.inference import Coupling, Training, fit
from mechfit.inference.densities.embedding import Subset, Trials
from mechfit.inference.densities.scaling import Featurizer, Scores, Standardizer
from mechfit.models import Model, Prior
from mechfit.simulation import Bank, simulate

RNG = np.random.default_rng(1)
COLUMNS = {
    "normal": RNG.normal(size=2000),
    "uniform": RNG.uniform(size=2000),
    "count": RNG.poisson(3.0, 2000).astype(float),
    "binary": RNG.integers(2, size=2000).astype(float),
    "constant": np.full(2000, 0.1),
    "decades": np.exp(3 * RNG.normal(size=2000)),
    "mostly zero": np.where(RNG.uniform(size=2000) < 0.9, 0.0, RNG.lognormal(size=2000)),
    "one outlier": np.append(RNG.normal(size=1999), 1e6),
    "all alike but one": np.append(np.zeros(1999), 5.0),
    "skewed": RNG.lognormal(0.0, 0.6, size=2000),
    "skewed count": RNG.poisson(RNG.lognormal(1.0, 0.8, size=2000)).astype(float),
    "count over decades": np.floor(np.exp(3 * RNG.normal(size=2000))),
}
ODD = {"decades", "one outlier", "skewed"}
COUNTED = {"mostly zero", "count over decades"}


def test_scores_replace_what_is_far_from_normal_and_stand_beside_counts():
    rows, names = np.column_stack(list(COLUMNS.values())), list(COLUMNS)
    view = Featurizer.of(rows, None)
    assert {names[j] for j in view.scores} == ODD | COUNTED
    assert {names[j] for j in view.beside} == COUNTED
    seen = view.apply(rows)
    assert seen.shape == (2000, view.columns) == (2000, len(COLUMNS) + len(COUNTED))
    assert np.isfinite(seen).all()
    kept = [j for j, name in enumerate(names) if name not in ODD]
    np.testing.assert_array_equal(seen[:, kept], view.standard.apply(rows)[:, kept])
    for j in view.scores:
        place = len(names) + view.beside.index(j) if j in view.beside else j
        np.testing.assert_array_equal(seen[:, place], view.scores[j].apply(rows[:, j]))
        assert abs(seen[:, place]).max() < 50


def test_where_any_may_be_unknown_all_scores_take_their_columns_place():
    rows, names = np.column_stack(list(COLUMNS.values())), list(COLUMNS)
    view, other = Featurizer.of(rows, Subset()), Featurizer.of(rows, None)
    assert view.columns == len(COLUMNS)
    seen, both = view.apply(rows), other.apply(rows)
    rest = [j for j, name in enumerate(names) if name not in COUNTED]
    np.testing.assert_array_equal(seen[:, list(other.beside)], both[:, len(names) :])
    np.testing.assert_array_equal(seen[:, rest], both[:, rest])
    rows[0] = np.nan
    assert np.isnan(view.apply(rows)[0]).all()
    few = Featurizer.of(rows[1:, :4], Subset())
    np.testing.assert_array_equal(few.apply(rows[1:, :4]), few.standard.apply(rows[1:, :4]))


@pytest.mark.parametrize("name", sorted(COLUMNS.keys() - {"constant", "all alike but one"}))
def test_scores_increase_without_jumps(name):
    column = COLUMNS[name]
    scores = Scores.of(column)
    spread = np.ptp(column)
    x = np.linspace(column.min() - spread, column.max() + spread, 100_001)
    steps = np.diff(scores.apply(x))
    assert (steps >= 0).all()
    assert steps[[0, -1]].min() > 0  # on and on beyond the knots
    small = scores.apply(scores.values * (1 + 1e-12)) - scores.apply(scores.values)
    assert abs(small).max() < 1e-6


def test_scores_of_a_normal_are_its_own_numbers():
    x = np.linspace(-4, 4, 81)
    scores = Scores.of(7 + 0.3 * norm.ppf((np.arange(100_000) + 0.5) / 100_000))
    np.testing.assert_allclose(scores.apply(7 + 0.3 * x)[18:63], x[18:63], atol=0.05)
    assert abs(scores.apply(np.array([7.0, 1e12, -1e12])) - [0, 32, -32]).max() < 2


@pytest.mark.parametrize("n", [20, 21, 100])
def test_few_rows(n):
    rows = np.random.default_rng(n).standard_cauchy((n, 3))
    assert np.isfinite(Featurizer.of(rows, None).apply(rows)).all()


@pytest.mark.slow
def test_data_that_span_decades_are_read_everywhere():
    """log x = 20 theta + noise: the posterior is as narrow where x is small."""
    prior = Prior.uniform(["a"], [0.0], [1.0])
    model = Model.from_function(
        lambda theta, rng: np.exp(20 * theta + 0.6 * rng.normal()), prior, ["x"]
    )
    bank = simulate(model, 2000, seed=1)
    flow = Coupling(3, 32, box=False)
    settings = {"flow": flow, "training": Training(epochs=30), "seed": 1}
    posterior = fit(bank, prior, **settings)
    assert posterior.featurizer.columns == 1
    theta = np.array([0.25, 0.5, 0.75])
    draws = posterior.sample_batched(2000, seed=2, x=np.exp(20 * theta)[:, None])[..., 0]
    np.testing.assert_allclose(draws.mean(1), theta, atol=0.015)
    np.testing.assert_allclose(draws.std(1), 0.03, rtol=0.3)
    logs = fit(Bank(bank.theta, np.log(bank.x), bank.valid, 1, ("log x",)), prior, **settings)
    best = [p.history[0].validation.min() for p in (posterior, logs)]
    assert best[0] == pytest.approx(best[1], abs=0.1)


@pytest.mark.parametrize("embedding", [None, Trials(4)], ids=["statistics", "trials"])
@pytest.mark.parametrize("value", [0.1, 1 / 3, -65.2])
def test_rounding_errors_of_a_constant_are_not_blown_up(value, embedding):
    """The mean of equal numbers is off by a bit, and so is a statistic that is computed twice."""
    rng = np.random.default_rng(1)
    rows = np.full((999, 4), value)
    rows[:, 1] *= 1 + np.finfo(float).eps * rng.integers(-2, 3, 999)
    rows[:, 2] *= 1 + 1e-9 * rng.normal(size=999)
    rows[:, 3] = rng.normal(size=999)
    assert rows.std(0)[:2].max() > 0
    view = Featurizer.of(rows, embedding)
    assert not view.scores
    np.testing.assert_array_equal(view.standard.std[:2], np.inf)
    np.testing.assert_allclose(view.standard.std[2:], rows.std(0)[2:], rtol=1e-6)
    assert abs(view.apply(rows)[:, :2]).max() < 1e-10


def test_many_numbers_in_single_precision_keep_their_moments():
    rows = np.full((200_000, 2), -65.2, np.float32)
    rows[:, 1] += 0.01 * np.random.default_rng(1).normal(size=len(rows))
    exact = rows.astype(float)
    scale = Standardizer.of(rows)
    np.testing.assert_allclose(scale.mean, exact.mean(0))
    np.testing.assert_allclose(scale.std, [np.inf, exact.std(0)[1]])
