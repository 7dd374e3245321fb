"""Inputs of any kind give the same statistics, or an error that names the argument."""

import numpy as np
import pandas as pd
import pytest

from mechfit.models import Averaged, HodgkinHuxley, Pyloric
from mechfit.summaries import (
    Extended,
    bootstrap_interval,
    burst_times,
    correlation_ratio,
    density,
    features,
    moments,
    spike_times,
    thin,
    thin_together,
    voltage_statistics,
    why_undefined,
)

WINDOW = (20.0, 80.0)
# quarters of mV are exact in single precision
VOLTAGE = np.round(4 * np.random.default_rng(1).normal(-65, 3, 1000)) / 4
VOLTAGE[[250, 400, 401, 555, 700]] = 30.0
TIME = 0.1 * np.arange(1000)
CURRENT = np.where((TIME > 20) & (TIME < 80), 3.5, 0.0)


def times(v):
    return TIME if v is None else TIME[: len(v)]


FUNCTIONS = {
    "spike_times": lambda v: spike_times(v, 0.1),
    "voltage_statistics": lambda v: voltage_statistics(v, 0.1, WINDOW),
    "extended": lambda v: Extended(roughness=True)(v, 0.1, WINDOW),
    "moments": moments,
    "thin": lambda v: thin(times(v), v, 50)[1],
    "thin_together": lambda v: thin_together(times(v), v, 50)[1],
    "burst_times": lambda v: burst_times(np.ma.atleast_2d(v) if np.ma.isMA(v) else [v], 0.1)[0],
    "correlation_ratio": lambda v: correlation_ratio(v, times(v)),
    "bootstrap_interval": lambda v: bootstrap_interval(
        np.mean, v, rng=np.random.default_rng(1), resamples=20
    ),
    "current": lambda v: HodgkinHuxley(0.1, v, window=WINDOW).current,
}
KINDS = {
    "list": list,
    "tuple": tuple,
    "float32": lambda v: v.astype(np.float32),
    "big-endian": lambda v: v.astype(">f8"),
    "strided": lambda v: np.repeat(v, 3)[::3],
    "reversed": lambda v: v[::-1].copy()[::-1],
    "pandas": lambda v: pd.Series(v, index=np.arange(len(v)) + 7),
    "masked": lambda v: np.ma.masked_array(v, np.zeros(len(v), bool)),
    "object": lambda v: v.astype(object),
}


def read_only(v):
    v = v.copy()
    v.flags.writeable = False
    return v


