"""Scales: those of the bulk of the simulations, and none for what never varied."""

import numpy as np
import pytest

from mechfit.inference.densities.embedding import Convolution, Trials
from mechfit.inference.densities.moments import moments, ordinary, tamed
from mechfit.inference.densities.scaling import Featurizer, Standardizer, unlike

RNG = np.random.default_rng(1)
PLAIN = RNG.normal([3.0, -70.0], [2.0, 0.1], (5000, 2))
COUNTS = np.where(RNG.random(5000) < 0.97, 0.0, RNG.poisson(3.0, 5000))[:, None]
ROUNDED = np.where(RNG.random(5000) < 0.8, 1e-17, 1.0)[:, None] * RNG.normal(size=(5000, 1))
HUGE = [1e4, -1e30, 1e308, -1.7e308]


@pytest.mark.parametrize(
    "rows", [PLAIN, COUNTS, ROUNDED, RNG.uniform(size=(50, 2)), RNG.random((99, 3)) < 0.5]
)
def test_without_outliers_they_are_mean_and_standard_deviation_to_the_last_bit(rows):
    rows = rows.astype(float)
    assert tamed(rows) is rows
    for found, exact in zip(moments(rows), (rows.mean(0), rows.std(0)), strict=True):
        np.testing.assert_array_equal(found, exact)


@pytest.mark.parametrize("huge", HUGE)
@pytest.mark.parametrize("rows", [PLAIN, COUNTS, ROUNDED])
def test_a_few_exploding_runs_change_little(rows, huge):
    wild = rows.copy()
    wild[:5] = huge
    for found, exact in zip(moments(tamed(wild)), moments(rows), strict=True):
        np.testing.assert_allclose(found, exact, rtol=0.1, atol=0.1 * rows.std())
    clipped = ordinary(wild).std(0)
    np.testing.assert_allclose(clipped, rows.std(0), rtol=0.2)


@pytest.mark.parametrize("huge", HUGE)
def test_traces_and_trials_keep_their_scale(huge):
    trials = RNG.normal(0.0, 1.0, (400, 64))
    traces = trials.copy()
    traces[:, 30:32] = 40.0  # an event that all have is no outlier
    for embedding, x in ((Convolution(), traces), (Convolution(2), traces), (Trials(1), trials)):
        wild = x.copy()
        wild[3] = huge
        for found, exact in zip(embedding.scale(wild), embedding.scale(x), strict=True):
            np.testing.assert_allclose(found, exact, rtol=0.1, atol=0.1)
        assert np.isfinite(Featurizer.of(wild, embedding).apply(wild)).all()


@pytest.mark.parametrize("constant", [0.0, 5.0, -65.2, 1e308])
def test_what_never_varied_has_no_weight(constant):
    rows = np.column_stack([PLAIN, np.full(5000, constant)])
    rows[:, 2] *= 1 + 1e-13 * RNG.normal(size=5000)
    view = Featurizer.of(rows, None)
    elsewhere = rows[:3] + [0, 0, 1.0]
    np.testing.assert_array_equal(view.apply(elsewhere), view.apply(rows[:3]))
    assert Standardizer.of(rows, constant=1.0).std[2] == 1.0


def test_every_huge_number_makes_finite_inputs():
    rows = np.column_stack([PLAIN, COUNTS])
    rows[:5] = [[-1.7e308], [1.7e308], [1e200], [-1e160], [1e-320]]
    rows[::7, 0] = 1.7e308
    rows[1::7, 0] = -1.7e308
    inputs = Featurizer.of(rows, None).apply(rows)
    assert abs(inputs).max() <= 1e3


def test_an_observation_is_told_where_it_is_unlike_all_simulations():
    names, scale = (
        ("rate", "rest", "spikes"),
        Standardizer(np.zeros(3), np.array([1.0, 2.0, np.inf])),
    )
    assert not unlike(np.array([[30.0, np.nan, 0.0], [0.0, np.inf, 0.0]]), scale, names)
    said = unlike(np.array([-1e6, 5.0, 2.0]), scale, names)
    assert (
        said
        == "x_o is unlike every simulation in rate = -1e+06, 0 ± 1; spikes = 2, always 0 there"
    )
