r"""Sessions: psychometric experiments of any length, with stimuli chosen in any way.

Where stimuli are chosen from earlier responses alone, the probability of a session is

    p(x_1, y_1, x_2 ... | theta) = prod_t p(x_t | earlier)  prod_x psi(x)^k (1 - psi(x))^(n - k),

with n trials and k responses 1 at each x, and only the second product depends on theta: n and k of
every stimulus are sufficient, and tell the same in whatever way the stimuli were chosen. What was
learned from some sessions holds for others, if these are among those it has seen. Here a share of
the stimuli is drawn from all, and the rest follow two tracks of Robbins & Monro (1951),
doi:10.1214/aoms/1177729586, x <- x - c (y - aim) / sqrt(t), each to a probability of its own.
Taught in ``book/beyond/which-experiment-next.md``.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from mechfit.models.behavior.psychometric import (
    Psychometric,
    count_responses,
    psychometric_log_probs,
)
from mechfit.models.inputs import whole
from mechfit.models.model import Model
from mechfit.models.numerics.noise import given_or_drawn
from mechfit.summaries.arguments import array_of

__all__ = ["PsychometricSessions"]

AIMS, GAINS = (0.1, 0.9), (2.0, 16.0)
"""Ranges of the probabilities that tracks lead to, and of c in steps from stimulus to stimulus."""
TRACKS = 2


class PsychometricSessions(Model):
    """An observer in a session of any length, whose stimuli were chosen in any way.

    The columns of theta are those of `Psychometric`; the statistics are, for each stimulus, the
    number of trials and the number of responses 1.

    Args:
        stimuli: Strengths (m,) of the stimuli, increasing.
        trials: Length of the longest session; all from 0 on are equally likely.
        guess: Rate of guesses γ; by default λ, as in left-or-right discrimination.

    Example:
        >>> model = PsychometricSessions([-1.0, 0.0, 1.0], trials=60)
        >>> model.observation([0, 2, 2, 1], [0, 1, 1, 1])
        array([[1., 1., 2., 0., 1., 2.]])
    """

    prior = Psychometric.prior

    def __init__(
        self, stimuli: ArrayLike, trials: int = 80, *, guess: float | None = None
    ) -> None:
        self.stimuli = array_of("stimuli", stimuli, "(m,)").copy()
        if not (np.diff(self.stimuli) > 0).all() or self.stimuli.size < 2:
            raise ValueError(f"stimuli are {stimuli}, expected at least two, increasing")
        self.trials, self.guess = whole(trials, "trials", 1), guess
        numbers = range(1, self.stimuli.size + 1)
        self.statistic_names = tuple(
            f"{what}_{i}" for what in ("trials", "responses") for i in numbers
        )
        self.statistic_units = ("",) * len(self.statistic_names)

    def probabilities(self, theta: np.ndarray) -> np.ndarray:
        """Probabilities (..., m) of response 1 to the stimuli, for theta (..., 3)."""
        rows = psychometric_log_probs(self.stimuli, theta.reshape(-1, 3), self.guess)[1]
        return np.exp(rows).reshape(*theta.shape[:-1], -1)

    def observation(self, chosen: ArrayLike, responses: ArrayLike) -> np.ndarray:
        """Statistics x_o (n, 2m) of responses (n, trials) to the stimuli with these indices.

        One observer's may be given as (trials,).
        """
        none, ones = count_responses(chosen, responses, len(self.stimuli)).swapaxes(0, 1)
        return np.hstack([none + ones, ones]).astype(float)

    def statistics(self, theta: np.ndarray, seed: int, *, first: int = 0) -> np.ndarray:
        """Simulate theta (n, 3) in sessions and return trials and responses (n, 2m)."""
        theta = self.prior.check(theta)
        p, n, m = self.probabilities(theta), len(theta), len(self.stimuli)
        u = ndtr(given_or_drawn(None, seed, first, (n, 3 + 2 * TRACKS + 3 * self.trials)))
        session, tracks, trials = np.split(u, [3, 3 + 2 * TRACKS], axis=1)
        length, share, gain = session.T
        length = np.floor(length * (self.trials + 1))
        gain = GAINS[0] * (GAINS[1] / GAINS[0]) ** gain
        place, aim = tracks.reshape(n, 2, TRACKS).swapaxes(0, 1)
        place, aim = (m - 1) * place, AIMS[0] + (AIMS[1] - AIMS[0]) * aim
        free, anywhere, answer = trials.reshape(n, 3, -1).swapaxes(0, 1)
        x, rows = np.zeros((n, 2 * m)), np.arange(n)
        for t in range(self.trials):
            k = t % TRACKS
            track = np.clip(place[:, k].round(), 0, m - 1)
            chosen = np.where(free[:, t] < share, np.floor(m * anywhere[:, t]), track)
            chosen = np.minimum(chosen, m - 1).astype(int)
            y = answer[:, t] < p[rows, chosen]
            going = t < length
            x[rows, chosen] += going
            x[rows, m + chosen] += going & y
            move = (chosen == track) * gain * (y - aim[:, k]) / np.sqrt(1 + t // TRACKS)
            place[:, k] = np.clip(place[:, k] - move, 0, m - 1)
        return x
