"""Statistics of the rhythm equal the authors' on their own voltages, and are right by hand."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechfit.models.pyloric.recorder import Events
from mechfit.models.pyloric.reference import Setting, circuit
from mechfit.summaries.bursts import bursts, crossings, plateau, smoothed, spike_samples
from mechfit.summaries.triphasic import TRIPHASIC, rhythm_of, why_undefined

GOLDEN = np.load(Path(__file__).parents[1] / "data" / "pyloric.npz")
NAMES = list(GOLDEN["names"])
DT, BURN_IN, SAMPLES = 0.025, 40_000, 440_000


def simulated(theta, noise, **settings):
    """Voltages (3, time) after the burn-in."""
    return circuit(Setting.of(theta, DT, **settings), noise.T)[0][:, BURN_IN:]


def rhythm(voltage, dt, threshold=50.0):
    """Statistics (19,) of voltages (3, time)."""
    events = Events.of(voltage, dt)
    return rhythm_of(events.spikes, events.crossings, dt, threshold)


def some(cases):
    """Every third case; the others are slow."""
    return [pytest.param(*c, marks=[pytest.mark.slow] * (i % 3 > 0)) for i, c in enumerate(cases)]


@pytest.mark.parametrize(("row", "noisy"), some(product(range(len(NAMES)), [False, True])))
def test_statistics_of_the_golden_sets(row, noisy):
    noise = np.zeros((3, SAMPLES))
    if noisy:
        noise = np.random.RandomState(0).normal(scale=0.001, size=(3, SAMPLES))
    x = rhythm(simulated(GOLDEN["theta"][row], noise), DT)
    key = "stats_paper19_noise_seed0" if noisy else "stats_paper19"
    np.testing.assert_allclose(x, GOLDEN[key][row], rtol=1e-9)


@pytest.mark.parametrize(("row", "kelvin"), some(product(range(2), range(2))))
def test_statistics_of_warm_circuits(kelvin, row):
    theta = GOLDEN["theta"][NAMES.index(GOLDEN["temperature_sets"][row])]
    warm = {"kelvin": float(GOLDEN["temperature_K"][kelvin])}
    x = rhythm(simulated(theta, np.zeros((3, SAMPLES)), **warm), DT)
    np.testing.assert_allclose(x, GOLDEN["temperature_stats_paper19"][kelvin, row], rtol=1e-9)


def rhythmic(shift=0.0, cycles=6):
    """Voltages (3, time) of neurons that burst in turn, six spikes of 2 ms in 100 ms each."""
    time = np.arange(0, 1000 * cycles, DT)
    v = np.full((3, len(time)), -60.0)
    for j, start in enumerate((50.0, 400.0 + shift, 700.0)):
        for cycle in range(cycles):
            for k in range(6):
                at = 1000 * cycle + start + 20 * k
                v[j] += 80 * np.exp(-(((time - at) / 1.0) ** 2))
    return v


def test_a_rhythm_made_by_hand():
    x = dict(zip(TRIPHASIC, rhythm(rhythmic(), DT), strict=True))
    assert x["cycle_period"] == pytest.approx(1000, abs=0.1)
    for name in ("AB/PD", "LP", "PY"):
        assert x[f"burst_duration_{name}"] == pytest.approx(100, abs=0.1)
        assert x[f"duty_cycle_{name}"] == pytest.approx(0.1, abs=1e-4)
        assert x[f"plateau_{name}"] == 2.5  # too short to count
    assert x["start_to_start_AB/PD-LP"] == pytest.approx(350, abs=0.1)
    assert x["end_to_start_AB/PD-LP"] == pytest.approx(250, abs=0.1)
    assert x["end_to_start_LP-PY"] == pytest.approx(200, abs=0.1)
    assert x["phase_PY"] == pytest.approx(0.65, abs=1e-3)
    assert x["pyloric_like"] == 1
    assert why_undefined(np.array(list(x.values()))) == ""


def test_another_order_is_triphasic_and_not_pyloric():
    x = dict(zip(TRIPHASIC, rhythm(rhythmic(shift=450.0), DT), strict=True))
    assert np.isfinite(list(x.values())).all()
    assert x["end_to_start_LP-PY"] < 0
    assert x["pyloric_like"] == 0


def test_reasons():
    v = rhythmic()
    for silent in range(3):
        quiet = v.copy()
        quiet[silent] = -60.0
        assert why_undefined(rhythm(quiet, DT)) == f"{('AB/PD', 'LP', 'PY')[silent]}: no burst"
    assert why_undefined(rhythm(rhythmic(cycles=1), DT)) == "AB/PD: a single burst"
    twice = v + np.roll(v, 12_000, 1) + 60.0
    twice[[0, 2]] = v[[0, 2]]
    assert why_undefined(rhythm(twice, DT)) == "not triphasic"


def delay(found):
    """Milliseconds from the end of AB/PD to LP."""
    spikes = [np.unique(np.concatenate([b[:, 0], b.mean(1).astype(int), b[:, 1]])) for b in found]
    return rhythm_of(spikes, [np.empty(0, int)] * 3, 1.0, 50.0)[4]


def test_one_bad_period_of_eleven_is_forgiven():
    starts = np.arange(12) * 1000
    found = [np.stack([starts + o, starts + o + 90], 1) for o in (0, 300, 600)]
    assert delay(found) == pytest.approx(210.0)
    found[1][5] += 11
    assert delay(found) == pytest.approx(211.0)
    assert delay([found[0], np.delete(found[1], 4, 0), found[2]]) == pytest.approx(211.1)
    assert np.isnan(delay([found[0], np.delete(found[1], [4, 7], 0), found[2]]))


@given(st.lists(st.integers(1, 400), min_size=1, max_size=40))
def test_bursts_partition_the_spikes(gaps):
    spikes = np.cumsum(gaps)
    found = bursts(spikes, 1.0, -1.0)  # keeps all
    assert found[0, 0] == spikes[0]
    assert found[-1, 1] == spikes[-1]
    assert (found[1:, 0] - found[:-1, 1] >= 150).all()
    inside = sum(((spikes >= a) & (spikes <= b)).sum() for a, b in found)
    assert inside == len(spikes)


@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_the_longest_run_is_one_that_ends(up):
    v = np.repeat(np.where(up, -20.0, -60.0), 10)
    text = "".join("1" if u else "0" for u in up)
    expected = max((len(run) for run in text.rstrip("1").split("0")), default=0)
    found = np.array([[0, 5]])
    mean = plateau(crossings(v), crossings(v).size, found, 1, len(v))
    assert mean == (10 * expected if 10 * expected >= 200 else 100)


def test_plateaus_are_measured_from_burst_to_burst():
    v = np.full(4000, -60.0)
    v[500:1500], v[2500:2800] = -20.0, -20.0
    found = np.array([[400, 450], [2400, 2450]])
    assert plateau(crossings(v), crossings(v).size, found, 2, 3990) == (1000 + 300) / 2


def test_crossings_begin_with_a_rise():
    v = np.array([-20.0, -20.0, -60.0, -20.0])
    assert crossings(v).tolist() == [0, 2, 3]


def test_spikes_are_timed_one_sample_early():
    v = smoothed(rhythmic(cycles=1), DT)
    spikes = spike_samples(v[0])
    assert len(spikes) == 6
    assert all(v[0, s + 1] == v[0, s - 40 : s + 42].max() for s in spikes)
