"""The model of a tree: stored draws, single precision beside double, keys, and what it refuses."""

import numpy as np
import pytest

from mechfit import simulate
from mechfit.models import Cable, Compartments, Protocol, Tree, step_current

EULER, CRANK = "backward Euler", "Crank-Nicolson"


@pytest.fixture(scope="module")
def sites(golden):
    return golden["tree_a_sites"].tolist()


@pytest.fixture(scope="module")
def make(tree_a, sites):
    return lambda **how: Compartments(tree_a, sites, **how)


def voltages(golden, make, rows, kind, **how):
    """Voltages (rows, 3, time) of the stored cases of one stimulus."""
    nodes = golden["tree_a_sites"].tolist()
    second = {"test_node": nodes[1], "drive_node": nodes[2], "drive": 0.4} if kind else {}
    model = make(protocol=Protocol(**second), sigma=0.0, **how)
    return model.simulate(golden["tree_a_theta"][rows], seed=1).voltage


@pytest.mark.parametrize("dt", [0.025, pytest.param(0.00625, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", [0, 1])
def test_stored_voltages_of_neuron(golden, make, dt, kind):
    rows = golden["tree_a_stimulus_kind"] == kind
    v = voltages(golden, make, rows, kind, dt=dt)[:, :, :: round(0.1 / dt)]
    assert abs(v - golden[f"tree_a_V_be_dt{dt}"][rows]).max() < 5e-4


def test_stored_voltages_of_both_schemes(golden, make):
    for method, name in ((EULER, "be_dt0.025_float64"), (CRANK, "cn_dt0.025")):
        v = voltages(golden, make, [0], 0, method=method)[0, :, ::4]
        assert abs(v - golden[f"tree_a_V0_{name}"]).max() < 5e-4


def test_stored_voltages_of_jaxley(golden, tree_a, sites):
    """There half the resistance of the soma lies before all trunks."""
    rows = {n: getattr(tree_a, n) for n in ("distance", "section", "loc", "kind")}
    rows = {n: np.insert(values, 1, values[0]) for n, values in rows.items()}
    parent = np.where(tree_a.parent > 0, tree_a.parent + 1, 1)
    half = 1 / (np.pi * np.sqrt(tree_a.area[0] / 4 / np.pi))
    tree = Tree(
        np.r_[-1, 0, parent[1:]],
        np.insert(tree_a.area, 1, 0),
        np.r_[0, half, tree_a.rho[1:]],
        **rows,
    )
    sites = [node + (node > 0) for node in sites]
    for kind in (0, 1):
        second = {"test_node": sites[1], "drive_node": sites[2], "drive": 0.4} if kind else {}
        model = Compartments(tree, sites, Protocol(**second), sigma=0.0)
        chosen = golden["tree_a_stimulus_kind"] == kind
        v = model.simulate(golden["tree_a_theta"][chosen], seed=1).voltage[:, :, ::4]
        assert abs(v - golden["tree_a_V_jaxley_dt0.025"][chosen]).max() < 1e-5


@pytest.mark.slow
def test_stored_statistics(golden, make):
    theta, stored = golden["tree_a_prior_theta"], golden["tree_a_prior_statistics"]
    reference = make(precision="float64", sigma=0.0)
    assert reference.prior.names == tuple(golden["parameter_names"])
    np.testing.assert_array_equal(reference.prior.limits(0.0).T[0], golden["prior_lower"])
    np.testing.assert_array_equal(reference.prior.limits(0.0).T[1], golden["prior_upper"])
    assert reference.statistic_names == tuple(golden["statistic_names"])
    x = reference.statistics(theta, seed=1)
    np.testing.assert_array_equal(x[:, 5:8], stored[:, 5:8])
    np.testing.assert_allclose(x, stored, atol=1e-4, rtol=1e-6)


def agree(x, y):
    """Whether rows of statistics agree as far as single precision can."""
    bars = np.full(16, 0.01)
    bars[[1, 2, 3]] = 0.1, 1e-3, 1e-3
    bars[[4, 8, 9, 10]] = 0.051
    return (x[:, 5:8] == y[:, 5:8]).all(1), (abs(x - y) <= bars).all(1)


def test_single_precision_on_stored_draws(golden, make):
    x = make(sigma=0.0).statistics(golden["tree_a_prior_theta"], seed=1)
    counts, all_of_them = agree(x, golden["tree_a_prior_statistics"])
    assert counts.mean() >= 0.99
    assert all_of_them.mean() >= 0.97


def test_single_precision_with_noise(make):
    fast, reference = make(), make(precision="float64")
    theta = fast.prior.sample(64, seed=2)
    x, y = (model.statistics(theta, seed=3, first=5) for model in (fast, reference))
    counts, all_of_them = agree(x, y)
    assert counts.mean() >= 0.97
    assert all_of_them.mean() >= 0.9
    traces = reference.simulate(theta[:4], seed=3, first=5)
    np.testing.assert_allclose(reference.summarize(traces), y[:4], rtol=1e-9)


def test_simulations_depend_on_their_key_alone(make):
    model = make()
    theta = model.prior.sample(35, seed=1)
    x = model.statistics(theta, seed=2)
    assert np.isfinite(x).all()
    np.testing.assert_array_equal(model.statistics(theta[19:], seed=2, first=19), x[19:])
    np.testing.assert_array_equal(simulate(model, theta=theta, seed=2).x, x)
    assert (model.statistics(theta, seed=3) != x).any(1).all()


def test_traces_at_any_sites(make, sites):
    model = make()
    theta, nodes = model.prior.sample(2, seed=1), [50, *sites]
    v = model.simulate(theta, seed=1).voltage
    more = model.simulate(theta, seed=1, sites=nodes).voltage
    assert more.shape == (2, 4, 6001)
    np.testing.assert_array_equal(more[:, 1:], v)
    noise = np.zeros((2, 6000))
    quiet = model.simulate(theta, seed=1, noise=noise).voltage
    np.testing.assert_array_equal(quiet, make(sigma=0.0).simulate(theta, seed=9).voltage)


def test_noise_has_its_size(cylinder):
    """A passive sphere under white noise: a stationary spread of sigma sqrt(tau / 2) / C."""
    tree, steps = cylinder(20.0, 20.0, 1), 40_001
    model = Compartments(tree, (0, 0, 0), Protocol(duration=1000.0), sigma=0.001)
    theta = np.tile([0, 0, 0, 0, 0, 0, 0.1, 150.0], (16, 1))
    v = model.simulate(theta, seed=1).voltage[:, 0, 20_000:]
    assert model.time.size == steps
    exact = 0.001 * np.sqrt(10 / 2) / (1e-5 * 400 * np.pi)
    np.testing.assert_allclose(v.std(), exact, rtol=0.05)


def test_capacitance_and_shunt(make, tree_a):
    free = make(known={}, sigma=0.0, precision="float64")
    assert free.prior.names[8:] == ("C_m", "shunt")
    assert len(make(known={"R_a": 150.0, "C_m": 1.0, "shunt": 0.0}).prior) == 7
    x = free.statistics(free.truth, seed=1)
    fixed = make(sigma=0.0, precision="float64")
    np.testing.assert_array_equal(x, fixed.statistics(fixed.truth, seed=1))
    # without channels, three times of everything is a third of the voltage at once
    passive = np.array([0, 0, 0, 0, 0, 0, 0.1, 150.0, 1.0, 0.0])
    thrice = passive * [1, 1, 1, 1, 1, 1, 3, 1 / 3, 3, 1]
    one, third = free.simulate([passive, thrice], seed=1).voltage + 70
    np.testing.assert_allclose(third, one / 3, atol=1e-9)
    shunted = passive + np.eye(10)[9]
    density = free.conductance([passive, shunted])[:, 3]
    assert density[1, 0] == pytest.approx(1.1)
    np.testing.assert_array_equal(density[0, 1:], density[1, 1:])


def test_scaled_diameters_are_absorbed(tree_a, sites):
    """Dendrites c times as thick: R_a c², densities and C_m 1/c give the same voltages."""
    c, d = 1.2, tree_a.area.copy()
    rows = {n: getattr(tree_a, n) for n in ("parent", "distance", "section", "loc", "kind")}
    d[1:] *= c
    thick = Tree(area=d, rho=np.r_[0, tree_a.rho[1:] / c**2], **rows)
    current = {0: step_current(0.3, 40.0, 0.025, (10.0, 40.0))}
    density = Compartments(tree_a, sites).conductance([50, 5, 20, -0.2, 3, 0.07, 0.1, 150.0])[0]
    scaled = density / np.where(np.arange(len(tree_a)) > 0, c, 1.0)
    v = Cable(tree_a, current, sites).simulate(density, 150.0)
    # the soma keeps its size: its capacitance alone changes
    c_m = Cable(thick, current, sites).simulate(scaled, 150.0 * c**2, 1 / c)
    grown = tree_a.area[0] * c
    soma = Tree(area=np.r_[grown, d[1:]], rho=thick.rho, **rows)
    scaled[:, 0] = density[:, 0] / c
    same = Cable(soma, current, sites).simulate(scaled, 150.0 * c**2, 1 / c)
    np.testing.assert_allclose(same.voltage, v.voltage, atol=1e-6)
    assert abs(c_m.voltage - v.voltage).max() > 0.01


def test_lines_of_the_tree_in_another_order(tree_a, sites, make):
    """Sections visited in another order are the same neuron."""
    rng = np.random.default_rng(1)
    order, left = [0], list(range(1, len(tree_a)))
    while left:
        ready = [i for i in left if tree_a.parent[i] in order]
        order.append(ready[rng.integers(len(ready))])
        left.remove(order[-1])
    place = np.argsort(order)
    names = ("area", "rho", "distance", "section", "loc", "kind")
    rows = {n: getattr(tree_a, n)[order] for n in names}
    parent = np.where(tree_a.parent[order] < 0, -1, place[tree_a.parent[order]])
    other = Compartments(Tree(parent, **rows), place[sites].tolist(), sigma=0.0)
    theta = other.truth
    v, w = (model.simulate(theta, seed=1).voltage for model in (other, make(sigma=0.0)))
    np.testing.assert_allclose(v, w, atol=1e-7)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"sites": (0, 16)}, r"sites is \(0, 16\), expected the nodes of soma, trunk and tuft"),
        ({"sites": (0, 16, 200)}, "the node that sites have is 200"),
        ({"precision": "half"}, "precision is 'half'"),
        ({"sigma": -1.0}, "sigma is -1.0 nA"),
        ({"known": {"g_Ca": 1.0}}, "known names .*g_Ca"),
        ({"known": {"C_m": -1.0}}, "C_m is -1.0"),
    ],
)
def test_impossible_models(tree_a, sites, how, message):
    with pytest.raises(ValueError, match=message):
        Compartments(**{"tree": tree_a, "sites": sites} | how)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"test": 0.0}, "test is 0 nA"),
        ({"test_window": (2.0, 50.0)}, r"test_window is \(2.0, 50.0\)"),
        ({"window": (40.0, 140.0)}, "the drive after it"),
        ({"duration": 100.0}, "duration 100 ms"),
    ],
)
def test_impossible_protocols(how, message):
    with pytest.raises(ValueError, match=message):
        Protocol(**how)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        (0, -1.0, "g_Na_soma is -1.0 in row 1"),
        (3, np.nan, "kappa_Na is nan in row 1"),
        (7, 0.0, "R_a is 0.0 in row 1; expected .* above 0"),
    ],
)
def test_impossible_parameters(make, column, value, message):
    model = make()
    theta = np.tile(model.truth, (2, 1))
    theta[1, column] = value
    with pytest.raises(ValueError, match=message):
        model.statistics(theta, seed=1)
    with pytest.raises(ValueError, match=message):
        model.simulate(theta, seed=1)
