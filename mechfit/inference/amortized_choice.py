r"""The next stimulus by an amortized posterior: no grid, and a network that has seen sessions.

Draws theta_s of the posterior of an observer turn the expected information of a response y into
sums, of which there is one for each outcome,

    I(theta; y | x) = H[1/S sum_s p(y | theta_s, x)] - 1/S sum_s H[p(y | theta_s, x)].

That is the rule of QUEST+ (``models/behavior/psychometric_grid.py``) with draws in the place of
grid points, so that the cost does not grow with the number of parameters as a grid does. Taught
in ``book/beyond/which-experiment-next.md``.
"""

from __future__ import annotations

import numpy as np

from mechfit.inference.design import response_information
from mechfit.inference.posterior import Posterior
from mechfit.models import PsychometricGrid, PsychometricSessions
from mechfit.models.behavior.adaptive import Strategy
from mechfit.models.inputs import whole

__all__ = ["amortized_choice"]


def amortized_choice(
    posterior: Posterior, sessions: PsychometricSessions, *, draws: int = 200, seed: int
) -> Strategy:
    """A strategy for `adaptive_experiment`: the most informative stimulus by a posterior's draws.

    Args:
        posterior: Learned from simulations of `sessions`.
        sessions: The model of the observer, whose stimuli are those of the experiment.
        draws: Number of draws for each observer and trial.
        seed: Seed of the draws.
    """
    draws = whole(draws, "draws", 2)

    def strategy(grid: PsychometricGrid, chosen: np.ndarray, responses: np.ndarray) -> np.ndarray:
        if not np.array_equal(grid.stimuli, sessions.stimuli):
            raise ValueError(
                f"the experiment has the stimuli {grid.stimuli}, expected {sessions.stimuli}"
            )
        if chosen.shape[1] >= sessions.trials:
            raise ValueError(
                f"the posterior knows sessions of up to {sessions.trials} trials, expected a "
                f"shorter one than {chosen.shape[1] + 1}"
            )
        x = sessions.observation(chosen, responses)
        theta = posterior.sample_batched(draws, seed + chosen.shape[1], x=x)
        return response_information(sessions.probabilities(theta)).argmax(1)

    return strategy
