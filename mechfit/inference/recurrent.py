r"""RecurrentNetwork: spikes whose rate depends on all the past through a network's state.

With the inputs u_t, the counts y_{t-1} of all n cells in the bin before and the stimulus s_t, and
the state h_t = GRU(u_t, h_{t-1}) of gated recurrent units, the expected counts in bin t are

    ln mean_t = b + A u_t + W h_t,

and the weights minimize -sum_t (y_t . ln mean_t - |mean_t|), the negative log-likelihood of
Poisson counts, up to a constant. At W = 0, where training begins, this is a GLM with a history of
one bin. The recording is cut into pieces, each with the bins before it, which bring up the state
and are not scored; the last ones are held out to stop in time. Cho et al. (2014),
arXiv:1406.1078. Taught in ``book/models/mechanism-or-statistics.md``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np
import torch
from numpy.typing import ArrayLike
from scipy.special import gammaln
from torch import Tensor, nn

from mechfit.inference.densities.base import seeded
from mechfit.inference.torch_state import torch_state
from mechfit.inference.training import History, Training, train
from mechfit.models.inputs import whole
from mechfit.models.statistical.glm import spike_counts
from mechfit.summaries.arguments import array_of, number_of

__all__ = ["RecurrentNetwork"]

PIECE, BEFORE, HIGHEST = 200, 100, 30.0
"""Bins of a piece that are scored, bins before them, and largest ln mean that is drawn from."""


class RateNetwork(nn.Module):
    """The map from inputs (m, T, k) to logarithms of expected counts (m, T, n)."""

    embedding = None

    def __init__(self, inputs: int, units: int, cells: int) -> None:
        super().__init__()
        self.register_buffer("center", torch.zeros(inputs))
        self.register_buffer("scale", torch.ones(inputs))
        self.direct = nn.Linear(inputs, cells)
        self.recurrent = nn.GRU(inputs, units, batch_first=True)
        self.read = nn.Linear(units, cells, bias=False)
        for weights in (self.direct.weight, self.read.weight):
            nn.init.zeros_(weights)

    def standardize(self, counts: np.ndarray, inputs: np.ndarray) -> None:
        """Take scales of inputs (T, k) and the rates of counts (T, n) to be learned from."""
        self.center.copy_(torch.as_tensor(inputs.mean(0)))
        self.scale.copy_(torch.as_tensor(inputs.std(0) + (np.ptp(inputs, 0) == 0)))
        self.direct.bias.data.copy_(torch.as_tensor(np.log(counts.mean(0))))

    def forward(self, u: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Give ln mean (m, T, n) of inputs u (m, T, k), and the last state."""
        u = (u - self.center) / self.scale
        h, state = self.recurrent(u, state)
        return self.direct(u) + self.read(h), state


