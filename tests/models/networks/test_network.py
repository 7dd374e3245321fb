"""Networks spike as a plain loop and independent simulators do; wiring and input are as stated."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import njit
from scipy.stats import chisquare, poisson

from mechfit.models import ConductanceNeurons, CurrentNeurons, DeltaNeurons, Network, Wiring
from mechfit.models.networks.counting import DIGITS, count_rows
from mechfit.models.networks.input import draw, poisson_table
from mechfit.models.networks.neurons import conductance_step, current_step, delta_step

GOLDEN = np.load(Path(__file__).parents[2] / "data" / "networks.npz")
KINDS = {"delta": DeltaNeurons(), "cuba": CurrentNeurons(rest=-60.0), "coba": ConductanceNeurons()}
STEPS = {"delta": lambda v, e, i, m, c: delta_step(v, m, c), "cuba": current_step}
STEPS["coba"] = conductance_step
PRECISIONS = "float64", "float32"


def golden(kind):
    """Weights, delays, start and drive of the stored networks."""
    drive = GOLDEN["det_mu"] if kind == "delta" else GOLDEN["det_drive_va"] - 60
    v = GOLDEN["det_v0_delta" if kind == "delta" else "det_v0_va"]
    weights = GOLDEN[f"det_weights_{kind}"]
    return abs(weights) if kind == "coba" else weights, GOLDEN["det_delay_steps"], v, drive


def drawn(kind, seed):
    """Another network of the same kind."""
    rng, (weights, _, v, drive) = np.random.default_rng(seed), golden(kind)
    delays = rng.integers(1, 31, (20, 20)) * (rng.random((20, 20)) < 0.3)
    sources = np.concatenate([rng.permutation(16), 16 + rng.permutation(4)])
    return weights[:, sources], delays, rng.permutation(v), rng.permutation(drive)


def loop(kind, weights, delays, v, drive, steps, excitatory=16):
    """Pairs of step and neuron of all spikes, by the order of the house in plain Python."""
    neurons, n, slots = KINDS[kind], len(v), delays.max() + 1
    c, v, g, refractory = neurons.constants(0.1), v.copy(), np.zeros((2, n)), np.zeros(n, int)
    ring, found, excites = np.zeros((slots, 2, n)), [], np.arange(n) < excitatory
    for k in range(steps):
        active = refractory == 0
        v = np.array(
            [
                STEPS[kind](*each, c) if a else each[0]
                for *each, a in zip(v, *g, drive, active, strict=True)
            ]
        )
        refractory = np.maximum(refractory - 1, 0)
        g = g * np.array([c[1:3]]).T + ring[k % slots]
        if kind == "delta":
            v += np.where(active, ring[k % slots].sum(0), 0)
        ring[k % slots] = 0
        for j in np.flatnonzero(active & (v >= neurons.threshold)):
            found.append((k + 1, j))
            v[j], refractory[j] = neurons.reset, round(neurons.t_ref / 0.1)
            for i in np.flatnonzero(delays[:, j]):
                ring[(k + delays[i, j]) % slots, 1 - excites[j], i] += weights[i, j]
    return found


def pairs(spikes):
    steps = np.rint(spikes.times / spikes.dt).astype(int)
    return list(zip(steps.tolist(), spikes.ids.tolist(), strict=True))


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_spike_of_the_stored_networks(kind, precision):
    weights, delays, v, drive = golden(kind)
    network = Network(KINDS[kind], Wiring.of_matrix(weights, delays, 16), precision=precision)
    found = pairs(network.spikes(v, 300.0, drive=drive))
    assert found == [(step, neuron) for neuron, step in GOLDEN[f"det_{kind}_spikes"].tolist()]
    if precision == "float64":
        assert [each for each in found if each[0] <= 1000] == loop(kind, *golden(kind), 1000)


@pytest.mark.parametrize("kind", KINDS)
def test_every_spike_of_another_network(kind):
    weights, delays, v, drive = drawn(kind, seed=2)
    expected = loop(kind, weights, delays, v, drive, 1000)
    assert len(expected) > 15
    for precision in PRECISIONS:
        network = Network(KINDS[kind], Wiring.of_matrix(weights, delays, 16), precision=precision)
        assert pairs(network.spikes(v, 100.0, drive=drive)) == expected


@pytest.mark.parametrize(("n", "p"), [(20, 0.3), (100, 0.07), (100, 0.04)])
@pytest.mark.parametrize("kind", KINDS)
def test_counted_and_listed_arrivals_are_weighted_ones(kind, n, p):
    wiring = Wiring.bernoulli(n * 4 // 5, n // 5, p, seed=1)
    assert bool(wiring.bits.size) == (p > 0.05)
    weights = {"delta": (1.5, -4.0), "cuba": (3.0, -9.0), "coba": (0.3, 2.0)}[kind]
    sources, (_, _, v, drive) = np.repeat(np.arange(n), np.diff(wiring.pointers)), golden(kind)
    v, drive = np.resize(v, n), np.resize(drive, n)
    matrix, delays = np.zeros((n, n)), np.zeros((n, n), int)
    matrix[wiring.targets, sources] = np.where(sources < n * 4 // 5, *weights)
    delays[wiring.targets, sources] = 7
    network = Network(KINDS[kind], wiring, weights, 0.7, precision="float64")
    found = pairs(network.spikes(v, 100.0, drive=drive))
    assert found == loop(kind, matrix, delays, v, drive, 1000, n * 4 // 5)
    assert len(found) > 15


@given(st.integers(0, 2**64 - 1), st.integers(3, 40), st.integers(2, 10), st.data())
def test_fixed_in_degree(seed, excitatory, inhibitory, data):
    degrees = data.draw(st.integers(0, excitatory - 1)), data.draw(st.integers(0, inhibitory - 1))
    wiring = Wiring.fixed_in_degree(excitatory, inhibitory, degrees, seed)
    n = len(wiring)
    sources = np.repeat(np.arange(n), np.diff(wiring.pointers))
    matrix = np.zeros((n, n), int)
    np.add.at(matrix, (wiring.targets, sources), 1)
    assert matrix.max(initial=0) <= 1
    assert not matrix.diagonal().any()
    assert (matrix[:, :excitatory].sum(1) == degrees[0]).all()
    assert (matrix[:, excitatory:].sum(1) == degrees[1]).all()


def test_wiring_is_uniform_and_keyed():
    wiring = Wiring.fixed_in_degree(400, 100, (40, 10), seed=1)
    out = np.diff(wiring.pointers)
    assert chisquare(out[:400]).pvalue > 1e-3
    other = Wiring.fixed_in_degree(400, 100, (40, 10), seed=1, number=1)
    assert (wiring.targets != other.targets).mean() > 0.9
    random = Wiring.bernoulli(800, 200, 0.08, seed=1)
    sources = np.repeat(np.arange(1000), np.diff(random.pointers))
    assert not (sources == random.targets).any()
    assert len(np.unique(sources * 1000 + random.targets)) == len(sources)
    expected, sd = 1000 * 999 * 0.08, (1000 * 999 * 0.08 * 0.92) ** 0.5
    assert abs(len(sources) - expected) < 4 * sd
    for degree in (np.diff(random.pointers), np.bincount(random.targets)):
        assert abs(degree.var() / (999 * 0.08 * 0.92) - 1) < 0.2
    assert random.targets.dtype == np.uint16


@pytest.mark.parametrize("mean", [0.05, 2.0, 30.0, 400.0])
def test_thresholds_of_the_input_are_those_of_poisson(mean):
    table = poisson_table(mean) / 2**16
    expected = poisson.cdf(np.arange(len(table)), mean)
    np.testing.assert_allclose(table, expected, atol=2**-33)
    assert len(poisson_table(0.0)) == 0


def test_input_is_poisson_and_keyed():
    @njit
    def fill(out, table, key):
        noise = np.empty(128, np.int16)
        for step in range(len(out)):
            draw(out[step], noise, step, table, key)

    for mean in (0.5, 2.0, 30.0):
        out = np.zeros((2000, 1024), np.int16)
        fill(out, poisson_table(mean), (np.uint32(1), np.uint32(2)))
        p = poisson.pmf(np.arange(120), mean) * out.size
        common = p > 20
        found = np.bincount(out.ravel(), minlength=120)[common]
        assert chisquare(found, p[common] * found.sum() / p[common].sum()).pvalue > 1e-3
        for totals in (out.sum(0), out.sum(1)):  # by neuron and by step: independent of each other
            spread = totals.var() / totals.mean()
            assert abs(spread - 1) < 4 * (2 / len(totals)) ** 0.5
        r = np.corrcoef(out[:, :64].T)[np.triu_indices(64, 1)]
        assert abs(r.std() * 2000**0.5 - 1) < 0.1
        later = np.corrcoef(out[1:].ravel(), out[:-1].ravel())[0, 1]
        assert abs(later) * out.size**0.5 < 4
    wiring = Wiring.fixed_in_degree(80, 20, (8, 2), seed=1)
    network = Network(DeltaNeurons(), wiring, (0.5, -2.0), input_rate=2e3)
    found = [network.spikes(0.0, 100.0, seed=1, number=i) for i in (0, 0, 1)]
    assert pairs(found[0]) == pairs(found[1]) != pairs(found[2])


@pytest.mark.parametrize(("n", "degrees"), [(300, (60, 20)), (1025, (164, 41))])
def test_rows_of_bits_count_as_lists_do(n, degrees):
    @njit
    def fill(counts, spikes, rows, digits):
        count_rows(counts, spikes, rows, digits)

    wiring = Wiring.fixed_in_degree(n * 4 // 5, n - n * 4 // 5, degrees, seed=1)
    rows, digits = wiring.bits, np.empty(DIGITS, np.uint64)
    for spiking in (0, 2, 4, 15, 16, 40, 200):
        spikes = np.arange(0, spiking, dtype=np.uint16)
        counts = np.zeros(rows.shape[1] * 64, np.int16)
        fill(counts, spikes, rows, digits)
        reached = wiring.targets[: wiring.pointers[spiking]]
        expected = np.bincount(reached, minlength=len(counts))
        np.testing.assert_array_equal(counts, expected)


def test_a_network_can_run_in_threads():
    wiring = Wiring.fixed_in_degree(160, 40, (40, 10), seed=1)
    network = Network(DeltaNeurons(), wiring, (0.5, -2.5), 1.5, input_rate=4000.0)
    alone = [pairs(network.spikes(0.0, 300.0, seed)) for seed in range(8)]
    with ThreadPoolExecutor(4) as pool:
        assert [pairs(s) for s in pool.map(partial(network.spikes, 0.0, 300.0), range(8))] == alone
    assert min(map(len, alone)) > 1000


def test_refractory_time_bounds_the_spikes():
    wiring = Wiring.fixed_in_degree(80, 20, (20, 5), seed=1)
    found = Network(DeltaNeurons(), wiring, (5.0, 0.0), input_rate=1e5).spikes(0.0, 100.0)
    assert len(found) <= 100 * (1 + 1000 // 21)
    assert found.runaway
    assert np.diff(found.times[found.ids == 3]).min() >= 2.1 - 1e-9


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Wiring.fixed_in_degree(80, 20, (80, 5), 1), "in-degree is 80 with 80 excitatory"),
        (lambda: Wiring.fixed_in_degree(80, 0, (8, 1), 1), "in-degree is 1 with 0 inhibitory"),
        (lambda: Wiring.bernoulli(80, 20, 1.5, 1), "p is 1.5"),
        (lambda: Wiring.of_matrix(np.eye(2), np.eye(3), 1), r"shapes \(2, 2\) and \(3, 3\)"),
        (lambda: Wiring.of_matrix(np.eye(2), -np.eye(2), 1), "delays hold -1 steps"),
        (lambda: Wiring.of_matrix(np.eye(2), np.eye(2) / 2, 1), "delays hold 0.5 steps"),
        (lambda: Wiring(1, np.array([0, 1, 2]), np.array([1, 2])), "a target is 2, expected less"),
        (lambda: Wiring(1, np.array([0, 2, 1]), np.array([1])), "pointers lead from 0 to 1 for 2"),
        (lambda: DeltaNeurons(tau=-1.0), "tau is -1.0"),
        (lambda: DeltaNeurons(reset=30.0), "less than the threshold of 20.0 mV"),
        (
            lambda: Network(DeltaNeurons(), SMALL, delay=0.04),
            "delay is 0.04 ms, expected at least",
        ),
        (
            lambda: Network(DeltaNeurons(), SMALL, delay=-1.0),
            "delay is -1.0 ms, expected at least",
        ),
        (lambda: Network(CurrentNeurons(tau_e=0.2), SMALL), "too coarse for tau_e of 0.2 ms"),
        (lambda: Network(DeltaNeurons(), SMALL, input_rate=-1.0), "input_rate is -1.0 Hz"),
        (lambda: Network(DeltaNeurons(), SMALL, precision="half"), "precision is 'half'"),
        (lambda: NETWORK.spikes(0.0, 1e9), "expected at most 1e\\+09"),
        (lambda: NETWORK.spikes(np.zeros(3), 1.0), r"v has shape \(3,\), expected \(20,\)"),
        (lambda: NETWORK.spikes(np.nan, 1.0), "v has shape .* finite"),
        (lambda: NETWORK.spikes(0.0, 1.0, seed=-1), "seed is -1"),
    ],
)
def test_bad_input_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


SMALL = Wiring.fixed_in_degree(16, 4, (4, 1), seed=1)
NETWORK = Network(DeltaNeurons(), SMALL)
