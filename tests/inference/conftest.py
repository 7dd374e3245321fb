"""A bank and a trained posterior of the linear Gaussian problem, shared by a session's tests."""

import pytest

from mechfit.inference import Coupling, Training, fit
from tests.inference import linear_gaussian


@pytest.fixture(scope="session")
def gaussian_bank():
    return linear_gaussian.bank(4000, seed=1)


@pytest.fixture(scope="session")
def gaussian_posterior(gaussian_bank):
    """Trained for a moment: a density like any other, but none to rely on."""
    settings = {"flow": Coupling(2, 16), "training": Training(epochs=5), "seed": 1}
    return fit(gaussian_bank.first(500), linear_gaussian.PRIOR, **settings)
