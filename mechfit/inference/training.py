r"""Training: minimize a loss of a density over simulations.

Neural posterior estimation minimizes, over the weights phi of a conditional density,

    L(phi) = -E_{p(theta) p(x | theta)} log q_phi(theta | x)
           = E_{p(x)} KL[p(theta | x) || q_phi(theta | x)] + constant,

so its minimum is the posterior for every x at once. AdamW descends with a one-cycle learning rate;
a running mean of the weights is judged by L on held-out simulations, and the best mean is kept.
Where L gets no better, training returns to it at a lower rate, a few times, then stops.
Papamakarios & Murray (2016), arXiv:1605.06376; Greenberg, Nonnenmacher & Macke (2019),
arXiv:1905.07488. Taught in ``book/inference/without-a-likelihood.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mechfit.inference.checkpoint import State, training_digest
from mechfit.inference.densities.base import Density
from mechfit.inference.files import plain
from mechfit.inference.sequential.losses import npe_loss
from mechfit.inference.torch_state import torch_state
from mechfit.simulation.progress import progress_bar

__all__ = ["History", "Loss", "Training", "train"]

WINDOW = 200
"""Number of steps that the weights are averaged over, or the last tenth if that is less."""

DECAY = 200.0
"""Weight decay times the number of simulations."""

BETAS = 0.95, 0.98
WARMUP = 0.05
"""Part of the steps over which the learning rate rises."""

CUTS, CUT = 3, 0.3
"""Number of times that training returns to the best weights, and the factor of the rate."""

FEWEST_STEPS = 6
"""Steps of an epoch of a short training, which passes through few simulations more than once."""

BLOCK = 5000
"""Most held-out simulations whose loss is evaluated at once."""

Loss = Callable[..., Tensor]
"""A scalar, from a density and columns of simulations: z (n, d), x (n, k), further ones (n,)."""


@dataclass(frozen=True)
class Training:
    """How to train; what is None follows from the number n of simulations to learn from.

    Attributes:
        epochs: Most passes through the simulations, over which the learning rate falls to 0. None
            makes 45 sqrt(n) steps, at least 2,500: 125 epochs for 1,000 simulations, 50 for 10^4.
            A short training, one of ten for few simulations, makes n, at least 500 and at most
            2,500, in epochs of six or more.
        batch: Simulations per step; None takes n / 80, at least 50 and at most 256.
        learning_rate: Peak learning rate of AdamW.
        patience: Epochs without a better validation loss after which training returns to the best
            weights at 0.3 of the learning rate, or stops the fourth time; None makes 300 steps.
            A short training stops at once, and keeps the weights it began with if none were
            better; None makes 75 steps.
        validation: Fraction of the simulations held out for validation.
        clip: Largest allowed norm of the gradient.
        device: Where to train: "cpu", or "cuda" for an NVIDIA GPU.
    """

    epochs: int | None = None
    batch: int | None = None
    learning_rate: float = 5e-3
    patience: int | None = None
    validation: float = 0.1
    clip: float = 5.0
    device: str = "cpu"

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            object.__setattr__(self, name, plain(value))
        given = (self.epochs, self.batch, self.learning_rate, self.patience, self.clip)
        if min(v for v in given if v is not None) <= 0 or not 0 < self.validation < 1:
            raise ValueError(f"expected positive numbers and 0 < validation < 1, got {self}")

    def plan(self, n: int, *, short: bool = False) -> tuple[int, int, int, int]:
        """Epochs, batch, patience and passes of an epoch for n simulations."""
        batch = min(self.batch or int(np.clip(n / 80, 50, 256)), n)
        steps, wait = (min(max(500, n), 2500), 75) if short else (max(2500, 45 * n**0.5), 300)
        passes = -(-FEWEST_STEPS // (n // batch)) if short and self.epochs is None else 1
        epochs = self.epochs or max(1, round(steps * batch / (n * passes)))
        return epochs, batch, self.patience or max(2, round(wait * batch / (n * passes))), passes


@dataclass(frozen=True, repr=False)
class History:
    """Losses (epochs,) in nats per simulation, and the epoch whose weights were kept.

    It is -1 where a short training made nothing better than the weights it began with.
    """

    train: np.ndarray
    validation: np.ndarray
    best: int

    def __repr__(self) -> str:
        return f"<History of {len(self.train)} epochs, lowest loss {self.validation.min():.3g}>"


def one_cycle(progress: float) -> float:
    """Learning rate over its peak: linear warm-up, then cosine decay."""
    return min(progress / WARMUP + 0.01, 1.0) * 0.5 * (1 + np.cos(np.pi * min(progress, 1.0)))


def decay_of(n: int) -> float:
    """Weight decay for n simulations to learn from."""
    return DECAY / max(n, 500)


def mean_part(done: int) -> float:
    """By which part of the way the running mean follows the weights, after so many steps."""
    return max(1 / WINDOW, 10 / (done + 11))


def check_losses(losses: tuple[float, float], epoch: int) -> None:
    """Refuse losses that are not finite."""
    if not np.isfinite(losses).all():
        raise FloatingPointError(
            f"the loss became {losses} in epoch {epoch}; try a lower learning rate"
        )


def plateaus(
    losses: Sequence[tuple[float, float]], patience: int, best: float = np.inf
) -> tuple[int, int]:
    """How often the validation loss got no better for so many epochs, and for how many now.

    The loss before the first epoch is `best`, where that counts.
    """
    count, since = 0, 0
    for _, loss in losses:
        if since == patience:
            count, since = count + 1, 0
        best, since = (loss, 0) if loss <= best else (best, since + 1)
    return count + (since == patience), since


@torch_state(grad=True)
def train(
    density: Density,
    columns: Sequence[np.ndarray],
    training: Training,
    seed: int,
    *,
    loss: Loss = npe_loss,
    checkpoint: Path | None = None,
    held_out: np.ndarray | None = None,
    short: bool = False,
    samples: int | None = None,
) -> History:
    """Fit the weights of a density in place.

    Args:
        density: What to train.
        columns: Simulations: z (n, d), x (n, k) and what else the loss takes (n,).
        training: How to train.
        seed: Seed of held-out rows and batches.
        loss: What to minimize.
        checkpoint: File for the state after every epoch; a state of this training is resumed.
        held_out: Which rows are held out; a random part by default.
        short: Make a short training, of a member of a large ensemble for few simulations.
        samples: Number of examples that the rows to learn from hold, one in each by default.

    Returns:
        The losses of all epochs.

    Raises:
        FloatingPointError: The loss is not finite.
    """
    rng = np.random.default_rng(seed)
    data = [as_tensor(c, training.device) for c in columns]
    if held_out is None:
        held_out = parts(len(data[0]), training.validation, 1, rng)[0]
    rest = np.setdiff1d(np.arange(len(data[0])), held_out)
    both = (torch.as_tensor(rows, device=training.device) for rows in (held_out, rest))
    validation, data = ([a[rows] for a in data] for rows in both)
    validation[1] = mask_inputs(density, validation[1], rng)

    start = [w.detach().numpy() for w in density.parameters()]
    owner = checkpoint and training_digest([*columns, *start, held_out], training, int(seed))
    density.to(training.device)
    n = len(data[0])
    epochs, batch, patience, passes = training.plan(n, short=short)
    steps = passes * (n // batch)
    weights = list(density.parameters())
    decay = decay_of(samples or len(data[0]))
    optimizer = torch.optim.AdamW(weights, betas=BETAS, weight_decay=decay, fused=True)
    at_start = evaluate(density, validation, loss) if short else np.inf
    state = State(weights, optimizer, rng, checkpoint, owner, at_start)
    with progress_bar(epochs, " epochs") as bar:
        state.restore()
        bar.update(len(state.losses))
        for epoch in range(len(state.losses), epochs):
            cuts, waited = plateaus(state.losses, patience, at_start)
            if cuts > (0 if short else CUTS):
                break
            if waited == patience:
                move(weights, state.kept)
                move(state.mean, state.kept)
            density.train()
            loss_sum = torch.zeros((), device=training.device)
            batches = torch.as_tensor(shuffled(n, batch, passes, rng), device=training.device)
            x = mask_inputs(density, data[1], rng)
            for i, rows in enumerate(batches):
                done = epoch * steps + i
                rate = one_cycle(done / (steps * epochs)) * CUT**cuts
                optimizer.param_groups[0]["lr"] = training.learning_rate * rate
                value = loss(density, data[0][rows], x[rows], *(a[rows] for a in data[2:]))
                optimizer.zero_grad()
                value.backward()
                torch.nn.utils.clip_grad_norm_(weights, training.clip)
                optimizer.step()
                move(state.mean, weights, mean_part(done))
                loss_sum += value.detach()
            now = [w.detach().clone() for w in weights]
            move(weights, state.mean)
            losses = float(loss_sum) / steps, evaluate(density, validation, loss)
            move(weights, now)
            check_losses(losses, epoch)
            state.add(losses)
            bar.set_postfix(loss=f"{losses[0]:.3f}", validation=f"{losses[1]:.3f}")
            bar.update()
    move(weights, state.kept)
    density.eval().to("cpu")
    return History(*np.array(state.losses).T, state.best)


def parts(n: int, share: float, count: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Parts of n rows, each this share of them, that have no rows in common if they can."""
    order, size = rng.permutation(n), max(1, round(share * n))
    return [np.roll(order, -m * size)[:size] for m in range(count)]


