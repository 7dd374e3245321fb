r"""Wiring: who sends to whom, as lists of targets by source.

A network of n neurons, the first of them excitatory, is connected

- by a fixed in-degree: each neuron has exactly C_e excitatory and C_i inhibitory inputs, from
  distinct neurons, none from itself;
- at random: each ordered pair of distinct neurons with probability p (Bernoulli);
- or by hand: a matrix of weights and one of delays.

The inputs of a neuron depend on nothing but the key (seed, network, neuron), so they are drawn
twice: first the targets of each source are counted, then written. That takes no memory beyond the
lists: 2 bytes per synapse in a network of up to 65,536 neurons, 4 in larger ones, and 8 per
neuron; by hand each synapse has its weight (8 bytes) and its delay (4) too. Where a neuron reaches
more than a 20th of all, rows of bits are kept as well, 2.5 bytes per synapse or less, see
`counting`.
"""

from dataclasses import dataclass
from functools import cached_property
from math import log, log1p

import numpy as np
from numba.extending import register_jitable
from numpy.typing import ArrayLike

from mechfit.compile import compiled
from mechfit.models.inputs import whole
from mechfit.models.networks.counting import rows_of
from mechfit.models.numerics.noise import between_0_and_1, key_of, threefry
from mechfit.summaries.arguments import array_of

__all__ = ["Wiring", "check_in_degrees", "stream"]

DENSE = 20
"""Neurons per target above which rows of bits are not worth it."""
u32, u64 = np.uint32, np.uint64


@compiled
def stream(key0, key1, number, purpose):
    """A key for one purpose in network `number` of a seed: 0, 1 wiring, 2 start, 3 input."""
    return threefry(key0, key1, u32(number), u32(purpose))


@register_jitable
def some_of(low, high, degree, target, key, drawn, sources, found):
    """Draw distinct sources from low to high, never the target; `drawn` marks whose they are."""
    size, wanted, pair = u64(high - low), found + degree, 0
    while found < wanted:
        for word in threefry(key[0], key[1], u32(target), u32(pair)):
            source = low + np.int64((u64(word) * size) >> u64(32))
            if source != target and drawn[source] != target and found < wanted:
                drawn[source] = target
                sources[found] = source
                found += 1
        pair += 1
    return found


@register_jitable
def any_of(n, p, target, key, sources):
    """Keep each source but the target with probability p, skipping geometric distances."""
    source, found, pair, scale = -1, 0, 0, 1.0 / log1p(-p)
    while source < n:
        for word in threefry(key[0], key[1], u32(target), u32(pair)):
            source += 1 + np.int64(min(log(between_0_and_1(word)) * scale, float(n)))
            if source < n and source != target:
                sources[found] = source
                found += 1
            elif source >= n:
                break
        pair += 1
    return found


@compiled
def connect(n, excitatory, degrees, p, keys, pointers, targets):
    """Add each source's targets to `targets`, or, where that is None, count them in `pointers`.

    `pointers` (n + 1,) is where the next target of a source goes.
    """
    drawn, sources = np.full(n, -1), np.empty(n, np.int64)
    for target in range(n):
        if p > 0.0:
            found = any_of(n, p, target, keys[0], sources)
        else:
            found = some_of(0, excitatory, degrees[0], target, keys[0], drawn, sources, 0)
            found = some_of(excitatory, n, degrees[1], target, keys[1], drawn, sources, found)
        for source in sources[:found]:
            if targets is not None:
                targets[pointers[source]] = target
            pointers[source] += 1


