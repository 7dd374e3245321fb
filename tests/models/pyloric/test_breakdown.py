"""What a broken circuit has lost, from its counts of spikes and bursts."""

import numpy as np
import pytest

from mechfit.models import Pyloric, PyloricActivity
from mechfit.models.pyloric.breakdown import what_is_lost
from mechfit.summaries.activity import PACKAGE
from mechfit.summaries.triphasic import why_undefined

NAMES = list(PACKAGE)


def statistics(spikes, bursts, triphasic=False):
    x = np.full(len(NAMES), np.nan)
    for name, counts in (("spikes", spikes), ("bursts", bursts)):
        for neuron, count in zip(("AB/PD", "LP", "PY"), counts, strict=True):
            x[NAMES.index(f"{name}_{neuron}")] = count
    if triphasic:
        x[NAMES.index("phase_PY")] = 0.6
    return x


@pytest.mark.parametrize(
    ("spikes", "bursts", "lost"),
    [
        ((90, 0, 50), (10, 0, 10), "LP silent"),
        ((90, 50, 50), (10, 0, 10), "LP without bursts"),
        ((90, 50, 50), (10, 10, 5), "PY skips cycles"),
        ((90, 50, 50), (10, 20, 10), "LP bursts more often"),
        ((90, 50, 50), (10, 10, 10), "out of order"),
        ((0, 0, 0), (0, 0, 0), "AB/PD silent"),
    ],
)
def test_what_is_lost(spikes, bursts, lost):
    assert what_is_lost(statistics(spikes, bursts), NAMES) == [lost]


def test_a_rhythm_has_lost_nothing():
    assert what_is_lost(statistics((90, 50, 50), (10, 10, 10), True), NAMES) == [""]


def test_it_agrees_with_the_reason_that_the_paper_s_statistics_give():
    theta = Pyloric.prior.sample(12, seed=2)
    how = {"duration": 4000.0, "burst_threshold": 50.0}
    told = PyloricActivity(**how)
    lost = what_is_lost(told.statistics(theta, 1), told.statistic_names)
    why = [why_undefined(x) for x in Pyloric(**how).statistics(theta, 1)]
    for each, reason in zip(lost, why, strict=True):
        assert (each == "") == (reason == "")
        if "no burst" in reason:
            assert each.split()[0] in reason
            assert each.endswith(("silent", "without bursts"))
