"""Rows: what a worker does with its parameters, and how it tells of a failure.

A foreign simulation that raises, or returns what is not finite, has failed; one that takes too
long ends its process, which no code inside it can prevent. Taught in ``book/beyond/scaling.md``.
"""

from __future__ import annotations

import faulthandler
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from mechfit.models import Model
from mechfit.models.inputs import numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Failure", "simulate_rows", "statistics_of"]

Failure = tuple[int, str]


def simulate_rows(
    model: Model, theta: np.ndarray, seed: int, first: int
) -> tuple[np.ndarray, Failure | None]:
    """Simulate theta (m, d) on a worker; the model gets copies, and what it returns is copied.

    Returns:
        The statistics x (m, k), and the number and message of the first failed simulation of a
        foreign model.
    """
    if not model.run_in_process:
        return statistics_of(model, theta, seed, first), None
    x, failure = np.full((len(theta), len(model.statistic_names)), np.nan), None
    for i, row in enumerate(theta):
        try:
            with limited(model.time_limit):
                x[i] = statistics_of(model, row[None], seed, first + i)[0]
        except (Exception, SystemExit) as error:
            said = f"{type(error).__name__}: {error}"
        else:
            missing = np.array(model.statistic_names)[~np.isfinite(x[i])]
            said = f"{', '.join(missing)} not finite" if missing.size else ""
        if said and failure is None:
            failure = first + i, said
    return x, failure


def statistics_of(model: Model, theta: np.ndarray, seed: int, first: int) -> np.ndarray:
    """Statistics (m, k) of theta (m, d); ValueError if the model returns another shape."""
    x = np.array(numbers(model.statistics(theta.copy(), seed, first=first), "the statistics"))
    expected = len(theta), len(model.statistic_names)
    if x.shape != expected:
        raise ValueError(
            f"{type(model).__name__}.statistics returned shape {x.shape}, expected {expected}: a "
            f"row for each parameter set, with {', '.join(model.statistic_names[:20])}"
        )
    return x


@contextmanager
def limited(seconds: float | None) -> Iterator[None]:
    """End this process after some seconds, even if it hangs in code that is not Python."""
    if seconds is None:
        yield
        return
    with open(os.devnull, "w") as nowhere:
        faulthandler.dump_traceback_later(seconds, exit=True, file=nowhere)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()
