"""Psychometric functions, their posterior on a grid, and stimuli as QUEST+ chose them."""

from pathlib import Path

import numpy as np
import pytest
from scipy.special import ndtr, ndtri
from scipy.stats import binom, entropy

from mechfit.models import (
    Psychometric,
    PsychometricGrid,
    adaptive_experiment,
    psi_marginal,
    psychometric_log_probs,
    quest_plus,
    random_stimuli,
    staircase,
)

GOLDEN = np.load(Path(__file__).parents[2] / "data" / "behavior.npz")
X, ALPHA, SIGMA, LAPSE = (GOLDEN[f"quest_{name}"] for name in ("x", "alpha", "sigma", "lapse"))
OBSERVERS, TRIALS = GOLDEN["quest_observers"], 60
SHOWN, RESPONSES = (GOLDEN[f"quest_plus_{name}"].astype(int) for name in ("index", "resp"))
GRID = PsychometricGrid(X, ALPHA, SIGMA, LAPSE)


def golden_noise():
    """Uniform numbers of the golden experiments: of responses, and of random stimuli."""
    rng = np.random.default_rng(int(GOLDEN["quest_seed"]))
    rng.random((3, 400))
    return rng.random((2, 400, 120))


def test_probabilities():
    theta = np.array([[0.5, 2.0, 0.03], [-1.0, 0.5, 0.0]])
    core = ndtr((X - theta[:, :1]) / theta[:, 1:2])
    for guess, low in ((None, theta[:, 2:]), (0.5, 0.5)):
        no, yes = np.exp(psychometric_log_probs(X, theta, guess))
        np.testing.assert_allclose(yes, low + (1 - low - theta[:, 2:]) * core, rtol=1e-12)
        np.testing.assert_allclose(no + yes, 1, rtol=1e-12)


def test_no_response_is_impossible_without_lapses():
    no, yes = psychometric_log_probs([-100.0, 100.0], [0.0, 1.0, 0.0])
    assert yes[0, 0] == no[0, 1] == pytest.approx(-5005.5, abs=0.1)
    grid = PsychometricGrid([-100.0, 0.0, 100.0], [-1.0, 0.0, 1.0], [0.1, 1.0], [0.0])
    weights = grid.posterior([0, 2, 1, 1], [1, 0, 0, 1])
    np.testing.assert_allclose(weights.sum(), 1)
    np.testing.assert_allclose(grid.moments(weights)[0], [[0, 0, 0]], atol=1e-9)
    for about in (("alpha",), ("alpha", "sigma", "lapse")):
        assert np.isfinite(grid.information(weights, about)).all()


def test_counts_are_binomial():
    model = Psychometric([-1.0, 0.0, 2.0], trials=20, guess=0.5)
    theta = np.repeat([[0.3, 1.5, 0.05]], 2000, axis=0)
    x = model.statistics(theta, seed=1)
    p = np.exp(psychometric_log_probs(model.stimuli, theta[0], 0.5)[1, 0])
    for counts, each in zip(x.T, p, strict=True):
        expected = 2000 * binom.pmf(np.arange(21), 20, each)
        found, many = np.bincount(counts.astype(int), minlength=21), expected > 5
        assert ((found - expected)[many] ** 2 / expected[many]).sum() < 2.5 * many.sum()
    np.testing.assert_array_equal(model.statistics(theta[7:9], seed=1, first=7), x[7:9])
    assert model.statistic_names == ("responses_1", "responses_2", "responses_3")


def test_posterior_multiplies_the_likelihoods():
    weights = np.full((3, len(GRID.theta)), 1 / len(GRID.theta))
    p = np.exp(psychometric_log_probs(X, GRID.theta))
    for shown, response in zip(SHOWN[:3, :40].T, RESPONSES[:3, :40].T, strict=True):
        weights *= p[response, :, shown]
    weights /= weights.sum(1, keepdims=True)
    found = GRID.posterior(SHOWN[:3, :40], RESPONSES[:3, :40])
    np.testing.assert_allclose(found, weights, atol=1e-300)
    mean, deviation = GRID.moments(weights)
    logs = np.log(GRID.theta[:, 1])
    np.testing.assert_allclose(mean[:, 1], weights @ logs)
    variance = [
        np.average((logs - m) ** 2, weights=w) for m, w in zip(mean[:, 1], weights, strict=True)
    ]
    np.testing.assert_allclose(deviation[:, 1] ** 2, variance)


def test_information_is_the_expected_loss_of_entropy():
    def entropies(weights, axes):
        kept = weights.reshape(GRID.shape).sum(axes)
        return entropy(kept.ravel())

    shown, responses = SHOWN[:1, :15], RESPONSES[:1, :15]
    weights = GRID.posterior(shown, responses)
    for about, axes in (
        (("alpha", "sigma", "lapse"), ()),
        (("alpha",), (1, 2)),
        (("lapse",), (0, 1)),
        (("sigma", "alpha"), (2,)),
    ):
        for stimulus in (3, 16):
            p = weights[0] @ np.exp(psychometric_log_probs(X, GRID.theta)[1, :, stimulus])
            after = [
                GRID.posterior(np.append(shown, stimulus), np.append(responses, y)) for y in (0, 1)
            ]
            known = entropies(weights, axes) - np.dot(
                [1 - p, p], [entropies(w, axes) for w in after]
            )
            assert GRID.information(weights, about)[0, stimulus] == pytest.approx(known, abs=1e-12)