@pytest.mark.parametrize("kind", [*KINDS, "read-only"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_kinds_of_numbers(name, kind):
    given = {**KINDS, "read-only": read_only}[kind](VOLTAGE)
    np.testing.assert_array_equal(FUNCTIONS[name](given), FUNCTIONS[name](VOLTAGE))


def spoiled(value):
    v = VOLTAGE.copy()
    v[300] = value
    return v


BAD = {
    "none": None,
    "text": ["a"] * 1000,
    "complex": VOLTAGE + 0j,
    "ragged": [[1.0], [1.0, 2.0]],
    "cube": np.zeros((2, 3, 1000)),
    "empty": np.empty(0),
    "one": np.array([-65.0]),
    "nan": spoiled(np.nan),
    "masked": np.ma.masked_array(VOLTAGE, np.arange(1000) == 300),
    "inf": spoiled(np.inf),
    "huge": spoiled(1e308),
}
NAMES = {"correlation_ratio": "y", "bootstrap_interval": "samples", "current": "current|window"}
RIGHT = {  # what is no error: nothing to find, or nothing to complain about
    ("spike_times", "empty"): lambda x: len(x) == 0,
    ("spike_times", "one"): lambda x: len(x) == 0,
    ("spike_times", "huge"): lambda x: len(x) == 5,
    ("moments", "one"): lambda x: x[:2] == (-65.0, 0.0) and np.isnan(x[2:]).all(),
    ("thin", "huge"): lambda x: x.max() == 1e308,
    ("thin_together", "huge"): lambda x: x.max() == 1e308,
    ("bootstrap_interval", "one"): lambda x: x == (-65.0, -65.0),
    ("bootstrap_interval", "cube"): lambda x: x == (0.0, 0.0),
    ("burst_times", "huge"): lambda x: x.shape[1] == 2,
    ("current", "none"): lambda x: x.max() == pytest.approx(3.248060063),
    ("current", "huge"): lambda x: x.max() == 1e308,
    **{
        (name, bad): lambda x: np.isnan(x).all()
        for name in ("voltage_statistics", "extended")
        for bad in ("nan", "masked", "inf", "huge")
    },
}


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_is_no_voltage_is_refused_by_name(name, bad):
    if (name, bad) == ("bootstrap_interval", "huge"):
        pytest.skip("the mean itself overflows")
    if (name, bad) in RIGHT:
        assert RIGHT[name, bad](FUNCTIONS[name](BAD[bad]))
        return
    with pytest.raises((ValueError, TypeError), match=NAMES.get(name, "voltage|window|time")):
        FUNCTIONS[name](BAD[bad])


@pytest.mark.parametrize("dt", [0.0, -0.1, np.nan, np.inf, "0.1 ms", None, [0.1, 0.2], 0.1 + 0j])
@pytest.mark.parametrize(
    "call",
    [
        lambda dt: spike_times(VOLTAGE, dt),
        lambda dt: voltage_statistics(VOLTAGE, dt, WINDOW),
        lambda dt: Extended()(VOLTAGE, dt, WINDOW),
        lambda dt: burst_times([VOLTAGE], dt),
        lambda dt: HodgkinHuxley(dt),
        lambda dt: HodgkinHuxley(dt, CURRENT, window=WINDOW),
        lambda dt: Pyloric(dt=dt),
    ],
)
def test_sampling_intervals(call, dt):
    with pytest.raises((ValueError, TypeError), match="dt is"):
        call(dt)


@pytest.mark.parametrize("dt", [np.float64(0.1), np.float32(0.1), np.array(0.1)])
def test_numbers_of_numpy(dt):
    assert len(spike_times(VOLTAGE, dt)) == 4
    assert HodgkinHuxley(dt, CURRENT, window=WINDOW).every == 10
    assert HodgkinHuxley(np.int64(1), np.zeros(1000), window=WINDOW).step == pytest.approx(0.01)


@pytest.mark.parametrize(
    "window", [(80.0, 20.0), (20.0, 20.0), (np.nan, 80.0), (20.0,), 20.0, None, "ab", (1, 2, 3)]
)
def test_windows(window):
    for call in (
        lambda: spike_times(VOLTAGE, 0.1, window),
        lambda: voltage_statistics(VOLTAGE, 0.1, window),
        lambda: Extended()(VOLTAGE, 0.1, window),
        lambda: HodgkinHuxley(window=window),
    ):
        with pytest.raises((ValueError, TypeError), match="window"):
            call()


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: spike_times(VOLTAGE, 0.1, threshold=np.nan), "threshold"),
        (lambda: voltage_statistics(VOLTAGE, 0.1, WINDOW, "-10"), "threshold"),
        (lambda: HodgkinHuxley(threshold=None), "threshold"),
        (lambda: HodgkinHuxley(step=0.0), "step"),
        (lambda: HodgkinHuxley(step="fine"), "step"),
        (lambda: HodgkinHuxley(v_init=np.inf), "v_init"),
        (lambda: HodgkinHuxley(duration=None), "duration"),
        (lambda: HodgkinHuxley(duration=np.nan), "duration"),
        (lambda: HodgkinHuxley(current=np.zeros((2, 500))), "current"),
        (lambda: HodgkinHuxley(extended=5), "extended"),
        (lambda: Extended(lags=2.0), "lags"),
        (lambda: Extended(lags=["a"]), "lags"),
        (lambda: Pyloric(duration=np.inf), "duration"),
        (lambda: Pyloric(burn_in="1 s"), "burn_in"),
        (lambda: Pyloric(noise_std=-1.0), "noise_std"),
        (lambda: Pyloric(temperature=[283]), "temperature"),
        (lambda: Pyloric(patience="long"), "patience"),
        (lambda: Pyloric(burst_threshold=np.nan), "burst_threshold"),
        (lambda: Pyloric(dt=0.2), "dt is 0.2 ms, expected at most 0.125 ms"),
        (lambda: burst_times([VOLTAGE], 0.1, threshold=np.nan), "threshold"),
        (lambda: burst_times([VOLTAGE], 0.2), "dt is 0.2 ms"),
        (lambda: Averaged(HodgkinHuxley(), 2.5), "every"),
        (lambda: correlation_ratio(VOLTAGE, spoiled(np.nan)), "x has"),
        (lambda: correlation_ratio(np.ones(9), np.arange(9)), "y has"),
        (lambda: density([[1.0, np.nan]], [[0, 1]] * 2, 9), "samples"),
        (lambda: density(np.empty((0, 1)), [[0, 1]], 9), "samples"),
        (lambda: density([[1.0]], [[1, 0]], 9), "limits"),
        (lambda: thin(TIME, VOLTAGE, 50.5), "points"),
        (lambda: why_undefined(np.zeros(5)), "x has 5"),
        (lambda: features("4"), "count"),
    ],
)
def test_other_arguments(call, name):
    with pytest.raises((ValueError, TypeError), match=name):
        call()


def test_other_kinds_of_other_arguments():
    assert features(4.0) == features(np.int64(4))
    assert why_undefined([np.nan] * 19) == "AB/PD, LP, PY: no burst"
    samples = np.random.default_rng(1).random((100, 2))
    one = density(samples, [[0, 1], [0, 1]], 5)
    np.testing.assert_allclose(density(pd.DataFrame(samples), np.eye(2)[[1, 1]], 5), one)
    np.testing.assert_array_equal(density(samples.tolist(), ((0, 1), (0, 1)), 5), one)


def test_a_long_step_of_the_circuit_is_told():
    with pytest.warns(UserWarning, match=r"dt is 0\.1 ms, longer than the paper's 0\.025 ms"):
        Pyloric(dt=0.1)


def test_bursts_hardly_depend_on_the_sampling_interval():
    time = np.arange(0, 3000, 0.025)
    phase = np.mod(time, 1000.0)
    ups = np.exp(-0.5 * ((np.mod(phase, 20.0) - 10) / 0.8) ** 2)
    voltage = np.where(phase < 300, -50 + 80 * ups, -50.0)[None]
    exact = burst_times(voltage, 0.025)[0]
    assert len(exact) == 3
    for every in (2, 4, 5):
        found = burst_times(voltage[:, ::every], 0.025 * every)[0]
        np.testing.assert_allclose(found, exact, atol=0.025 * every)
