"""Any step: one model neuron for recordings that differ in their stimulus.

Recorded cells received different currents and began at different voltages. For a posterior
amortized over both, each simulation draws a current density I and a first voltage v_0, uniformly,
and appends them to the statistics:

    x = (seven statistics, I, v_0),    p(theta | x) = p(theta | seven statistics; I, v_0).

`LANES` successive simulations share a stimulus, because they are simulated side by side. Taught
in ``book/inference/real-neurons.md``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from mechfit.models.hodgkin_huxley.lanes import LANES
from mechfit.models.hodgkin_huxley.model import PRIOR, HodgkinHuxley
from mechfit.models.hodgkin_huxley.recordings import Cell
from mechfit.models.model import Model
from mechfit.summaries.voltage import STATISTIC_NAMES, STATISTIC_UNITS

__all__ = ["AnyStep"]

INPUTS = {"current": "µA/cm²", "v_init": "mV"}


class AnyStep(Model):
    """The neuron of `HodgkinHuxley` under steps of different size.

    It has statistics alone; `under` is the model for one stimulus, with traces.

    Args:
        cells: Recordings whose stimuli set the range; they must share the step's window, to within
            a sample, the sampling interval and the threshold of spikes.
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
        facts = np.array([(*c.window, c.dt, c.threshold, c.current, c.v_init) for c in cells])
        if (np.ptp(facts[:, :4], 0) > 1.01 * facts[0, 2] * np.array([1, 1, 1e-3, 0])).any():
            raise ValueError(
                f"the cells have windows, sampling intervals (ms) and thresholds (mV) from "
                f"{facts[:, :4].min(0)} to {facts[:, :4].max(0)}, expected the same for all"
            )
        low, high = facts[:, 4:].min(0), facts[:, 4:].max(0)
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
        """Return x_o (9,): the cell's statistics and its stimulus."""
        return np.r_[cell.x, cell.current, cell.v_init]

    def stimulus(self, seed: int, group: int) -> np.ndarray:
        """Current and first voltage (2,) of a group of simulations."""
        return np.random.default_rng([seed, group, 1]).uniform(self.low, self.high)

    def statistics(self, theta: np.ndarray, seed: int, *, first: int = 0) -> np.ndarray:
        """Simulate theta (n, 8) and return the seven statistics and the stimulus (n, 9)."""
        theta = self.prior.check(theta)
        x = np.empty((len(theta), len(self.statistic_names)))
        start = 0
        while start < len(theta):
            group = (first + start) // LANES
            stop = min((group + 1) * LANES - first, len(theta))
            x[start:stop, 7:] = self.stimulus(seed, group)
            model = self.under(*x[start, 7:])
            x[start:stop, :7] = model.statistics(theta[start:stop], seed, first=first + start)
            start = stop
        return x
