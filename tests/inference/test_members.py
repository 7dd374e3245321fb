"""Networks that are trained side by side are those that are trained one after the other."""

import numpy as np
import pytest
import torch

from mechfit.inference import MAF, Coupling, Training
from mechfit.inference.densities.configs import build
from mechfit.inference.densities.embedding import Trials
from mechfit.inference.members import alike, train_members
from mechfit.inference.training import parts, shuffled, train

N = 100
TRAINING = Training(epochs=12, patience=3)
SEEDS = KINDS = 1, 2, 3
FOLDS = parts(N, 0.1, 2, np.random.default_rng(1))
HELD_OUT = [FOLDS[0], FOLDS[0], FOLDS[1]]
BOXES = [(), (True,), (True, True, True), (True, False, True)]


def simulations(d):
    rng = np.random.default_rng(1)
    z = rng.uniform(size=(N, d))
    return z, np.c_[z, z[:, :1] ** 2] + 0.3 * rng.normal(size=(N, d + 1))


def begun(box, z):
    made = [build(Coupling(2, 8), z.shape[1], z.shape[1] + 1, seed, box) for seed in SEEDS]
    for network in made:
        network.standardize(torch.as_tensor(z).float())
    return made


@pytest.mark.parametrize("training", [TRAINING, Training(patience=2)])
@pytest.mark.parametrize("box", BOXES)
def test_of_several_kinds_each_is_what_it_would_be_alone(box, training, monkeypatch):
    monkeypatch.setattr("mechfit.inference.members.LAG", np.inf)
    data = simulations(len(box) or 3)
    together, alone = begun(box, data[0]), begun(box, data[0])
    histories = train_members(together, data, training, SEEDS, HELD_OUT, KINDS)
    for one, history, other, *rest in zip(
        together, histories, alone, SEEDS, HELD_OUT, strict=True
    ):
        same = train(other, data, training, rest[0], held_out=rest[1], short=True)
        assert history.best == same.best
        np.testing.assert_allclose(history.train, same.train, atol=1e-4)
        np.testing.assert_allclose(history.validation, same.validation, atol=1e-4)
        for weight, expected in zip(one.parameters(), other.parameters(), strict=True):
            np.testing.assert_allclose(weight.detach(), expected.detach(), atol=1e-3)


def test_those_that_have_stopped_are_left_out():
    data = simulations(2)
    networks = begun((), data[0])
    for weight in networks[1].parameters():  # cannot learn
        weight.data.zero_()
    training = Training(epochs=40, patience=3, learning_rate=2e-2)
    histories = train_members(networks, data, training, SEEDS, HELD_OUT, KINDS)
    lengths = [len(history.train) for history in histories]
    assert len(set(lengths)) > 1
    for history in histories:
        assert len(history.train) in (40, history.best + 1 + 3)
        if history.best >= 0:
            assert history.validation[history.best] == history.validation.min()


@pytest.mark.parametrize("side_by_side", [True, False])
def test_where_there_is_nothing_to_learn_the_start_is_kept(side_by_side):
    rng = np.random.default_rng(3)
    data = rng.uniform(size=(N, 2)), rng.normal(size=(N, 3))
    networks, starts = begun((True, True), data[0]), begun((True, True), data[0])
    training, half = Training(patience=4, learning_rate=5e-2), [np.arange(0, N, 2)] * 3
    if side_by_side:
        histories = train_members(networks, data, training, SEEDS, half, KINDS)
    else:
        each = zip(networks, SEEDS, half, strict=True)
        histories = [train(a, data, training, s, held_out=h, short=True) for a, s, h in each]
    for network, start, history in zip(networks, starts, histories, strict=True):
        assert history.best == -1
        assert len(history.train) == 4
        for weight, before in zip(network.parameters(), start.parameters(), strict=True):
            np.testing.assert_array_equal(weight.detach(), before.detach())


def test_those_of_one_kind_go_by_the_mean_of_their_losses():
    data = simulations(2)
    networks = begun((), data[0])
    training = Training(epochs=40, patience=3, learning_rate=2e-2)
    histories = train_members(networks, data, training, SEEDS, HELD_OUT, (0, 1, 0))
    first, other, last = histories
    mean = (first.validation + last.validation) / 2
    assert first.best == last.best == mean.argmin()
    assert len(mean) == min(40, mean.argmin() + 1 + 3)
    assert other.best == other.validation.argmin()


def test_from_half_of_the_epochs_on_a_kind_that_is_behind_stops(monkeypatch):
    data, training = simulations(3), Training(epochs=12, patience=100)
    for lag, epochs in ((1e-12, [7, 7, 12]), (np.inf, [12, 12, 12])):
        monkeypatch.setattr("mechfit.inference.members.LAG", lag)
        histories = train_members(begun((), data[0]), data, training, SEEDS, HELD_OUT, KINDS)
        assert sorted(len(history.validation) for history in histories) == epochs
        least = [history.validation.min() for history in histories]
        assert len(histories[int(np.argmin(least))].validation) == 12


def test_an_epoch_of_few_simulations_passes_through_them_more_than_once():
    assert Training().plan(90, short=True)[3] == 6
    assert Training().plan(1000, short=True)[3] == 1
    assert Training(epochs=10).plan(90, short=True)[:1] == (10,)
    rows = shuffled(90, 40, 3, np.random.default_rng(1))
    assert rows.shape == (6, 40)
    assert all(len(np.unique(order)) == 80 for order in rows.reshape(3, -1))


def test_losses_that_are_not_finite_are_refused():
    z, x = simulations(2)
    networks = begun((), z)
    x[0, 0] = np.nan
    with pytest.raises(FloatingPointError, match="try a lower learning rate"):
        train_members(networks, (z, x), TRAINING, SEEDS, HELD_OUT, KINDS)


def test_which_can_be_trained_together():
    network = begun((), simulations(2)[0])[0]
    assert alike([Coupling(), Coupling()], Training())
    assert alike([network, network], Training())
    assert not alike([MAF(), MAF()], Training())
    assert not alike([Coupling(embedding=Trials(1, 8, 4))] * 2, Training())
    assert not alike([Coupling()], Training(device="cuda"))
