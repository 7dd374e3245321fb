"""Stimuli chosen by a posterior's draws are those of QUEST+, as far as draws can tell."""

from types import SimpleNamespace

import numpy as np
import pytest

from mechfit.inference import amortized_choice
from mechfit.models import (
    PsychometricGrid,
    PsychometricSessions,
    adaptive_experiment,
    psychometric_log_probs,
    quest_plus,
)

X = np.linspace(-4, 4, 17)
GRID = PsychometricGrid(X, np.linspace(-3, 3, 13), np.geomspace(0.3, 3, 6), [0.0, 0.05, 0.1])
SESSIONS = PsychometricSessions(X, trials=12)
OBSERVERS = SESSIONS.prior.sample(20, 1)


def exact(draws, seed, *, x):
    """Draws (n, draws, 3) of the posterior on the grid, given trials and responses (n, 2m)."""
    ones = x[:, 17:].astype(int)
    no, yes = psychometric_log_probs(X, GRID.theta)
    weights = ones @ yes.T + (x[:, :17] - ones) @ no.T
    weights = np.exp(weights - weights.max(1, keepdims=True))
    rng = np.random.default_rng(seed)
    return np.stack([GRID.theta[rng.choice(len(w), draws, p=w / w.sum())] for w in weights])


def test_stimuli_are_nearly_as_informative_as_those_of_quest_plus():
    strategy = amortized_choice(SimpleNamespace(sample_batched=exact), SESSIONS, draws=400, seed=1)
    shown, responses = adaptive_experiment(GRID, OBSERVERS, strategy, 12, seed=2)
    again = adaptive_experiment(GRID, OBSERVERS, strategy, 12, seed=2)
    np.testing.assert_array_equal(again, (shown, responses))
    for t in range(12):
        told = GRID.information(GRID.posterior(shown[:, :t], responses[:, :t]))
        chosen = told[np.arange(20), shown[:, t]]
        assert (chosen > 0.7 * told.max(1)).all()
        assert chosen.mean() > 0.95 * told.max(1).mean()
    rule = adaptive_experiment(GRID, OBSERVERS, quest_plus, 12, seed=2)
    mine, its = (
        GRID.moments(GRID.posterior(*made))[1][:, 0].mean() for made in ((shown, responses), rule)
    )
    assert mine == pytest.approx(its, rel=0.1)


def test_refusals():
    strategy = amortized_choice(SimpleNamespace(sample_batched=exact), SESSIONS, seed=1)
    with pytest.raises(ValueError, match="sessions of up to 12 trials, expected a shorter one"):
        adaptive_experiment(GRID, OBSERVERS, strategy, 13, seed=2)
    other = PsychometricGrid(X + 1, [0.0], [1.0], [0.0])
    with pytest.raises(ValueError, match="the experiment has the stimuli"):
        adaptive_experiment(other, OBSERVERS, strategy, 2, seed=2)
    with pytest.raises(ValueError, match="draws is 1, expected at least 2"):
        amortized_choice(SimpleNamespace(sample_batched=exact), SESSIONS, draws=1, seed=1)
