"""The page finds the same observations unusual as the package does."""

import base64

import numpy as np
import pytest

from mechfit.inference import misspecification_to_page
from mechfit.inference.diagnostics import misspecification
from mechfit.models import HodgkinHuxley
from mechfit.simulation import Bank, simulate

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("compute")]

BANK = simulate(HodgkinHuxley(), 600, seed=1)
OPEN = (
    "data => { globalThis.tested = mechfit.misspecification.decode(data); return tested.names; }"
)
TEST = """rows => rows.map((x) => { const found = tested.test(x);
  return {...found, distances: Array.from(found.distances, (d) => (d === Infinity ? null : d)),
    alone: Array.from(found.alone), givenOthers: Array.from(found.givenOthers)}; })"""


def observations():
    """Simulations, and the same with one statistic moved, and one far beyond all."""
    rows = simulate(HodgkinHuxley(), 60, seed=2).x
    rows[20:] += np.eye(7)[np.arange(40) % 7] * BANK.x.std(0) * np.linspace(0.1, 4, 40)[:, None]
    rows[-1, 3] = 1e9
    return rows


def test_the_same_observations_are_unusual(page):
    data = misspecification_to_page(BANK)
    assert len(data) < 100_000
    names = page.evaluate(OPEN, base64.b64encode(data).decode())
    assert names == list(BANK.statistic_names)
    rows, step = observations(), 1 / (len(BANK) + 1)
    for x, found in zip(rows, page.evaluate(TEST, rows.tolist()), strict=True):
        exact = misspecification(BANK, x)
        assert found["mmd"] == pytest.approx(exact.mmd, abs=1e-6)
        assert found["pValue"] == pytest.approx(exact.p_value, abs=1.5 * step)
        np.testing.assert_allclose(found["alone"], exact.alone, atol=2.5 * step)
        np.testing.assert_allclose(found["givenOthers"], exact.given_others, atol=2.5 * step)
        np.testing.assert_allclose(found["distances"], exact.distances, rtol=1e-4, atol=1e-5)
        assert found["worst"] == exact.worst


def test_a_statistic_that_never_varied_must_not_differ(page):
    names = (*BANK.statistic_names, "zero")
    bank = Bank(BANK.theta, np.c_[BANK.x, np.zeros(600)], BANK.valid, 1, names)
    page.evaluate(OPEN, base64.b64encode(misspecification_to_page(bank)).decode())
    rows = np.repeat(np.append(BANK.x[0], 0.0)[None], 2, 0)
    rows[1, -1] = 1e-3
    same, other = page.evaluate(TEST, rows.tolist())
    assert same["pValue"] == pytest.approx(misspecification(bank, rows[0]).p_value, abs=0.003)
    assert other["worst"] == "zero"
    assert other["pValue"] == pytest.approx(1 / 601)


def test_a_wrong_observation_is_refused(page):
    page.evaluate(OPEN, base64.b64encode(misspecification_to_page(BANK)).decode())
    with pytest.raises(Exception, match="expected 7 finite numbers: spike_count"):
        page.evaluate("() => tested.test([1, 2, 3, 4, 5, 6, NaN])")
