"""Single-precision twins: the same functions to seven digits."""

import math

import numba
import numpy as np
import pytest

from mechfit.models.hodgkin_huxley.equations import linoid, relax
from mechfit.models.numerics.noise import normal_pair
from mechfit.models.numerics.single import single

RNG = np.random.default_rng(1)


def on_array(function, x):
    """Apply a compiled float32 function to every number of an array."""

    @numba.njit
    def loop(x, out):
        for i in range(x.size):
            out[i] = function(x[i])

    out = np.empty_like(x)
    loop(x, out)
    return out


@pytest.mark.parametrize(
    ("function", "low", "high"),
    [(math.exp, -86, 87), (math.expm1, -3, 3), (math.log, 1e-9, 2.0)],
)
def test_elementary_functions(function, low, high):
    x = RNG.uniform(low, high, 20_000).astype(np.float32)
    exact = np.array([function(float(v)) for v in x])
    np.testing.assert_allclose(on_array(single(function), x), exact, rtol=4e-7, atol=6e-8)


def test_expm1_keeps_small_numbers():
    x = -np.logspace(-12, -3, 200).astype(np.float32)
    np.testing.assert_allclose(on_array(single(math.expm1), x), np.expm1(x), rtol=3e-7)


def test_linoid_is_smooth_at_zero():
    x = RNG.uniform(-0.5, 0.5, 10_000).astype(np.float32)
    exact = x.astype(float) / np.expm1(x.astype(float))
    np.testing.assert_allclose([linoid(float(v)) for v in x], exact, rtol=1e-11)
    np.testing.assert_allclose(on_array(single(linoid), x), exact, rtol=2e-6)


def test_normals_are_those_of_the_reference():
    twin = single(normal_pair)

    @numba.njit
    def draw(out):
        for i in range(out.shape[0]):
            words = np.uint32(1), np.uint32(0), np.uint32(7), np.uint32(i)
            out[i, 0], out[i, 1] = twin(*words)

    out = np.empty((20_000, 2), np.float32)
    draw(out)
    words = np.uint32(1), np.uint32(0), np.uint32(7)
    with np.errstate(over="ignore"):
        exact = np.array([normal_pair(*words, np.uint32(i)) for i in range(2000)])
    np.testing.assert_allclose(out[:2000], exact, atol=2e-5)
    assert abs(out.mean()) < 5 / math.sqrt(out.size)
    assert abs(out.std() - 1) < 5 / math.sqrt(2 * out.size)


def test_a_twin_is_made_once_for_each_target():
    def target(function):
        return function

    assert single(relax) is single(relax)
    assert single(relax, target) is single(relax, target)
    assert single(relax, target) is not single(relax)
    assert single(relax, target).__globals__["expm1"] is math.expm1


def test_every_literal_becomes_single():
    def function(x):
        return x + 0.1, (0.2, (0.3, 4)), 5

    moved, (second, (third, fourth)), fifth = single(function, lambda twin: twin)(np.float64(1.0))
    assert moved == 1.0 + float(np.float32(0.1))
    assert isinstance(second, np.float32)
    assert isinstance(third, np.float32)
    assert (fourth, fifth) == (4, 5)
