r"""GLMNeuron: a GLM as a simulator, whose exact posterior is known.

The weights are independent normals before the data, theta ~ N(mean, sd²), and the neuron is seen
under one stimulus. Its log-likelihood

    ln p(y | theta) = theta . X^T y - sum_t exp(x_t . theta) dt + const

is nearly told by the spike count n and by X^T y / n, the averages of the weighted pasts at spikes.
History makes X itself random, so that the autocorrelogram is added: the number of spikes per bin
1, 2, 3-4, 5-8, ... bins after a spike. For a silent cell all are 0.

As the likelihood is a formula, draws of a Student distribution with 8 degrees of freedom around
the most probable theta, which covers the posterior, can be weighted by posterior over proposal
and drawn again by these weights: any other inference can be held against them. Taught in
``book/models/mechanism-or-statistics.md``.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln, softmax
from scipy.stats import multivariate_t

from mechfit.models.distributions import Normal
from mechfit.models.inputs import check_possible, spans
from mechfit.models.model import Model
from mechfit.models.numerics.noise import key_of
from mechfit.models.parameter import Parameter
from mechfit.models.prior import Prior
from mechfit.models.statistical.glm import GLM
from mechfit.models.statistical.spiking import run
from mechfit.summaries.arguments import array_of, numbers

__all__ = ["GLMNeuron"]

FREEDOM, SPARE, BLOCK = 8, 4, 64
"""Degrees of freedom of the proposal; its draws per draw kept; rows that are computed at once."""


class GLMNeuron(Model):
    """A neuron that fires as a GLM under a stimulus.

    The columns of theta are the weights of the `GLM`.

    Args:
        glm: The bases of its filters, that of the stimulus among them.
        stimulus: Stimulus (T,).
        mean: Prior mean of the d weights, one or (d,); by default 3, about 20 Hz, for the bias
            and 0 for others.
        sd: Prior standard deviation, one or (d,).

    Example:
        >>> from mechfit.models.statistical.basis import raised_cosines
        >>> glm = GLM(raised_cosines(20, 2, 1.0, 10.0, 1.0), raised_cosines(50, 2, 1.0, 9.0, 1.0))
        >>> neuron = GLMNeuron(glm, np.sin(np.arange(2000) / 10))
        >>> neuron.statistics([3.0, 0.5, 0.0, -5.0, 0.0], seed=1)[0, 0]
        np.float64(70.0)
    """

    block = 256

    def __init__(
        self,
        glm: GLM,
        stimulus: ArrayLike,
        *,
        mean: ArrayLike | None = None,
        sd: ArrayLike = 2.0,
    ) -> None:
        self.glm, self.stimulus = glm, array_of("stimulus", stimulus, "(T,)").copy()
        names = glm.names()
        default = np.where(np.array(names) == "bias", 3.0, 0.0)
        mean = spans(numbers(default if mean is None else mean, "mean"), len(names), "mean")
        sd = spans(numbers(sd, "sd"), len(names), "sd", positive=True)
        units = ["ln Hz", *[""] * (len(names) - 1)]
        rows = zip(names, map(Normal, mean, sd), units, strict=True)
        self.prior = Prior(tuple(Parameter(*row) for row in rows))
        self._mean, self._sd = mean, sd
        X = glm.design(np.zeros(len(self.stimulus)), self.stimulus)[0]
        self._known = 1 + glm.stimulus.shape[1]
        self._columns = X[:, : self._known]
        lags = len(glm.history)
        self._edges = np.unique(np.r_[0, np.minimum(2 ** np.arange(lags.bit_length() + 1), lags)])
        gaps = [f"{a + 1}-{b}" if b > a + 1 else f"{b}" for a, b in pairwise(self._edges)]
        self.statistic_names = ("spikes", *names[1:], *(f"after_{gap}" for gap in gaps))
        self.statistic_units = ("",) * len(self.statistic_names)

    def counts(self, theta: np.ndarray, seed: int, *, first: int = 0) -> np.ndarray:
        """Simulate theta (n, d) and return the spike counts (n, T)."""
        theta = self.prior.check(theta)
        check_possible(theta, np.isfinite(theta), self.prior.names, "finite numbers")
        counts = np.zeros((len(theta), len(self.stimulus)), np.int64)
        drive = theta[:, : self._known] @ self._columns.T + np.log(self.glm.dt / 1000)
        for i, row in enumerate(theta):
            some = slice(i, i + 1)
            rule = self.glm.filters(row), self.glm.cap, key_of(seed), first + i
            run(drive[some], *rule, counts[some])
        return counts

    def reduce(self, counts: ArrayLike) -> np.ndarray:
        """Statistics (n, k) of spike counts (n, T)."""
        counts = np.atleast_2d(array_of("counts", counts, "(n, T)", "(T,)"))
        if counts.shape[1] != len(self.stimulus):
            raise ValueError(
                f"counts have shape {counts.shape}, expected (n, {len(self.stimulus)})"
            )
        lags = range(1, self._edges[-1] + 1)
        pairs = [np.einsum("nt,nt->n", counts[:, k:], counts[:, :-k]) for k in lags]
        pairs = np.reshape(pairs, (-1, len(counts))).T
        history = pairs @ self.glm.history
        total = np.pad(np.cumsum(pairs, 1), ((0, 0), (1, 0)))[:, self._edges]
        after = np.diff(total) / np.diff(self._edges)
        spikes, *seen = (counts @ self._columns).T
        each = np.column_stack([*seen, history, after])
        return np.column_stack([spikes, each / np.maximum(spikes, 1)[:, None]])

    def statistics(self, theta: np.ndarray, seed: int, *, first: int = 0) -> np.ndarray:
        """Simulate theta (n, d) and return the statistics (n, k)."""
        return self.reduce(self.counts(theta, seed, first=first))

    def log_likelihood(self, theta: np.ndarray, counts: ArrayLike) -> np.ndarray:
        """Log-likelihood (n,) of theta (n, d) for counts (T,)."""
        theta, counts = self.prior.check(theta), array_of("counts", counts, "(T,)")
        X, bin_s = self.glm.design(counts, self.stimulus)[0], self.glm.dt / 1000
        constant = counts.sum() * np.log(bin_s) - gammaln(counts + 1).sum()
        with np.errstate(over="ignore"):
            blocks = np.array_split(theta, len(theta) // BLOCK + 1)
            expected = [bin_s * np.exp(rows @ X.T).sum(1) for rows in blocks]
        return theta @ (X.T @ counts) - np.concatenate(expected) + constant

    def posterior_sample(self, counts: ArrayLike, n: int, seed: int) -> np.ndarray:
        """Draw (n, d) from the exact posterior given counts (T,), with repetitions."""
        rng = np.random.default_rng(seed)
        (mode,), (spread,) = self.glm.fit(counts, self.stimulus, mean=self._mean, sd=self._sd)
        proposal = multivariate_t(mode, spread, df=FREEDOM)
        theta = proposal.rvs(SPARE * n, random_state=rng).reshape(-1, len(mode))
        log_p = self.prior.log_prob(theta) + self.log_likelihood(theta, counts)
        return rng.choice(theta, n, p=softmax(log_p - proposal.logpdf(theta)))
