"""The generator is the published one, keyed as promised, and its numbers are normal."""

import numpy as np
import pytest
from scipy import stats

from mechfit.models.noise import fill_normals, key_of, normal_pair, normals, threefry

# Known answers of the reference implementation (Random123, kat_vectors, threefry2x32 20 rounds):
# counter, key, expected.
KNOWN = [
    ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
    ((0xFFFFFFFF,) * 2, (0xFFFFFFFF,) * 2, (0x1CB996FC, 0xBB002BE7)),
    ((0x243F6A88, 0x85A308D3), (0x13198A2E, 0x03707344), (0xC4923A9C, 0x483DF7A0)),
]


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN)
def test_known_answers(counter, key, expected):
    words = [np.uint32(w) for w in key + counter]
    with np.errstate(over="ignore"):
        assert tuple(int(w) for w in threefry(*words)) == expected


def test_compiled_equals_python():
    key = key_of(2**40 + 7)
    out = np.empty(21)
    fill_normals(*key, np.uint32(3), out)
    with np.errstate(over="ignore"):
        pairs = [normal_pair(*key, np.uint32(3), np.uint32(i)) for i in range(11)]
    np.testing.assert_allclose(out, np.ravel(pairs)[:21], rtol=1e-12)


def test_normal_and_independent_across_simulations():
    draws = np.array([normals(1, i, 1000) for i in range(500)])
    assert stats.kstest(draws.ravel(), stats.norm.cdf).pvalue > 1e-3
    limit = 5 / np.sqrt(draws.size)
    assert abs((draws[1:] * draws[:-1]).mean()) < limit
    for lag in (1, 2, 3):
        assert abs((draws[:, lag:] * draws[:, :-lag]).mean()) < limit
    other = np.array([normals(2, i, 1000) for i in range(500)])
    assert abs((draws * other).mean()) < limit


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_seed_range(seed):
    with pytest.raises(ValueError, match="expected an integer from 0"):
        normals(seed, 0, 4)
