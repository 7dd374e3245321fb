"""The local test finds an error where it is, and none where there is none."""

import numpy as np
import pytest

from mechfit.inference.diagnostics import calibrate, lc2st
from mechfit.simulation import simulate
from tests.inference.faulty import Exact, Simulator
from tests.inference.linear_gaussian import X_O

BANK = simulate(Simulator(), 1000, seed=1)


class WrongAbove(Exact):
    """Right where the last statistic is below 0, shifted by a standard deviation above."""

    def normal(self, x):
        means, root = super().normal(x)
        return means + (x[:, 4:] > 0) * np.linalg.norm(root, axis=1), root


@pytest.mark.slow
def test_an_exact_posterior_is_seldom_accused():
    c = calibrate(Exact(), BANK, draws=20, seed=1)
    found = [lc2st(Exact(), c, x_o, swaps=19, seed=1).p_value for x_o in BANK.x[:10]]
    assert np.mean(np.array(found) <= 0.05) <= 0.3


@pytest.mark.slow
def test_an_error_is_found_where_it_is():
    posterior, fresh = WrongAbove(), simulate(Simulator(), 40, seed=2).x
    c = calibrate(posterior, BANK, draws=20, seed=1)
    above = fresh[fresh[:, 4] > 1][:4]
    below = fresh[fresh[:, 4] < -1][:4]
    wrong, right = (
        [lc2st(posterior, c, x_o, swaps=19, seed=1) for x_o in rows] for rows in (above, below)
    )
    assert max(r.p_value for r in wrong) == 0.05
    assert min(r.statistic for r in wrong) > max(r.statistic for r in right)


@pytest.mark.slow
def test_the_probability_points_to_where_the_truth_is():
    c = calibrate(Exact(shift=1.0), BANK, draws=20, seed=1)
    found = lc2st(Exact(shift=1.0), c, X_O, swaps=5, seed=1)
    assert found.p_value == pytest.approx(1 / 6)
    assert found.theta.shape == (1000, 3)
    thin = found.theta[found.probability > 0.5]
    dense = found.theta[found.probability < 0.5]
    assert (thin.mean(0) < dense.mean(0)).all()  # the draws are too high
