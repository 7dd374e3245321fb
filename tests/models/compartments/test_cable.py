"""Passive cables against their closed forms, and what any tree obeys."""

import numpy as np
import pytest

from mechfit.models import Cable, Channels

EULER, CRANK = "backward Euler", "Crank-Nicolson"
R_A, G, LONG, WIDE = 150.0, 0.05, 1000.0, 2.0
LAMBDA = 1e4 * np.sqrt(WIDE * 1e-4 / 4 * (1000 / G) / R_A)
TAU, X = 1 / G, LONG / LAMBDA
R_INF = R_A * LAMBDA * 1e-4 / (np.pi * WIDE**2 / 4 * 1e-8) * 1e-6


def passive(tree, g=G):
    return np.outer([0, 0, 0, g], np.ones(len(tree)))


def held(tree, node, current, dt, duration, sites, method=EULER, g=G, r_a=R_A, e_l=-70.0):
    """Voltages (sites, time) above rest under a constant current."""
    currents = {node: np.full(round(duration / dt) + 1, current)}
    cable = Cable(tree, currents, sites, dt, e_l, Channels(E_l=e_l), method)
    return cable.simulate(passive(tree, g), r_a).voltage[0] - e_l


def steady(tree, node, current, sites, g=G, r_a=R_A):
    """Voltages above rest in the steady state: a step so long that nothing is left of the past."""
    return held(tree, node, current, 1e7, 1e8, sites, g=g, r_a=r_a)[:, -1]


def test_steady_state_of_a_cylinder(cylinder, golden):
    tree = cylinder(LONG, WIDE, 101)
    x, x0 = tree.distance / LAMBDA, LONG / 202 / LAMBDA
    exact = 0.05 * R_INF * np.cosh(np.minimum(x, x0)) * np.cosh(X - np.maximum(x, x0)) / np.sinh(X)
    found = steady(tree, 0, 0.05, range(101))
    assert abs(found - exact).max() < 4e-4
    np.testing.assert_allclose(found - 70, golden["cable_V_steady"], atol=1e-6)
    np.testing.assert_allclose(exact - 70, golden["cable_V_steady_analytic"], atol=1e-9)


def test_input_resistance_and_attenuation_to_second_order(cylinder):
    assert np.isclose(R_INF / np.tanh(X), 463.5268, atol=1e-4)
    errors = []
    for n in (5, 10, 20, 40, 80):
        x0 = X / 2 / n
        exact = R_INF * np.cosh(x0) * np.array([np.cosh(X - x0), np.cosh(x0)]) / np.sinh(X)
        errors.append(steady(cylinder(LONG, WIDE, n), 0, 1.0, (0, n - 1)) / exact - 1)
    order = np.log2(np.abs(errors[:-1]) / np.abs(errors[1:]))
    assert (abs(order[1:] - 2) < 0.05).all()
    np.testing.assert_allclose(errors[2], [-4.0e-4, -2.4e-4], rtol=0.05)


@pytest.mark.parametrize(
    ("method", "dt", "bar"),
    [(EULER, 0.1, 0.067), (EULER, 0.025, 0.018), (CRANK, 0.1, 0.04), (CRANK, 0.025, 9e-4)],
)
def test_response_to_a_step(cylinder, golden, method, dt, bar):
    tree, every = cylinder(LONG, WIDE, 101), round(0.5 / dt)
    found = held(tree, 0, 0.05, dt, 100.0, (0, 50, 100), method)[:, ::every] - 70
    stored = golden[f"cable_V_{'be' if method == EULER else 'cn'}_dt{dt}"]
    np.testing.assert_allclose(found, stored, atol=1e-9)
    assert abs(found - golden["cable_V_analytic"])[:, 2:].max() < bar


@pytest.mark.parametrize(("method", "order"), [(EULER, 1), (CRANK, 2)])
def test_order_in_time(cylinder, method, order):
    tree = cylinder(LONG, WIDE, 20)
    current = [
        np.sin(2 * np.pi * 0.05 * (np.arange(round(40 / dt) + 1) + 0.5) * dt) for dt in STEPS
    ]
    last = []
    for dt, each in zip(STEPS, current, strict=True):
        cable = Cable(tree, {0: 0.05 * each}, (0, 19), dt, method=method)
        last.append(cable.simulate(passive(tree), R_A).voltage[0, :, -1])
    error = abs(np.diff(last, axis=0)).max(1)
    assert (abs(np.log2(error[:-1] / error[1:]) - order) < 0.1).all()


