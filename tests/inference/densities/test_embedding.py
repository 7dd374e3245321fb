"""Embeddings: sets are sets, absent trials leave no mark, and the features are sufficient."""

import json
from dataclasses import asdict

import numpy as np
import pytest
import torch
from torch import nn

from mechfit.inference.densities.embedding import (
    EMBEDDINGS,
    WHOLE,
    Convolution,
    OrderedTrials,
    Subset,
    Trials,
)
from mechfit.inference.densities.readers import LEVELS


def build(embedding, k, seed=1):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return embedding.build(k)


def build_head(k, d):
    """A small network from k features to d numbers."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(2)
        return nn.Sequential(nn.Linear(k, 32), nn.SiLU(), nn.Linear(32, d))


def random(*shape, seed=1):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def fit(networks, loss, steps, peak=5e-3):
    """Minimize the loss of fresh simulations as the flows' training does."""
    weights = [w for network in networks for w in network.parameters()]
    optimizer = torch.optim.AdamW(weights, weight_decay=1e-4, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, peak, total_steps=steps)
    for _ in range(steps):
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()
        schedule.step()


@pytest.mark.parametrize(
    ("embedding", "k"),
    [
        (Convolution(channels=2, filters=(4, 8), width=7, outputs=5), 600),
        (Trials(3, 20, 5), 12),
        (OrderedTrials(3), 12),
        (OrderedTrials(3, kinds=2), 12),
    ],
    ids=["convolution", "trials", "ordered", "two-kinds"],
)
class TestContract:
    def test_any_leading_axes(self, embedding, k):
        network, x = build(embedding, k), random(4, 3, k)
        features = network(x)
        assert features.shape == (4, 3, network.outputs)
        torch.testing.assert_close(network(x[1, 2]), features[1, 2])
        torch.testing.assert_close(network(x[:, :1].expand(4, 6, k))[:, 5], features[:, 0])
        assert network(x[:0]).shape == (0, 3, network.outputs)

    def test_text_and_back(self, embedding, k):
        settings = json.loads(json.dumps(asdict(embedding)))
        again = EMBEDDINGS[type(embedding).__name__](**settings)
        assert again == embedding
        assert hash(again) == hash(embedding)
        build(again, k).load_state_dict(build(embedding, k, seed=2).state_dict())

    def test_every_column_counts(self, embedding, k):
        x = random(1, k).requires_grad_()
        build(embedding, k)(x).square().sum().backward()
        told_apart = np.arange(k) % 3 == 0 if getattr(embedding, "kinds", 1) > 1 else False
        assert ((x.grad != 0).numpy() | told_apart).all()

    def test_too_few_columns(self, embedding, k):
        with pytest.raises(ValueError, match=f"{k - 1} columns, expected a multiple of"):
            embedding.build(k - 1)
        with pytest.raises(ValueError, match=f"{k + 1} columns, expected a multiple of"):
            embedding.scale(np.zeros((5, k + 1)))


@pytest.mark.parametrize("settings", [{"size": 0}, {"size": 1, "hidden": -3}])
def test_trials_refuse(settings):
    with pytest.raises(ValueError, match="expected positive"):
        Trials(**settings)


@pytest.mark.parametrize(
    ("settings", "match"),
    [({"filters": ()}, "positive"), ({"filters": (8, 0)}, "positive"), ({"width": 3}, "stride")],
)
def test_convolutions_refuse(settings, match):
    with pytest.raises(ValueError, match=match):
        Convolution(**settings)


