"""The integration takes short steps, whatever the sampling interval of current and traces."""

from dataclasses import replace

import numpy as np
import pytest

from mechfit.models import AnyStep, HodgkinHuxley, Recording, Traces
from mechfit.summaries import Extended, voltage_statistics

FINE = HodgkinHuxley(precision="float64")
FAST_SPIKING = np.array([[48.36, 12.69, 0.488, 0.588, 717.0, 89.2, 0.0, 44.65]])
THETA = FINE.prior.sample(200, seed=9)


def recorded(every, theta=FAST_SPIKING, seed=1):
    """A simulation at 0.01 ms of which every so-many-th sample was recorded."""
    trace = FINE.simulate(theta, seed)
    thinned = Traces(trace.voltage[:, :, ::every], trace.time[::every])
    return Recording(1, thinned, FINE.current[::every], FINE.window)


@pytest.mark.parametrize("every", [1, 2, 5, 10, 20])
def test_the_model_of_a_recording_spikes_as_it_does(every):
    recording = recorded(every)
    cell = recording.cell("fast-spiking")
    assert cell.x[0] == 32
    for model in (recording.model(), cell.model()):
        assert model.dt == pytest.approx(0.01 * every)
        assert model.step <= 0.025
        x = model.statistics(FAST_SPIKING, seed=1)[0]
        assert x[0] == 32
        np.testing.assert_allclose(x, cell.x, rtol=1e-4 if every != 2 else 0.02)


@pytest.mark.parametrize("every", [5, 10, 20])
def test_few_samples_are_those_of_the_fine_trace(every):
    coarse = HodgkinHuxley(0.01 * every, precision="float64")
    assert (coarse.every, coarse.step) == (every, pytest.approx(0.01, rel=1e-12))
    held = np.repeat(coarse.current, every)[: FINE.current.size]
    fine = HodgkinHuxley(current=held, precision="float64")
    theta = THETA[:8]
    voltage = fine.simulate(theta, 3, first=5).voltage[:, :, ::every]
    traces = coarse.simulate(theta, 3, first=5)
    np.testing.assert_allclose(traces.voltage, voltage, atol=1e-6)
    np.testing.assert_allclose(traces.time, fine.time[::every], atol=1e-9)
    np.testing.assert_array_equal(
        coarse.statistics(theta, 3, first=5),
        voltage_statistics(traces.voltage[:, 0], coarse.dt, coarse.window),
    )


@pytest.mark.parametrize("extended", [None, Extended()])
def test_lanes_give_the_statistics_of_the_reference(extended):
    pair = [HodgkinHuxley(0.1, precision=p, extended=extended) for p in ("float32", "float64")]
    fast, slow = (model.statistics(THETA, seed=2) for model in pair)
    error = abs(fast - slow)
    assert (error[:, 0] == 0).mean() >= 0.98
    assert ((error / np.nanstd(slow, 0) < 1e-3).mean(0) >= 0.97).all()
    np.testing.assert_array_equal(pair[0].statistics(THETA[40:], 2, first=40), fast[40:])


def test_counts_hardly_depend_on_the_sampling_interval():
    counts = [HodgkinHuxley(dt).statistics(THETA, 1)[:, 0] for dt in (0.01, 0.02, 0.05, 0.1, 0.2)]
    # each run has other noise; a neuron's count varies by 0.5, the mean of 200 by 0.04
    assert np.ptp(np.mean(counts, 1)) < 0.15
    assert (np.array(counts[1:]) == counts[0]).mean() > 0.85


def test_noise_moves_the_voltage_as_much_in_short_steps():
    theta = np.tile([0.0, 0.0, 0.05, 0.0, 100.0, 60.0, 0.5, 70.0], (400, 1))
    spread = []
    for dt, step in ((0.01, 0.01), (0.1, 0.01), (0.1, 0.025), (0.5, 0.02)):
        model = HodgkinHuxley(dt, np.zeros(round(30 / dt) + 1), window=(10.0, 20.0), step=step)
        spread.append(model.simulate(theta, 1).voltage[:, 0, -1].std())
    exact = 0.5 * np.sqrt((1 - np.exp(-2 * 0.05 * 30)) / (2 * 0.05))
    np.testing.assert_allclose(spread, exact, rtol=0.12)


def test_a_long_step_is_told():
    with pytest.warns(
        UserWarning, match=r"the integration step is 0\.1 ms, expected at most"
    ) as told:
        long = HodgkinHuxley(0.1, step=0.1)
    assert told[0].filename == __file__
    assert (
        long.statistics(THETA, 1)[:, 0].mean()
        < HodgkinHuxley(0.1).statistics(THETA, 1)[:, 0].mean()
    )
    for dt, step, every in (
        (0.01, None, 1),
        (0.025, None, 1),
        (0.026, None, 3),
        (0.1, 0.025, 4),
        (0.01, 0.004, 3),
    ):
        assert HodgkinHuxley(dt, step=step).every == every


def test_the_threshold_of_a_cell_is_that_of_its_model():
    theta = FAST_SPIKING.copy()
    recording = replace(recorded(10), threshold=25.0)
    low = recorded(10).cell("a").x[0]
    cell = recording.cell("a")
    assert (cell.threshold, recording.model().threshold, cell.model().threshold) == (25.0,) * 3
    assert cell.x[0] == 0 < low
    for precision in ("float32", "float64"):
        model = HodgkinHuxley(0.1, threshold=25.0, precision=precision)
        assert model.statistics(theta, 1)[0, 0] == cell.x[0]
    other = replace(cell, current=2 * cell.current, v_init=-60.0)
    assert AnyStep([cell, other]).under(2.0, -65.0).threshold == 25.0
    with pytest.raises(ValueError, match="thresholds"):
        AnyStep([cell, replace(other, threshold=-10.0)])


def test_traces_of_another_sampling_interval_are_refused():
    with pytest.raises(
        ValueError, match=r"traces have a sample every \[0\.1\] ms, expected 0\.01 ms"
    ):
        FINE.summarize(HodgkinHuxley(0.1).simulate(FAST_SPIKING, 1))


def test_given_noise_has_a_number_for_each_step():
    coarse = HodgkinHuxley(0.1, duration=30.0, window=(5.0, 25.0))
    trace = coarse.simulate(THETA[:2], 1, noise=np.zeros((2, 3001)))
    assert trace.voltage.shape == (2, 1, 301)
    with pytest.raises(ValueError, match=r"noise has shape \(2, 301\), expected \(2, 3001\)"):
        coarse.simulate(THETA[:2], 1, noise=np.zeros((2, 301)))


@pytest.mark.slow
def test_longer_steps_change_more_counts():
    theta = FINE.prior.sample(1000, seed=5)
    theta[:, 6] = 0
    exact = HodgkinHuxley(0.0025).statistics(theta, 1)[:, 0]
    changed = {}
    for step in (0.01, 0.025, 0.05, 0.1):
        model = HodgkinHuxley(0.1, step=step) if step < 0.03 else None
        if model is None:
            with pytest.warns(UserWarning, match="integration step"):
                model = HodgkinHuxley(0.1, step=step)
        changed[step] = (model.statistics(theta, 1)[:, 0] != exact).mean()
    assert changed[0.01] < 0.005
    assert changed[0.025] < 0.01
    assert changed[0.05] > 0.01
    assert changed[0.1] > 0.05
