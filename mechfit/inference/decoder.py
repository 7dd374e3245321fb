r"""Decoder: what a population encodes, read from its activity by a network.

From trials Y (n, q, T) of q cells a convolution in time predicts targets z (n, p, T), such as a
stimulus or latent variables, in every bin from the `bins` around it,

    z_t = b + sum_k A_k y_{t+k} + V silu(sum_k W_k y_{t+k} + c),        |k| <= bins // 2,

with the bins beyond a trial's ends marked as missing. Its weights minimize the squared error; at
V = 0 it is Wiener's linear decoder. The last trials are held out to stop in time and to tell the
decoder's error. That holds for trials of the same kind: under another condition a decoder may be
wrong without notice. Glaser et al. (2020), doi:10.1523/ENEURO.0506-19.2020. Taught in
``book/models/mechanism-or-statistics.md``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from mechfit.inference.densities.base import seeded
from mechfit.inference.torch_state import torch_state
from mechfit.inference.training import History, Training, train
from mechfit.models.inputs import whole
from mechfit.summaries.arguments import array_of

__all__ = ["Decoder"]


class Convolutions(nn.Module):
    """The map from standardized activity (n, q, T) to standardized targets (n, p, T)."""

    embedding = None

    def __init__(self, cells: int, bins: int, hidden: int, targets: int) -> None:
        super().__init__()
        both = {"kernel_size": bins, "padding": bins // 2}
        self.linear = nn.Conv1d(cells + 1, targets, **both)
        self.first = nn.Conv1d(cells + 1, hidden, **both)
        self.last = nn.Conv1d(hidden, targets, 1)
        for weights in (self.linear.weight, self.last.weight):
            nn.init.zeros_(weights)

    def forward(self, y: Tensor) -> Tensor:
        """Targets (n, p, T) of activity y (n, q, T)."""
        y = torch.cat([y, torch.ones_like(y[:, :1])], 1)  # padded by zeros: which bins exist
        return self.linear(y) + self.last(nn.functional.silu(self.first(y)))


@dataclass(frozen=True)
class Decoder:
    """A trained decoder; called, it predicts targets (n, p, T) from trials Y (n, q, T).

    Attributes:
        network: The network, in torch.
        history: Losses of its training: mean squared errors, relative to the targets' variances.
        error: Root-mean-square error (p,) on the trials that were held out.
        scales: Mean and standard deviation of activity (2, q) and of targets (2, p).

    Example:
        >>> z = np.random.default_rng(1).normal(size=(50, 1, 20))
        >>> Y = np.concatenate([z, -z, 2 * z], axis=1)
        >>> decoder = Decoder.fit(Y, z, bins=1, training=Training(epochs=40), seed=1)
        >>> decoder.error < 0.2
        array([ True])
    """

    network: Convolutions = field(repr=False)
    history: History
    error: np.ndarray
    scales: tuple[np.ndarray, np.ndarray] = field(repr=False)

    @classmethod
    @torch_state()
    def fit(
        cls,
        Y: ArrayLike,
        targets: ArrayLike,
        *,
        bins: int = 21,
        hidden: int = 64,
        training: Training | None = None,
        seed: int,
    ) -> Self:
        """Train a decoder.

        Args:
            Y: Activity (n, q, T), such as counts; long recordings are cut into trials.
            targets: What to predict (n, p, T).
            bins: Number of bins that a prediction sees, odd: its own in the middle.
            hidden: Number of nonlinear units.
            training: How to train; where it holds out a share of the trials, these are the last.
            seed: Seed of initial weights and batches.
        """
        training = training or Training()
        Y, targets = (array_of(*a, "(n, q, T)") for a in (("Y", Y), ("targets", targets)))
        same = [a.shape[::2] for a in (Y, targets)]
        if same[0] != same[1] or len(Y) < 2 or not targets.size:
            raise ValueError(
                f"Y has shape {Y.shape} and targets {targets.shape}, expected (n, q, T) and "
                "(n, p, T) of the same two or more trials"
            )
        if whole(bins, "bins", 1) % 2 == 0:
            raise ValueError(f"bins is {bins}, expected an odd number")
        last = np.arange(len(Y) - max(1, round(training.validation * len(Y))), len(Y))
        known = slice(0, last[0])
        scales = tuple(
            np.stack([a.mean((0, 2)), a.std((0, 2))]) for a in (Y[known], targets[known])
        )
        if not all((scale[1] > 0).all() for scale in scales):
            raise ValueError("a cell or a target never varies, expected others")
        sizes = Y.shape[1], bins, whole(hidden, "hidden", 1), targets.shape[1]
        network = seeded(Convolutions, *sizes, seed=seed)
        columns = standardized(targets, scales[1]), standardized(Y, scales[0])
        options = {"loss": squared_error, "held_out": last, "samples": last[0] * Y.shape[2]}
        history = train(network, columns, training, seed, **options)
        decoder = cls(network, history, np.empty(0), scales)
        away = decoder(Y[last]) - targets[last]
        return cls(network, history, np.sqrt((away**2).mean((0, 2))), scales)

    @torch_state()
    def __call__(self, Y: ArrayLike) -> np.ndarray:
        """Predict targets (n, p, T) from trials Y (n, q, T)."""
        Y, cells = array_of("Y", Y, "(n, q, T)"), self.scales[0].shape[1]
        if Y.shape[1] != cells:
            raise ValueError(f"Y has shape {Y.shape}, expected (n, {cells}, T)")
        found = self.network(torch.as_tensor(standardized(Y, self.scales[0])).float())
        mean, sd = self.scales[1][..., None]
        return found.double().numpy() * sd + mean


def standardized(values: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Values (n, k, T) with mean 0 and standard deviation 1."""
    mean, sd = scale[..., None]
    return (values - mean) / sd


def squared_error(network: Convolutions, targets: Tensor, y: Tensor) -> Tensor:
    """Mean squared error of standardized targets."""
    return nn.functional.mse_loss(network(y), targets)
