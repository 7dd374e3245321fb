"""Breakdown of the pyloric rhythm: which neuron drops out of it, and how.

A neuron may be silent, or spike without bursts; if all burst, one may skip cycles of AB/PD or
burst more than once in them; or they lose their order. Taught in
``book/robustness/perturbations.md``.
"""

from collections.abc import Sequence

import numpy as np

from mechfit.summaries.triphasic import NEURONS

__all__ = ["what_is_lost"]

FEWER, MORE = 0.9, 1.1
"""Bursts per burst of AB/PD, below or above which a neuron has dropped out of the rhythm."""


def what_is_lost(x: np.ndarray, names: Sequence[str]) -> list[str]:
    """Classify how each circuit fails to be triphasic; "" if it is.

    Args:
        x: Statistics (n, k) of `PyloricActivity`.
        names: Their names.

    Returns:
        For each circuit the first that applies of "AB/PD silent", "LP silent", "PY silent", the
        same with "without bursts", "skips cycles" and "bursts more often", and "out of order".

    Example:
        >>> from mechfit.models import PyloricActivity
        >>> model = PyloricActivity(duration=1500.0)
        >>> names = model.statistic_names
        >>> what_is_lost(model.statistics(np.zeros(31) - 40, seed=1), names)
        ['AB/PD silent']
    """
    x, names = np.atleast_2d(x), list(names)
    spikes, found = (
        np.stack([x[:, names.index(f"{what}_{n}")] for n in NEURONS], 1)
        for what in ("spikes", "bursts")
    )
    share = found / np.maximum(found[:, :1], 1)
    checks = {
        "silent": spikes == 0,
        "without bursts": found == 0,
        "skips cycles": share < FEWER,
        "bursts more often": share > MORE,
    }
    triphasic = np.isfinite(x[:, names.index("phase_PY")])
    labels = np.array([f"{n} {how}" for how in checks for n in NEURONS] + ["out of order", ""])
    applies = np.column_stack([*checks.values(), np.ones(len(x), bool)])
    return labels[np.where(triphasic, -1, applies.argmax(1))].tolist()
