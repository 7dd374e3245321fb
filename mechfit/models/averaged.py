"""Averaged traces: the voltage itself as data, for a network that learns its own statistics.

A trace of T samples is redundant. Its means over `every` samples in a row,

    x_k = 1 / every sum_{s < every} V[every k + s],    k = 0 ... T // every - 1,

keep what changes more slowly: at 0.25 ms, spikes stay spikes. Simulation i has the same noise as
in the wrapped model. Taught in ``book/summaries/learned-features.md``.
"""

import numpy as np

from mechfit.models.model import Model, Traces

__all__ = ["Averaged"]

BLOCK = 64
"""Traces that are held at once."""


class Averaged(Model):
    """A model whose statistics are its voltages, averaged over consecutive samples.

    Args:
        model: A model with one channel; it needs `time`, its times in ms.
        every: Samples in a mean.

    Attributes:
        middles: Middle of each mean (k,) in ms.

    Example:
        >>> from mechfit.models import HodgkinHuxley
        >>> model = Averaged(HodgkinHuxley(), every=25)
        >>> model.statistics(model.model.truth, seed=1).shape, model.statistic_names[1]
        ((1, 480), 'V(0.37 ms)')
    """

    def __init__(self, model: Model, every: int) -> None:
        time = np.asarray(model.time)
        if not isinstance(every, int | np.integer):
            raise TypeError(f"every is {every!r}, expected a whole number of samples")
        if not 1 <= every <= len(time):
            raise ValueError(f"every is {every}, expected 1 to {len(time)}, the samples there are")
        self.model, self.every = model, every
        self.prior = model.prior
        self.middles = self._means(time[None])[0]
        self.statistic_names = tuple(f"V({t:.2f} ms)" for t in self.middles)
        self.statistic_units = ("mV",) * len(self.middles)

    def simulate(
        self, theta: np.ndarray, seed: int, *, first: int = 0, noise: np.ndarray | None = None
    ) -> Traces:
        """Simulate theta (n, d) by the wrapped model and keep the traces."""
        return self.model.simulate(theta, seed, first=first, noise=noise)

    def summarize(self, traces: Traces) -> np.ndarray:
        """Average voltages (n, 1, time) to (n, k)."""
        if traces.voltage.shape[1] != 1:
            raise ValueError(f"traces have {traces.voltage.shape[1]} channels, expected 1")
        return self._means(traces.voltage[:, 0])

    def statistics(self, theta: np.ndarray, seed: int, *, first: int = 0) -> np.ndarray:
        """Simulate theta (n, d) and return the averaged voltages (n, k) in mV."""
        theta = self.prior.check(theta).copy()
        x = np.empty((len(theta), len(self.middles)))
        for start in range(0, len(theta), BLOCK):
            rows = slice(start, start + BLOCK)
            x[rows] = self.summarize(self.simulate(theta[rows], seed, first=first + start))
        return x

    def _means(self, voltage: np.ndarray) -> np.ndarray:
        """Means (n, k) over `every` consecutive columns (n, time); a remainder is dropped."""
        kept = voltage.shape[1] // self.every * self.every
        return voltage[:, :kept].reshape(len(voltage), -1, self.every).mean(2)