@dataclass(frozen=True)
class Wiring:
    """The synapses of a network.

    Attributes:
        excitatory: Number of excitatory neurons; they are the first ones.
        pointers: Source j has the synapses ``pointers[j]`` to ``pointers[j + 1]``, (n + 1,).
        targets: Target of each synapse.
        weights: Weight of each synapse in units of its kind's; None where all are 1.
        delays: Delay of each synapse in steps; None where all have that of the network.
    """

    excitatory: int
    pointers: np.ndarray
    targets: np.ndarray
    weights: np.ndarray | None = None
    delays: np.ndarray | None = None

    def __post_init__(self) -> None:
        n, synapses = len(self), len(self.targets)
        ends, out_degrees = self.pointers[[0, -1]], np.diff(self.pointers)
        if (ends != (0, synapses)).any() or (out_degrees < 0).any() or n < self.excitatory:
            raise ValueError(
                f"pointers lead from {ends[0]} to {ends[1]} for {n} neurons, {self.excitatory} of "
                f"them excitatory, and {synapses} synapses; expected 0 to the latter, in order"
            )
        if synapses and self.targets.max() >= n:
            raise ValueError(f"a target is {self.targets.max()}, expected less than {n}")

    def __len__(self) -> int:
        return len(self.pointers) - 1

    @cached_property
    def bits(self) -> np.ndarray:
        """The targets as rows of bits (n + 1, words), empty where lists are better."""
        n = len(self)
        if self.delays is not None or n > 2**16 or len(self.targets) * DENSE < n**2:
            return np.empty((0, 0), u64)
        return rows_of(self.pointers, self.targets, -(-n // 256) * 16)

    @classmethod
    def fixed_in_degree(
        cls, excitatory: int, inhibitory: int, degrees: tuple[int, int], seed: int, number: int = 0
    ) -> "Wiring":
        """Give each neuron C_e excitatory and C_i inhibitory inputs from distinct other neurons.

        Args:
            excitatory: Number of excitatory neurons.
            inhibitory: Number of inhibitory neurons.
            degrees: C_e and C_i, less than these numbers.
            seed: Seed below 2**64.
            number: Number of the network among those of a seed.

        Example:
            >>> wiring = Wiring.fixed_in_degree(80, 20, (8, 2), seed=1)
            >>> np.bincount(wiring.targets)[:5]
            array([10, 10, 10, 10, 10])
        """
        check_in_degrees((excitatory, inhibitory), degrees)
        return cls._drawn((excitatory, inhibitory), degrees, 0.0, seed, number)

    @classmethod
    def bernoulli(
        cls, excitatory: int, inhibitory: int, p: float, seed: int, number: int = 0
    ) -> "Wiring":
        """Connect each ordered pair of distinct neurons with probability p, above 0 and below 1.

        Arguments as those of `fixed_in_degree`.
        """
        if not 0 < p < 1:
            raise ValueError(f"p is {p}, expected a probability above 0 and below 1")
        return cls._drawn((excitatory, inhibitory), (0, 0), float(p), seed, number)

    @classmethod
    def of_matrix(cls, weights: ArrayLike, delays: ArrayLike, excitatory: int) -> "Wiring":
        """Take synapses by hand: those with a delay.

        Args:
            weights: Weights (n, n), by target and source, in units of the network's weights.
            delays: Delays (n, n) in whole steps, 0 where there is no synapse.
            excitatory: Number of excitatory sources, the first ones.
        """
        weights = array_of("weights", weights, "(n, n)")
        delays, n = array_of("delays", delays, "(n, n)"), len(weights)
        if weights.shape != (n, n) or delays.shape != (n, n):
            raise ValueError(
                f"weights and delays have shapes {weights.shape} and {delays.shape}, expected "
                "(n, n) both: target, source"
            )
        if (delays < 0).any() or (delays % 1).any():
            wrong = delays[(delays < 0) | (delays % 1 > 0)][0]
            raise ValueError(
                f"delays hold {wrong:g} steps, expected whole numbers: at least 1, or 0 where "
                "there is no synapse"
            )
        whole(excitatory, "excitatory", 0, n + 1)
        sources, targets = np.nonzero(delays.T)
        pointers = np.searchsorted(sources, np.arange(n + 1))
        weights, delays = weights[targets, sources], delays[targets, sources].astype(np.int32)
        return cls(excitatory, pointers, targets.astype(kind_of(n)), weights, delays)

    @classmethod
    def _drawn(
        cls, sizes: tuple[int, int], degrees: tuple[int, int], p: float, seed: int, number: int
    ) -> "Wiring":
        sizes = whole(sizes[0], "excitatory", 1), whole(sizes[1], "inhibitory", 0, 2**31)
        n, key, degrees = sum(sizes), key_of(seed), tuple(map(int, degrees))
        keys = tuple(stream(*key, number, purpose) for purpose in (0, 1))
        how, counts = (n, sizes[0], degrees, p, keys), np.zeros(n + 1, np.int64)
        connect(*how, counts, None)
        pointers = np.concatenate([[0], counts[:-1].cumsum()])
        targets = np.empty(pointers[-1], kind_of(n))
        connect(*how, pointers[:-1].copy(), targets)
        return cls(sizes[0], pointers, targets)


def check_in_degrees(sizes: tuple[int, int], degrees: tuple[int, int]) -> None:
    """Raise ValueError unless each neuron can have so many inputs from distinct other neurons."""
    for kind, size, degree in zip(("excitatory", "inhibitory"), sizes, degrees, strict=True):
        if whole(degree, "in-degree", 0) >= max(size, 1):
            raise ValueError(
                f"the in-degree is {degree} with {size} {kind} neurons, expected less: inputs "
                "come from distinct other neurons"
            )


def kind_of(n: int) -> type:
    """Type of the numbers of n neurons."""
    return np.uint16 if n <= 2**16 else np.uint32