class TestConvolution:
    @pytest.mark.parametrize(("time", "width"), [(9, 9), (17, 8), (240, 9), (12_000, 9), (101, 4)])
    def test_short_and_long_traces(self, time, width):
        network = build(Convolution(2, width=width), 2 * time)
        assert network(random(3, 2 * time)).shape == (3, 16)
        assert sum(w.numel() for w in network.parameters()) < 60_000

    def test_too_short(self):
        with pytest.raises(ValueError, match="8 time points, expected at least 9"):
            Convolution(channels=2).build(16)

    def test_one_scale_for_each_channel(self):
        rng = np.random.default_rng(1)
        x = np.concatenate([rng.normal(3, 2, (100, 50)), np.full((100, 50), 0.1)], 1)
        x[:, :10] = 7.0  # before the stimulus, every trace is the same
        mean, std = Convolution(channels=2).scale(x)
        np.testing.assert_allclose(mean, np.repeat([x[:, :50].mean(), 0.1], 50))
        np.testing.assert_allclose(std, np.repeat([x[:, :50].std(), np.inf], 50))

    def test_rows_with_gaps_are_invalid(self):
        x = np.zeros((3, 20))
        x[1, 4], x[2, 5] = np.nan, np.inf
        assert Convolution().valid(x).tolist() == [True, False, False]
        trace = random(2, 20)
        assert Convolution().thin(trace, torch.Generator()) is trace

    @pytest.mark.slow
    def test_finds_when_it_happened(self):
        """No linear regression can: the sign of the event is random, so its mean is flat."""
        generator = torch.Generator().manual_seed(1)
        time = torch.linspace(0, 1, 240)

        def simulate(n):
            theta = 0.1 + 0.8 * torch.rand(n, 1, generator=generator)
            sign = torch.randint(2, (n, 1), generator=generator) * 2 - 1
            event = 3 * sign * torch.exp(-0.5 * ((time - theta) / 0.02) ** 2)
            return theta, event + 0.5 * torch.randn(n, 240, generator=generator)

        theta, x = simulate(4000)
        network, head = build(Convolution(), 240), build_head(16, 1)

        def loss():
            rows = torch.randint(len(x), (100,), generator=generator)
            return (head(network(x[rows])) - theta[rows]).square().mean()

        fit([network, head], loss, 600)
        new_theta, new_x = simulate(1000)
        line = torch.linalg.lstsq(torch.cat([x, torch.ones(4000, 1)], 1), theta).solution
        guess = torch.cat([new_x, torch.ones(1000, 1)], 1) @ line
        with torch.no_grad():
            error = (head(network(new_x)) - new_theta).square().mean().sqrt()
        assert error < 0.025
        assert (guess - new_theta).square().mean().sqrt() > 9 * error


