r"""Design of experiments: how much a design's outcome is expected to tell about the parameters.

What is known of theta is p(theta), a prior or the posterior so far. A design x (a stimulus, a
current) with the outcome y tells I(x) on average, the mutual information of theta and y,

    I(x) = H[theta] - E_y H[theta | y, x] = E[log p(y | theta, x) - log p(y | x)],

and the next design is argmax_x I(x), over the designs. With theta_n from p, y_n from each, and M
contrasts theta'_m, other draws of p, two means enclose I(x),

    E[log p(y_n | theta_n) - log 1/(M+1) (p(y_n | theta_n) + sum_m p(y_n | theta'_m))]  <=  I(x)
       I(x)  <=  E[log p(y_n | theta_n) - log 1/M sum_m p(y_n | theta'_m)].

The lower one, prior contrastive estimation, never exceeds log(M + 1); the upper one, nested Monte
Carlo, is too high by about var(p(y | theta') / p(y)) / 2M, most where I is large, so that it may
err about the maximum. Both need M well above exp(I). All draws and designs share the contrasts,
and the standard errors count their chance too. Without a likelihood, any density q bounds
I(x) >= E[log q(theta | y, x) - log p(theta)]. Lindley (1956), doi:10.1214/aoms/1177728069;
Rainforth et al. (2018), arXiv:1709.06181; Foster et al. (2020), arXiv:1911.00294. Taught in
``book/beyond/which-experiment-next.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import entr, logsumexp

from mechfit.inference.posterior import Posterior
from mechfit.models.inputs import finite, numbers, on_copies
from mechfit.summaries.arguments import array_of, number_of

__all__ = [
    "ExpectedInformation",
    "expected_information",
    "linear_gaussian_information",
    "posterior_information",
    "response_information",
]

NUMBERS, LEAST = 2**20, np.finfo(float).min
"""Likelihoods that are held at once; logarithm of what no contrast makes possible."""


@dataclass(frozen=True)
class ExpectedInformation:
    """Bounds on the expected information of each design, in nats.

    Attributes:
        lower: Lower bounds (designs,).
        lower_error: Their standard errors (designs,).
        upper: Upper bounds (designs,), infinite where there are none, or where no contrast makes
            an outcome possible.
        upper_error: Their standard errors (designs,).
        gains: What each of n draws contributes to the lower bounds (designs, n).
        pulls: What each of M contrasts contributes, but for a constant (designs, M).
    """

    lower: np.ndarray
    lower_error: np.ndarray
    upper: np.ndarray
    upper_error: np.ndarray
    gains: np.ndarray
    pulls: np.ndarray

    @property
    def best(self) -> int:
        """The design with the largest lower bound."""
        return int(self.lower.argmax())

    @property
    def lead(self) -> tuple[np.ndarray, np.ndarray]:
        """By how much the best design leads each (designs,), and the standard errors.

        Designs share their draws, so that differences are better known than the values.
        """
        best = self.best
        return mean_and_error(self.gains[best] - self.gains, self.pulls[best] - self.pulls)


def expected_information(
    simulate: Callable[[np.ndarray, object, np.random.Generator], np.ndarray],
    log_likelihood: Callable[[np.ndarray, np.ndarray, object], np.ndarray],
    theta: ArrayLike,
    contrasts: ArrayLike,
    designs: Sequence,
    seed: int,
) -> ExpectedInformation:
    """Enclose the expected information of designs, for a model with a likelihood.

    All designs are given the same draws, and generators with the same seed.

    Args:
        simulate: Outcomes (n, k) of theta (n, d), a design and a generator.
        log_likelihood: Log p(y | theta, design) of y (..., k) and theta (..., d), whose leading
            axes are broadcast; -inf where y is impossible.
        theta: Draws (n, d) of what is known.
        contrasts: Other draws (M, d) of it. Draws of `theta` among them lower the upper bound.
        designs: Designs in any form.
        seed: Seed of the outcomes, whose generator is none that draws `theta`.

    Raises:
        ValueError: A log-likelihood has a wrong shape, is NaN or inf, or is -inf for the
            parameters that made the outcome.

    Example:
        >>> from scipy.stats import norm
        >>> theta = np.random.default_rng(1).normal(size=(3000, 1))
        >>> found = expected_information(
        ...     lambda theta, x, rng: rng.normal(x * theta),
        ...     lambda y, theta, x: norm.logpdf(y, x * theta)[..., 0],
        ...     theta[:2000],
        ...     theta[2000:],
        ...     [0.0, 1.0, 3.0],
        ...     seed=1,
        ... )
        >>> found.best, found.lower.round(1)
        (2, array([0. , 0.4, 1.2]))
    """
    theta, contrasts = (
        finite(numbers(a, name), name, rows=2)
        for a, name in ((theta, "theta"), (contrasts, "contrasts"))
    )
    if theta.shape[1] != contrasts.shape[1]:
        raise ValueError(
            f"theta and contrasts have {theta.shape[1]} and {contrasts.shape[1]} columns, "
            "expected the same"
        )
    if len(designs) == 0:
        raise ValueError("there are no designs, expected at least one")
    simulate, log_likelihood = on_copies(simulate), on_copies(log_likelihood)
    n, m = len(theta), len(contrasts)
    gains, pulls = np.empty((2, len(designs), n)), np.zeros((2, len(designs), m))
    rows = max(1, NUMBERS // m)
    for i, design in enumerate(designs):
        y = numbers(simulate(theta, design, np.random.default_rng([seed, 1])), "outcomes")
        if y.shape[:1] != (n,) or y.ndim != 2:
            raise ValueError(f"outcomes have shape {y.shape}, expected ({n}, k)")
        own = checked(log_likelihood(y, theta, design), (n,), -np.inf)
        for part in (slice(start, start + rows) for start in range(0, n, rows)):
            one = own[part]
            found = log_likelihood(y[part, None], contrasts, design)
            found = checked(found, (len(one), m))
            others = logsumexp(found, axis=1)
            for bound, all_of_them in enumerate((np.logaddexp(one, others), others)):
                gains[bound, i, part] = one - all_of_them + np.log(m + 1 - bound)
                pulls[bound, i] -= (
                    np.exp(found - np.maximum(all_of_them, LEAST)[:, None]).sum(0) * m / n
                )
    lower, upper = (mean_and_error(*bound) for bound in zip(gains, pulls, strict=True))
    return ExpectedInformation(*lower, *upper, gains[0], pulls[0])


def posterior_information(
    posterior: Posterior, theta: ArrayLike, outcomes: ArrayLike
) -> ExpectedInformation:
    """Bound the expected information of designs from below, by an amortized posterior.

    Compare designs within one posterior: the error of its density lowers each bound, to below 0
    where there is less to be told. Keep to designs that it was trained on: what a network says of
    others is extrapolated, and nothing warns of it.

    Args:
        posterior: A posterior for any observation; the design may be among its statistics.
        theta: Draws (n, d) of its prior, none of which it was trained on.
        outcomes: Observations (designs, n, k) of theta under each design.
    """
    theta = posterior.prior.inside(theta)
    outcomes = array_of("outcomes", outcomes, "(designs, n, k)", finite=False)
    log_prior = posterior.prior.log_prob(theta)
    log_q = [posterior.log_prob_batched(theta[:, None], x=x)[:, 0] for x in outcomes]
    gains, d = np.stack(log_q) - log_prior, len(outcomes)
    none, pulls = (np.full(d, np.inf), np.full(d, np.nan)), np.zeros((d, 0))
    return ExpectedInformation(*mean_and_error(gains, pulls), *none, gains, pulls)


def linear_gaussian_information(
    a: ArrayLike, covariance: ArrayLike, noise_variance: float
) -> np.ndarray:
    """Exact information (...,) of y = a theta + noise, for theta with a normal distribution.

    Args:
        a: Design matrices (..., k, d).
        covariance: Covariance (d, d) of theta.
        noise_variance: Variance of the noise of each outcome.

    Example:
        >>> linear_gaussian_information([[[1.0, 0.0]], [[1.0, 1.0]]], np.eye(2), 0.25).round(3)
        array([0.805, 1.099])
    """
    a, covariance = numbers(a, "a"), array_of("covariance", covariance, "(d, d)")
    ratio = a @ covariance @ a.mT / number_of("noise_variance", noise_variance, positive=True)
    return np.linalg.slogdet(np.eye(a.shape[-2]) + ratio)[1] / 2


def response_information(p: ArrayLike) -> np.ndarray:
    """Information (..., designs) of an outcome that is 0 or 1: a sum over both, without bounds.

    Args:
        p: Probabilities (..., n, designs) of outcome 1 under each of n draws of what is known.

    Raises:
        ValueError: A probability is outside [0, 1].

    Example:
        >>> response_information([[0.5, 0.9], [0.5, 0.1]]).round(3)
        array([0.   , 0.368])
    """
    p = numbers(p, "p")
    if p.ndim < 2 or not ((p >= 0) & (p <= 1)).all():
        raise ValueError(
            f"p has shape {p.shape} and goes from {p.min(initial=1)} to {p.max(initial=0)}, "
            "expected probabilities (..., n, designs)"
        )
    mean = p.mean(-2)
    return entr(mean) + entr(1 - mean) - (entr(p) + entr(1 - p)).mean(-2)


def checked(values: ArrayLike, shape: tuple[int, ...], above: float | None = None) -> np.ndarray:
    """Log-likelihoods of this shape that are neither NaN nor inf, nor as small as `above`."""
    values = numbers(values, "log_likelihood")
    good = values.shape == shape and (values < np.inf).all()
    if not good or above is not None and not (values > above).all():
        raise ValueError(
            f"log_likelihood returned shape {values.shape} with {np.isnan(values).sum()} NaN and "
            f"{np.isneginf(values).sum()} -inf, expected {shape}, and finite numbers for the "
            "parameters that made the outcomes"
        )
    return values


def mean_and_error(gains: np.ndarray, pulls: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means (s,) of gains (s, n), and their standard errors, with those by pulls (s, M)."""
    with np.errstate(invalid="ignore"):  # an infinite bound has no error
        variance = gains.var(1, ddof=1) / gains.shape[1]
    if pulls.shape[1]:
        variance += pulls.var(1, ddof=1) / pulls.shape[1]
    return gains.mean(1), np.sqrt(variance)
