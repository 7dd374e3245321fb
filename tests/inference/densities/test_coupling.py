"""The spline coupling flow is exact: slopes, inverses, log-determinants, total mass."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd import gradcheck
from torch.autograd.functional import jacobian

from mechfit.inference import Coupling, Training, c2st, fit, load, save
from mechfit.inference.densities.configs import build
from mechfit.inference.densities.coupling import spline, spline_by_tensors
from mechfit.models import LogNormal, Normal, Parameter, Prior, Uniform
from mechfit.simulation import Bank
from tests.inference import linear_gaussian as exact

FREE, BOX = (-3.0, 3.0), (0.0, 1.0)


def random(*shape, seed=1):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.double)


def shapes(ends, rows, m, bins=8):
    """Shapes of splines: those with tails are the identity outside, so have two slopes fewer."""
    return random(rows, m, 3 * bins + (1 if ends == BOX else -1), seed=3)


def numbers(ends, rows, m):
    """Numbers on both sides of the ends of an unbounded spline, or in the unit cube."""
    return torch.special.ndtr(random(rows, m)) if ends == BOX else 3 * random(rows, m)


MASKS = {"unbounded": [False], "box": [True], "mixed": [True, False, False]}


def mask(kind, d):
    """Which of d parameters are in the unit interval."""
    return np.resize(MASKS[kind], d)


def parameters(kind, rows, d):
    """Parameters (rows, d), in the unit interval or on both sides of the ends of a spline."""
    z = random(rows, d)
    return torch.where(torch.as_tensor(mask(kind, d)), torch.special.ndtr(z), 3 * z)


def shaken(d, k, *, kind, seed=1):
    """A flow whose weights are far from those it starts with."""
    flow = build(Coupling(4, 16, 6, bound=3.0), d, k, seed, mask(kind, d)).double().eval()
    for i, weight in enumerate(flow.parameters()):
        weight.data += 0.03 * random(*weight.shape, seed=i)
    return flow


@pytest.mark.parametrize("ends", [FREE, BOX], ids=["unbounded", "box"])
class TestSpline:
    @pytest.mark.parametrize("inverse", [False, True])
    def test_gradient(self, ends, inverse):
        z, shape = numbers(ends, 8, 2), shapes(ends, 8, 2, 4)
        assert gradcheck(
            lambda *a: spline(*a, ends, inverse=inverse),
            (z.requires_grad_(), shape.requires_grad_()),
        )

    @pytest.mark.parametrize("inverse", [False, True])
    def test_compiled_loop_equals_operations_of_torch(self, ends, inverse):
        inputs = numbers(ends, 200, 3), shapes(ends, 200, 3)
        weights = random(200, 3, seed=4), random(200, 3, seed=5)
        results = []
        for function in (spline, spline_by_tensors):
            leaves = [a.clone().requires_grad_() for a in inputs]
            values = function(*leaves, ends, inverse=inverse)
            sum((v * w).sum() for v, w in zip(values, weights, strict=True)).backward()
            results.append((*values, *(a.grad for a in leaves)))
        torch.testing.assert_close(*results, rtol=1e-9, atol=1e-9)

    def test_slope_is_the_finite_difference(self, ends):
        z, shape, step = numbers(ends, 50, 3), shapes(ends, 50, 3), 1e-6
        high, low = (spline(z + e, shape, ends)[0] for e in (step, -step))
        log_slope = spline(z, shape, ends)[1]
        torch.testing.assert_close((high - low) / (2 * step), log_slope.exp(), rtol=1e-5, atol=0)

    @pytest.mark.parametrize(("dtype", "error"), [(torch.float32, 1e-5), (torch.double, 1e-10)])
    def test_inverse_also_at_edges_and_knots(self, ends, dtype, error):
        edges = torch.tensor([*ends, np.nextafter(ends[1], 0), ends[0] + 1e-7], dtype=dtype)
        z = torch.cat([edges.repeat(100, 1), numbers(ends, 100, 4).to(dtype)], 1)
        shape = 0.3 * shapes(ends, 100, 8).to(dtype)
        bent, log_slope = spline(z, shape, ends)
        again, log_back = spline(bent, shape, ends, inverse=True)
        torch.testing.assert_close(again, z, rtol=error, atol=error)
        torch.testing.assert_close(log_back, -log_slope, rtol=0, atol=1000 * error)
        torch.testing.assert_close(bent[:, :2], z[:, :2], rtol=error, atol=error)

    def test_extreme_shapes_stay_finite_and_increasing(self, ends):
        z = torch.linspace(*ends, 400)[:, None]
        bent, log_slope = spline(z, 1e4 * shapes(ends, 1, 1).float().expand(400, -1, -1), ends)
        assert (bent.diff(dim=0) > -1e-6).all()
        assert log_slope.isfinite().all()


@pytest.mark.parametrize("kind", MASKS)
class TestFlow:
    @pytest.mark.parametrize("d", [1, 2, 5, 50])
    def test_inverse_and_jacobian(self, d, kind):
        flow = shaken(d, 3, kind=kind)
        z, x = flow.whiten(parameters(kind, 50, d)), random(50, 3, seed=2)
        with torch.no_grad():
            noise, log_det = flow.transform(z, x)
            again, log_back = flow.transform.inverse(noise, x)
            near = flow.float().transform.inverse(noise.float(), x.float())[0]
        flow.double()
        torch.testing.assert_close(again, z, rtol=1e-10, atol=1e-10)
        torch.testing.assert_close(log_back, -log_det, rtol=0, atol=1e-9)
        torch.testing.assert_close(near.double(), z, rtol=1e-5, atol=1e-5)
        assert not torch.allclose(noise, z, atol=0.01)
        slope = jacobian(lambda row: flow.transform(row[None], x[:1])[0][0], z[0])
        torch.testing.assert_close(torch.linalg.slogdet(slope)[1], log_det[0], rtol=1e-6, atol=0)

    @pytest.mark.parametrize("d", [1, 2])
    def test_density_integrates_to_one(self, d, kind):
        flow, middles = (
            shaken(d, 2, kind=kind),
            torch.arange(0.5, 400, dtype=torch.double) / 400,
        )
        axes = [middles if inside else 18 * middles - 9 for inside in mask(kind, d)]
        grid, width = torch.cartesian_prod(*axes).view(-1, d), np.prod([a[1] - a[0] for a in axes])
        with torch.no_grad():
            mass = flow.log_prob(grid, random(1, 2)).exp().sum() * width
        assert float(mass) == pytest.approx(1.0, abs=2e-3)

    def test_many_parameters_share_one_observation(self, kind):
        flow = shaken(3, 2, kind=kind)
        z, x = parameters(kind, 20, 3).view(5, 4, 3), random(5, 1, 2)
        together = flow.log_prob(z, x)
        alone = flow.log_prob(z.view(20, 3), x.expand(5, 4, 2).reshape(20, 2))
        torch.testing.assert_close(together.flatten(), alone)

    def test_every_parameter_depends_on_every_other(self, kind):
        flow = shaken(6, 2, kind=kind)
        z = flow.whiten(parameters(kind, 1, 6))[0]
        slope = jacobian(lambda row: flow.transform(row[None], random(1, 2))[0][0], z)
        assert (slope.abs() > 0).all()

    def test_draws_stay_inside_any_prior_and_storage_keeps_them(self, kind, tmp_path):
        shapes = Uniform(0.0, 1.0), Normal(1.0, 2.0), LogNormal(0.0, 1.0)
        shapes = [
            shape
            for shape, inside in zip(shapes, mask("mixed", 3), strict=True)
            if kind == "mixed" or inside == (kind == "box")
        ]
        prior = Prior(tuple(Parameter(n, s) for n, s in zip("abc", shapes, strict=False)))
        flow, theta = Coupling(2, 16, 4), prior.sample(300, seed=1)
        x = theta + np.random.default_rng(1).normal(size=theta.shape)
        bank = Bank(theta, x, np.ones(300, bool), 1, tuple("xyz"[: len(shapes)]))
        posterior = fit(bank, prior, flow=flow, training=Training(epochs=3), seed=1)
        posterior = posterior.at([0.5] * len(shapes))
        draws = posterior.sample(5000, seed=1)
        assert np.isfinite(posterior.log_prob(draws)).all()
        assert posterior.acceptance_rate() == 1.0
        save(posterior, tmp_path / "p")
        np.testing.assert_array_equal(load(tmp_path / "p").sample(5000, seed=1), draws)


ANY = given(
    d=st.integers(1, 6),
    k=st.integers(1, 4),
    seed=st.integers(0, 1000),
    kind=st.sampled_from(list(MASKS)),
)


@ANY
@settings(max_examples=20, deadline=None)
def test_any_shape_is_exact_also_for_data_far_from_all_simulations(d, k, seed, kind):
    flow = shaken(d, k, kind=kind, seed=seed)
    normals, x = random(8, d), 10 * random(8, k, seed=seed)
    noise = normals
    if flow.transform.box:
        noise = torch.where(flow.transform.inside[-1] > 0, flow.transform.box.base(normals), noise)
    with torch.no_grad():
        z, log_back = flow.transform.inverse(noise, x)
        again, log_det = flow.transform(z, x)
    torch.testing.assert_close(again, noise, rtol=0, atol=1e-8)
    torch.testing.assert_close(log_back, -log_det, rtol=0, atol=1e-8)
    slope = jacobian(lambda row: flow.transform(row[None], x[:1])[0][0], z[0])
    torch.testing.assert_close(torch.linalg.slogdet(slope)[1], log_det[0], rtol=0, atol=1e-8)


@ANY
@settings(max_examples=20, deadline=None)
def test_any_shape_stays_finite_for_data_like_no_simulation(d, k, seed, kind):
    flow, x = shaken(d, k, kind=kind, seed=seed).float(), 1e3 * random(8, k, seed=seed).float()
    value = flow.log_prob(parameters(kind, 8, d).float(), x)
    value.sum().backward()
    assert value.isfinite().all()
    assert all(w.grad.isfinite().all() for w in flow.parameters() if w.grad is not None)
    draws = flow.push(random(8, 50, d).float(), x)
    assert draws.isfinite().all()
    assert flow.log_prob(draws[:, 0], x).isfinite().all()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("box", "members"),
    [
        pytest.param(False, 1, marks=pytest.mark.long, id="unbounded"),
        pytest.param(True, None, id="box"),
    ],
)
def test_recovers_the_analytic_posterior_without_tuning(box, members):
    bank, flow = exact.bank(10_000, seed=1), Coupling(box=box)
    posterior = fit(bank, exact.PRIOR, flow=flow, members=members, seed=1).at(exact.X_O)
    rng = np.random.default_rng(3)
    draws = rng.multivariate_normal(exact.mean(exact.X_O), exact.C, 10_000)
    assert c2st(draws, posterior.sample(10_000, seed=2)) <= 0.55
