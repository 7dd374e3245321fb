"""Any step: one model neuron for recordings that differ in their stimulus.

Recorded cells were given different currents and began at different voltages, so a network for all
of them must be told both. Each simulation is one of a neuron theta under a current density I and
a first voltage v_0 that are drawn with it, uniformly, and stand beside its statistics:

    x = (seven statistics, I, v_0),    p(theta | x) = p(theta | statistics, under this stimulus).

`GROUP` simulations that follow each other share a stimulus, for they are simulated side by side.
Taught in ``book/inference/real-neurons.md``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from mechfit.models.hodgkin_huxley.model import PRIOR, HodgkinHuxley
from mechfit.models.hodgkin_huxley.recordings import Cell
from mechfit.models.model import Model, Traces
from mechfit.summaries.voltage import STATISTIC_NAMES, STATISTIC_UNITS

__all__ = ["AnyStep"]

GROUP = 32
INPUTS = {"current": "µA/cm²", "v_init": "mV"}


class AnyStep(Model):
    """The neuron of `HodgkinHuxley` under steps of different size.

    Args:
        cells: Recordings to be covered; they must share the step's window and the sampling
            interval, to within a sample.
        margin: How far beyond the cells' range of currents and first voltages stimuli are drawn,
            relative to the range.

    Example:
        >>> from mechfit.models import Cell
        >>> cells = [
        ...     Cell(str(i), 1, current, (10.0, 60.0), 0.05, v_init, np.zeros(7))
        ...     for i, (current, v_init) in enumerate([(1.0, -80.0), (2.0, -70.0)])
        ... ]
        >>> model = AnyStep(cells)
        >>> model.statistics(model.prior.sample(40, seed=1), seed=1).shape
        (40, 9)
        >>> model.observation(cells[1])[7:]
        array([  2., -70.])
    """

    prior = PRIOR
    statistic_names = (*STATISTIC_NAMES, *INPUTS)
    statistic_units = (*STATISTIC_UNITS, *INPUTS.values())

    def __init__(self, cells: Sequence[Cell] | Mapping[str, Cell], margin: float = 0.1) -> None:
        cells = list(cells.values()) if isinstance(cells, Mapping) else list(cells)
        if len(cells) < 2:
            raise ValueError(f"got {len(cells)} cells, expected at least 2")
        self.example = cells[0]
        facts = np.array([(*c.window, c.dt, c.current, c.v_init) for c in cells])
        if (np.ptp(facts[:, :3], 0) > 1.01 * facts[0, 2] * np.array([1, 1, 1e-3])).any():
            raise ValueError(
                f"the cells have windows and sampling intervals from {facts[:, :3].min(0)} to "
                f"{facts[:, :3].max(0)} ms, expected the same for all"
            )
        low, high = facts[:, 3:].min(0), facts[:, 3:].max(0)
        self.low, self.high = low - margin * (high - low), high + margin * (high - low)
        if not (self.low < self.high).all() or self.low[0] <= 0:
            raise ValueError(
                f"currents and first voltages would be drawn from {self.low} to {self.high}, "
                "expected ranges, of currents above 0"
            )

    def under(self, current: float, v_init: float) -> HodgkinHuxley:
        """The neuron under a step of this size (µA/cm²), from this voltage (mV) on."""
        cell = self.example
        return replace(cell, current=current, v_init=v_init).model()

    def observation(self, cell: Cell) -> np.ndarray:
        """What a posterior is conditioned on (9,): the cell's statistics and its stimulus."""
        return np.r_[cell.x, cell.current, cell.v_init]

    def stimulus(self, seed: int, group: int) -> np.ndarray:
        """Current and first voltage (2,) of a group of simulations."""
        return np.random.default_rng([seed, group, 1]).uniform(self.low, self.high)

    def simulate(
        self, theta: np.ndarray, seed: int, *, first: int = 0, noise: np.ndarray | None = None
    ) -> Traces:
        """Refuse: traces of different stimuli are not told apart; use `under`."""
        raise TypeError("the stimuli differ, use under(current, v_init).simulate()")

    def summarize(self, traces: Traces) -> np.ndarray:
        """Refuse, as `simulate`."""
        raise TypeError("the stimuli differ, use under(current, v_init).summarize()")

    def statistics(self, theta: np.ndarray, seed: int, *, first: int = 0) -> np.ndarray:
        """Simulate theta (n, 8) and return the seven statistics and the stimulus (n, 9)."""
        theta = self.prior.check(theta)
        x = np.empty((len(theta), len(self.statistic_names)))
        start = 0
        while start < len(theta):
            group = (first + start) // GROUP
            stop = min((group + 1) * GROUP - first, len(theta))
            x[start:stop, 7:] = self.stimulus(seed, group)
            model = self.under(*x[start, 7:])
            x[start:stop, :7] = model.statistics(theta[start:stop], seed, first=first + start)
            start = stop
        return x
