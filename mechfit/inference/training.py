r"""Training: maximum likelihood of the parameters given their simulations.

Neural posterior estimation minimizes, over the weights phi of a conditional density,

    L(phi) = -E_{p(theta) p(x | theta)} log q_phi(theta | x)
           = E_{p(x)} KL[p(theta | x) || q_phi(theta | x)] + constant,

so its minimum is the posterior for every x at once, and the only data it needs are simulations.
AdamW follows L down with a learning rate that rises and falls once; a running mean of the weights
is judged by L on simulations that were held out, and the best mean is kept. Papamakarios
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
from mechfit.inference.losses import npe_loss
from mechfit.simulation.progress import progress_bar

__all__ = ["History", "Training", "train"]

WINDOW = 200
"""Number of steps that the weights are averaged over, or the last tenth if that is less."""


@dataclass(frozen=True)
class Training:
    """How to train; what is None follows from the number n of simulations to learn from.

    Attributes:
        epochs: Passes through the simulations; the learning rate falls to 0 over them. None makes
            32 sqrt(n) steps: 72 epochs for 500 simulations, 40 for 10^4, 8 for 10^6.
        batch: Simulations per step; None takes n / 80, at least 50 and at most 256.
        learning_rate: Peak learning rate of AdamW.
        patience: Stop after this many epochs without a better validation loss; None takes a
            quarter of the epochs, at least 10.
        validation: Fraction of the simulations held out for validation.
        clip: Largest allowed norm of the gradient.
    """

    epochs: int | None = None
    batch: int | None = None
    learning_rate: float = 5e-3
    patience: int | None = None
    validation: float = 0.1
    clip: float = 5.0

    def __post_init__(self) -> None:
        given = (self.epochs, self.batch, self.learning_rate, self.patience, self.clip)
        if min(v for v in given if v is not None) <= 0 or not 0 < self.validation < 1:
            raise ValueError(f"expected positive numbers and 0 < validation < 1, got {self}")

    def plan(self, n: int) -> tuple[int, int, int]:
        """Epochs, batch and patience for n simulations."""
        batch = min(self.batch or int(np.clip(n / 80, 50, 256)), n)
        epochs = self.epochs or max(1, round(32 * batch / n**0.5))
        return epochs, batch, self.patience or max(10, epochs // 4)


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


def train(flow: Flow, z: np.ndarray, x: np.ndarray, training: Training, seed: int) -> History:
    """Fit the weights of `flow` in place to pairs z (n, d), x (n, k)."""
    rng = np.random.default_rng(seed)
    data = [torch.as_tensor(a, dtype=torch.float32) for a in (z, x)]
    order = torch.as_tensor(rng.permutation(len(z)))
    held_out = max(1, round(training.validation * len(z)))
    validation = [a[order[:held_out]] for a in data]
    data = [a[order[held_out:]] for a in data]

    count = len(data[0])
    epochs, batch, patience = training.plan(count)
    steps = count // batch
    weights = list(flow.parameters())
    optimizer = torch.optim.AdamW(weights, weight_decay=1e-4, fused=True)
    done, mean = 0, [w.detach().clone() for w in weights]
    losses: list[tuple[float, float]] = []
    best, kept = 0, mean
    with one_thread(), progress_bar(epochs, " epochs") as bar:
        for epoch in range(epochs):
            flow.train()
            loss_sum = torch.zeros(())
            shuffled = torch.as_tensor(rng.permutation(count))
            for rows in shuffled[: steps * batch].view(steps, batch):
                rate = training.learning_rate * one_cycle(done / (steps * epochs))
                optimizer.param_groups[0]["lr"] = rate
                loss = npe_loss(flow.log_prob, *(a[rows] for a in data))
                optimizer.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(weights, training.clip)
                optimizer.step()
                done += 1
                move(mean, weights, max(1 / WINDOW, 10 / (done + 10)))
                loss_sum += loss.detach()
            now = [w.detach().clone() for w in weights]
            move(weights, mean)
            losses.append((float(loss_sum) / steps, evaluate(flow, *validation)))
            if not np.isfinite(losses[-1]).all():
                raise FloatingPointError(
                    f"the loss became {losses[-1]} in epoch {epoch}; try a lower learning rate"
                )
            if losses[-1][1] <= losses[best][1]:
                best, kept = epoch, [w.clone() for w in mean]
            move(weights, now)
            bar.set_postfix(loss=f"{losses[-1][0]:.3f}", validation=f"{losses[-1][1]:.3f}")
            bar.update()
            if epoch - best >= patience:
                break
    move(weights, kept)
    flow.eval()
    return History(*np.array(losses).T, best)


@torch.no_grad()
def move(weights: list[Tensor], targets: list[Tensor], part: float = 1.0) -> None:
    """Move weights in place by the given part of the way to their targets."""
    for weight, target in zip(weights, targets, strict=True):
        weight.lerp_(target, part)


@torch.no_grad()
def evaluate(flow: Flow, z: Tensor, x: Tensor) -> float:
    """Loss on held-out pairs, in blocks of bounded memory."""
    flow.eval()
    blocks = zip(z.split(5000), x.split(5000), strict=True)
    return float(sum(npe_loss(flow.log_prob, a, b) * len(a) for a, b in blocks)) / len(z)