def shuffled(n: int, batch: int, passes: int, rng: np.random.Generator) -> np.ndarray:
    """Rows (steps, batch) of the batches of an epoch; what fills no batch is left out."""
    full = n // batch * batch
    orders = [rng.permutation(n)[:full] for _ in range(passes)]
    return np.concatenate(orders).reshape(-1, batch)


def as_tensor(column: np.ndarray, device: str) -> Tensor:
    """Put a column on the device, real numbers in single precision."""
    kind = torch.float32 if np.issubdtype(column.dtype, np.floating) else None
    return torch.as_tensor(column, dtype=kind, device=device)


def mask_inputs(density: Density, x: Tensor, rng: np.random.Generator) -> Tensor:
    """Mask statistics or trials of x at random (input dropout), by the embedding's rule."""
    if density.embedding is None:
        return x
    generator = torch.Generator(x.device).manual_seed(int(rng.integers(2**63)))
    return density.embedding.thin(x, generator)


@torch.no_grad()
def move(weights: Sequence[Tensor], targets: Sequence[Tensor], part: float = 1.0) -> None:
    """Move weights in place by the given part of the way to their targets."""
    for weight, target in zip(weights, targets, strict=True):
        weight.lerp_(target, part)


@torch.no_grad()
def evaluate(density: Density, columns: Sequence[Tensor], loss: Loss) -> float:
    """Loss on held-out simulations, in equal blocks of bounded memory."""
    density.eval()
    count = -(-len(columns[0]) // BLOCK)
    blocks = list(zip(*(c.tensor_split(count) for c in columns), strict=True))
    return sum(float(loss(density, *b)) * len(b[0]) for b in blocks) / len(columns[0])
