"""A step is on exactly inside its window."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechfit.models import step_current


@given(st.integers(0, 50), st.integers(51, 100), st.sampled_from([0.01, 0.02, 0.025, 0.1]))
def test_on_for_whole_samples(on, off, dt):
    current = step_current(1.5, 100 * dt, dt, (on * dt, off * dt))
    expected = np.zeros(101)
    expected[on:off] = 1.5
    np.testing.assert_array_equal(current, expected)


def test_too_short():
    with pytest.raises(ValueError, match="two samples"):
        step_current(1.0, 0.1, 1.0, (0.0, 1.0))
