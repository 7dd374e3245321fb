"""The stored posterior of an observer chooses stimuli about as well as a grid."""

import numpy as np
import pytest
from builtbook import ROOT
from scipy.special import ndtri

from mechfit.inference import amortized_choice, load
from mechfit.models import (
    PsychometricGrid,
    PsychometricSessions,
    adaptive_experiment,
    quest_plus,
)

GOLDEN = np.load(ROOT / "tests" / "data" / "behavior.npz")
X = GOLDEN["quest_x"]
GRID = PsychometricGrid(X, *(GOLDEN[f"quest_{name}"] for name in ("alpha", "sigma", "lapse")))
OBSERVERS, TRIALS = GOLDEN["quest_observers"], 60
SESSIONS = PsychometricSessions(X)


@pytest.fixture(scope="module")
def posterior():
    return load(ROOT / "book" / "artefacts" / "observer")


def error(mean):
    return np.sqrt(((mean - OBSERVERS[:, 0]) ** 2).mean())


@pytest.mark.slow
def test_efficiency_of_400_observers(posterior):
    rng = np.random.default_rng(int(GOLDEN["quest_seed"]))
    rng.random((3, 400))
    noise = ndtri(rng.random((400, 120))[:, :TRIALS])
    rule = amortized_choice(posterior, SESSIONS, draws=200, seed=1)
    found = {
        name: adaptive_experiment(GRID, OBSERVERS, strategy, TRIALS, seed=1, noise=noise)
        for name, strategy in (("quest", quest_plus), ("learned", rule))
    }
    grid = {name: GRID.moments(GRID.posterior(*run)) for name, run in found.items()}
    draws = posterior.sample_batched(1000, 1, x=SESSIONS.observation(*found["learned"]))[..., 0]
    told = {
        "grid, QUEST+": (grid["quest"][0][:, 0], grid["quest"][1][:, 0]),
        "grid, learned choice": (grid["learned"][0][:, 0], grid["learned"][1][:, 0]),
        "learned, learned choice": (draws.mean(1), draws.std(1)),
    }
    print("\n\nthreshold after 60 trials: mean and rms standard deviation, rms error")
    for name, (mean, width) in told.items():
        rms = np.sqrt((width**2).mean())
        print(f"{name:24} {width.mean():.4f} {rms:.4f} {error(mean):.4f}")
    best_mean, best = told["grid, QUEST+"]
    for name in ("grid, learned choice", "learned, learned choice"):
        mean, width = told[name]
        assert width.mean() < 1.05 * best.mean(), name
        assert error(mean) < 1.05 * error(best_mean), name
    rms = np.sqrt((draws.var(1)).mean())
    assert error(draws.mean(1)) / rms == pytest.approx(1, abs=0.12)


def test_before_any_trial_it_knows_the_prior(posterior):
    nothing = posterior.sample_batched(4000, 1, x=np.zeros((1, 66)))[0]
    u = posterior.prior.to_unit(nothing)[0]
    assert abs(u.mean(0) - 0.5).max() < 0.03
    assert abs(u.std(0) * np.sqrt(12) - 1).max() < 0.06
