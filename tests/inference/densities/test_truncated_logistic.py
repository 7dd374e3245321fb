"""The truncated logistic is scipy's, keeps the ends of the interval, and inverts."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mechfit.inference.densities.truncated_logistic import scale_of, truncated_logistic


@given(m=st.floats(-3, 3), log_s=st.floats(-4, 3))
def test_it_is_the_distribution_function(m, log_s):
    s, z = np.exp(log_s), np.linspace(-1, 1, 41)
    logistic = stats.logistic(m, s)
    # the smaller tail, where differences of distribution functions do not cancel
    tail = logistic.cdf if m > 0 else logistic.sf
    low, at, high = tail(-1), tail(z), tail(1)
    place = (torch.tensor(v, dtype=torch.float64) for v in (z, m, log_s))
    found, log_slope = truncated_logistic(*place)
    np.testing.assert_allclose(found, 2 * (at - low) / (high - low) - 1, atol=1e-9)
    exact = np.log(2) + logistic.logpdf(z) - np.log(abs(high - low))
    np.testing.assert_allclose(log_slope, exact, atol=1e-7)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@given(m=st.floats(-50, 50), log_s=st.floats(-9, 5))
def test_draws_have_the_density(dtype, m, log_s):
    place = torch.tensor(m, dtype=dtype), torch.tensor(log_s, dtype=dtype)
    noise = torch.linspace(-0.999, 0.999, 33, dtype=dtype)
    z, log_back = truncated_logistic(noise, *place, inverse=True)
    assert z.isfinite().all()
    assert (z.abs() <= 1).all()
    assert (z.diff() >= 0).all()
    again, log_slope = truncated_logistic(z, *place)
    coarse = torch.finfo(dtype).eps * (1 + log_slope.exp().max())  # z itself is rounded
    torch.testing.assert_close(again, noise, rtol=0, atol=float(100 * coarse))
    assert (log_back + log_slope).abs().max() < 1e3 * coarse
    ends = truncated_logistic(torch.tensor([-1.0, 1.0], dtype=dtype), *place)[0]
    torch.testing.assert_close(ends, torch.tensor([-1.0, 1.0], dtype=dtype), rtol=0, atol=1e-5)


def test_gradients_stay_finite():
    z = torch.linspace(-1, 1, 9)[:, None, None].requires_grad_()
    m = torch.tensor([-1e3, -1.0, 0.3, 1.0, 1e3])[:, None].requires_grad_()
    log_s = torch.tensor([-30.0, -9.0, 0.0, 9.0, 30.0]).requires_grad_()
    for inverse in (False, True):
        sum(part.sum() for part in truncated_logistic(z, m, log_s, inverse=inverse)).backward()
        assert all(v.grad.isfinite().all() for v in (z, m, log_s))


def test_scales_are_those_of_a_peak_and_of_no_peak():
    for std in (0.01, 0.1):
        s = scale_of(torch.tensor(std))
        noise = torch.linspace(-1, 1, 100_001)[1:-1]
        z, _ = truncated_logistic(noise, torch.tensor(0.0), s.log(), inverse=True)
        assert float(z.std()) == pytest.approx(std, rel=0.05)
    flat = truncated_logistic(noise, torch.tensor(0.0), scale_of(torch.tensor(0.58)).log())
    assert flat[1].abs().max() < 0.02
