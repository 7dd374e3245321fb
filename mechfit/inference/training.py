r"""Training: maximum likelihood of the parameters given their simulations.

Neural posterior estimation minimizes, over the weights phi of a conditional density,

    L(phi) = -E_{p(theta) p(x | theta)} log q_phi(theta | x)
           = E_{p(x)} KL[p(theta | x) || q_phi(theta | x)] + constant,

so its minimum is the posterior for every x at once, and the only data it needs are simulations.
Early stopping watches L on simulations that were held out; the best weights are kept. Papamakarios
& Murray (2016), arXiv:1605.06376; Greenberg, Nonnenmacher & Macke (2019), arXiv:1905.07488. Taught
in ``book/inference/hodgkin-huxley-posterior.md``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mechfit.inference.flows import Flow
from mechfit.simulation.progress import progress_bar

__all__ = ["History", "Training", "train"]


@dataclass(frozen=True)
class Training:
    """How to train.

    Attributes:
        epochs: Passes through the simulations; the learning rate falls to 0 over them.
        batch: Simulations per step.
        learning_rate: Peak learning rate of Adam.
        patience: Stop after this many epochs without a better validation loss.
        validation: Fraction of the simulations held out for validation.
        clip: Largest allowed norm of the gradient.
    """

    epochs: int = 40
    batch: int = 200
    learning_rate: float = 1e-3
    patience: int = 20
    validation: float = 0.1
    clip: float = 5.0

    def __post_init__(self) -> None:
        positive = (self.epochs, self.batch, self.learning_rate, self.patience, self.clip)
        if min(positive) <= 0 or not 0 < self.validation < 1:
            raise ValueError(f"expected positive numbers and 0 < validation < 1, got {self}")


@dataclass(frozen=True)
class History:
    """Losses (epochs,) in nats per simulation, and the epoch whose weights were kept."""

    train: np.ndarray
    validation: np.ndarray
    best: int


@contextmanager
def one_thread() -> Iterator[None]:
    """Run torch on one thread: for networks this small, more threads only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def one_cycle(progress: float) -> float:
    """Learning rate over its peak: up during the first tenth, then down along a cosine."""
    return min(10 * progress + 0.01, 1.0) * 0.5 * (1 + np.cos(np.pi * min(progress, 1.0)))


def npe_loss(flow: Flow, z: Tensor, x: Tensor) -> Tensor:
    """Mean negative log-density of parameters z (n, d) given statistics x (n, k)."""
    return -flow.log_prob(z, x).mean()


def train(flow: Flow, z: np.ndarray, x: np.ndarray, training: Training, seed: int) -> History:
    """Fit the weights of `flow` in place to pairs z (n, d), x (n, k)."""
    rng = np.random.default_rng(seed)
    data = [torch.as_tensor(a, dtype=torch.float32) for a in (z, x)]
    order = torch.as_tensor(rng.permutation(len(z)))
    held_out = max(1, round(training.validation * len(z)))
    validation = [a[order[:held_out]] for a in data]
    data = [a[order[held_out:]] for a in data]

    count = len(data[0])
    batch = min(training.batch, count)
    steps = count // batch
    optimizer = torch.optim.AdamW(flow.parameters(), lr=training.learning_rate, fused=True)
    total = steps * training.epochs
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: one_cycle(step / total))
    losses: list[tuple[float, float]] = []
    best, weights = 0, {}
    with one_thread(), progress_bar(training.epochs, " epochs") as bar:
        for epoch in range(training.epochs):
            flow.train()
            loss_sum = 0.0
            shuffled = torch.as_tensor(rng.permutation(count))
            for rows in shuffled[: steps * batch].view(steps, batch):
                loss = npe_loss(flow, *(a[rows] for a in data))
                optimizer.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(flow.parameters(), training.clip)
                optimizer.step()
                schedule.step()
                loss_sum += float(loss.detach())
            losses.append((loss_sum / steps, evaluate(flow, *validation)))
            if not np.isfinite(losses[-1]).all():
                raise FloatingPointError(
                    f"the loss became {losses[-1]} in epoch {epoch}; try a lower learning rate"
                )
            if losses[-1][1] <= losses[best][1]:
                best = epoch
                weights = {k: v.detach().clone() for k, v in flow.state_dict().items()}
            bar.set_postfix(loss=f"{losses[-1][0]:.3f}", validation=f"{losses[-1][1]:.3f}")
            bar.update()
            if epoch - best >= training.patience:
                break
    flow.load_state_dict(weights)
    flow.eval()
    return History(*np.array(losses).T, best)


@torch.no_grad()
def evaluate(flow: Flow, z: Tensor, x: Tensor) -> float:
    """Loss on held-out pairs, in blocks of bounded memory."""
    flow.eval()
    blocks = zip(z.split(5000), x.split(5000), strict=True)
    return float(sum(npe_loss(flow, a, b) * len(a) for a, b in blocks)) / len(z)
