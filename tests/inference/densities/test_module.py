"""Any module of torch is an embedding: trained, stored and spawned like ours, or refused early."""

import numpy as np
import pytest
import torch
from torch import nn

from mechfit.inference import MDN, NPE, Coupling, FromModule, Training, fit, load, save
from mechfit.inference.densities.configs import build
from mechfit.models import Prior
from mechfit.simulation import Bank

SIDE = 8
PRIOR = Prior.uniform(["across", "down"], [1.0, 1.0], [6.0, 6.0])


def images(theta, rng):
    """A bright spot at theta (n, 2), in noise: images as rows (n, 64)."""
    grid = np.stack(np.meshgrid(*[np.arange(SIDE)] * 2), -1).reshape(-1, 2)
    far = ((theta[:, None] - grid) ** 2).sum(-1)
    return np.exp(-0.5 * far) + 0.1 * rng.normal(size=far.shape)


def bank(n, seed=1):
    theta = PRIOR.sample(n, seed)
    x = images(theta, np.random.default_rng(seed))
    return Bank(theta, x, np.ones(n, bool), seed, tuple(f"p{i}" for i in range(SIDE**2)))


class CNN(nn.Module):
    """Convolutions of images, with dropout, and a layer that takes its size from its input."""

    def __init__(self, width=4):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, width, 3, padding=1), nn.GroupNorm(2, width), nn.SiLU(), nn.MaxPool2d(2)
        )
        self.last = nn.Sequential(nn.Dropout(0.1), nn.LazyLinear(6))

    def forward(self, x):
        return self.last(self.layers(x.view(-1, 1, SIDE, SIDE)).flatten(1))


def plain():
    return nn.Sequential(nn.Linear(SIDE**2, 16), nn.SiLU(), nn.Linear(16, 6))


@pytest.mark.slow
@pytest.mark.parametrize("make", [CNN, plain])
def test_it_finds_the_spot(make):
    flow = Coupling(2, 32, embedding=FromModule(make))
    posterior = fit(bank(2000), PRIOR, flow=flow, training=Training(15), seed=1)
    fresh = bank(100, seed=2)
    error = posterior.sample_batched(200, 1, x=fresh.x).mean(1) - fresh.theta
    assert (error**2).mean() ** 0.5 < 0.3


@pytest.mark.parametrize("make", [CNN, plain])
def test_training_follows_the_seed_and_is_stored(make, tmp_path):
    flow = MDN(2, 8, embedding=FromModule(make))
    drawn, data = [], bank(100)
    for seed, state in ((1, 5), (1, 6), (2, 6)):
        torch.manual_seed(state)
        posterior = fit(data, PRIOR, flow=flow, training=Training(2), seed=seed).at(data.x[0])
        drawn.append(posterior.sample(9, 1))
    np.testing.assert_array_equal(*drawn[:2])
    assert abs(drawn[1] - drawn[2]).max() > 1e-3
    assert "(2): " in flow.embedding.network
    save(posterior, tmp_path / "p")
    again = load(tmp_path / "p", flow=MDN(2, 8, embedding=FromModule(lambda: make())))
    np.testing.assert_array_equal(again.sample(9, 1), drawn[2])
    with pytest.raises(ValueError, match=r"load\(path, flow=...\)"):
        load(tmp_path / "p")
    with pytest.raises(ValueError, match="expected the stored"):
        load(tmp_path / "p", flow=MDN(2, 8, embedding=FromModule(lambda: CNN(8))))


@pytest.mark.slow
def test_members_learn_in_processes():
    flow = MDN(2, 8, embedding=FromModule(lambda: CNN(width=2)))
    data = bank(100)
    posterior = fit(data, PRIOR, flow=flow, training=Training(1), members=2, seed=1)
    assert posterior.sample(5, 1, x=data.x[0]).shape == (5, 2)


def test_rounds_and_failed_simulations(tmp_path):
    settings = {"flow": MDN(2, 8, embedding=FromModule(CNN)), "training": Training(1, batch=20)}
    x_o, drawn = images(np.array([[2.0, 5.0]]), np.random.default_rng(3))[0], []
    for _ in range(2):
        npe = NPE(PRIOR, x_o, seed=1, store=tmp_path, **settings)
        while len(npe) < 2:
            theta = npe.propose(60)
            x = images(theta, np.random.default_rng(4))
            x[::7] = np.nan
            npe.append(theta, x)
        drawn.append(npe.fit().sample(5, 1))
    np.testing.assert_array_equal(*drawn)
    assert build(settings["flow"], 2, SIDE**2, seed=1).reader(torch.zeros(0, 64)).shape == (0, 6)


class Lambda(nn.Module):
    """A function as a module, after a layer with weights."""

    def __init__(self, function, first=None):
        super().__init__()
        self.first, self.function = first or nn.Linear(64, 6), function

    def forward(self, x):
        return self.function(self.first(x))


@pytest.mark.parametrize(
    ("function", "match"),
    [
        (lambda h: h.view(-1, 1, 2, 3), r"shape \(3, 1, 2, 3\) and \(1, 1, 2, 3\) for 3 rows"),
        (lambda h: h.squeeze(0), r"\(3, 6\) and \(6,\).*expected \(3, outputs\)"),
        (lambda h: h[:, :0], r"shape \(3, 0\)"),
        (lambda h: h.sum(), r"shape \(\)"),
        (lambda h: h.log(), "not finite"),
        (lambda h: h.detach(), "no gradient"),
        (lambda h: h - h.mean(0), "row alone"),
        (nn.Sequential(nn.BatchNorm1d(6)), "take GroupNorm"),
        (nn.Linear(5, 3), r"fails for x of shape \(3, 64\): mat1 and mat2"),
        (lambda h: (h, h), "fails for x"),
    ],
    ids=lambda v: "",
)
def test_faults_are_told_before_training(function, match):
    flow = Coupling(2, 8, embedding=FromModule(lambda: Lambda(function)))
    with pytest.raises(ValueError, match=f"the embedding .*{match}"):
        fit(bank(50), PRIOR, flow=flow, training=Training(1), seed=1)


@pytest.mark.parametrize("make", [plain(), 3, lambda: 3], ids=lambda v: "")
def test_what_makes_no_module_is_refused(make):
    with pytest.raises(TypeError, match="make is .*, expected a function that"):
        FromModule(make)


def test_a_module_itself_is_no_embedding():
    with pytest.raises(TypeError, match=r"embedding is a Sequential, expected .*FromModule\("):
        fit(bank(50), PRIOR, flow=Coupling(embedding=plain()), seed=1)


def test_frozen_weights_stay():
    def frozen():
        return plain().requires_grad_(requires_grad=False)

    data, flow = bank(50), MDN(2, 8, embedding=FromModule(frozen))
    trained = fit(data, PRIOR, flow=flow, training=Training(2), seed=1).flow.reader.network
    for weight, start in zip(
        trained.parameters(), build(flow, 2, 64, 1).reader.parameters(), strict=True
    ):
        assert torch.equal(weight, start)
