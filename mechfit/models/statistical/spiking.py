r"""Draw spikes from rates that depend on earlier spikes, bin by bin.

The expected count of cell i in bin t is m = min(exp(drive_i(t)), cap), and its count y the
smallest with P(Y <= y) > u, for a uniform number u from the key (seed, simulation) and the counter
t n + i; or `most`, where that is less. What y spikes add to the drives of all cells in the bins to
come is added at once.
"""

import numpy as np

from mechfit.compile import compiled
from mechfit.models.numerics.noise import between_0_and_1, threefry

__all__ = ["MOST", "run"]

MOST = 1000
"""Spikes in a bin that no cap allows to be reached."""


@compiled
def run(drive, filters, cap, key, simulation, counts, most=MOST):
    """Draw counts (n, T); `drive` (n, T) is changed. Returns in how many bins the cap acted (n,).

    Filters are (n, n, lags): [to, from, lag - 1].
    """
    cells, bins = drive.shape
    capped = np.zeros(cells, np.int64)
    for t in range(bins):
        for i in range(cells):
            expected = np.exp(drive[i, t])
            if expected > cap:
                expected = cap
                capped[i] += 1
            word, _ = threefry(key[0], key[1], np.uint32(simulation), np.uint32(t * cells + i))
            u = between_0_and_1(word)
            y, term = 0, np.exp(-expected)
            reached = term
            while u > reached and term > 0 and y < most:
                y += 1
                term *= expected / y
                reached += term
            counts[i, t] = y
            if y:
                for to in range(cells):
                    for k in range(min(filters.shape[2], bins - 1 - t)):
                        drive[to, t + 1 + k] += y * filters[to, i, k]
    return capped
