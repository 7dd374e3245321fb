r"""Adaptive experiments: each stimulus is chosen from the responses so far.

A strategy is a function of the history: it takes the grid, the indices of the stimuli shown
(n, trials) and the responses (n, trials) of n observers, and returns the next indices (n,).

- `quest_plus` maximizes the expected information about all parameters (Watson 2017),
- `psi_marginal` that about the threshold alone (Prins 2013, doi:10.1167/13.7.3),
- `staircase` interleaves two weighted up-down tracks, to the points of 75 % and 25 %, whose steps
  to one side are three times those to the other, and are halved at each reversal (Kaernbach 1991,
  doi:10.3758/BF03214307),
- `random_stimuli` takes every stimulus with the same probability.

All look one step ahead at most. The likelihood does not depend on how stimuli were chosen, so that
all data are analysed alike. Taught in ``book/beyond/which-experiment-next.md``.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from mechfit.models.behavior.psychometric import psychometric_log_probs
from mechfit.models.behavior.psychometric_grid import PsychometricGrid
from mechfit.models.inputs import whole
from mechfit.models.numerics.noise import given_or_drawn

__all__ = [
    "Strategy",
    "adaptive_experiment",
    "psi_marginal",
    "quest_plus",
    "random_stimuli",
    "staircase",
]

Strategy = Callable[[PsychometricGrid, np.ndarray, np.ndarray], np.ndarray]
FIRST_STEP, DIGITS = 8, 12
"""Part of the stimuli that a staircase's first step crosses; digits of information that count."""


def adaptive_experiment(
    grid: PsychometricGrid,
    theta: ArrayLike,
    strategy: Strategy,
    trials: int,
    seed: int,
    *,
    noise: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Simulate an experiment with n observers.

    Args:
        grid: The stimuli, and what the experimenter believes of observers.
        theta: Their true thresholds, widths and lapse rates (n, 3), anywhere.
        strategy: Chooses the stimuli; one of your own is held to the grid's.
        trials: Number of trials.
        seed: Seed of the noise; observer i draws from the key (seed, i).
        noise: Standard normals (n, trials) to use instead of drawing them.

    Returns:
        Indices of the stimuli (n, trials) and the responses (n, trials), 0 or 1.

    Raises:
        ValueError: The strategy chose a stimulus that is not on the grid.

    Example:
        >>> grid = PsychometricGrid(np.linspace(-4, 4, 33), np.linspace(-3, 3, 25), [1.0], [0.02])
        >>> shown, responses = adaptive_experiment(grid, [0.5, 1.0, 0.02], quest_plus, 40, seed=1)
        >>> grid.moments(grid.posterior(shown, responses))[1][0, 0].round(1)
        np.float64(0.2)
    """
    p = np.exp(psychometric_log_probs(grid.stimuli, theta, grid.guess)[1])
    n, trials = len(p), whole(trials, "trials", 1)
    u = ndtr(given_or_drawn(noise, seed, 0, (n, trials)))
    chosen, responses = np.zeros((2, n, trials), int)
    for t in range(trials):
        found = np.asarray(strategy(grid, chosen[:, :t], responses[:, :t]))
        if found.shape != (n,) or not np.isin(found, range(len(grid.stimuli))).all():
            raise ValueError(
                f"the strategy chose {found} in trial {t + 1}, expected indices ({n},) below "
                f"{len(grid.stimuli)}, the number of stimuli"
            )
        chosen[:, t] = found
        responses[:, t] = u[:, t] < p[np.arange(n), chosen[:, t]]
    return chosen, responses


def quest_plus(grid: PsychometricGrid, chosen: np.ndarray, responses: np.ndarray) -> np.ndarray:
    """The most informative stimuli (n,) about all parameters; the first of equal ones."""
    return grid.information(grid.posterior(chosen, responses)).round(DIGITS).argmax(1)


def psi_marginal(grid: PsychometricGrid, chosen: np.ndarray, responses: np.ndarray) -> np.ndarray:
    """The most informative stimuli (n,) about the threshold alone."""
    weights = grid.posterior(chosen, responses)
    return grid.information(weights, ("alpha",)).round(DIGITS).argmax(1)


def staircase(grid: PsychometricGrid, chosen: np.ndarray, responses: np.ndarray) -> np.ndarray:
    """The next stimuli (n,) of two interleaved tracks, which begin in the outer quarters.

    The track to the point of 75 % begins at the weak stimuli, that to 25 % at the strong ones:
    both cross the range, which tells more than if each began on its own side.
    """
    (n, trials), m = chosen.shape, len(grid.stimuli)
    upper = trials % 2
    level, step = np.full(n, (m // 4) * (3 if upper else 1)), np.full(n, max(1, m // FIRST_STEP))
    before = np.zeros(n, int)
    rise, fall = (1, 3) if upper else (3, 1)
    for answer in responses[:, upper::2].T:
        direction = np.where(answer == 1, -1, 1)
        step = np.where(direction * before < 0, np.maximum(step // 2, 1), step)
        move = np.where(answer == 1, -fall, rise) * step
        level, before = np.clip(level + move, 0, m - 1), direction
    return level


def random_stimuli(seed: int) -> Strategy:
    """A strategy that draws stimuli from a seed."""
    rng = np.random.default_rng(seed)
    return lambda grid, chosen, responses: rng.integers(len(grid.stimuli), size=len(chosen))
