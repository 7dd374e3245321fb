"""The circuit in double precision agrees with the authors' own simulator."""

from pathlib import Path

import numpy as np
import pytest

from mechfit.models.pyloric_reference import Q10, circuit, factors

GOLDEN = np.load(Path(__file__).parents[1] / "data" / "pyloric.npz")
VOLTAGES = [0, 13, 26]
QUIET = np.zeros((3, 120_000))
NAMES = list(GOLDEN["names"])


@pytest.mark.parametrize("row", range(len(NAMES)), ids=NAMES)
def test_voltages_without_noise(row):
    v = circuit(GOLDEN["theta"][row], QUIET)[:, VOLTAGES].T
    assert abs(v[:, ::200] - GOLDEN["V_5ms"][row]).max() < 1e-4
    assert abs(v[:, :4001:10] - GOLDEN["V_first100ms_every0p25"][row]).max() < 1e-9


@pytest.mark.parametrize("row", range(2))
def test_calcium_gates_and_synapses(row):
    steps = GOLDEN["state_step_index"]
    theta = GOLDEN["theta"][NAMES.index(GOLDEN["state_sets"][row])]
    states = circuit(theta, QUIET[:, : steps.max() + 1])
    np.testing.assert_allclose(states[steps], GOLDEN["state"][row], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("kelvin", range(2))
@pytest.mark.parametrize("row", range(2))
def test_temperature(kelvin, row):
    theta = GOLDEN["theta"][NAMES.index(GOLDEN["temperature_sets"][row])]
    v = circuit(theta, QUIET, kelvin=float(GOLDEN["temperature_K"][kelvin]))[:, VOLTAGES].T
    assert abs(v[:, ::200] - GOLDEN["temperature_V_5ms"][kelvin, row]).max() < 1e-4


def test_the_cold_changes_nothing_and_q10_is_per_ten_kelvin():
    assert all((f == 1).all() for f in factors(283.0).values())
    np.testing.assert_allclose(factors(293.0)["gates"], Q10["gates"])


def test_a_neuron_without_conductances_charges_with_the_noise():
    theta = np.r_[np.zeros(24), np.full(7, -1000.0)]
    noise = np.zeros((3, 11))
    noise[:, 1:] = 0.01
    v = circuit(theta, noise)[:, VOLTAGES]
    np.testing.assert_allclose(v[-1], -50 + 10 * 0.025 * 0.01 / 0.6283e-3)
