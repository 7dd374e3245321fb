"""The same spikes are found at any sampling interval."""

from pathlib import Path

import numpy as np
import pytest

from mechfit.models import HodgkinHuxley
from mechfit.summaries import Extended, spike_times, voltage_statistics

GOLDEN = np.load(Path(__file__).parents[1] / "data" / "hodgkin_huxley.npz")
REST, FALL = [-70.0] * 3, [20.0, 20.0, 10.0, 10.0, 0.0, 0.0, -9.0, -9.0, -40.0]


@pytest.mark.parametrize(
    ("voltage", "peaks"),
    [
        ([*REST, -40.0, 30.0, -20.0, *REST], [4 + 5 / 60]),  # the sample before is below -10 mV
        ([*REST, 30.0, *REST], [3]),
        ([*REST, 30.0, 30.0, *REST], [3.5]),
        ([*REST, -30.0, -10.5, -10.5, -30.0, *REST], [4.5]),  # the peak lies between samples
        ([*REST, 30.0, 30.0, 30.0, *REST], [4.5]),  # clipped: by its last two samples
        ([*REST, 30.0, *FALL, *REST], [3 + 45 / 110]),  # quantized
        ([*REST, 30.0, *np.repeat(FALL, 4), *REST], [3 + 45 / 110]),
        ([30.0, *FALL, *REST], []),  # begins depolarized
        ([30.0, *REST], []),
        ([*REST, 30.0], []),
        ([*REST, -10.0, -10.0, *REST], [3.5]),
        ([*REST, -20.0, -12.0, -12.0, -20.0, *REST], []),
        ([*REST, 0.0, -70.0, -70.0, 0.0, *REST], [3, 6]),
        ([*REST, 0.0, -60.0, 0.0, *REST], [3 + 5 / 130]),  # within 0.5 ms
        ([], []),
        ([0.0], []),
    ],
)
@pytest.mark.filterwarnings("ignore:a voltage rests")
def test_coarse_samples(voltage, peaks):
    times = spike_times(voltage, dt=0.2)
    np.testing.assert_allclose(times, 0.2 * (np.array(peaks) - 0.25), atol=1e-9)


@pytest.mark.parametrize("every", [1, 4, 10, 20, 40])
@pytest.mark.parametrize("first", [0, 3])
def test_sharp_spikes_at_every_sampling_interval(every, first):
    time, dt = np.arange(0, 200, 0.005)[first::every], 0.005 * every
    centers = 15 + 8.37 * np.arange(20)
    voltage = -65 + 100 * np.exp(-0.5 * ((time[:, None] - centers) / 0.15) ** 2).sum(1)
    found = spike_times(voltage, dt)
    assert len(found) == 20
    late = dt / 4 if dt > 0.025 else dt
    np.testing.assert_allclose(found + late + time[0], centers, atol=dt / 2 + 1e-9)


@pytest.mark.parametrize("dt", [0.05, 0.1, 0.2])
def test_noise_on_a_plateau_is_one_event(dt):
    fine = np.random.default_rng(1).normal(0, 0.01, 12_000)
    level = np.r_[np.full(5000, -65.0), np.zeros(4000), np.full(3000, -65.0)]
    every = round(dt / 0.01)
    assert (
        len(spike_times((level + fine)[::every], dt)) == len(spike_times(level + fine, 0.01)) == 1
    )


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_thinned_simulations_keep_their_spikes(seed):
    model = HodgkinHuxley(precision="float64")
    voltage = model.simulate(GOLDEN["prior_theta"], seed).voltage[:, 0]
    exact = Extended(())(voltage, 0.01, model.window)
    for every, share in ((2, 0.995), (5, 0.995), (10, 0.995), (20, 0.99)):
        x = Extended(())(voltage[:, ::every], 0.01 * every, model.window)
        same = x[:, 0] == exact[:, 0]
        assert same.mean() >= share
        assert abs(x[:, 0].mean() - exact[:, 0].mean()) < 0.02
        spiking = same & (exact[:, 0] > 0)
        error = abs(x - exact)[spiking]
        assert np.quantile(error[:, 7], 0.95) <= 0.1  # latency, in ms
        assert np.quantile(error[:, 8], 0.95) <= 0.05  # mean interval


def test_threshold():
    voltage = np.tile([-70.0, -50.0, -18.0, -50.0, -70.0, -70.0], 20)
    window = (3.0, 11.0)
    assert len(spike_times(voltage, 0.1)) == 0
    assert len(spike_times(voltage, 0.1, threshold=-30.0)) == 20
    low, high = (voltage_statistics(voltage, 0.1, window, t)[0] for t in (-30.0, -10.0))
    assert (low[0], high[0]) == (14, 0)
    np.testing.assert_array_equal(low[1:], high[1:])
    assert Extended()(voltage, 0.1, window, threshold=-30.0)[0, 0] == 14


@pytest.mark.parametrize("offset", [60.0, 80.0])
def test_a_voltage_that_rests_above_the_threshold_is_told_once(offset):
    voltage = np.tile(-65.0 + offset + np.random.default_rng(1).normal(0, 1, 1000), (4, 1))
    window = (20.0, 80.0)
    for call in (
        lambda: spike_times(voltage[0], 0.1),
        lambda: spike_times(voltage[0], 0.1, window),
        lambda: voltage_statistics(voltage, 0.1, window),
        lambda: Extended()(voltage, 0.1, window),
    ):
        with pytest.warns(UserWarning, match="a voltage rests at") as told:
            call()
        assert len(told) == 1
        assert told[0].filename == __file__
    voltage_statistics(voltage, 0.1, window, threshold=40.0)