STEPS = (0.4, 0.2, 0.1, 0.05)


@pytest.mark.parametrize(
    ("hertz", "impedance", "attenuation"),
    [(10, 316.0007, 0.486760), (100, 110.1436, 0.081850), (500, 49.1789, 0.001977)],
)
def test_alternating_current(cylinder, hertz, impedance, attenuation):
    q = np.sqrt(1 + 2j * np.pi * hertz / 1000 * TAU)
    assert np.isclose(abs(R_INF / (q * np.tanh(q * X))), impedance, atol=1e-3)
    assert np.isclose(abs(1 / np.cosh(q * X)), attenuation, atol=1e-6)
    n, dt = 80, 0.01 if hertz > 50 else 0.05
    tree, period = cylinder(LONG, WIDE, n), 1000 / hertz
    time = dt * np.arange(round(max(160, 2 * period) / dt) + 1)
    wave = np.exp(2j * np.pi * time / period)
    middle = np.sin(2 * np.pi * (time + dt / 2) / period)
    cable = Cable(tree, {0: 0.01 * middle}, (0, n - 1), dt, method=CRANK)
    v = cable.simulate(passive(tree), R_A).voltage[0] + 70
    last = slice(-round(period / dt), None)
    phasor = 2 * (v[:, last] * wave[last].conj()).mean(1) / 0.01
    x0 = X / 2 / n
    exact = R_INF * np.cosh(q * x0) / (q * np.sinh(q * X)) * np.cosh(q * np.array([X - x0, x0]))
    np.testing.assert_allclose(abs(phasor), abs(exact), rtol=6e-3)
    assert (abs(np.angle(1j * phasor / exact)) < 4e-3).all()


def rall(joined, levels=5, parts=4):
    """A binary tree whose levels are 0.2 lambda long, with d^(3/2) halved at each branch point."""
    parent, length, wide, ends = [], [], [], [-1]
    for level in range(levels):
        d = 4.0 * 2 ** (-2 * level / 3)
        long = 0.2 * 1e4 * np.sqrt(d * 1e-4 / 4 * (1000 / G) / R_A)
        begun, ends = ends, []
        for end in begun:
            for _ in range(2 if level else 1):
                chain = [end, *range(len(parent), len(parent) + parts - 1)]
                parent += chain
                length += parts * [long / parts]
                wide += parts * [d]
                ends.append(len(parent) - 1)
    return joined(parent, length, wide)


def test_rall_tree_is_a_cylinder(joined, cylinder):
    tree = rall(joined)
    assert len(tree) == 139
    long = 1e4 * np.sqrt(4e-4 / 4 * (1000 / G) / R_A)
    simple = cylinder(long, 4.0, 20)
    sites = np.flatnonzero(np.isclose(tree.distance, tree.distance.max()))
    assert len(sites) == 16
    branched = held(tree, 0, 0.05, 0.025, 100.0, (0, *sites.tolist()))
    single = held(simple, 0, 0.05, 0.025, 100.0, (0, 19))
    np.testing.assert_allclose(branched[0], single[0], atol=1e-10, rtol=0)
    np.testing.assert_allclose(branched[1:], np.tile(single[1], (16, 1)), atol=1e-10, rtol=0)
    r_in, tip = steady(rall(joined, parts=40), 0, 1.0, (0, 1))[0], 1 / np.cosh(1.0)
    assert np.isclose(tip, 0.648054, atol=1e-6)
    assert np.isclose(r_in, 180.9786, rtol=0.004)  # at the first center, not at the end


def test_reciprocity_and_published_resistances(tree_a, golden):
    sites = golden["tree_a_sites"].tolist()
    z = np.array([steady(tree_a, node, 1e-3, sites, g=0.1) for node in sites]) * 1e3
    np.testing.assert_allclose(z, z.T, rtol=1e-11)
    np.testing.assert_allclose(z.diagonal(), [100.910557, 107.678033, 503.608043], rtol=1e-6)
    np.testing.assert_allclose(
        z[[0, 0, 1], [1, 2, 2]], [84.504063, 59.825014, 76.231126], rtol=1e-6
    )
    both = Cable(tree_a, {n: np.full(11, 1e-3) for n in sites[:2]}, sites, 1e7)
    both = both.simulate(passive(tree_a, 0.1), R_A).voltage[0, :, -1] + 70
    np.testing.assert_allclose(both * 1e3, z[0] + z[1], rtol=1e-10)


