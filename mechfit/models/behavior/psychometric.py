r"""Psychometric function: how often an observer says yes, or right, to stimuli of a strength x.

    psi(x) = gamma + (1 - gamma - lambda) Phi((x - alpha) / sigma)

has a threshold alpha, a width sigma, and two rates at which the observer answers without looking:
guesses gamma, known from the task (1/2 for two alternatives), and lapses lambda. In left-or-right
discrimination both sides lapse alike, gamma = lambda, so that 2 lambda of all trials are lost.
Data of observers who lapse, fitted with lambda = 0, tell a wrong width. All probabilities are
sums of logarithms here: without lapses, an unlikely response is so, and never impossible. Wichmann
& Hill (2001), doi:10.3758/BF03194544. Taught in ``book/beyond/which-experiment-next.md``.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import log_ndtr, ndtr

from mechfit.models.distributions import LogUniform, Uniform
from mechfit.models.inputs import check_possible, whole
from mechfit.models.model import Model
from mechfit.models.numerics.noise import given_or_drawn
from mechfit.models.parameter import Parameter
from mechfit.models.prior import Prior
from mechfit.summaries.arguments import array_of, number_of

__all__ = ["Psychometric", "psychometric_log_probs"]

PARAMETERS = ("alpha", "sigma", "lapse")
EXPECTED = ("a finite threshold", "a width above 0", "at least 0, and with guesses less than 1")


def psychometric_log_probs(
    stimuli: ArrayLike, theta: ArrayLike, guess: float | None = None
) -> np.ndarray:
    """Log-probabilities (2, n, m) of responses 0 and 1 to stimuli (m,) for theta (n, 3) or (3,).

    Args:
        stimuli: Strengths of the stimuli.
        theta: Threshold α, width σ and lapse rate λ in rows.
        guess: Rate of guesses γ; by default λ, as in left-or-right discrimination.

    Example:
        >>> np.exp(psychometric_log_probs([-9.0, 0.0, 9.0], [0.0, 1.0, 0.02])[1]).round(2)
        array([[0.02, 0.5 , 0.98]])
    """
    x = array_of("stimuli", stimuli, "(m,)")
    alpha, sigma, lapse = check_parameters(theta, guess).T[..., None]
    low, z = lapse if guess is None else np.full_like(lapse, guess), (x - alpha) / sigma
    with np.errstate(divide="ignore"):
        base = np.log(lapse), np.log(low)
    rest = np.log1p(-low - lapse)
    return np.stack(
        [np.logaddexp(b, rest + log_ndtr(y)) for b, y in zip(base, (-z, z), strict=True)]
    )


class Psychometric(Model):
    """An observer who responds 0 or 1 to stimuli shown in any order, so many times each.

    The columns of theta are the threshold α, the width σ and the lapse rate λ; the statistics are
    the numbers of responses 1 to each stimulus.

    Args:
        stimuli: Strengths (m,) of the stimuli, in the unit of α and σ.
        trials: How often each is shown.
        guess: Rate of guesses γ; by default λ, as in left-or-right discrimination.

    Example:
        >>> model = Psychometric([-2.0, 0.0, 2.0], trials=50)
        >>> model.statistics([0.0, 1.0, 0.02], seed=1)
        array([[ 3., 29., 49.]])
    """

    prior = Prior(
        (
            Parameter("alpha", Uniform(-3.0, 3.0), symbol="α"),
            Parameter("sigma", LogUniform(0.3, 3.0), symbol="σ"),
            Parameter("lapse", Uniform(0.0, 0.1), symbol="λ"),
        )
    )

    def __init__(
        self, stimuli: ArrayLike, trials: int = 10, *, guess: float | None = None
    ) -> None:
        self.stimuli = array_of("stimuli", stimuli, "(m,)").copy()
        self.trials, self.guess = whole(trials, "trials", 1), guess
        self.statistic_names = tuple(f"responses_{i}" for i in range(1, self.stimuli.size + 1))
        self.statistic_units = ("",) * self.stimuli.size

    def statistics(self, theta: np.ndarray, seed: int, *, first: int = 0) -> np.ndarray:
        """Simulate theta (n, 3) and return the numbers of responses 1 (n, m)."""
        theta, m = self.prior.check(theta), self.stimuli.size
        p = np.exp(psychometric_log_probs(self.stimuli, theta, self.guess)[1])
        u = ndtr(given_or_drawn(None, seed, first, (len(theta), m * self.trials)))
        return (u.reshape(-1, m, self.trials) < p[..., None]).sum(2).astype(float)


def check_parameters(theta: ArrayLike, guess: float | None) -> np.ndarray:
    """Theta (n, 3), or ValueError naming the first impossible parameter."""
    theta = np.atleast_2d(array_of("theta", theta, "(n, 3)", "(3,)", finite=False))
    if theta.shape[1] != len(PARAMETERS):
        raise ValueError(f"theta has shape {theta.shape}, expected (n, 3)")
    if guess is not None and not 0 <= number_of("guess", guess) < 1:
        raise ValueError(f"guess is {guess}, expected a rate in [0, 1)")
    possible, lapse = np.isfinite(theta), theta[:, 2]
    possible[:, 1] = theta[:, 1] > 0
    possible[:, 2] = (lapse >= 0) & (lapse + (lapse if guess is None else guess) < 1)
    check_possible(theta, possible, PARAMETERS, EXPECTED)
    return theta


def count_responses(chosen: ArrayLike, responses: ArrayLike, m: int) -> np.ndarray:
    """Numbers (n, 2, m) of responses 0 and 1 to each of m stimuli, in trials (n, t) or (t,)."""
    chosen, responses = (
        np.atleast_2d(array_of(name, a, "(n, trials)", "(trials,)"))
        for name, a in (("chosen", chosen), ("responses", responses))
    )
    n, same = len(chosen), chosen.shape == responses.shape
    if not same or not (np.isin(chosen, range(m)) & np.isin(responses, (0, 1))).all():
        raise ValueError(
            f"chosen and responses have shapes {chosen.shape} and {responses.shape}, expected "
            f"the same, indices below {m}, and responses 0 or 1"
        )
    cells = (2 * np.arange(n)[:, None] + responses) * m + chosen
    return np.bincount(cells.ravel().astype(int), minlength=2 * n * m).reshape(n, 2, m)
