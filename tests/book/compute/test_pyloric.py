"""The page's circuit is the package's: voltages to 1e-6 mV, its rhythm and what it lost."""

import numpy as np
import pytest
from builtbook import ROOT

from mechfit.models import RECORDED_RHYTHM, RHYTHM_SPREAD, Pyloric, PyloricActivity
from mechfit.models.pyloric.breakdown import what_is_lost
from tests.book.compute.conftest import sent

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("compute")]

LOW, HIGH = Pyloric.prior.limits().T
CLOSE, SEED, KEEP = 1e-6, 3, 20
RUN = """([theta, voltage, seed, first, duration, keep, temperature]) => {
  const [thetas, exact] = [theta, voltage].map(received), n = thetas.length / 31;
  const kept = exact.length / n / 3;
  let worst = 0;
  for (let i = 0; i < n; i++) {
    const made = mechfit.pyloric.simulate(thetas.subarray(31 * i, 31 * i + 31),
      {seed, simulation: first + i, duration, keep, temperature});
    for (let j = 0; j < 3; j++) for (let k = 0; k < kept; k++) {
      worst = Math.max(worst, Math.abs(made.voltage[j][k] - exact[(3 * i + j) * kept + k]));
    }
  }
  return worst;
}"""
RHYTHM = """([theta, seed, simulation, burnIn, samples]) => {
  const circuit = new mechfit.pyloric.Circuit(theta, {seed, simulation});
  const rhythm = new mechfit.rhythm.Rhythm(), part = new Float64Array(3000);
  circuit.step(burnIn - 1);
  for (let k = 0; k < samples; k += 1000) { circuit.step(1000, part); rhythm.add(part); }
  const {x, lost} = rhythm.summary();
  return [Array.from(x), lost, circuit.time];
}"""


def circuits(n):
    """Half of them drawn from the prior, half from the posterior of the recording."""
    with np.load(ROOT / "book" / "artefacts" / "pyloric-draws.npz") as stored:
        draws = LOW + stored["theta"][: n // 2] / 65535 * (HIGH - LOW)
    return np.concatenate([Pyloric.prior.sample(n - n // 2, 1), draws])


def test_parameters_and_names_are_those_of_the_package(page):
    told, rhythm = page.evaluate("() => [mechfit.pyloric, mechfit.rhythm]")
    prior = Pyloric.prior
    assert told["names"] == list(prior.names)
    assert told["symbols"] == [p.symbol for p in prior.parameters]
    assert told["units"] == [p.unit for p in prior.parameters]
    np.testing.assert_allclose([told["low"], told["high"]], [LOW, HIGH], rtol=1e-14)
    assert rhythm["names"] == list(Pyloric.statistic_names)
    assert rhythm["units"] == list(Pyloric.statistic_units)
    np.testing.assert_array_equal(rhythm["recorded"], RECORDED_RHYTHM)
    np.testing.assert_array_equal(rhythm["spread"], RHYTHM_SPREAD)


@pytest.mark.parametrize(
    ("n", "duration", "temperature"),
    [(1000, 60.0, 283.0), (20, 1000.0, 283.0), (20, 300.0, 296.0)],
)
def test_voltages(page, n, duration, temperature):
    """Circuits amplify rounding errors: in a second to 1e-8 mV, in four to 2e-6 mV at most."""
    model, theta = Pyloric(duration=duration, temperature=temperature, burn_in=0.0), circuits(n)
    voltage = model.simulate(theta, SEED).voltage[:, :, ::KEEP]
    case = [sent(theta), sent(voltage), SEED, 0, duration, KEEP, temperature]
    assert page.evaluate(RUN, case) < CLOSE


def test_the_rhythm_and_what_is_lost(page):
    model, theta = Pyloric(duration=4000.0, precision="float64"), circuits(8)
    start = model.burn_in_samples
    exact = model.statistics(theta, SEED)
    activity = PyloricActivity(duration=4000.0, precision="float64", burst_threshold=50.0)
    names = activity.statistic_names
    lost = what_is_lost(activity.statistics(theta, SEED), names)
    for i, row in enumerate(theta):
        case = [row.tolist(), SEED, i, start, model.samples - start]
        x, said, time = page.evaluate(RHYTHM, case)
        np.testing.assert_allclose(np.array(x, float), exact[i], rtol=1e-9)
        assert said == lost[i]
        assert time == pytest.approx(4000.0, abs=0.1)
    assert len(set(lost)) > 2


def test_later_events_alone_can_be_summarized(page):
    """Of the events after a sample the statistics are those of a recorder that began there."""
    same = page.evaluate(
        """(theta) => { const circuit = new mechfit.pyloric.Circuit(theta, {seed: 1});
          const [all, late] = [1, 2].map(() => new mechfit.rhythm.Rhythm());
          const part = new Float64Array(60000);
          for (let k = 0; k < 6; k++) {
            circuit.step(20000, part); all.add(part); if (k > 1) late.add(part); }
          return [all.summary(40000), late.summary()]
            .map(({x, lost}) => [Array.from(x), lost]); }""",
        circuits(2)[1].tolist(),
    )
    np.testing.assert_allclose(*(np.array(x, float) for x, _ in same), rtol=1e-9)
    assert same[0][1] == same[1][1]


def test_parameters_may_change_while_it_runs(page):
    first, second = circuits(2)
    voltage = page.evaluate(
        """([a, b]) => { const circuit = new mechfit.pyloric.Circuit(a, {seed: 2});
          circuit.step(100); circuit.set(b); circuit.step(100); return circuit.voltage; }""",
        [first.tolist(), second.tolist()],
    )
    plain = Pyloric(duration=5.025, burn_in=0.0).simulate(np.stack([first, second]), 2).voltage
    assert abs(np.array(voltage) - plain[0, :, -1]).max() > 1e-3
    assert np.isfinite(voltage).all()


def test_a_wrong_theta_is_refused(page):
    with pytest.raises(Exception, match="expected 31 finite numbers"):
        page.evaluate("() => new mechfit.pyloric.Circuit([1, 2])")
