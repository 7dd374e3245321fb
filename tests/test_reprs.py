"""Results print themselves in a line or two, whatever they hold."""

import numpy as np
import pytest

from mechfit.inference import Training, fit, load
from mechfit.models import HodgkinHuxley, TwoMoons
from mechfit.simulation import Bank, simulate

BANK = simulate(TwoMoons(), 200, seed=1)
MANY = Bank.of(np.zeros((3, 2)), np.zeros((3, 999)), 1, tuple(f"v_{i}" for i in range(999)))


@pytest.fixture(scope="module")
def posterior():
    return fit(BANK, TwoMoons.prior, training=Training(epochs=1), seed=1)


def test_a_posterior_says_what_it_is_of(posterior):
    assert repr(posterior) == (
        "<Posterior of theta_1, theta_2 given x_1, x_2, trained on 200 simulations, "
        "for any observation>"
    )
    assert "at one observation" in repr(posterior.at(BANK.x[0]))
    assert len(repr(posterior.history)) < 100
    assert len(repr(load("book/artefacts/hodgkin-huxley-region"))) < 300


def test_banks_and_priors_name_the_first_of_many():
    assert "v_7, … (999)>" in repr(MANY)
    assert repr(TwoMoons.prior) == "<Prior of θ₁, θ₂>"
    assert len(repr(HodgkinHuxley().prior)) < 200
