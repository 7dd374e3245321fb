"""Counts, distribution and cost of a circuit's activity, on numbers checked by hand."""

import numpy as np
import pytest
from scipy import stats

from mechfit.summaries.activity import ACTIVITY, PACKAGE, activity, in_package_order, powers
from mechfit.summaries.triphasic import TRIPHASIC

SAMPLES = np.arange(0, 4001, 40)
SPIKES = [np.array([1000, 1400, 2000]), np.array([20]), np.array([], int)]
FOUND = [np.array([[1000, 2000]]), np.array([[20, 20]]), np.empty((0, 2), int)]


def measured(voltage, rate=(2.0, 1.0, 3.0)):
    energy = np.outer(rate, SAMPLES)
    x = activity(powers(voltage), SAMPLES, energy, SPIKES, FOUND)
    return dict(zip(ACTIVITY, x, strict=True))


def test_moments_are_those_of_scipy():
    voltage = np.random.default_rng(1).gamma(2.0, 8.0, (3, 4000)) - 60.0
    x = measured(voltage)
    for name, f in (
        ("mean", np.mean), ("std", np.std), ("skewness", stats.skew), ("kurtosis", stats.kurtosis)
    ):  # fmt: skip
        assert x[f"voltage_{name}_LP"] == pytest.approx(f(voltage[1]))


def test_energy_of_bursts_and_spikes():
    x = measured(np.random.default_rng(1).normal(-50.0, 5.0, (3, 4000)))
    assert [x[f"energy_{n}"] for n in ("AB/PD", "LP", "PY")] == [8000.0, 4000.0, 12000.0]
    assert x["energy_per_burst_AB/PD"] == pytest.approx(2.0 * (1000 + 80 + 480))
    assert x["energy_per_spike_AB/PD"] == pytest.approx(2.0 * 1560 / 3)
    assert x["energy_per_burst_LP"] == 0  # it began too early
    assert x["energy_per_burst_PY"] == x["energy_per_spike_PY"] == 0
    assert [x[f"bursts_{n}"] for n in ("AB/PD", "LP", "PY")] == [1, 1, 0]
    assert [x[f"spikes_{n}"] for n in ("AB/PD", "LP", "PY")] == [3, 1, 0]


def test_the_package_starts_py_from_lp():
    rhythm = np.arange(19.0)
    x = dict(zip(PACKAGE, in_package_order(rhythm, np.zeros(27)), strict=True))
    names = list(TRIPHASIC)
    assert x["start_to_start_LP-PY"] == names.index("start_to_start_AB/PD-PY") - names.index(
        "start_to_start_AB/PD-LP"
    )
    assert (x["cycle_period"], x["pyloric_like"]) == (0, 18)
