"""The circuit in double precision agrees with the authors' own simulator."""

from pathlib import Path

import numpy as np
import pytest

from mechfit.models.pyloric.reference import (
    Q10,
    Setting,
    advance,
    circuit,
    factors,
    start,
)

GOLDEN = np.load(Path(__file__).parents[2] / "data" / "pyloric.npz")
QUIET = np.zeros((120_000, 3))
NAMES = list(GOLDEN["names"])


@pytest.mark.parametrize("row", range(len(NAMES)), ids=NAMES)
def test_voltages_without_noise(row):
    v, _ = circuit(Setting.of(GOLDEN["theta"][row]), QUIET)
    assert abs(v[:, ::200] - GOLDEN["V_5ms"][row]).max() < 1e-4
    assert abs(v[:, :4001:10] - GOLDEN["V_first100ms_every0p25"][row]).max() < 1e-9


@pytest.mark.parametrize("row", range(2))
def test_calcium_gates_and_synapses(row):
    steps = GOLDEN["state_step_index"]
    theta = GOLDEN["theta"][NAMES.index(GOLDEN["state_sets"][row])]
    state, setting = start(), Setting.of(theta)
    for before, now, expected in zip([0, *steps], steps, GOLDEN["state"][row], strict=False):
        pause = QUIET[: now - before + 1]
        advance(*vars(setting).values(), pause, state, *np.empty((2, *pause.shape[::-1])))
        np.testing.assert_allclose(state, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("kelvin", range(2))
@pytest.mark.parametrize("row", range(2))
def test_temperature(kelvin, row):
    theta = GOLDEN["theta"][NAMES.index(GOLDEN["temperature_sets"][row])]
    setting = Setting.of(theta, kelvin=float(GOLDEN["temperature_K"][kelvin]))
    v, _ = circuit(setting, QUIET)
    assert abs(v[:, ::200] - GOLDEN["temperature_V_5ms"][kelvin, row]).max() < 1e-4


def test_the_cold_changes_nothing_and_q10_is_per_ten_kelvin():
    assert all((f == 1).all() for f in factors(283.0).values())
    np.testing.assert_allclose(factors(293.0)["gates"], Q10["gates"])


def test_a_neuron_without_conductances_charges_with_the_noise():
    theta = np.r_[np.zeros(24), np.full(7, -1000.0)]
    v, _ = circuit(Setting.of(theta), np.full((11, 3), 0.01))
    np.testing.assert_allclose(v[:, -1], -50 + 10 * 0.025 * 0.01 / 0.6283e-3)
