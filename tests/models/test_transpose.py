"""Rows become columns."""

import numpy as np

from mechfit.compile import compiled_fast
from mechfit.models.transpose import WIDTH, transpose


@compiled_fast
def columns(x, out):
    for first in range(0, len(x), WIDTH):
        transpose(x, first, out)


def test_every_block_of_rows_becomes_columns():
    x = np.random.default_rng(1).normal(size=(3 * WIDTH, WIDTH)).astype(np.float32)
    out = np.zeros((WIDTH, 3 * WIDTH), np.float32)
    columns(x, out)
    np.testing.assert_array_equal(out, x.T)
