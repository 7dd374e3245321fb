"""Active trees against NEURON and against the single compartment."""

import numpy as np
import pytest

from mechfit.models import CORTICAL, SQUID, Cable, HodgkinHuxley, Tree, step_current

EULER, CRANK = "backward Euler", "Crank-Nicolson"


def upcrossings(v, dt):
    """Times at which 0 mV is passed upwards, linear between samples."""
    i = np.flatnonzero((v[:-1] <= 0) & (v[1:] > 0))
    return dt * (i - v[i] / (v[i + 1] - v[i]))


def ball_and_stick(ball, kind, method, dt):
    """Voltages (3, time) under 0.3 nA at the soma."""
    ones = np.ones(26)
    if kind == "classic":
        density, channels, v_init = np.outer([120, 36, 0, 0.3], ones), SQUID, -65.0
    else:
        density, channels, v_init = np.outer([20, 3, 0.07, 0.1], ones), CORTICAL, -70.0
        density[:2, 0] = 50, 5
    current = step_current(0.3, 100.0, dt, (10.0, 90.0))
    cable = Cable(ball, {0: current}, (0, 13, 25), dt, v_init, channels, method)
    return cable.simulate(density, 150.0).voltage[0]


@pytest.mark.parametrize("kind", ["project", "classic"])
@pytest.mark.parametrize(("method", "scheme"), [(EULER, "be"), (CRANK, "cn")])
def test_ball_and_stick(ball, golden, kind, method, scheme):
    v = ball_and_stick(ball, kind, method, 0.025)
    stored = golden[f"ball_{kind}_V_{scheme}_dt0.025"]
    # CN was stored in single precision
    atol = 1e-7 if stored.dtype == np.float64 else 1e-5
    np.testing.assert_allclose(v[:, ::4], stored, atol=atol)


@pytest.mark.parametrize("kind", ["project", "classic"])
@pytest.mark.parametrize(("method", "order"), [(EULER, 1), (CRANK, 2)])
def test_order_in_time_of_spikes(ball, golden, kind, method, order):
    exact = golden[f"ball_{kind}_spikes_exact"][:, :5]
    steps, errors = (0.05, 0.025, 0.0125), []
    for dt in steps:
        v = ball_and_stick(ball, kind, method, dt)
        times = np.array([upcrossings(each, dt)[:5] for each in v])
        errors.append(abs(times - exact).max())
    found = np.log2(np.array(errors[:-1]) / errors[1:])
    assert (abs(found - order) < 0.25).all(), errors


def test_one_compartment_is_the_single_compartment_model():
    area = HodgkinHuxley.truth, np.pi * 70**2  # µm²
    g_na, g_k, leak, slow, tau, v_t, _, e_l = HodgkinHuxley.truth
    assert (tau, v_t, e_l) == (CORTICAL.tau_max, -CORTICAL.V_T, -CORTICAL.E_l)
    tree = Tree([-1], [area[1]], [0], [0], [0], [0.5], [1])
    last = []
    theta = np.where(np.arange(8) == 6, 0.0, HodgkinHuxley.truth)
    for dt in (0.005, 0.0025):
        amplitude = 5e-4 / (area[1] * 1e-8)
        current = step_current(amplitude, 120.0, dt, (10.0, 110.0))
        single = HodgkinHuxley(dt, current).simulate(theta, seed=1).voltage[0, 0]
        into = {0: step_current(0.5, 120.0, dt, (10.0, 110.0))}
        cable = Cable(tree, into, (0,), dt, method=CRANK)
        tree_v = cable.simulate(np.array([[g_na], [g_k], [slow], [leak]]), 150.0).voltage[0, 0]
        last.append((upcrossings(single, dt), upcrossings(tree_v, dt)))
    assert {len(times) for pair in last for times in pair} == {5}
    # exponential Euler is of first order: what is left of it in the limit is of second
    limit = 2 * last[1][0] - last[0][0]
    np.testing.assert_allclose(last[1][1], limit, atol=6e-3)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Crank-Nicolson rings")
@pytest.mark.parametrize(("method", "dt"), [(EULER, 0.05), (CRANK, 0.05), (CRANK, 0.025)])
def test_rallpack_3(cylinder, golden, method, dt):
    tree = cylinder(1000.0, 1.0, 1000)
    density = np.outer([120, 36, 0, 1 / 40], np.ones(1000))
    channels = type(SQUID)("squid", E_Na=50.0, E_K=-77.0, E_l=-65.0)
    currents = {0: np.full(round(250 / dt) + 1, 0.1)}
    v = Cable(tree, currents, (0, 999), dt, -65.0, channels, method).simulate(density, 100.0)
    name = f"{'be' if method == EULER else 'cn'}_dt{dt}"
    names = [n.replace(" ", "_") for n in golden["rallpack3_dt_names"]]
    stored = golden["rallpack3_spikes"][names.index(name)]
    for voltage, times in zip(v.voltage[0], stored, strict=True):
        np.testing.assert_allclose(upcrossings(voltage, dt), times[np.isfinite(times)], atol=1e-4)
