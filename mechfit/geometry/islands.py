r"""Islands or valleys: whether parameter sets are connected by paths of high probability.

Two parameter sets are *connected* if log q on a path between them nowhere falls below its 1 %
quantile t over the posterior's draws,

    min_s log q(x(s) | x_o) >= t,      P(log q(theta | x_o) < t) = 1 %,

and if what lies on it still works when simulated. Many are joined by a spanning tree: pairs are
tried from the closest on, except those that are connected already (Kruskal 1956); the groups left
are the islands. A path that is found is evidence of a connection, at its nodes; a search without
success proves nothing. In 30 dimensions most draws lie far below the peak, so that t is low.
Taught in ``book/geometry/islands-or-valleys.md``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mechfit.geometry.paths import along, high_probability_path, straight
from mechfit.geometry.slopes import Function
from mechfit.models.inputs import aligned, finite, on_copies, spans
from mechfit.simulation.progress import progress_bar

__all__ = ["Connection", "Islands", "connect", "islands"]

SHARE = 0.01
"""Share of the posterior's draws below the level."""


@dataclass(frozen=True)
class Connection:
    """The best path found between two parameter sets.

    Attributes:
        path: Nodes (n, d) of the path, at equal distances.
        log_prob: Log-density (n,) at the nodes.
        line: Lowest log-density on the straight line.
        level: The level that the path must not fall below.
        works: Whether simulated nodes work (m,), or None if none was simulated.
    """

    path: np.ndarray
    log_prob: np.ndarray
    line: float
    level: float
    works: np.ndarray | None = None

    @property
    def lowest(self) -> float:
        """Lowest log-density on the path."""
        return float(self.log_prob.min())

    @property
    def connected(self) -> bool:
        """Whether the path stays above the level, and all that was simulated of it works."""
        return self.lowest >= self.level and (self.works is None or bool(self.works.all()))

    def __str__(self) -> str:
        tried = "" if self.works is None else f", {self.works.sum()} of {len(self.works)} work"
        return (
            f"{'connected' if self.connected else 'not connected'}: lowest log-density "
            f"{self.lowest:.1f} (level {self.level:.1f}, straight line {self.line:.1f}){tried}"
        )


@dataclass(frozen=True)
class Islands:
    """Groups of connected parameter sets.

    Attributes:
        groups: Number of each set's group (n,), from 0.
        pairs: Pairs (p, 2) that were tried, from the closest on.
        connections: The paths found between them (p,).
    """

    groups: np.ndarray
    pairs: np.ndarray
    connections: tuple[Connection, ...]

    @property
    def count(self) -> int:
        """Number of groups."""
        return int(self.groups.max()) + 1

    def __str__(self) -> str:
        n, joined = len(self.groups), sum(c.connected for c in self.connections)
        if self.count == 1:
            return f"a valley: {n} parameter sets hang together by {joined} paths"
        sizes = ", ".join(map(str, np.sort(np.bincount(self.groups))[::-1]))
        return f"{self.count} islands, of {sizes} parameter sets"


def connect(
    log_prob: Function,
    start: np.ndarray,
    end: np.ndarray,
    level: float,
    *,
    works: Callable[[np.ndarray], np.ndarray] | None = None,
    tried: int = 20,
    scale: np.ndarray | float = 1.0,
    nodes: int = 80,
    **settings: object,
) -> Connection:
    """Search for a path between two parameter sets on which log q nowhere falls below a level.

    Args:
        log_prob: Log-density (n,) of parameters (n, d).
        start: One parameter set (d,).
        end: The other (d,).
        level: The lowest log-density allowed.
        works: Whether parameters (m, d) work when simulated (m,); evaluated on a path that stays
            above the level.
        tried: Number of nodes to simulate, at equal distances, with the ends.
        scale: Unit of each parameter (d,).
        nodes: Number of nodes.
        **settings: Of `high_probability_path`.
    """
    start, end, scale = aligned(start=start, end=end, scale=scale)
    found = high_probability_path(log_prob, start, end, scale=scale, nodes=nodes, **settings)
    path = along(found, nodes, scale)
    log_prob = on_copies(log_prob)
    log_q, line = log_prob(path), log_prob(straight(start, end, nodes)).min()
    simulated = None
    if works is not None and log_q.min() >= level:
        simulated = np.asarray(works(along(path, tried, scale)), bool)
    return Connection(path, log_q, float(line), float(level), simulated)


def islands(
    log_prob: Function,
    samples: np.ndarray,
    level: float,
    *,
    scale: np.ndarray | float = 1.0,
    attempts: int = 3,
    **settings: object,
) -> Islands:
    """Connect parameter sets by paths and count the groups that are left.

    Args:
        log_prob: Log-density (n,) of parameters (n, d).
        samples: Draws of the posterior (n, d).
        level: The lowest log-density allowed, such as the 1 % quantile over draws.
        scale: Unit of each parameter (d,).
        attempts: Number of pairs of the same two groups that are tried.
        **settings: Of `connect`.
    """
    samples, scale = aligned(samples=samples, scale=scale)
    n, d = finite(samples, "samples", rows=2).shape
    scale = spans(scale, d, "scale", positive=True)
    first, second = np.triu_indices(n, 1)
    far = np.linalg.norm((samples[first] - samples[second]) / scale, axis=1)
    groups, failed = np.arange(n), {}
    pairs, connections = [], []
    with progress_bar(n - 1, " joined") as bar:
        for k in np.argsort(far):
            i, j = int(first[k]), int(second[k])
            ends = frozenset((int(groups[i]), int(groups[j])))
            if len(ends) == 1 or failed.get(ends, 0) >= attempts:
                continue
            found = connect(log_prob, samples[i], samples[j], level, scale=scale, **settings)
            pairs.append((i, j))
            connections.append(found)
            if found.connected:
                keep, gone = sorted(ends)
                groups[groups == gone] = keep
                failed = {pair: tries for pair, tries in failed.items() if gone not in pair}
                bar.update(1)
            else:
                failed[ends] = failed.get(ends, 0) + 1
    return Islands(np.unique(groups, return_inverse=True)[1], np.array(pairs), tuple(connections))
