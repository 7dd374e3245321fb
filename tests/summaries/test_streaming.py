"""Moments merged block by block are the moments of the whole."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mechfit.summaries.streaming import merge


@given(st.lists(st.lists(st.floats(-90, 40), min_size=1, max_size=20), min_size=1, max_size=6))
def test_blocks_merge_to_the_whole(blocks):
    total = (0.0, 0.0, 0.0, 0.0, 0.0)
    for block in blocks:
        d = np.array(block) - block[0]
        total = merge(
            total, float(len(block)), block[0], tuple((d**k).sum() for k in (1, 2, 3, 4))
        )
    v = np.concatenate(blocks)
    count, mean, *sums = total
    assert count == len(v)
    np.testing.assert_allclose(mean, v.mean(), atol=1e-9)
    exact = [((v - v.mean()) ** k).sum() for k in (2, 3, 4)]
    np.testing.assert_allclose(sums, exact, rtol=1e-9, atol=1e-4)
