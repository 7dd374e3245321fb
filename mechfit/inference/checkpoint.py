"""Checkpoint: the state of a training after an epoch, so that a stopped one can be resumed.

The state consists of the weights, their running mean, the best mean so far, the moments of the
optimizer, the losses and the random generator, in one safetensors file with the numbers in its
JSON header; the state of another training is ignored. Taught in ``book/inference/sequential.md``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from mechfit.inference.files import write

__all__ = ["State", "training_digest"]

MOMENTS = "step", "exp_avg", "exp_avg_sq"


def training_digest(columns: Sequence[np.ndarray], *settings: object) -> str:
    """Hash of the data and settings of a training."""
    digest = hashlib.sha256(repr(settings).encode())
    for column in columns:
        digest.update(np.ascontiguousarray(column))
    return digest.hexdigest()


class State:
    """The state of a training.

    Args:
        weights: The weights, which the optimizer changes in place.
        optimizer: The optimizer of these weights.
        rng: Generator of the batches.
        path: File to keep the state in, or None.
        owner: Digest of the training.
        least: Held-out loss that the first kept epoch must not exceed.
    """

    def __init__(
        self,
        weights: Sequence[Tensor],
        optimizer: torch.optim.Optimizer,
        rng: np.random.Generator,
        path: Path | None,
        owner: str | None,
        least: float = np.inf,
    ) -> None:
        self.weights, self.optimizer, self.rng = weights, optimizer, rng
        self.path, self.owner, self.least = path, owner, least
        self.mean = [w.detach().clone() for w in weights]
        self.kept = [m.clone() for m in self.mean]
        self.losses: list[tuple[float, float]] = []
        self.best = -1

    def add(self, losses: tuple[float, float]) -> None:
        """End an epoch with these losses on training and held-out simulations."""
        self.losses.append(losses)
        if losses[1] <= self.least:
            self.least, self.best = losses[1], len(self.losses) - 1
            self.kept = [m.clone() for m in self.mean]
        if self.path is not None:
            facts = [self.owner, self.losses, self.best, self.rng.bit_generator.state]
            write(self.path, save(self._tensors(), {"facts": json.dumps(facts)}))

    def restore(self) -> None:
        """Read the state in the file, if it is there, undamaged and of this training."""
        if self.path is None or not self.path.exists():
            return
        try:
            with safe_open(self.path, "pt") as file:
                facts = json.loads(file.metadata()["facts"])
                stored = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except (SafetensorError, KeyError, TypeError, ValueError):
            return
        if facts[0] != self.owner:
            return
        _, losses, self.best, self.rng.bit_generator.state = facts
        self.losses = [tuple(pair) for pair in losses]
        if self.best >= 0:
            self.least = self.losses[self.best][1]
        for weight in self.weights:
            self.optimizer.state[weight] = {
                "step": torch.zeros((), device=weight.device),
                "exp_avg": torch.zeros_like(weight),
                "exp_avg_sq": torch.zeros_like(weight),
            }
        self.kept = [torch.empty_like(m) for m in self.mean]
        with torch.no_grad():
            for name, tensor in self._tensors().items():
                tensor.copy_(stored[name])

    def _tensors(self) -> dict[str, Tensor]:
        """All tensors of the state, by name."""
        groups = {"weights": self.weights, "mean": self.mean, "kept": self.kept}
        for name in MOMENTS:
            groups[name] = [self.optimizer.state[w][name] for w in self.weights]
        return {
            f"{name}.{i}": tensor.detach()
            for name, group in groups.items()
            for i, tensor in enumerate(group)
        }