def test_stimuli_are_those_of_quest_plus():
    trials = (0, 1, 2, 5, 10, 20, 40, 80, 119)
    same = [quest_plus(GRID, SHOWN[:, :t], RESPONSES[:, :t]) == SHOWN[:, t] for t in trials]
    assert np.mean(same) > 0.995


@pytest.mark.slow
def test_efficiency_of_400_observers():
    """Widths and errors are those of the golden experiments, the staircase's smaller."""
    u, random = golden_noise()
    draws = (len(X) * random).astype(int)
    strategies = {
        "quest_plus": quest_plus,
        "random": lambda grid, shown, responses: draws[:, shown.shape[1]],
        "psi_marginal": psi_marginal,
        "staircase": staircase,
    }
    widths = {}
    for name, strategy in strategies.items():
        shown, responses = adaptive_experiment(
            GRID, OBSERVERS, strategy, TRIALS, seed=1, noise=ndtri(u[:, :TRIALS])
        )
        weights = GRID.posterior(shown, responses)
        mean, deviation = GRID.moments(weights)
        error = np.sqrt(((mean[:, 0] - OBSERVERS[:, 0]) ** 2).mean())
        assert error / np.sqrt((deviation[:, 0] ** 2).mean()) == pytest.approx(1, abs=0.12)
        found = [entropy(weights, axis=1).mean(), *deviation.mean(0), error]
        curve = GOLDEN[f"quest_curve_{name}"][:5, TRIALS]
        if name == "staircase":
            assert (found[1:3] < curve[1:3]).all()
        else:
            np.testing.assert_allclose(found, curve, atol=2e-3)
        widths[name] = deviation[:, 0]
        if name == "quest_plus":
            assert (shown == SHOWN[:, :TRIALS]).mean() > 0.995
            assert found[0] < 4.65
    print("\n\nstandard deviation of the threshold after 60 trials, and beside that of QUEST+")
    for name, width in widths.items():
        beside, root = width - widths["quest_plus"], np.sqrt(len(width))
        print(
            f"{name:14} {width.mean():.3f} ± {width.std() / root:.3f}   "
            f"{beside.mean():+.3f} ± {beside.std() / root:.3f}"
        )
    assert widths["psi_marginal"].mean() < widths["quest_plus"].mean() < widths["staircase"].mean()


def test_staircase_reverses_and_stays_within_the_stimuli():
    answers = np.array([[0, 1, 0, 1, 1, 1, 1, 1, 0, 1]])
    shown = np.zeros((1, 0), int)
    for t in range(answers.size + 1):
        shown = np.column_stack([shown, staircase(GRID, shown, answers[:, :t])])
    assert shown[0].tolist() == [8, 24, 20, 12, 32, 0, 30, 0, 28, 0, 31]


def test_experiments_are_reproduced_from_their_seeds():
    theta = OBSERVERS[:5]
    first, second = (
        adaptive_experiment(GRID, theta, random_stimuli(3), 30, seed=4) for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)
    p = np.exp(psychometric_log_probs(X, theta)[1])
    assert abs(first[1].mean(1) - p.mean(1)).max() < 0.4
    alone = adaptive_experiment(GRID, theta[:2], quest_plus, 10, seed=4)
    np.testing.assert_array_equal(
        np.array(adaptive_experiment(GRID, theta, quest_plus, 10, seed=4))[:, :2], alone
    )


@pytest.mark.parametrize(
    ("theta", "guess", "message"),
    [
        ([0, 0, 0.02], None, "sigma is 0.0 in row 0; expected a width above 0"),
        ([0, 1, -0.01], None, "lapse is -0.01 in row 0; expected at least 0"),
        ([0, 1, 0.5], None, "lapse is 0.5"),
        ([0, 1, 0.5], 0.5, "lapse is 0.5"),
        ([0, 1, 0.1], 1.0, r"guess is 1.0, expected a rate in \[0, 1\)"),
        ([np.nan, 1, 0.1], None, "alpha is nan"),
        ([0, 1], None, r"theta has shape \(1, 2\), expected \(n, 3\)"),
    ],
)
def test_impossible_parameters(theta, guess, message):
    with pytest.raises(ValueError, match=message):
        psychometric_log_probs(X, theta, guess)


@pytest.mark.parametrize(
    ("chosen", "responses"), [([33], [1]), ([-1], [1]), ([0], [2]), ([0.5], [1]), ([0, 1], [1])]
)
def test_impossible_responses(chosen, responses):
    with pytest.raises(ValueError, match="indices below 33, and responses 0 or 1"):
        GRID.posterior(chosen, responses)


@pytest.mark.parametrize("index", [33, -1, 0.5, np.nan])
def test_a_strategy_is_held_to_the_stimuli(index):
    with pytest.raises(ValueError, match=r"in trial 1, expected indices \(5,\) below 33"):
        adaptive_experiment(
            GRID, OBSERVERS[:5], lambda grid, shown, y: np.full(5, index), 3, seed=1
        )
    with pytest.raises(ValueError, match=r"expected indices \(5,\) below 33"):
        adaptive_experiment(GRID, OBSERVERS[:5], lambda grid, shown, y: 3, 3, seed=1)


def test_refusals():
    with pytest.raises(
        ValueError, match=r"log_prior has shape \(1, 1, 1\), expected \(25, 12, 6\)"
    ):
        PsychometricGrid(X, ALPHA, SIGMA, LAPSE, log_prior=np.zeros((1, 1, 1)))
    for about in ((), ("slope",)):
        with pytest.raises(ValueError, match="expected some of alpha, sigma, lapse"):
            GRID.information(GRID.posterior([], []), about)
