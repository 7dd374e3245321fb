"""A recurrent network knows the past alone, contains a GLM, and comes near the true model."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import lfilter
from scipy.stats import poisson

from mechfit.inference import RecurrentNetwork, Training
from mechfit.inference.recurrent import BEFORE, PIECE, surprise
from mechfit.models import GLM, raised_cosines

GOLDEN = np.load(Path(__file__).parents[1] / "data" / "statistical.npz", allow_pickle=False)
NEURON = GLM(raised_cosines(60, 4, 4, 40, 10), raised_cosines(100, 5, 2, 60, 2))
SHORT = Training(epochs=1, batch=10)
RNG = np.random.default_rng(1)
PAIR, STIMULUS = RNG.poisson([[0.05], [0.1]], (2, 800)), RNG.normal(size=800)


@pytest.fixture(scope="module")
def random():
    """A network of two cells whose state is read with random weights."""
    made = RecurrentNetwork.fit(PAIR, STIMULUS, units=8, training=SHORT, seed=1)
    with torch.no_grad():
        made.network.read.weight.copy_(torch.as_tensor(RNG.normal(size=(2, 8))))
    return made


@settings(max_examples=15, deadline=None)
@given(t=st.integers(0, 798), cell=st.integers(0, 1))
def test_only_the_past_acts(random, t, cell):
    before, changed = random.intensity(PAIR, STIMULUS), PAIR.copy()
    changed[cell, t] += 1
    after = random.intensity(changed, STIMULUS)
    np.testing.assert_array_equal(after[:, : t + 1], before[:, : t + 1])
    assert (after[:, t + 1] != before[:, t + 1]).all()


def test_without_its_state_it_is_a_glm_with_one_bin_of_history():
    """Its rates and gradients are the GLM's, in standardized inputs."""
    made = RecurrentNetwork.fit(PAIR, training=SHORT, seed=1)
    network, one = made.network, np.ones((1, 1))
    with torch.no_grad():
        network.read.weight.zero_()
    glm = GLM(history=one, coupling=one)
    X = glm.design(PAIR)
    u = np.pad(X[0][:, 1:], ((BEFORE, 0), (0, 0)))
    pieces = np.stack([u[t : t + PIECE + BEFORE] for t in range(0, 800, PIECE)])
    counts = PAIR.T.reshape(-1, PIECE, 2)
    loss = surprise(network, *(torch.as_tensor(a).float() for a in (counts, pieces)))
    slopes = torch.autograd.grad(loss, [network.direct.bias, network.direct.weight])
    b, A, center, scale = (
        w.detach().double().numpy()
        for w in (network.direct.bias, network.direct.weight, network.center, network.scale)
    )
    weights = np.column_stack([b - A @ (center / scale) + np.log(1000), A / scale])
    weights[1] = weights[1, [0, 2, 1]]  # the GLM has a cell's own history first
    rate = glm.intensity(weights, PAIR)
    np.testing.assert_allclose(made.intensity(PAIR), rate, rtol=1e-5)
    for i, order in enumerate([[0, 1, 2], [0, 2, 1]]):
        score = (X[i].T @ (rate[i] / 1000 - PAIR[i]))[order]
        found = np.r_[slopes[0][i], slopes[1][i]].astype(float) * PAIR.size
        expected = np.r_[score[0], (score[1:] - center * score[0]) / scale]
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_likelihood_and_simulation_agree(random):
    rate = random.intensity(PAIR, STIMULUS) / 1000
    each = poisson.logpmf(PAIR, rate).sum(1)
    np.testing.assert_allclose(random.log_likelihood(PAIR, STIMULUS), each)
    free = replace(random, most=100)
    counts, capped = free.simulate(3, 1, stimulus=STIMULUS)
    again, _ = free.simulate(3, 1, stimulus=STIMULUS)
    np.testing.assert_array_equal(again, counts)
    assert counts.shape == (3, 2, 800)
    assert not capped.any()
    mean = sum(free.intensity(run, STIMULUS).sum(1) for run in counts) / 1000
    assert (abs(counts.sum((0, 2)) - mean) < 4 * np.sqrt(mean)).all()


def test_no_bin_of_a_simulation_has_more_spikes_than_the_recording(random):
    assert random.most == PAIR.max()
    counts, capped = replace(random, most=1).simulate(50, 1, stimulus=STIMULUS)
    assert counts.max() == 1
    p = np.mean([poisson.sf(1, random.intensity(c, STIMULUS) / 1000).mean(1) for c in counts], 0)
    assert (abs(capped - p) < 4 * np.sqrt(p / (50 * 800))).all()


def test_the_seed_decides():
    one, again, other = (
        RecurrentNetwork.fit(PAIR, units=4, training=SHORT, seed=seed).intensity(PAIR)
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()


@pytest.mark.slow
def test_it_comes_near_the_true_model():
    """Held-out bits per spike: within .1 of the truth, not above it, and lost out of order."""
    known, held_out = slice(0, 60_000), slice(60_000, None)
    noise = np.random.default_rng(5).normal(size=90_000)
    stimulus = lfilter([np.sqrt(1 - np.exp(-0.4))], [1, -np.exp(-0.2)], noise)
    counts, _ = NEURON.simulate(GOLDEN["glm_true"], seed=3, stimulus=stimulus)
    made = RecurrentNetwork.fit(counts[:, known], stimulus[known], units=16, seed=1)

    def scores(rate):
        """Bits per spike, in blocks of 1,000 bins that add up to the score."""
        y, mean = counts[0, held_out], rate[0, held_out] / 1000
        bits = (y * np.log(mean) - mean).reshape(-1, 1000).sum(1) / np.log(2)
        return bits / y.sum()

    true = scores(NEURON.intensity(GOLDEN["glm_true"], counts, stimulus))
    less = scores(made.intensity(counts, stimulus)) - true
    error = np.sqrt(len(less)) * less.std(ddof=1)
    assert -0.1 < less.sum() < error
    shuffled = np.random.default_rng(1).permutation(counts[0])
    assert made.log_likelihood(shuffled, stimulus) < made.log_likelihood(counts, stimulus) - 100


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda n: RecurrentNetwork.fit(PAIR[:, :399], seed=1), "399 bins, expected at least 400"),
        (lambda n: RecurrentNetwork.fit([[0] * 800], seed=1), "cell 0 never fires"),
        (lambda n: RecurrentNetwork.fit(PAIR / 2, seed=1), "whole numbers"),
        (lambda n: RecurrentNetwork.fit(PAIR, STIMULUS[1:], seed=1), r"\(799,\), expected \(800"),
        (lambda n: RecurrentNetwork.fit(PAIR, units=0, seed=1), "units is 0"),
        (lambda n: RecurrentNetwork.fit(PAIR, dt=-1, seed=1), "dt is -1"),
        (lambda n: n.intensity(PAIR), "got 2 cells and 0 stimuli, expected 2 and 1"),
        (lambda n: n.intensity(PAIR[0], STIMULUS), "got 1 cells"),
        (lambda n: n.simulate(1, 1), "either a stimulus or a number of bins"),
        (lambda n: n.simulate(1, 1, bins=20), "0 stimuli"),
    ],
)
def test_clear_errors(random, make, said):
    with pytest.raises(ValueError, match=said):
        make(random)