class TestTrials:
    def test_order_does_not_matter(self):
        network, x = build(Trials(3), 30), random(20, 10, 3)
        x[:5, 2:7, 1] = torch.nan
        shuffled = x[:, torch.randperm(10, generator=torch.Generator().manual_seed(2))]
        torch.testing.assert_close(network(shuffled.flatten(1)), network(x.flatten(1)))

    @pytest.mark.parametrize("missing", [torch.nan, torch.inf])
    def test_absent_trials_leave_no_mark(self, missing):
        network, x = build(Trials(3), 30), random(20, 12)
        padding = random(20, 6, 3, seed=2)
        padding[..., 1] = missing
        padded = torch.cat([x[:, :6], padding.flatten(1), x[:, 6:]], 1)
        torch.testing.assert_close(network(padded), network(x))

    def test_number_of_trials_does_matter(self):
        network, x = build(Trials(3), 30), random(20, 12)
        assert (network(x.repeat(1, 2)) - network(x)).abs().mean() > 1e-3

    def test_gradients_are_finite(self):
        network, x = build(Trials(3), 12), random(4, 12)
        x[0, 3], x[1, :11], x[2] = torch.nan, torch.inf, torch.nan
        x.requires_grad_()
        network(x).square().sum().backward()
        for tensor in (x, *network.parameters()):
            assert tensor.grad.isfinite().all()
        assert not x.grad[0, 3:6].any()
        assert (x.grad[0, 6:] != 0).all()

    def test_a_row_needs_one_whole_trial(self):
        x = np.full((4, 6), np.nan)
        x[0], x[1, 2:4], x[2, 1:5:3] = 0, 0, 0
        assert Trials(2).valid(x).tolist() == [True, True, False, False]
        assert Trials(1).valid(x).tolist() == [True, True, True, False]
        with pytest.raises(ValueError, match="6 columns, expected a multiple of the 4"):
            Trials(4).valid(x)

    def test_all_trials_share_a_scale(self):
        rng = np.random.default_rng(1)
        x = rng.normal([1.0, 50.0], [2.0, 0.1], (200, 5, 2))
        x[:50, 3:, 0] = np.nan
        x.flags.writeable = False  # as in a stored bank
        whole = np.concatenate([x[:50, :3].reshape(-1, 2), x[50:].reshape(-1, 2)])
        mean, std = Trials(2).scale(x.reshape(200, 10))
        np.testing.assert_allclose(mean, np.tile(whole.mean(0), 5))
        np.testing.assert_allclose(std, np.tile(whole.std(0), 5))

    def test_thinning_is_uniform(self):
        n, x = 20_000, random(1, 15).repeat(40_000, 1)
        x[:n, [1, 7, 14]] = torch.nan
        thin = Trials(3).thin(x, torch.Generator().manual_seed(3))
        again = Trials(3).thin(x, torch.Generator().manual_seed(3))
        torch.testing.assert_close(thin, again, rtol=0, atol=0, equal_nan=True)
        assert torch.equal(thin[thin.isfinite()], x[thin.isfinite()])
        kept = thin.unflatten(1, (5, 3)).isfinite().all(2)
        assert torch.equal(kept[n:], thin[n:].unflatten(1, (5, 3)).isfinite().any(2))
        assert not kept[:n, [0, 2, 4]].any()
        for rows, present in ((kept[:n, [1, 3]], 2), (kept[n:], 5)):
            counts = rows.sum(1).bincount(minlength=6)[: present + 1] / n
            expected = torch.tensor([0.0] + [1 / present] * present)
            torch.testing.assert_close(counts, expected, rtol=0, atol=0.015)
            share = rows.float().mean(0)
            expected = torch.full_like(share, (present + 1) / (2 * present))
            torch.testing.assert_close(share, expected, rtol=0, atol=0.015)

    def test_thinning_works_on_any_leading_axes(self):
        x, generator = random(2, 3, 8), torch.Generator().manual_seed(1)
        thin = Trials(2).thin(x, generator)
        assert thin.shape == x.shape
        assert thin.isfinite().any(-1).all()
        assert Trials(2).thin(x[0, 0], generator).isfinite().any()

    @pytest.mark.slow
    @pytest.mark.parametrize("s", [0.5, 2.0])
    def test_posterior_for_every_number_of_trials(self, s):
        """One training; theta ~ N(0, 1), x_t ~ N(theta, s^2), posterior known for every n."""
        most, generator = 10, torch.Generator().manual_seed(1)
        embedding, scale = Trials(1, outputs=8), (1 + s**2) ** 0.5

        def simulate(n):
            theta = torch.randn(n, 1, generator=generator)
            x = theta + s * torch.randn(n, most, generator=generator)
            return theta, x

        network, head = build(embedding, most), build_head(8, 2)

        def loss():
            theta, x = simulate(256)
            mean, log_std = head(network(embedding.thin(x / scale, generator))).chunk(2, -1)
            return (log_std + 0.5 * ((theta - mean) / log_std.exp()) ** 2).mean()

        fit([network, head], loss, 1500)
        x = simulate(2000)[1]
        for n in range(1, most + 1):
            padded = x.clone()
            padded[:, n:] = torch.nan
            std = (1 + n / s**2) ** -0.5
            exact = std**2 * x[:, :n].sum(1) / s**2
            with torch.no_grad():
                mean, log_std = head(network(padded / scale)).unbind(-1)
            assert (mean - exact).square().mean().sqrt() < 0.13 * std
            assert float(log_std.exp().median()) == pytest.approx(std, rel=0.05)


