"""A training that was stopped ends as one that was not; no other state passes for its own."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch

from mechfit.inference import MDN, Coupling, Training
from mechfit.inference.densities.configs import build
from mechfit.inference.densities.embedding import Trials
from mechfit.inference.sequential.losses import npe_loss
from mechfit.inference.training import plateaus, train

RNG = np.random.default_rng(1)
Z = RNG.normal(size=(120, 2))
X = Z @ RNG.normal(size=(2, 4)) + 0.3 * RNG.normal(size=(120, 4))
TRAINING = Training(epochs=6, batch=30)
STEPS = 3 + 1  # calls of the loss in each epoch: three batches and the held-out simulations
FLOWS = {
    "coupling": Coupling(2, 8),
    "mdn": MDN(2, 8),
    "trials": Coupling(2, 8, embedding=Trials(2, 8, 4)),
}


def run(path=None, *, flow=FLOWS["coupling"], z=Z, x=X, training=TRAINING, seed=1, stop=None):
    """Train; a keyboard interrupt comes at that call of the loss. Returns weights and losses."""
    density, calls = build(flow, z.shape[1], x.shape[1], seed), []

    def loss(*args):
        calls.append(1)
        if len(calls) == stop:
            raise KeyboardInterrupt
        return npe_loss(*args)

    history = train(density, [z, x], training, seed, loss=loss, checkpoint=path)
    return density.state_dict(), history, len(calls)


@cache
def unstopped(flow="coupling"):
    return run(flow=FLOWS[flow])


def stopped(path, call, **options):
    with pytest.raises(KeyboardInterrupt):
        run(path, stop=call, **options)


def assert_same(ended, whole):
    assert ended[0].keys() == whole[0].keys()
    assert all(torch.equal(ended[0][name], whole[0][name]) for name in whole[0])
    np.testing.assert_array_equal(ended[1].train, whole[1].train)
    np.testing.assert_array_equal(ended[1].validation, whole[1].validation)
    assert ended[1].best == whole[1].best


@pytest.mark.parametrize("flow", FLOWS)
@pytest.mark.parametrize("call", [2, 3 * STEPS + 2, 4 * STEPS, 5 * STEPS + 3])
def test_it_goes_on_bit_by_bit(flow, call, tmp_path):
    whole, path = unstopped(flow), tmp_path / "state"
    stopped(path, call, flow=FLOWS[flow])
    ended = run(path, flow=FLOWS[flow])
    assert_same(ended, whole)
    assert ended[2] == whole[2] - (call - 1) // STEPS * STEPS


def test_it_may_be_stopped_again_and_again(tmp_path):
    for _ in range(3):
        stopped(tmp_path / "state", 2 * STEPS)
    ended = run(tmp_path / "state")
    assert_same(ended, unstopped())
    assert ended[2] == 3 * STEPS


def test_plateaus_and_the_best_weights_outlive_a_stop(tmp_path):
    """The validation loss rises: four times training goes back to the best weights, or ends."""
    hasty = replace(TRAINING, epochs=60, patience=4, learning_rate=0.05)
    whole = run(training=hasty)
    pairs = list(zip(whole[1].train, whole[1].validation, strict=True))
    assert plateaus(pairs, 4) == (4, 4)
    assert len(pairs) < 60
    back = next(e for e in range(1, 60) if plateaus(pairs[:e], 4) == (1, 4))
    for call in ((back - 1) * STEPS + 1, back * STEPS + 1, (back + 1) * STEPS, whole[2]):
        path = tmp_path / str(call)
        stopped(path, call, training=hasty)
        assert_same(run(path, training=hasty), whole)


def test_plateaus_are_counted():
    losses = [(0.0, v) for v in (3, 2, 2, 3, 3, 4, 4, 1, 2)]
    assert [plateaus(losses[:e], 2) for e in range(10)] == [
        (0, 0), (0, 0), (0, 0), (0, 0), (0, 1), (1, 2), (1, 1), (2, 2), (2, 0), (2, 1)
    ]  # fmt: skip
    assert [plateaus(losses[:e], 2, 2.5) for e in range(4)] == [(0, 0), (0, 1), (0, 0), (0, 0)]
    assert plateaus(losses[:2], 2, 1.0) == (1, 2)


def test_what_has_ended_is_not_trained_again(tmp_path):
    run(tmp_path / "state")
    again = run(tmp_path / "state")
    assert_same(again, unstopped())
    assert again[2] == 0


OTHERS = {
    "seed": {"seed": 2},
    "parameters": {"z": Z + 1e-12},
    "data": {"x": X[::-1].copy()},
    "fewer simulations": {"z": Z[:-1], "x": X[:-1]},
    "settings": {"training": replace(TRAINING, learning_rate=1e-3)},
    "flow": {"flow": MDN(2, 8)},
    "width": {"flow": Coupling(2, 10)},
    "layers": {"flow": Coupling(3, 8)},
}


@pytest.mark.parametrize("other", OTHERS)
def test_the_state_of_another_training_is_not_taken_up(other, tmp_path):
    path = tmp_path / "state"
    stopped(path, 4 * STEPS)
    assert_same(run(path, **OTHERS[other]), run(**OTHERS[other]))


def damage(content, how):
    return {
        "empty": b"",
        "cut in the header": content[:100],
        "cut in the numbers": content[:-50],
        "of no such format": b"not a state" * 100,
        "without facts": content.replace(b'"facts"', b'"fncts"'),
        "with facts that are no JSON": content.replace(rb"[\"", rb"{\"", 1),
    }[how]


@pytest.mark.parametrize(
    "how",
    [
        "empty",
        "cut in the header",
        "cut in the numbers",
        "of no such format",
        "without facts",
        "with facts that are no JSON",
    ],
)
def test_a_damaged_state_is_not_taken_up(how, tmp_path):
    path = tmp_path / "state"
    stopped(path, 4 * STEPS)
    content = path.read_bytes()
    assert damage(content, how) != content
    path.write_bytes(damage(content, how))
    assert_same(run(path), unstopped())
    assert run(path)[2] == 0  # and another has taken its place


def test_only_whole_files_are_left(tmp_path):
    stopped(tmp_path / "state", 4 * STEPS)
    assert [p.name for p in tmp_path.iterdir()] == ["state"]
