"""Whatever draws parameters draws them in the shape that is asked for, or refuses."""

from dataclasses import replace

import numpy as np
import pytest

from mechfit.inference import DefensiveProposal, KernelProposal, Training, restrict, truncate
from mechfit.inference.densities.mixture import Mixture
from mechfit.inference.diagnostics import Recalibrated
from mechfit.inference.sequential.methods import Gaussian
from tests.inference import linear_gaussian as exact


@pytest.fixture(
    scope="module",
    params=[
        "prior",
        "posterior",
        "batched",
        "recalibrated",
        "kernel",
        "defensive",
        "restricted",
        "truncated",
        "gaussian",
    ],
)
def sample(request, gaussian_posterior, gaussian_bank):
    posterior, few = gaussian_posterior.at(exact.X_O), gaussian_bank.first(50)
    x = np.stack([exact.X_O] * 2)
    return {
        "prior": lambda: exact.PRIOR.sample,
        "posterior": lambda: posterior.sample,
        "batched": lambda: lambda n, seed: posterior.sample_batched(n, seed, x=x)[1],
        "recalibrated": lambda: (
            lambda n, seed: Recalibrated(posterior, np.linspace(0.01, 0.99, 50)).sample(
                n, seed, x=exact.X_O
            )
        ),
        "kernel": lambda: KernelProposal(exact.PRIOR, few.theta, np.full(50, 0.02)).sample,
        "defensive": lambda: DefensiveProposal(posterior, x).sample,
        "restricted": lambda: region(gaussian_bank).sample,
        "truncated": lambda: truncate(posterior, seed=1).sample,
        "gaussian": lambda: Gaussian(exact.PRIOR, Mixture.standard_normal(3)).sample,
    }[request.param]()


def region(bank):
    half = replace(bank.first(1000), valid=bank.theta[:1000, 0] > 0)
    return restrict(half, exact.PRIOR, keep=0.9, training=Training(epochs=2), seed=1)


def test_shapes(sample):
    flat = sample(15, 1)
    assert flat.shape == (15, 3)
    for shape in ((15,), [15], (5, 3), np.array([1, 5, 3])):
        np.testing.assert_array_equal(sample(shape, 1), flat.reshape(*shape, 3))
    assert sample(np.int64(2), 1).shape == (2, 3)
    assert sample((), 1).shape == (3,)


@pytest.mark.parametrize(
    "n", [2.7, 2.0, True, "5", None, (2, 1.5), (2, True), np.bool_(1), {2: 3}]
)
def test_what_is_no_shape(sample, n):
    with pytest.raises(TypeError, match="expected a whole number"):
        sample(n, 1)


@pytest.mark.parametrize("n", [0, -1, (2, 0), (-2, -3)])
def test_nothing_to_draw(sample, n):
    with pytest.raises(ValueError, match="expected at least 1"):
        sample(n, 1)
