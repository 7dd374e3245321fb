"""Double-precision twins: the same functions to fifteen digits."""

import math

import numba
import numpy as np
import pytest

from mechfit.models.compartments.channels import cortical_gates
from mechfit.models.numerics.double import double

RNG = np.random.default_rng(1)


@pytest.mark.parametrize(
    ("function", "low", "high"), [(math.exp, -700, 700), (math.expm1, -3, 3), (math.exp, -1, 1)]
)
def test_elementary_functions(function, low, high):
    x, twin = RNG.uniform(low, high, 20_000), double(function)

    @numba.njit
    def loop(x, out):
        for i in range(x.size):
            out[i] = twin(x[i])

    out = np.empty_like(x)
    loop(x, out)
    np.testing.assert_allclose(out, [function(v) for v in x], rtol=2e-15, atol=2e-16)


def test_gates_of_a_compartment():
    twin = double(cortical_gates)

    @numba.njit
    def one(v, gates, c):
        return twin(v, gates, c)

    c = (0.025, -60.0, math.exp(1.25), 600.0, 53.0, -107.0)
    for v in RNG.uniform(-120, 60, 500):
        gates = tuple(RNG.random(4))
        np.testing.assert_allclose(one(v, gates, c), cortical_gates(v, gates, c), rtol=1e-12)
