r"""Exchange with sbi: a posterior with the methods that the diagnostics of the package sbi call.

Tensors in and out, an observation by default, and draws for m observations in the order (n, m, d)
instead of (m, n, d). Tejero-Cantero et al. (2020), doi:10.21105/joss.02505. Taught in
``book/inference/sequential.md``.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from mechfit.inference.posterior import Posterior

__all__ = ["TorchPosterior", "as_sbi"]


def as_sbi(posterior: Posterior) -> TorchPosterior:
    """Wrap a posterior for the diagnostics of sbi: `run_sbc`, `run_tarp`, `get_nltp`."""
    return TorchPosterior(posterior)


class TorchPosterior:
    """A posterior in tensors. Draws follow torch's global generator: set `torch.manual_seed`."""

    def __init__(self, posterior: Posterior) -> None:
        self.posterior = posterior

    @property
    def default_x(self) -> Tensor | None:
        """The observation (1, k), or None."""
        x_o = self.posterior.x_o
        return None if x_o is None else tensor(x_o[None])

    def set_default_x(self, x: Tensor) -> TorchPosterior:
        """Fix the observation (k,) or (1, k), and return this object."""
        self.posterior = self.posterior.at(x)
        return self

    def sample(
        self, sample_shape: tuple[int, ...] = (), x: Tensor | None = None, **_: object
    ) -> Tensor:
        """Draw theta (*sample_shape, d) for one observation; other options are ignored."""
        return tensor(self.posterior.sample(sample_shape, fresh_seed(), x=x))

    def sample_batched(self, sample_shape: tuple[int, ...], x: Tensor, **_: object) -> Tensor:
        """Draw theta (*sample_shape, m, d) for observations (m, k); other options are ignored."""
        draws = self.posterior.sample_batched(sample_shape, fresh_seed(), x=x)
        return tensor(np.moveaxis(draws, 0, -2))

    def log_prob(self, theta: Tensor, x: Tensor | None = None) -> Tensor:
        """Log-density (n,) of theta (n, d)."""
        return tensor(self.posterior.log_prob(theta, x=x))

    potential = log_prob


def tensor(values: np.ndarray) -> Tensor:
    """A tensor in single precision, as in sbi."""
    return torch.as_tensor(values, dtype=torch.float32)


def fresh_seed() -> int:
    """A seed from torch's global generator."""
    return int(torch.randint(2**63 - 1, (), device="cpu"))
