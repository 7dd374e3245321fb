"""Training by the package sbi, apart from ours: on one thread, by a seed, in a folder."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from mechfit.inference.training import one_thread
from mechfit.models import Prior
from mechfit.simulation import Bank

sbi_inference = pytest.importorskip("sbi.inference", exc_type=ImportError)


@contextlib.contextmanager
def sbi_runs(folder: Path, seed: int) -> Iterator[None]:
    """Let sbi, which writes logs where it runs and draws by chance, do so apart from us."""
    with contextlib.chdir(folder), torch.random.fork_rng(devices=[]), one_thread():
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


def trained(prior: torch.distributions.Distribution, theta, x, flow: str = "maf", **settings):
    """Its trainer after one round of neural posterior estimation."""
    trainer = sbi_inference.NPE(prior, density_estimator=flow, show_progress_bars=False)
    trainer.append_simulations(theta, x).train(**settings)
    return trainer


def drawn(posterior, x_o: np.ndarray, n: int, **settings) -> np.ndarray:
    """Draws (n, d) of its posterior at x_o."""
    return posterior.sample((n,), x=tensor(x_o), show_progress_bars=False, **settings).numpy()
