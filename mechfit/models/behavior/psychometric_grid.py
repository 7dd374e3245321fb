r"""Grid posterior of a psychometric function, and what the next stimulus would tell.

On a grid of parameters theta_g the posterior of an observer is a sum over the numbers of responses
to each stimulus, log w_g = sum_x n_xy log p(y | theta_g, x) + c, however the stimuli were chosen.
What the response y to a stimulus tells on average of all parameters is its expected information,

    I(theta; y | x) = H[y | x] - E_w H[y | theta, x],    H the entropy,

largest where the parameters disagree about y; the choice of its maximum is Psi and QUEST+. Of some
parameters it is the same, with the others averaged within H[y | theta, x]. Kontsevich & Tyler
(1999), doi:10.1016/S0042-6989(98)00285-5; Watson (2017), doi:10.1167/17.3.10; Prins (2013),
doi:10.1167/13.7.3. Taught in ``book/beyond/which-experiment-next.md``.
"""

from collections.abc import Collection

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import entr, softmax

from mechfit.models.behavior.psychometric import (
    PARAMETERS,
    count_responses,
    psychometric_log_probs,
)
from mechfit.summaries.arguments import array_of

__all__ = ["PsychometricGrid"]


class PsychometricGrid:
    """Grid of parameters of a psychometric function, and of stimuli to choose from.

    Weights are those of the G = a b c grid points, in the order of `theta`, for n observers at
    once. The prior has the same weight at every point, unless `log_prior` tells others.

    Args:
        stimuli: Strengths (m,) of the stimuli.
        alpha: Thresholds (a,).
        sigma: Widths (b,).
        lapse: Lapse rates (c,); they may include 0.
        guess: Rate of guesses; by default that of lapses, as in left-or-right discrimination.
        log_prior: Log of the prior's weights (a, b, c), but for a constant.

    Example:
        >>> x = np.linspace(-4, 4, 33)
        >>> grid = PsychometricGrid(x, np.linspace(-3, 3, 25), [0.5, 1.0, 2.0], [0.0, 0.05])
        >>> weights = grid.posterior([20, 16], [1, 0])
        >>> grid.stimuli[grid.information(weights).argmax()]
        np.float64(0.0)
    """

    def __init__(
        self,
        stimuli: ArrayLike,
        alpha: ArrayLike,
        sigma: ArrayLike,
        lapse: ArrayLike,
        *,
        guess: float | None = None,
        log_prior: ArrayLike | None = None,
    ) -> None:
        self.stimuli = array_of("stimuli", stimuli, "(m,)").copy()
        axes = [
            array_of(*pair, "(n,)") for pair in zip(PARAMETERS, (alpha, sigma, lapse), strict=True)
        ]
        self.shape = tuple(axis.size for axis in axes)
        self.theta = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, len(axes))
        self.guess = guess
        log_p = psychometric_log_probs(self.stimuli, self.theta, guess).transpose(0, 2, 1)
        self._log_p = log_p.reshape(-1, len(self.theta))
        self._p, self._entropy = np.exp(log_p[1]), entr(np.exp(log_p)).sum(0)
        if log_prior is None:
            log_prior = np.zeros(self.shape)
        log_prior = array_of("log_prior", log_prior, "(a, b, c)")
        if log_prior.shape != self.shape:
            raise ValueError(f"log_prior has shape {log_prior.shape}, expected {self.shape}")
        self._log_prior = log_prior.ravel()

    def posterior(self, chosen: ArrayLike, responses: ArrayLike) -> np.ndarray:
        """Weights (n, G) given responses (n, trials), 0 or 1, to the stimuli with these indices.

        One observer's may be given as (trials,).
        """
        counts = count_responses(chosen, responses, len(self.stimuli))
        counts = counts.reshape(len(counts), -1)
        return softmax(self._log_prior + counts @ self._log_p, axis=1)

    def information(self, weights: np.ndarray, about: Collection[str] = PARAMETERS) -> np.ndarray:
        """Expected information (n, m) in nats of a response to each stimulus.

        Args:
            weights: Weights (n, G).
            about: Names of the parameters that it is about, of alpha, sigma and lapse.
        """
        unknown = set(about) - set(PARAMETERS)
        if unknown or not about:
            raise ValueError(f"about is {list(about)}, expected some of {', '.join(PARAMETERS)}")
        nuisance = [1 + i for i, name in enumerate(PARAMETERS) if name not in about]
        p = weights @ self._p.T
        if not nuisance:
            return entr(p) + entr(1 - p) - weights @ self._entropy.T
        known = int(np.prod([self.shape[i - 1] for i in range(1, 4) if i not in nuisance]))

        def grouped(table: np.ndarray) -> np.ndarray:
            """Rows of weights, as (groups that differ in what it is about, rows, others)."""
            table = np.moveaxis(table.reshape(-1, *self.shape), nuisance, range(-len(nuisance), 0))
            return table.reshape(len(table), known, -1).swapaxes(0, 1)

        weights = grouped(weights)
        total = weights.sum(2)[..., None]
        yes = weights @ grouped(self._p).swapaxes(1, 2)
        within = entr(yes) + entr(np.maximum(total - yes, 0)) - entr(total)
        return entr(p) + entr(1 - p) - within.sum(0)

    def moments(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Means and standard deviations (n, 3) of alpha, the logarithm of sigma, and lapse."""
        values = self.theta.copy()
        values[:, 1] = np.log(values[:, 1])
        mean = weights @ values
        away = values - values.mean(0)  # squares lose no digits to a far origin
        variance = weights @ away**2 - (weights @ away) ** 2
        return mean, np.sqrt(np.maximum(variance, 0))
