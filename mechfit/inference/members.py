r"""Members: networks of one kind, trained side by side, where simulations are few.

A step of a small network on a few dozen simulations takes more calls than arithmetic, and M
networks in turn take M times as many. Here their weights are the rows of one matrix W (M, P), and
every call serves them all. As the sum of their losses has the gradient

    d/dW_m  sum_j L_j(W_j)  =  dL_m / dW_m,

each row descends as it would alone in a short training (``training.py``): with its own batches,
held-out simulations, clipped gradient and running mean. When to stop, and which weights are best,
the networks of one kind are told together, by the mean of their losses: each alone would ask a few
dozen simulations, and go by chance. The weights they begin with, at a regression, count as well:
of a hundred simulations there may be no more to learn. From half of the epochs on, a kind that is
far behind another goes no further. Taught in ``book/inference/density-estimators.md``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.func import functional_call, vmap
from torch.nn.utils import parameters_to_vector

from mechfit.inference.densities.base import Density
from mechfit.inference.densities.configs import Coupling, Estimator
from mechfit.inference.densities.coupling import SplineCoupling
from mechfit.inference.torch_state import torch_state
from mechfit.inference.training import (
    BETAS,
    History,
    Training,
    as_tensor,
    check_losses,
    decay_of,
    mean_part,
    move,
    one_cycle,
    shuffled,
)
from mechfit.simulation.progress import progress_bar

__all__ = ["alike", "train_members"]

LAG = 0.2
"""By how much (nats) a kind may be worse than the better one when half of all epochs are over."""


def alike(starts: Sequence[Estimator | Density], training: Training) -> bool:
    """Whether densities can be trained side by side: spline couplings without an embedding."""
    couplings = all(
        isinstance(start, Coupling)
        or isinstance(getattr(start, "transform", None), SplineCoupling)
        for start in starts
    )
    embedded = any(start.embedding is not None for start in starts)
    return couplings and not embedded and training.device == "cpu"


class Stack:
    """Networks as the rows of a matrix: weights (M, P), and the buffers that differ (M, ...)."""

    def __init__(self, networks: Sequence[Density], decay: float) -> None:
        self.network = networks[0]
        self.shapes = {name: w.shape for name, w in self.network.named_parameters()}
        rows = [parameters_to_vector(network.parameters()).detach() for network in networks]
        self.weights = torch.stack(rows).requires_grad_()
        states = [network.state_dict() for network in networks]
        names = states[0].keys() - self.shapes.keys()
        self.buffers = {name: torch.stack([s[name] for s in states]) for name in sorted(names)}
        self.mean = self.weights.detach().clone()
        self.optimizer = torch.optim.AdamW(
            [self.weights], betas=BETAS, weight_decay=decay, fused=True
        )

    def losses(self, weights: Tensor, z: Tensor, x: Tensor) -> Tensor:
        """Means (M,) of -log q_m(z | x) over each network's own z (M, n, d) and x (M, n, k)."""
        return -vmap(self._log_prob)(weights, self.buffers, z, x).mean(1)

    def step(self, z: Tensor, x: Tensor, rate: float, clip: float, part: float) -> Tensor:
        """Descend once, move the means by `part` of the way to the weights; losses (M,)."""
        self.optimizer.param_groups[0]["lr"] = rate
        values = self.losses(self.weights, z, x)
        self.optimizer.zero_grad()
        values.sum().backward()
        gradient = self.weights.grad
        norms = gradient.norm(dim=1, keepdim=True)
        gradient.mul_((clip / (norms + 1e-6)).clamp(max=1.0))
        self.optimizer.step()
        with torch.no_grad():
            self.mean.lerp_(self.weights, part)
        return values.detach()

    def keep(self, rows: Tensor) -> None:
        """Go on with these rows alone."""
        before, state = self.weights, self.optimizer.state
        self.weights = before.detach()[rows].requires_grad_()
        moments = state.pop(before).items()
        state[self.weights] = {k: v[rows] if v.dim() else v for k, v in moments}
        self.optimizer.param_groups[0]["params"] = [self.weights]
        self.mean = self.mean[rows]
        self.buffers = {name: b[rows] for name, b in self.buffers.items()}

    def named(self, row: Tensor) -> dict[str, Tensor]:
        """The weights of one network by their names, from its row (P,)."""
        parts = row.split([shape.numel() for shape in self.shapes.values()])
        both = zip(self.shapes.items(), parts, strict=True)
        return {name: part.view(shape) for (name, shape), part in both}

    def _log_prob(self, row: Tensor, buffers: dict, z: Tensor, x: Tensor) -> Tensor:
        return functional_call(self.network, self.named(row) | buffers, (z, x))