def test_no_charge_is_lost(tree_a):
    nodes = np.flatnonzero(tree_a.area > 0)
    rng = np.random.default_rng(1)
    currents = {0: rng.normal(size=201), 41: rng.normal(size=201)}
    cable = Cable(tree_a, currents, nodes, 0.025)
    v = cable.simulate(passive(tree_a, 0.1), R_A).voltage[0]
    area = 1e-5 * tree_a.area[nodes]
    stored, lost = area @ np.diff(v) / 0.025, area @ (0.1 * (v[:, 1:] + 70))
    np.testing.assert_allclose(stored + lost, (currents[0] + currents[41])[:-1], atol=1e-10)


def rallpack_error(found, exact):
    """Root mean square difference over the range of the closed form, for both ends."""
    return np.sqrt(((found - exact) ** 2).mean(1)) / np.ptp(exact, axis=1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "method", "bars"),
    [
        ("rallpack1", EULER, (6e-4, 2e-4)),
        ("rallpack1", CRANK, (6e-4, 1e-6)),
        ("rallpack2", EULER, (6e-4, 2e-4)),
        ("rallpack2", CRANK, (4e-4, 2e-5)),
    ],
)
@pytest.mark.filterwarnings("ignore:Crank-Nicolson rings")
def test_rallpacks_1_and_2(joined, cylinder, golden, name, method, bars):
    if name == "rallpack1":
        tree = cylinder(1000.0, 1.0, 1000)
        ends = 0, 999
    else:
        k = np.log2(np.arange(1, 1024)).astype(int)
        parent = (np.arange(1, 1024) // 2) - 1
        tree = joined(parent, 32 * 2 ** (-k / 3), 16 * 2 ** (-2 * k / 3))
        ends = 0, len(tree) - 1
    v = held(tree, 0, 0.1, 0.05, 250.0, ends, method, g=1 / 40, r_a=100.0, e_l=-65.0)[:, ::20] - 65
    scheme = "be" if method == EULER else "cn"
    assert abs(v - golden[f"{name}_V_{scheme}_dt0.05"]).max() < 1e-3
    assert (rallpack_error(v, golden[f"{name}_V_analytic"]) < bars).all()


def test_compartments_without_conductances_keep_their_voltage(cylinder):
    v = held(cylinder(LONG, WIDE, 3), 0, 0.0, 0.025, 5.0, (0, 2), g=0.0)
    np.testing.assert_allclose(v, 0, atol=1e-12)


FLAT = np.zeros(5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"sites": (0, 110)},
            "the node that sites have is 110, expected at least 0 and below 110",
        ),
        ({"sites": (12,)}, r"sites have node \d+, a branch point without an area"),
        ({"currents": {-1: FLAT}}, "the node that currents enter is -1, expected at least 0"),
        ({"currents": {0: FLAT, 1: FLAT[1:]}}, r"currents have \[4, 5\] samples"),
        ({"currents": {}}, r"currents have \[\] samples, expected at least one"),
        ({"currents": {0: [0, np.nan, 0]}}, "the current into node 0 has the value nan"),
        ({"dt": 0.0}, "dt is 0.0, expected a positive dt"),
        ({"method": "Heun"}, "method is 'Heun', expected backward Euler or Crank-Nicolson"),
    ],
)
def test_impossible_experiments(tree_a, change, message):
    branch = int(np.flatnonzero(tree_a.area == 0)[0])
    if change.get("sites") == (12,):
        change = {"sites": (branch,)}
    with pytest.raises(ValueError, match=message):
        Cable(tree_a, **{"currents": {0: FLAT}, "sites": (0,)} | change)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"R_a": 0.0}, "R_a is 0.0, expected positive"),
        ({"C_m": [1.0, 2.0]}, "C_m is .*, expected positive numbers: one"),
        ({"conductance": np.zeros((4, 7))}, r"conductance has shape .*, expected \(m, 4, 110\)"),
        ({"noise": np.zeros(7)}, r"noise has shape \(7,\), expected \(1, 4\)"),
    ],
)
def test_impossible_membranes(tree_a, arguments, message):
    cable = Cable(tree_a, {0: FLAT}, (0,))
    with pytest.raises(ValueError, match=message):
        cable.simulate(**{"conductance": passive(tree_a), "R_a": R_A} | arguments)


def test_ringing_is_told(cylinder):
    cable = Cable(cylinder(1000.0, 1.0, 1000), {0: FLAT}, (0,), 0.5, method=CRANK)
    with pytest.warns(UserWarning, match=r"rings for \S+ ms .* dt is 0\.5 ms and compartment"):
        cable.simulate(passive(cable.tree), 100.0)
