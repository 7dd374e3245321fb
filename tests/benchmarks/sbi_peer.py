"""Training by the package sbi, apart from ours: on one thread, by a seed, in a folder."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from mechfit.inference.torch_state import torch_state
from mechfit.models import Prior
from mechfit.simulation import Bank

RATE_DRAWS = 200
BLOCK = 100

sbi_inference = pytest.importorskip("sbi.inference", exc_type=ImportError)


@contextlib.contextmanager
def sbi_runs(folder: Path, seed: int) -> Iterator[None]:
    """Let sbi, which writes logs where it runs and draws by chance, do so apart from us."""
    with contextlib.chdir(folder), torch.random.fork_rng(devices=[]), torch_state(grad=True):
        torch.manual_seed(seed)
        yield


def tensor(rows: np.ndarray) -> torch.Tensor:
    return torch.as_tensor(rows).float()


def tensors(bank: Bank) -> tuple[torch.Tensor, torch.Tensor]:
    return tensor(bank.theta), tensor(bank.x)


def box_of(prior: Prior) -> torch.distributions.Distribution:
    """A uniform prior."""
    low, high = tensor(prior.limits()).T
    return torch.distributions.Independent(torch.distributions.Uniform(low, high), 1)


def normal_of(prior: Prior) -> torch.distributions.Distribution:
    """A normal prior."""
    each = [(p.distribution.mean, p.distribution.std) for p in prior.parameters]
    return torch.distributions.Independent(torch.distributions.Normal(*tensor(each).T), 1)


def trained(prior: torch.distributions.Distribution, theta, x, flow: str = "maf", **settings):
    """Its trainer after one round of neural posterior estimation."""
    trainer = sbi_inference.NPE(prior, density_estimator=flow, show_progress_bars=False)
    trainer.append_simulations(theta, x).train(**settings)
    return trainer


def drawn(posterior, x_o: np.ndarray, n: int, **settings) -> np.ndarray:
    """Draws (n, d) of its posterior at x_o."""
    return posterior.sample((n,), x=tensor(x_o), show_progress_bars=False, **settings).numpy()


@dataclass(frozen=True)
class Peer:
    """A density that sbi trained, in the prior, where `calibrate` expects a posterior of ours."""

    prior: Prior
    net: torch.nn.Module

    @property
    def bounded(self) -> bool:
        """Whether draws can leave the prior."""
        return np.isfinite(self.prior.limits(0.0)).any()

    def draw(self, n: int, seed: int, x: np.ndarray) -> np.ndarray:
        """Draws (m, n, d) of the density for x (m, k), inside the prior or not."""
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            blocks = [self.net.sample((n,), rows) for rows in tensor(x).split(BLOCK)]
        return torch.cat(blocks, 1).transpose(0, 1).double().numpy()

    def inside(self, theta: np.ndarray) -> np.ndarray:
        """Which of theta (m, n, d) lie in the prior (m, n)."""
        rows = theta.reshape(-1, theta.shape[2])
        return np.isfinite(self.prior.log_prob(rows)).reshape(theta.shape[:2])

    def sample_batched(self, n: int, seed: int, *, x: np.ndarray) -> np.ndarray:
        """Draws (m, n, d) in the prior, repeated where few of 4 n are; outside where none is."""
        pools = self.draw(4 * n if self.bounded else n, seed, x)
        both = zip(pools, self.inside(pools), strict=True)
        kept = [pool[inside] if inside.any() else pool for pool, inside in both]
        return np.stack([np.resize(pool, (n, pool.shape[1])) for pool in kept])

    def log_prob_batched(self, theta: np.ndarray, *, x: np.ndarray) -> np.ndarray:
        """Log-densities (m, n) of theta (m, n, d), normalized by the share of draws inside."""
        rows = zip(tensor(theta).split(BLOCK), tensor(x).split(BLOCK), strict=True)
        with torch.no_grad():
            blocks = [self.net.log_prob(t.transpose(0, 1), block).T for t, block in rows]
        rate = np.ones(len(x))
        if self.bounded:
            rate = self.inside(self.draw(RATE_DRAWS, 0, x)).mean(1).clip(1 / RATE_DRAWS)
        return torch.cat(blocks).double().numpy() - np.log(rate)[:, None]
