"""A posterior in tensors is the same posterior, in the shapes that sbi expects."""

import numpy as np
import pytest
import torch

from mechfit.inference import as_sbi
from tests.inference.linear_gaussian import X_O


@pytest.fixture(autouse=True)
def generator():
    """Leave torch's global generator as it was."""
    with torch.random.fork_rng(devices=[]):
        yield


def test_as_sbi_gives_tensors_in_its_shapes(gaussian_posterior):
    posterior = gaussian_posterior
    torch.manual_seed(1)
    dressed, x = as_sbi(posterior), torch.as_tensor(np.stack([X_O, X_O, 0 * X_O])).float()
    assert dressed.default_x is None
    with pytest.raises(ValueError, match="no observation"):
        dressed.sample((5,))
    many = dressed.sample_batched((2, 2000), x, show_progress_bars=False)
    assert many.shape == (2, 2000, 3, 3)
    assert many.dtype == torch.float32
    np.testing.assert_allclose(
        many.mean((0, 1))[1], posterior.sample(4000, 1, x=X_O).mean(0), atol=0.1
    )
    assert dressed.set_default_x(x[:1]) is dressed
    torch.testing.assert_close(dressed.default_x, x[:1])
    assert dressed.sample().shape == (3,)
    assert dressed.sample((5, 2), show_progress_bars=False).shape == (5, 2, 3)
    theta = many[0, :7, 0]
    expected = torch.as_tensor(posterior.log_prob(theta, x=X_O)).float()
    for value in (dressed.log_prob(theta), dressed.potential(theta, x=x[0])):
        torch.testing.assert_close(value, expected)


def test_its_draws_follow_the_seed_of_torch(gaussian_posterior):
    dressed, draws = as_sbi(gaussian_posterior.at(X_O)), []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        draws.append(dressed.sample((5,)))
    draws.append(dressed.sample((5,)))
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[1], draws[2])
    assert not torch.equal(draws[2], draws[3])
