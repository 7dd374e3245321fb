"""Crash temperatures and Q10 of toys that are known, and of the pyloric circuit."""

import numpy as np
import pytest

from mechfit.models import Model, Prior, Pyloric
from mechfit.robustness import KELVIN, q10_of, share_interval, warm

CELSIUS = np.arange(7.0, 32.0, 2.0)
PRIOR = Prior.uniform(["cold", "hot"], [0.0, 0.0], [40.0, 40.0])


def toy(celsius):
    """A rhythm between two temperatures, twice as fast every 10 degrees."""

    def frequency(theta, rng):
        works = theta[0] <= celsius <= theta[1]
        return [2 ** (celsius / 10) if works else np.nan]

    return Model.from_function(frequency, PRIOR, ["frequency"])


def test_crash_temperatures_are_those_of_the_toy():
    theta = np.array([[0.0, 40.0], [0.0, 20.0], [12.0, 40.0], [0.0, 11.0]])
    found = warm(toy, theta, CELSIUS, seed=1)
    last, crash = found.crash(home=11.0)
    np.testing.assert_array_equal(last, [31.0, 19.0, np.nan, 11.0])
    np.testing.assert_array_equal(crash, [np.inf, 21.0, np.nan, 13.0])
    assert found.works[2].tolist() == (CELSIUS >= 12).tolist()
    np.testing.assert_allclose(q10_of(CELSIUS, found.x[..., 0])[:3], 2.0)
    assert np.isnan(q10_of(CELSIUS, np.where(CELSIUS < 10, 1.0, np.nan)))


def test_repeats_vote():
    def luck(celsius):
        return Model.from_function(
            lambda theta, rng: [1.0 if rng.random() < theta[0] / 40 else np.nan], PRIOR, ["x"]
        )

    found = warm(luck, np.array([[36.0, 0], [4.0, 0]]), [10.0, 20.0], repeats=40, seed=2)
    np.testing.assert_allclose(found.worked, [[0.9, 0.9], [0.1, 0.1]], atol=0.15)
    assert found.works.tolist() == [[True, True], [False, False]]
    np.testing.assert_allclose(found.x[0], 1.0)


def test_shares_lie_in_their_interval():
    rng, inside = np.random.default_rng(1), 0
    for _ in range(300):
        low, high = share_interval(rng.random((60, 1)) < 0.7)
        inside += low[0] <= 0.7 <= high[0]
    assert 0.85 < inside / 300 < 0.95


def test_a_circuit_in_the_warmth():
    """Two runs of one circuit at 10 °C and at 14 °C are those of the model at these kelvin."""
    theta = Pyloric.prior.sample(4, seed=7)
    how = {"duration": 2500.0, "burn_in": 500.0}

    def model_at(celsius):
        return Pyloric(temperature=KELVIN + celsius, **how)

    found = warm(model_at, theta, [10.0, 14.0], rule=lambda x: x[:, 1] > 0, seed=3)
    for t, kelvin in enumerate((283.0, 287.0)):
        x = Pyloric(temperature=kelvin, **how).statistics(theta, 3)
        good = x[:, 1] > 0
        np.testing.assert_array_equal(found.worked[:, t], good)
        np.testing.assert_array_equal(found.x[good, t], x[good])


def test_bad_temperatures_say_so():
    with pytest.raises(ValueError, match="expected increasing"):
        warm(toy, np.ones((1, 2)), [20.0, 10.0], seed=1)
    with pytest.raises(ValueError, match="expected one of"):
        warm(toy, np.ones((1, 2)), [10.0, 20.0], seed=1).crash(11.0)
