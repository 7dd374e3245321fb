"""How often `check` accuses a right posterior, and catches each planted fault: 200 repeats each.

`python -m pytest tests/benchmarks/test_power.py -q -s` prints the table.
"""

import numpy as np
import pytest

from mechfit.inference import check
from tests.inference.faulty import FAULTS, Exact, Simulator

REPEATS = 200
LEAST = 0.95
CASES = {"none": (Exact(), Simulator()), **FAULTS}
OTHERS = {f"statistic {k} x 1.2": (Exact(scale=1.2, scaled=k), Simulator()) for k in range(4)}


def accused(posterior, model):
    """Share of repeats in which the posterior is called miscalibrated."""
    return np.mean([not check(posterior, model, seed=s).calibrated for s in range(REPEATS)])


@pytest.mark.timeout(600)
@pytest.mark.parametrize("fault", CASES)
def test_power(fault):
    share = accused(*CASES[fault])
    print(f"\n{fault}: accused in {share:.1%} of {REPEATS}")
    assert share <= 1 - LEAST if fault == "none" else share >= LEAST


@pytest.mark.timeout(600)
@pytest.mark.parametrize("fault", OTHERS)
def test_power_where_a_statistic_says_little(fault):
    """A fault in a statistic that the posterior hardly uses can do little, and may be missed."""
    print(f"\n{fault}: accused in {accused(*OTHERS[fault]):.1%} of {REPEATS}")