@torch_state(grad=True)
def train_members(
    networks: Sequence[Density],
    columns: Sequence[np.ndarray],
    training: Training,
    seeds: Sequence[int],
    held_out: Sequence[np.ndarray],
    kinds: Sequence[int],
) -> list[History]:
    """Fit the weights of networks that are `alike` in place, by short trainings on one core.

    Args:
        networks: What to train, M of them.
        columns: Simulations: z (n, d) and x (n, k).
        training: How to train.
        seeds: Seed of each network's batches.
        held_out: Which rows each network does not learn from, as many for each.
        kinds: Number of each network's kind; those of one kind stop together.

    Returns:
        The losses of all epochs of each network.

    Raises:
        FloatingPointError: A loss is not finite.
    """
    z, x = (as_tensor(column, "cpu") for column in columns)
    rngs = [np.random.default_rng(seed) for seed in seeds]
    rest = np.array([np.setdiff1d(np.arange(len(z)), rows) for rows in held_out])
    asked, kinds = torch.as_tensor(np.array(held_out)), np.array(kinds)
    n = rest.shape[1]
    epochs, batch, patience, passes = training.plan(n, short=True)
    steps = passes * (n // batch)
    stack = Stack(networks, decay_of(n))
    losses = [[] for _ in networks]
    kept = stack.mean.clone()
    with torch.no_grad():
        at_start = stack.losses(kept, z[asked], x[asked])
    best = {kind: (float(at_start[kinds == kind].mean()), -1) for kind in np.unique(kinds)}
    going = np.arange(len(kinds))
    with progress_bar(epochs, " epochs") as bar:
        for epoch in range(epochs):
            batches = [rest[m][shuffled(n, batch, passes, rngs[m])] for m in going]
            sums = torch.zeros(len(going))
            for i, rows in enumerate(torch.as_tensor(np.stack(batches, 1))):
                done = epoch * steps + i
                rate = training.learning_rate * one_cycle(done / (steps * epochs))
                sums += stack.step(z[rows], x[rows], rate, training.clip, mean_part(done))
            with torch.no_grad():
                rows = asked[going]
                validation = stack.losses(stack.mean, z[rows], x[rows])
            for m, *now in zip(going, (sums / steps).tolist(), validation.tolist(), strict=True):
                check_losses(now, epoch)
                losses[m].append(now)
            bar.set_postfix(validation=f"{float(validation.mean()):.3f}")
            bar.update()
            still = np.ones(len(going), bool)
            for kind in np.unique(kinds[going]):
                rows = np.flatnonzero(kinds[going] == kind)
                loss = float(validation[rows].mean())
                if loss <= best[kind][0]:
                    best[kind] = loss, epoch
                    kept[going[rows]] = stack.mean[rows]
                still[rows] = epoch - best[kind][1] < patience
                behind = best[kind][0] - min(loss for loss, _ in best.values())
                still[rows] &= 2 * epoch < epochs or behind < LAG
            if not still.any():
                break
            if not still.all():
                stack.keep(torch.as_tensor(still))
                going = going[still]
    for network, row in zip(networks, kept, strict=True):
        move(list(network.parameters()), list(stack.named(row).values()))
        network.eval()
    return [History(*np.array(a).T, best[k][1]) for a, k in zip(losses, kinds, strict=True)]