@dataclass(frozen=True)
class RecurrentNetwork:
    """A trained recurrent network of the spikes of n cells.

    Counts are (n, T), or (T,) for one cell, and the stimulus is (T,), as in `GLM`; here the
    stimulus in a bin acts on the same bin.

    Attributes:
        network: The network, in torch.
        history: Losses of its training, in nats per bin and cell.
        most: Most spikes in a bin of its recording, and so of a simulation: more would be an input
            like none that it has seen.
        dt: Bin (ms).

    Example:
        >>> counts = np.random.default_rng(1).poisson(0.05, 3000)
        >>> network = RecurrentNetwork.fit(counts, units=4, training=Training(epochs=2), seed=1)
        >>> network.intensity(counts).shape
        (1, 3000)
    """

    network: RateNetwork = field(repr=False)
    history: History
    most: int
    dt: float = 1.0

    @classmethod
    @torch_state()
    def fit(
        cls,
        counts: ArrayLike,
        stimulus: ArrayLike | None = None,
        *,
        units: int = 32,
        dt: float = 1.0,
        training: Training | None = None,
        seed: int,
    ) -> Self:
        """Train a network on one recording of at least 400 bins.

        Args:
            counts: Counts (n, T); what is left of a multiple of 200 bins is not used.
            stimulus: Stimulus (T,), or None.
            units: Number of recurrent units.
            dt: Bin (ms).
            training: How to train on pieces of 200 bins, the last of which are held out; 40 epochs
                in batches of 30 by default, with a peak learning rate of 0.02.
            seed: Seed of initial weights and batches.
        """
        training = training or Training(epochs=40, batch=30, learning_rate=0.02)
        counts, dt = spike_counts(counts), number_of("dt", dt, positive=True)
        pieces = counts.shape[1] // PIECE
        if pieces < 2:
            raise ValueError(f"counts have {counts.shape[1]} bins, expected at least {2 * PIECE}")
        held_out = max(1, round(training.validation * pieces))
        known = PIECE * (pieces - held_out)
        if not (counts[:, :known].sum(1) > 0).all():
            cell = np.argmin(counts[:, :known].sum(1))
            raise ValueError(
                f"cell {cell} never fires, expected a spike in the first {known} bins"
            )
        y, u = counts.T[: PIECE * pieces], inputs_of(counts, stimulus)[: PIECE * pieces]
        network = seeded(RateNetwork, u.shape[1], whole(units, "units", 1), len(counts), seed=seed)
        network.standardize(y[:known], u[:known])
        padded = np.pad(u, ((BEFORE, 0), (0, 0)))
        starts = range(0, len(u), PIECE)
        windows = np.stack([padded[t : t + PIECE + BEFORE] for t in starts])
        columns = y.reshape(pieces, PIECE, -1), windows
        last = np.arange(pieces - held_out, pieces)
        options = {"loss": surprise, "held_out": last, "samples": known}
        history = train(network, columns, training, seed, **options)
        return cls(network, history, int(counts.max()), dt)

    def intensity(self, counts: ArrayLike, stimulus: ArrayLike | None = None) -> np.ndarray:
        """Rates (n, T) in Hz, given counts (n, T) up to the bin before."""
        return np.exp(self._log_mean(counts, stimulus)) * 1000 / self.dt

    def log_likelihood(self, counts: ArrayLike, stimulus: ArrayLike | None = None) -> np.ndarray:
        """Log-likelihood (n,) of counts (n, T)."""
        log_mean, counts = self._log_mean(counts, stimulus), spike_counts(counts)
        return (counts * log_mean - np.exp(log_mean) - gammaln(counts + 1)).sum(1)

    @torch_state()
    def simulate(
        self,
        runs: int,
        seed: int,
        *,
        stimulus: ArrayLike | None = None,
        bins: int | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Draw counts (runs, n, T), and tell in which share of bins there were too many (n,).

        Counts above `most` are cut off.

        Args:
            runs: Number of simulations under the same stimulus.
            seed: Seed of the noise.
            stimulus: Stimulus (T,), where the network was trained with one.
            bins: Number of bins T, where there is no stimulus.
        """
        if (stimulus is None) == (bins is None):
            raise ValueError("expected either a stimulus or a number of bins")
        rng, cells = np.random.default_rng(seed), self.network.direct.out_features
        bins = np.size(stimulus) if bins is None else whole(bins, "bins", 1)
        seen = self._inputs(np.zeros((cells, bins)), stimulus)[:, :-cells]
        counts, capped = np.zeros((bins, whole(runs, "runs", 1), cells)), np.zeros(cells)
        state, before = None, counts[0]
        for t, row in enumerate(seen):
            u = np.hstack([np.tile(row, (len(before), 1)), before])
            log_mean, state = self.network(torch.as_tensor(u[:, None]).float(), state)
            drawn = rng.poisson(np.exp(np.minimum(log_mean[:, 0].double().numpy(), HIGHEST)))
            capped += (drawn > self.most).mean(0) / bins
            before = counts[t] = np.minimum(drawn, self.most)
        return counts.transpose(1, 2, 0).astype(np.int64), capped

    @torch_state()
    def _log_mean(self, counts: ArrayLike, stimulus: ArrayLike | None) -> np.ndarray:
        u = torch.as_tensor(self._inputs(spike_counts(counts), stimulus)).float()
        return self.network(u[None])[0][0].T.double().numpy()

    def _inputs(self, counts: np.ndarray, stimulus: ArrayLike | None) -> np.ndarray:
        u, direct = inputs_of(counts, stimulus), self.network.direct
        if (u.shape[1], len(counts)) != (direct.in_features, direct.out_features):
            raise ValueError(
                f"got {len(counts)} cells and {u.shape[1] - len(counts)} stimuli, expected "
                f"{direct.out_features} and {direct.in_features - direct.out_features}"
            )
        return u


def inputs_of(counts: np.ndarray, stimulus: ArrayLike | None) -> np.ndarray:
    """Inputs (T, k) of each bin: the stimulus, if there is one, and the counts before."""
    before = np.pad(counts[:, :-1], ((0, 0), (1, 0)))
    if stimulus is None:
        return before.T
    stimulus = array_of("stimulus", stimulus, "(T,)")
    if len(stimulus) != counts.shape[1]:
        raise ValueError(f"stimulus has shape {stimulus.shape}, expected ({counts.shape[1]},)")
    return np.vstack([stimulus, before]).T


def surprise(network: RateNetwork, counts: Tensor, u: Tensor) -> Tensor:
    """Negative log-likelihood, in nats per bin and cell, up to a constant."""
    return nn.functional.poisson_nll_loss(network(u)[0][:, BEFORE:], counts)
