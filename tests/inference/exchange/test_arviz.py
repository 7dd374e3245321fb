"""Draws reach ArviZ under their names, with units, shapes and dimensions."""

import sys
from dataclasses import replace

import numpy as np
import pytest

from mechfit.inference import Training, fit, to_datatree
from mechfit.models import HodgkinHuxley
from mechfit.simulation import simulate

MODEL = HodgkinHuxley()


@pytest.fixture(scope="module")
def posterior():
    bank = simulate(MODEL, 200, seed=1)
    return fit(bank, MODEL.prior, training=Training(epochs=1), seed=1).at(bank.x[0])


def test_groups_names_units_and_dimensions(posterior):
    tree = to_datatree(posterior, model=MODEL, draws=30, seed=1)
    theta = posterior.sample(30, 1)
    for j, parameter in enumerate(MODEL.prior.parameters):
        variable = tree["posterior"][parameter.name]
        assert variable.dims == ("chain", "draw")
        assert variable.attrs["units"] == parameter.unit
        assert variable.attrs["long_name"] == parameter.symbol
        np.testing.assert_array_equal(variable.values, theta[None, :, j])
        assert tree["prior"][parameter.name].sizes == {"chain": 1, "draw": 30}
    x = MODEL.statistics(theta, 1)
    for j, (name, unit) in enumerate(
        zip(MODEL.statistic_names, MODEL.statistic_units, strict=True)
    ):
        predicted = tree["posterior_predictive"][name]
        np.testing.assert_array_equal(predicted.values[0], x[:, j])
        assert predicted.attrs.get("units", "") == unit
        assert float(tree["observed_data"][name]) == posterior.x_o[j]
    np.testing.assert_allclose(tree["sample_stats"]["lp"].values[0], posterior.log_prob(theta))


def test_without_a_model_there_are_no_predictions(posterior):
    assert "posterior_predictive" not in to_datatree(posterior, draws=5, seed=1).children


def test_an_observation_is_needed(posterior):
    with pytest.raises(ValueError, match="no observation"):
        to_datatree(replace(posterior, x_o=None), seed=1)


def test_the_extra_is_named(posterior, monkeypatch):
    monkeypatch.setitem(sys.modules, "arviz_base", None)
    with pytest.raises(ImportError, match=r"pip install 'mechfit\[arviz\]'"):
        to_datatree(posterior, seed=1)
