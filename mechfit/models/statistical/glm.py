r"""GLM: spikes whose rate is the exponential of weighted pasts, of stimulus, self and others.

The expected count of cell i in a bin of dt is rate_i(t) dt, with

    ln rate_i(t) = b_i + sum_k k_i(k) s(t - k) + sum_k h_i(k) y_i(t - k)
                       + sum_(j != i) sum_k c_ij(k) y_j(t - k),        k = 1, 2, ... bins,

and every filter a weighted sum of basis functions, so that ln rate = X w. The log-likelihood

    L(w) = sum_t y ln(rate dt) - rate dt - ln y!

is concave in the weights and fitted by Newton's method, see `regression`. Without a filter the
rate is constant, the model that others are compared with. Truccolo et al. (2005),
doi:10.1152/jn.00697.2004; Pillow et al. (2008), doi:10.1038/nature07140. Taught
in ``book/models/mechanism-or-statistics.md``.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln

from mechfit.models.inputs import finite, spans, whole
from mechfit.models.numerics.noise import key_of
from mechfit.models.statistical.basis import weighted_past
from mechfit.models.statistical.regression import poisson_regression
from mechfit.models.statistical.spiking import MOST, run
from mechfit.summaries.arguments import array_of, number_of, numbers

__all__ = ["GLM", "spike_counts"]


@dataclass(frozen=True)
class GLM:
    """A generalized linear model of the spikes of n cells: what its filters are made of.

    Weights (n, p) are in the order bias (of the rate in Hz), stimulus, history, then coupling to
    the other cells, in their order. Counts are (n, T), or (T,) for one cell.

    Attributes:
        stimulus: Basis (lags, k) of the stimulus filter, see `raised_cosines`; None without one.
        history: Basis of the filter of a cell's own spikes, or None.
        coupling: Basis of the filters of the other cells' spikes, or None.
        dt: Bin (ms).
        cap: Largest expected count in a bin of a simulation, which stops runaway firing.
        most: Largest count in a bin of a simulation: 1 where bins are shorter than a refractory
            period, as the counts of cells that fire precisely are not those of a Poisson process.

    Example:
        >>> from mechfit.models.statistical.basis import raised_cosines
        >>> glm = GLM(history=raised_cosines(50, 3, 1.0, 30.0, 1.0))
        >>> counts, _ = glm.simulate([3.0, -4.0, 0.0, 0.5], seed=1, bins=20_000)
        >>> glm.fit(counts)[0].round(1)
        array([[ 2.8, -3.4, -0.4,  0.7]])
    """

    stimulus: np.ndarray | None = None
    history: np.ndarray | None = None
    coupling: np.ndarray | None = None
    dt: float = 1.0
    cap: float = 3.0
    most: int = MOST

    def __post_init__(self) -> None:
        for name in ("stimulus", "history", "coupling"):
            basis = np.empty((0, 0)) if getattr(self, name) is None else getattr(self, name)
            object.__setattr__(self, name, array_of(name, basis, "(lags, k)"))
        for name in ("dt", "cap"):
            object.__setattr__(self, name, number_of(name, getattr(self, name), positive=True))
        if self.cap > 100:
            raise ValueError(f"cap is {self.cap}, expected at most 100 spikes in a bin")
        whole(self.most, "most", 1)

    def names(self, cells: int = 1) -> tuple[str, ...]:
        """Names of the p weights of each of so many cells."""
        parts = {"stimulus": self.stimulus, "history": self.history}
        parts |= {f"coupling_{j}": self.coupling for j in range(1, cells)}
        each = (f"{name}_{k + 1}" for name, b in parts.items() for k in range(b.shape[1]))
        return "bias", *each

    def design(self, counts: ArrayLike, stimulus: ArrayLike | None = None) -> np.ndarray:
        """Design matrices X (n, T, p) of counts (n, T), under a stimulus (T,) where it has one."""
        counts = spike_counts(counts)
        cells, bins = counts.shape
        shared = [np.ones((bins, 1)), self._seen(stimulus, bins)]
        own, others = (
            [weighted_past(y, basis) for y in counts] for basis in (self.history, self.coupling)
        )
        rest = [[own[i], *others[:i], *others[i + 1 :]] for i in range(cells)]
        return np.stack([np.hstack([*shared, *columns]) for columns in rest])

    def intensity(
        self, weights: ArrayLike, counts: ArrayLike, stimulus: ArrayLike | None = None
    ) -> np.ndarray:
        """Rates (n, T) in Hz of weights (n, p), given counts (n, T) up to the bin before."""
        with np.errstate(over="ignore"):
            return np.exp(self._predictor(weights, counts, stimulus))

    def log_likelihood(
        self, weights: ArrayLike, counts: ArrayLike, stimulus: ArrayLike | None = None
    ) -> np.ndarray:
        """Log-likelihood (n,) of weights (n, p) for counts (n, T)."""
        counts = spike_counts(counts)
        expected = self._predictor(weights, counts, stimulus) + np.log(self.dt / 1000)
        with np.errstate(over="ignore"):
            return (counts * expected - np.exp(expected) - gammaln(counts + 1)).sum(1)

    def fit(
        self,
        counts: ArrayLike,
        stimulus: ArrayLike | None = None,
        *,
        mean: ArrayLike = 0.0,
        sd: ArrayLike = np.inf,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Most probable weights (n, p), and their covariances (n, p, p) by Laplace's method.

        Without a prior these are the maximum of the likelihood and the inverse of the Fisher
        information: the roots of its diagonal are the standard errors.

        Args:
            counts: Counts (n, T).
            stimulus: Stimulus (T,), where there is a basis for it.
            mean: Prior mean of the weights, one or (p,).
            sd: Prior standard deviation, one or (p,), infinite without a prior.

        Raises:
            ValueError: A cell is silent, its data are separable, or columns depend on each other.
        """
        counts = spike_counts(counts)
        names = self.names(len(counts))
        mean = finite(spans(numbers(mean, "mean"), len(names), "mean"), "mean", rows=None)
        sd = spans(numbers(sd, "sd"), len(names), "sd", positive=True)
        each = zip(self.design(counts, stimulus), counts, strict=True)
        found = [
            poisson_regression(
                X, y, mean, sd, self.dt / 1000, [f"{name} of cell {i}" for name in names]
            )
            for i, (X, y) in enumerate(each)
        ]
        weights, covariances = zip(*found, strict=True)
        return np.stack(weights), np.stack(covariances)

    def filters(self, weights: ArrayLike) -> np.ndarray:
        """Filters (n, n, lags) of weights (n, p): history of each cell, coupling [to, from]."""
        weights = self._weights(weights)
        cells, known, own = len(weights), 1 + self.stimulus.shape[1], self.history.shape[1]
        filters = np.zeros((cells, cells, max(len(self.history), len(self.coupling))))
        for to, row in enumerate(weights[:, known:]):
            rest = np.arange(cells) != to
            others = row[own:].reshape(cells - 1, self.coupling.shape[1])
            filters[to, to, : len(self.history)] = self.history @ row[:own]
            filters[to, rest, : len(self.coupling)] = others @ self.coupling.T
        return filters

    def simulate(
        self,
        weights: ArrayLike,
        seed: int,
        *,
        stimulus: ArrayLike | None = None,
        bins: int | None = None,
        first: int = 0,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Draw counts (n, T), and tell in which share of bins the cap acted (n,).

        A fitted GLM may run away, as excitation feeds on itself: do not trust a simulation whose
        cap acts more than rarely.

        Args:
            weights: Weights (n, p).
            seed: Seed of the noise, below 2**64.
            stimulus: Stimulus (T,), where there is a basis for it.
            bins: Number of bins T, where there is no stimulus.
            first: Number of the simulation: its noise has the key (seed, first).
        """
        weights = self._weights(weights)
        if (stimulus is None) == (bins is None):
            raise ValueError("expected either a stimulus or a number of bins")
        bins = np.size(stimulus) if bins is None else whole(bins, "bins", 1)
        seen = np.hstack([np.ones((bins, 1)), self._seen(stimulus, bins)])
        drive = weights[:, : seen.shape[1]] @ seen.T + np.log(self.dt / 1000)
        counts = np.zeros(drive.shape, np.int64)
        capped = run(
            drive, self.filters(weights), self.cap, key_of(seed), first, counts, self.most
        )
        return counts, capped / bins

    def _seen(self, stimulus: ArrayLike | None, bins: int) -> np.ndarray:
        """Columns (T, k) of the stimulus."""
        if (stimulus is None) != (not self.stimulus.size):
            raise ValueError(
                f"stimulus is {'missing' if stimulus is None else 'given'}, expected one where "
                "the GLM has a basis for it, and only there"
            )
        if stimulus is None:
            return np.empty((bins, 0))
        stimulus = array_of("stimulus", stimulus, "(T,)")
        if len(stimulus) != bins:
            raise ValueError(f"stimulus has shape {stimulus.shape}, expected ({bins},)")
        return weighted_past(stimulus, self.stimulus)

    def _weights(self, weights: ArrayLike) -> np.ndarray:
        weights = np.atleast_2d(array_of("weights", weights, "(n, p)", "(p,)"))
        names = self.names(len(weights))
        if weights.shape[1] != len(names):
            raise ValueError(
                f"weights have shape {weights.shape}, expected ({len(weights)}, {len(names)}): "
                f"{', '.join(names)}"
            )
        return weights

    def _predictor(
        self, weights: ArrayLike, counts: ArrayLike, stimulus: ArrayLike | None
    ) -> np.ndarray:
        """Logarithms of the rates (n, T)."""
        weights, counts = self._weights(weights), spike_counts(counts)
        if len(weights) != len(counts):
            raise ValueError(
                f"weights are of {len(weights)} cells, expected {len(counts)} as the counts"
            )
        return np.einsum("ntp,np->nt", self.design(counts, stimulus), weights)


def spike_counts(counts: ArrayLike) -> np.ndarray:
    """Counts (n, T) as floats."""
    counts = np.atleast_2d(array_of("counts", counts, "(n, T)", "(T,)"))
    if not counts.size or (counts < 0).any() or (counts % 1).any():
        raise ValueError(
            f"counts have shape {counts.shape}, expected (n, T) of whole numbers of at least 0"
        )
    return counts
