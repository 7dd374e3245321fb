"""The page's neuron is the package's: voltages to 1e-6 mV, all statistics to rounding."""

import numpy as np
import pytest

from mechfit.models import HodgkinHuxley
from mechfit.models.stimuli import ornstein_uhlenbeck_current
from mechfit.summaries import Extended, voltage_statistics
from tests.book.compute.conftest import sent

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("compute")]

MODEL, EXTENDED = HodgkinHuxley(), Extended()
CASES, PART, KEEP, CLOSE = 1000, 100, 20, 1e-6
RUN = """([theta, voltage, seed, first, keep]) => {
  const [thetas, exact] = [theta, voltage].map(received), kept = exact.length / thetas.length * 8;
  let worst = 0;
  const statistics = [];
  for (let i = 0; 8 * i < thetas.length; i++) {
    const made = mechfit.hodgkinHuxley.simulate(thetas.subarray(8 * i, 8 * i + 8),
      {seed, simulation: first + i});
    for (let k = 0; k < kept; k++) {
      worst = Math.max(worst, Math.abs(made.voltage[keep * k] - exact[kept * i + k]));
    }
    statistics.push(Array.from(mechfit.statistics.extended(made.voltage)));
  }
  return [worst, statistics];
}"""
SIMULATE = """([theta, options]) => {
  const plain = {...options, noise: options.noise && received(options.noise),
    current: options.current && received(options.current)};
  const {time, voltage} = mechfit.hodgkinHuxley.simulate(theta, plain);
  return [time, voltage].map((values) => Array.from(values));
}"""


def test_parameters_and_names_are_those_of_the_package(page):
    told = page.evaluate(
        """() => [mechfit.hodgkinHuxley, mechfit.statistics, mechfit.statistics.extendedNames(),
          mechfit.statistics.extendedUnits()]"""
    )
    prior, (neuron, statistics, names, units) = MODEL.prior, told
    assert neuron["names"] == list(prior.names)
    assert neuron["symbols"] == [p.symbol for p in prior.parameters]
    assert neuron["units"] == [p.unit for p in prior.parameters]
    np.testing.assert_array_equal([neuron["low"], neuron["high"]], prior.limits().T)
    np.testing.assert_array_equal(neuron["truth"], MODEL.truth)
    assert neuron["STEP"] == pytest.approx(MODEL.current.max(), rel=1e-14)
    assert statistics["names"] == list(MODEL.statistic_names)
    assert statistics["units"] == list(MODEL.statistic_units)
    assert (names, units) == (list(EXTENDED.names), list(EXTENDED.units))


def test_a_thousand_neurons(page):
    theta, seed = MODEL.prior.sample(CASES, 3), 5
    for first in range(0, CASES, PART):
        rows = theta[first : first + PART]
        voltage = MODEL.simulate(rows, seed, first=first).voltage[:, 0]
        case = [sent(rows), sent(voltage[:, ::KEEP]), seed, first, KEEP]
        worst, found = page.evaluate(RUN, case)
        assert worst < CLOSE
        exact = EXTENDED(voltage, MODEL.dt, MODEL.window)
        np.testing.assert_allclose(found, exact, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("dt", [0.025, 0.1])
def test_other_steps_currents_and_noise(page, dt):
    """The statistics of a coarsely sampled trace are found by the rule for coarse ones."""
    current = ornstein_uhlenbeck_current(2.0, 1.0, 3.0, 120.0, dt, (10.0, 110.0), seed=1)
    model = HodgkinHuxley(dt=dt, current=current, v_init=-60.0)
    noise = np.random.default_rng(1).standard_normal(model.every * (current.size - 1) + 1)
    options = {"dt": dt, "every": model.every, "vInit": -60, "keep": 2}
    options |= {"current": sent(current), "noise": sent(noise)}
    time, voltage = page.evaluate(SIMULATE, [model.truth.tolist(), options])
    traces = model.simulate(model.truth, 1, noise=noise)
    np.testing.assert_allclose(voltage, traces.voltage[0, 0, ::2], atol=CLOSE, rtol=0)
    np.testing.assert_allclose(time, traces.time[::2])
    trace = traces.voltage[0, 0]
    found = page.evaluate(
        "([v, dt]) => Array.from(mechfit.statistics.extended(received(v), {dt}))",
        [sent(trace), dt],
    )
    np.testing.assert_allclose(found, EXTENDED(trace, dt, (10.0, 110.0))[0], rtol=1e-9)


def test_a_silent_or_broken_voltage(page):
    constant, broken = np.full(12001, -70.0), np.full(12001, -70.0)
    broken[7] = np.nan
    for trace in (constant, broken):
        found = page.evaluate(
            "v => Array.from(mechfit.statistics.seven(received(v)))", sent(trace)
        )
        exact = voltage_statistics(trace, 0.01, (10.0, 110.0))[0]
        np.testing.assert_allclose(np.array(found, float), exact, atol=1e-12)


WRONG = {
    "mechfit.hodgkinHuxley.simulate([1, 2])": "expected 8 finite numbers",
    "mechfit.hodgkinHuxley.simulate([50, 5, 0.1, 0.07, 0, 60, 0.1, 70])": "tau_max above 0",
    "mechfit.hodgkinHuxley.simulate([0, 0, 0, 0, 9, 60, 0.1, 70])": "one conductance and tau_max",
    "mechfit.hodgkinHuxley.simulate([50, 5, 0.1, 0.07, 9, 60, 0.1, 70], {noise: [1]})": (
        "1 normals, expected 12001"
    ),
    "mechfit.statistics.seven(new Float64Array(50))": "within the trace, 0.49 ms",
}


@pytest.mark.parametrize("call", WRONG)
def test_what_is_wrong_is_told(page, call):
    with pytest.raises(Exception, match=WRONG[call]):
        page.evaluate(f"() => {call}")
