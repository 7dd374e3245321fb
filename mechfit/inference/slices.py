r"""Slice sampling: move points so that a density stays invariant, without any step size to tune.

Draw a level l below log p(z) at the point z, l = log p(z) - e with e ~ Exp(1), and then a point of
the slice {z' : log p(z') > l} on a line through z: choose one on a chord of the line; where it
lies outside the slice, shorten the chord towards z and choose again (*shrinkage*). Neal (2003),
doi:10.1214/aos/1056562461. Taught in ``book/geometry/pyloric-posterior.md``.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

__all__ = ["slice_step"]

TRIES = 50


def slice_step(
    log_prob: Callable[[np.ndarray], np.ndarray],
    z: np.ndarray,
    value: np.ndarray,
    level: np.ndarray,
    direction: np.ndarray,
    chord: np.ndarray,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Move points within their slices, those that find a place; returns them and their values.

    Args:
        log_prob: Log-density (n,) of z (n, d); a NaN lies outside every slice.
        z: The points (n, d).
        value: Their log-densities (n,).
        level: Log-densities (n,) that the slices lie above.
        direction: Directions (n, d) of the lines.
        chord: Where the chords begin and end (2, n), in units of the directions; z is at 0.
        rng: Source of the draws.
    """
    z, value, (low, high), rows = z.copy(), value.copy(), chord.copy(), np.arange(len(z))
    for _ in range(TRIES):
        t = rng.uniform(low[rows], high[rows])
        tried = z[rows] + t[:, None] * direction[rows]
        found = log_prob(tried)
        inside = found > level[rows]
        z[rows[inside]], value[rows[inside]] = tried[inside], found[inside]
        rows, t = rows[~inside], t[~inside]
        if not len(rows):
            break
        below = t < 0
        low[rows[below]], high[rows[~below]] = t[below], t[~below]
    return z, value
