"""Sessions of any length are simulated as they would be played, and tell all in their counts."""

import numpy as np
import pytest
from scipy.special import ndtr

from mechfit.models import Psychometric, PsychometricGrid, PsychometricSessions
from mechfit.models.numerics.noise import normals

X = np.linspace(-4, 4, 33)


def test_counts_are_those_of_a_session_played_trial_by_trial():
    model = PsychometricSessions(X, trials=30)
    theta = model.prior.sample(40, 1)
    x = model.statistics(theta, seed=3)
    u = ndtr([normals(3, i, 7 + 90) for i in range(40)])
    for row, (alpha, sigma, lapse) in enumerate(theta):
        length, share, gain = u[row, :3]
        place, aim = 32 * u[row, 3:5], 0.1 + 0.8 * u[row, 5:7]
        free, anywhere, answer = u[row, 7:].reshape(3, 30)
        counts = np.zeros((2, 33))
        for t in range(int(31 * length)):
            track = int(np.round(place[t % 2]))
            index = int(33 * anywhere[t]) if free[t] < share else track
            y = answer[t] < lapse + (1 - 2 * lapse) * ndtr((X[index] - alpha) / sigma)
            counts[:, index] += 1, y
            if index == track:
                away = 2 * 8**gain * (y - aim[t % 2]) / np.sqrt(1 + t // 2)
                place[t % 2] = min(max(place[t % 2] - away, 0), 32)
        np.testing.assert_array_equal(x[row], counts.ravel())


def test_sessions_have_all_lengths_and_depend_on_their_number_alone():
    model = PsychometricSessions(X, trials=5)
    theta = model.prior.sample(3000, 1)
    x = model.statistics(theta, seed=1)
    lengths = np.bincount(x[:, :33].sum(1).astype(int), minlength=6)
    assert abs(lengths / 3000 - 1 / 6).max() < 0.03
    assert (x[:, 33:] <= x[:, :33]).all()
    np.testing.assert_array_equal(model.statistics(theta[7:9], seed=1, first=7), x[7:9])


def test_tracks_lead_to_the_observer():
    """Stimuli gather where responses are uncertain, wherever that is."""
    model = PsychometricSessions(X, trials=80)
    theta = np.tile([[-2.0, 0.3, 0.0]], (400, 1))
    theta[200:, 0] = 2.0
    shown = model.statistics(theta, seed=1)[:, :33]
    near = abs(X - theta[:, :1]) < 1.1
    assert (shown * near).sum() > 1.4 * near[0].mean() * shown.sum()


def test_observation_and_probabilities():
    model = PsychometricSessions(X)
    x = model.observation([[3, 3, 5], [0, 1, 2]], [[1, 0, 1], [0, 0, 1]])
    assert x.shape == (2, 66)
    assert x[0, [3, 5, 36, 38]].tolist() == [2, 1, 1, 1]
    theta = model.prior.sample(6, 1).reshape(2, 3, 3)
    p = model.probabilities(theta)
    once = Psychometric(X, trials=4000).statistics(theta[1, 2], 1)[0] / 4000
    assert abs(p[1, 2] - once).max() < 0.035
    assert len(set(model.statistic_names)) == 66


@pytest.mark.parametrize("stimuli", [[1.0], [1.0, 0.0], [0.0, 0.0, 1.0]])
def test_stimuli_have_an_order(stimuli):
    with pytest.raises(ValueError, match="expected at least two, increasing"):
        PsychometricSessions(stimuli)


@pytest.mark.parametrize(
    ("chosen", "responses"), [([33], [1]), ([-1], [1]), ([0], [2]), ([0.5], [1]), ([0, 1], [1])]
)
def test_impossible_responses(chosen, responses):
    for refuses in (
        PsychometricSessions(X).observation,
        PsychometricGrid(X, [0.0], [1.0], [0.0]).posterior,
    ):
        with pytest.raises(ValueError, match="indices below 33, and responses 0 or 1"):
            refuses(chosen, responses)