class TestOrderedTrials:
    """Features are what numpy finds of each set."""

    @staticmethod
    def expected(numbers):
        if not len(numbers):
            return np.zeros(numbers.shape[1] * (3 + len(LEVELS)))
        q = np.quantile(numbers, LEVELS, axis=0)
        s = np.sqrt(numbers.var(0) + 1e-6)
        skew = (((numbers - numbers.mean(0)) / s) ** 3).mean(0)
        return np.r_[q[0], numbers.mean(0), np.log(s), skew, ((q[1:] - q[0]) / s).T.ravel()]

    @pytest.mark.parametrize("kinds", [1, 2])
    def test_moments_and_quantiles(self, kinds):
        x = random(6, 12, 3)
        x[0, 2:7, 1], x[1, 1:, 2], x[2, :, 0] = torch.nan, torch.inf, x[2, :, 0].abs()
        x[3], x[4, :, 1] = torch.nan, 0.5
        found = build(OrderedTrials(3, kinds), 36)(x.flatten(1)).numpy()
        for row, features in zip(x.double().numpy(), found, strict=True):
            trials = row[np.isfinite(row).all(1)]
            parts = [[np.log(max(len(trials), 1))], self.expected(trials[:, kinds - 1 :])]
            for kind in (False, True) if kinds == 2 else ():
                own = trials[(trials[:, 0] > 0) == kind, 1:]
                share = np.log((len(own) + 0.5) / (len(trials) + 1))
                parts += [[share], self.expected(own)]
            np.testing.assert_allclose(features, np.concatenate(parts), atol=2e-4)

    def test_order_does_not_matter(self):
        network, x = build(OrderedTrials(3, kinds=2), 30), random(20, 10, 3)
        shuffled = x[:, torch.randperm(10, generator=torch.Generator().manual_seed(2))]
        torch.testing.assert_close(network(shuffled.flatten(1)), network(x.flatten(1)))

    def test_the_smallest_of_many_is_exact(self):
        x = random(200, 40_000)
        found = build(OrderedTrials(1), 40_000)(x)
        assert torch.equal(found[:, 1], x.amin(1))

    @pytest.mark.parametrize("settings", [(1, 2), (3, 3), (2, 0)])
    def test_kinds(self, settings):
        with pytest.raises(ValueError, match=r"kinds is .*, expected (1, or 2|positive)"):
            OrderedTrials(*settings)


def test_subset_hides_any_number_alike_and_sometimes_nothing():
    x = Subset().thin(random(40_000, 4), torch.Generator().manual_seed(1))
    known = x.isfinite().sum(-1)
    shares = torch.bincount(known, minlength=5) / len(x)
    part = (1 - WHOLE) / 5
    np.testing.assert_allclose(shares, [part] * 4 + [part + WHOLE], atol=0.01)
    few = x[known == 2].isfinite().double().mean(0)
    np.testing.assert_allclose(few, 0.5, atol=0.02)


def test_subset_knows_zero_from_unknown():
    network, x = build(Subset(hidden=8, outputs=3), 4), random(2, 5, 4)
    assert network(x).shape == (2, 5, network.outputs) == (2, 5, 11)
    x[0, 0, 1], x[0, 1], x[0, 1, 1] = torch.nan, x[0, 0], 0.0
    a, b = network(x)[0, :2]
    assert a.isfinite().all()
    assert (a[:4] == b[:4]).all()
    assert a[5] == 0
    assert b[5] == 1
    settings = json.loads(json.dumps(asdict(Subset(hidden=8))))
    assert EMBEDDINGS["Subset"](**settings) == Subset(hidden=8)
    with pytest.raises(ValueError, match="hidden is 0, expected positive"):
        Subset(hidden=0)
