r"""GLMNeuron: a GLM as a simulator, whose exact posterior is known.

The weights are independent normals before the data, theta ~ N(mean, sd²), and the neuron is seen
under one stimulus. Its log-likelihood

    ln p(y | theta) = theta . X^T y - sum_t exp(x_t . theta) dt + const

is concave, and nearly a parabola about its maximum. The statistics of a recording are therefore
the most probable weights given it, which tell nearly all that its spikes do. Most draws of so wide
a prior run away, up to the cap in every bin: a recording above some rate is no valid one, and its
statistics are NaN. That depends on the spikes alone, so that no posterior of a valid one changes.

As the likelihood is a formula, draws of a Student distribution with 8 degrees of freedom around
the most probable theta, which covers the posterior, can be weighted by posterior over proposal
and drawn again by these weights: any other inference can be held against them. Taught in
``book/models/mechanism-or-statistics.md``.
"""

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
from mechfit.summaries.arguments import array_of, number_of, numbers

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
        highest: Rate (Hz) above which a recording is not valid.

    Example:
        >>> from mechfit.models.statistical.basis import raised_cosines
        >>> glm = GLM(raised_cosines(20, 2, 1.0, 10.0, 1.0), raised_cosines(50, 2, 1.0, 9.0, 1.0))
        >>> neuron = GLMNeuron(glm, np.sin(np.arange(2000) / 10))
        >>> neuron.statistics([3.0, 0.5, 0.0, -5.0, 0.0], seed=1).round(1)
        array([[ 2.8,  0.5,  0. , -4.3, -0.3]])
    """

    block = 256

    def __init__(
        self,
        glm: GLM,
        stimulus: ArrayLike,
        *,
        mean: ArrayLike | None = None,
        sd: ArrayLike = 2.0,
        highest: float = 100.0,
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
        self._highest = number_of("highest", highest, positive=True)
        self.statistic_names = tuple(f"mode of {name}" for name in names)
        self.statistic_units = tuple(units)

    def counts(self, theta: np.ndarray, seed: int, *, first: int = 0) -> np.ndarray:
        """Simulate theta (n, d) and return the spike counts (n, T)."""
        theta = self.prior.check(theta)
        check_possible(theta, np.isfinite(theta), self.prior.names, "finite numbers")
        counts = np.zeros((len(theta), len(self.stimulus)), np.int64)
        drive = theta[:, : self._known] @ self._columns.T + np.log(self.glm.dt / 1000)
        for i, row in enumerate(theta):
            some = slice(i, i + 1)
            rule = self.glm.filters(row), self.glm.cap, key_of(seed), first + i
            run(drive[some], *rule, counts[some], self.glm.most)
        return counts

    def reduce(self, counts: ArrayLike) -> np.ndarray:
        """Statistics (n, d) of spike counts (n, T): most probable weights, NaN at too high rates.

        They take some milliseconds for a recording of 6,000 bins.
        """
        counts = np.atleast_2d(array_of("counts", counts, "(n, T)", "(T,)"))
        if counts.shape[1] != len(self.stimulus):
            raise ValueError(
                f"counts have shape {counts.shape}, expected (n, {len(self.stimulus)})"
            )
        x = np.full((len(counts), len(self._mean)), np.nan)
        for row in np.flatnonzero(counts.mean(1) * 1000 / self.glm.dt <= self._highest):
            x[row] = self._fit(counts[row])[0]
        return x

    def statistics(self, theta: np.ndarray, seed: int, *, first: int = 0) -> np.ndarray:
        """Simulate theta (n, d) and return the statistics (n, d)."""
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
        mode, spread = self._fit(counts)
        proposal = multivariate_t(mode, spread, df=FREEDOM)
        theta = proposal.rvs(SPARE * n, random_state=rng).reshape(-1, len(mode))
        log_p = self.prior.log_prob(theta) + self.log_likelihood(theta, counts)
        return rng.choice(theta, n, p=softmax(log_p - proposal.logpdf(theta)))

    def _fit(self, counts: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Most probable weights (d,) given counts (T,), and their covariance (d, d)."""
        (mode,), (spread,) = self.glm.fit(counts, self.stimulus, mean=self._mean, sd=self._sd)
        return mode, spread
