"""What computes an equation of the chapters agrees with its formula: inference."""

import itertools

import numpy as np
import pytest
import torch
from scipy import stats
from scipy.special import logsumexp

from mechfit import inference
from mechfit.inference import diagnostics
from mechfit.inference.densities.configs import build
from mechfit.inference.densities.mixture import Mixture
from mechfit.inference.densities.scaling import Scores
from mechfit.inference.sequential import losses
from mechfit.models import Model, Normal, Parameter, Prior
from mechfit.simulation import Bank
from tests.inference import linear_gaussian as exact
from tests.inference.test_posterior_exact import Gaussian, posterior_of

NAMES = tuple(f"x{i}" for i in range(5))
SLOPE = exact.C @ exact.A.T / exact.S**2
POSTERIOR = posterior_of(Gaussian(SLOPE, exact.C), exact.PRIOR, 5)
RNG = np.random.default_rng(2)


def tensor(*size):
    return torch.tensor(RNG.normal(size=size), dtype=torch.float32)


def named_bank(theta, x):
    return Bank(theta, x, np.ones(len(x), bool), 1, NAMES[: x.shape[1]])


def distances(x, x_o):
    return np.sqrt((((x - x_o) / x.std(0)) ** 2).mean(1))


def test_rn_distance():
    bank, x_o = exact.bank(500, seed=3), np.full(5, 0.5)
    theta, found = inference.rejection_abc(bank, x_o, keep=500)
    np.testing.assert_allclose(found, np.sort(distances(bank.x, x_o)), rtol=1e-6)


def test_wal_abc():
    bank, x_o = exact.bank(2000, seed=4), exact.X_O
    theta, found = inference.rejection_abc(bank, x_o, keep=50)
    near = bank.theta[distances(bank.x, x_o) <= found[-1] * (1 + 1e-9)]
    np.testing.assert_array_equal(np.sort(theta, 0), np.sort(near, 0))


def test_wal_loss():
    theta, x = tensor(40, 3), tensor(40, 5)
    covariance = exact.C.astype(np.float32)
    each = [
        stats.multivariate_normal(SLOPE @ b, covariance).logpdf(a)
        for a, b in zip(theta.numpy(), x.numpy(), strict=True)
    ]
    found = losses.npe_loss(Gaussian(SLOPE, exact.C).log_prob, theta, x)
    assert float(found) == pytest.approx(-np.mean(each), rel=1e-4)


@torch.no_grad()
def test_mf_loss():
    embedding = inference.Subset(hidden=8, outputs=4)
    density = build(inference.MDN(2, 8, embedding), 2, 3, 1, ())
    x, z = tensor(6, 3), tensor(6, 2)
    seen = embedding.thin(x, torch.Generator().manual_seed(5))
    gone = seen.isnan()
    assert gone.any()
    assert torch.equal(seen[~gone], x[~gone])
    features = density.reader(seen)
    assert torch.equal(features[:, :3], torch.where(gone, 0.0, x))  # x_S, and 0 elsewhere
    assert torch.equal(features[:, 3:6], (~gone).float())  # the flags, S
    each = [float(density.log_prob(z[i : i + 1], seen[i : i + 1])) for i in range(6)]
    assert float(losses.npe_loss(density, z, seen)) == pytest.approx(-np.mean(each), rel=1e-5)
    many = embedding.thin(torch.zeros(20_000, 3), torch.Generator().manual_seed(6))
    sizes = np.bincount((~many.isnan()).sum(1).numpy()) / 20_000
    np.testing.assert_allclose(sizes, 0.75 / 4 + np.eye(4)[3] * 0.25, atol=0.02)


@torch.no_grad()
def test_lf_loss():
    reads = build(inference.MDN(2, 8, inference.Convolution(outputs=4)), 2, 64, 1, ())
    given = build(inference.MDN(2, 8), 2, 4, 1, ())
    weights = {k: v for k, v in reads.state_dict().items() if not k.startswith("reader.")}
    given.load_state_dict(weights)
    x, z = tensor(10, 64), tensor(10, 2)
    found, features = losses.npe_loss(reads, z, x), reads.reader(x)
    assert features.shape == (10, 4)
    assert float(found) == pytest.approx(-float(given.log_prob(z, features).mean()), rel=1e-5)


@pytest.mark.slow
def test_lf_mean():
    bank, training = exact.bank(2000, seed=6), inference.Training(epochs=20)
    learned = inference.learn_statistics(bank, exact.PRIOR, training=training, seed=1)
    fresh, density = exact.bank(1000, seed=7), learned.regression.flow
    found = density.center.numpy() + learned(fresh.x) @ density.root.numpy().T
    best = fresh.x @ SLOPE.T
    least = ((fresh.theta - best) ** 2).mean()
    assert ((fresh.theta - found) ** 2).mean() < 1.1 * least
    assert ((found - best) ** 2).mean() < 0.1 * least


def test_lf_trials():
    network = inference.Trials(2, hidden=8, outputs=3).build(8)
    x = tensor(5, 8)
    x[0, 4:6] = torch.nan  # a missing trial
    for row, found in zip(x, network(x), strict=True):
        trials = row.reshape(-1, 2)
        trials = trials[~trials.isnan().any(1)]
        mean, n = network.phi(trials).mean(0), torch.tensor([len(trials)]).log()
        torch.testing.assert_close(found, network.rho(torch.cat([mean, n])))


def test_lf_product():
    x, theta = exact.observe(np.array([[0.5, -1.0, 0.3]] * 4), 8), exact.PRIOR.sample(30, seed=9)
    prior = stats.norm.logpdf(theta).sum(1)
    each = [stats.multivariate_normal(SLOPE @ row, exact.C).logpdf(theta) for row in x]
    product = (1 - len(x)) * prior + np.sum(each, 0)
    apart = inference.RepeatedTrials(POSTERIOR, x).log_prob(theta) - product
    assert np.ptp(apart) < 1e-2 * np.ptp(product)


def test_pc_weight():
    prior = Prior(tuple(Parameter(n, Normal(0.0, 1.0)) for n in "ab"))
    kept = RNG.normal(0.5, 0.3, (20, 2))
    proposal = inference.KernelProposal(prior, kept, np.full(20, 0.05), share=0.2)
    theta = proposal.sample(500, seed=1)
    bank = named_bank(theta, theta)
    rows, weights = inference.importance_abc(bank, proposal, np.full(2, 0.5), np.full(2, 0.4))
    kernel = stats.multivariate_normal([0, 0], 2 * np.cov(kept.T, aweights=np.full(20, 0.05)))
    q = np.mean([kernel.pdf(theta[rows] - k) for k in kept], 0)
    p = stats.norm.pdf(theta[rows]).prod(1)
    w = p / (0.8 * q + 0.2 * p)
    np.testing.assert_allclose(weights, w / w.sum(), rtol=1e-6)
    size = inference.effective_sample_size(weights)
    assert size == pytest.approx(w.sum() ** 2 / (w**2).sum())


@torch.no_grad()
def test_mdn():
    density = build(inference.MDN(3, 8), 2, 4, 1, ()).double()
    x, z = tensor(6, 4).double(), tensor(6, 2).double()
    out = density.network(x)
    found = density.log_prob(z, x)
    for i in range(6):
        logits, means, factors = (
            out[i].detach().numpy().reshape(-1)[:3],
            *(a.detach().numpy() for a in (out[i, 3:9].reshape(3, 2), out[i, 9:].reshape(3, 3))),
        )
        parts = []
        for k in range(3):
            lower = np.array([[np.exp(factors[k, 0]), 0], [factors[k, 1], np.exp(factors[k, 2])]])
            mean = means[k] + density.means[k].detach().numpy()
            normal = stats.multivariate_normal(mean, np.linalg.inv(lower @ lower.T + np.eye(2)))
            parts.append(logits[k] + normal.logpdf(z[i].numpy()))
        each = logsumexp(parts) - logsumexp(logits)
        assert float(found[i]) == pytest.approx(each, rel=1e-5)


@pytest.mark.parametrize("kind", ["MAF", "NSF", "Coupling"])
def test_flow(kind):
    flow = {
        "MAF": inference.MAF(3, 8),
        "NSF": inference.NSF(3, 8),
        "Coupling": inference.Coupling(3, 8, box=False),
    }[kind]
    density = build(flow, 3, 2, 1, ()).double().eval()
    for weight in density.parameters():
        weight.data += 0.1 * tensor(*weight.shape)
    x, u = tensor(1, 2).double(), 0.7 * tensor(3).double()

    def push(noise):
        return density.push(noise.reshape(1, 1, 3), x)[0, 0]

    jacobian = torch.autograd.functional.jacobian(push, u)
    log_normal = -0.5 * (u**2).sum() - 1.5 * np.log(2 * np.pi)
    found = density.log_prob(push(u)[None], x)[0]
    volume = jacobian.det().abs().log()
    assert found.item() == pytest.approx((log_normal - volume).item(), rel=1e-4)


WIDTHS, HEIGHTS, SLOPES = RNG.normal(size=(2, 3)), RNG.normal(size=(2, 3)), RNG.normal(size=(2, 4))
SHAPE = torch.tensor(np.hstack([WIDTHS, HEIGHTS, SLOPES])[0])


def the_bin(z):
    """Corners and slopes of the bin of z, between -2 and 2."""
    x, y = (
        -2 + 4 * np.r_[0, np.cumsum(1e-3 + 0.997 * np.exp(e) / np.exp(e).sum())]
        for e in (WIDTHS[0], HEIGHTS[0])
    )
    i = np.searchsorted(x, z) - 1
    return x[i], x[i + 1], y[i], y[i + 1], *np.exp(SLOPES[0][i : i + 2])


def by_formula(z):
    """The spline and its slope at z."""
    x0, x1, y0, y1, d0, d1 = the_bin(z)
    s, t = (y1 - y0) / (x1 - x0), (z - x0) / (x1 - x0)
    D = s + (d0 + d1 - 2 * s) * t * (1 - t)
    f = y0 + (y1 - y0) * (s * t**2 + d0 * t * (1 - t)) / D
    return f, s**2 * (d1 * t**2 + 2 * s * t * (1 - t) + d0 * (1 - t) ** 2) / D**2


PLACES = np.array([-1.7, -0.4, 0.3, 1.6])


def test_spline():
    found, _ = inference.spline(torch.tensor(PLACES)[:, None], SHAPE, (-2.0, 2.0))
    np.testing.assert_allclose(found[:, 0], [by_formula(z)[0] for z in PLACES], rtol=1e-10)


def test_spline_slope():
    _, found = inference.spline(torch.tensor(PLACES)[:, None], SHAPE, (-2.0, 2.0))
    np.testing.assert_allclose(found[:, 0].exp(), [by_formula(z)[1] for z in PLACES], rtol=1e-10)


def test_spline_inverse():
    places = []
    for z in PLACES:
        x0, x1, y0, y1, d0, d1 = the_bin(z)
        y, s = by_formula(z)[0], (y1 - y0) / (x1 - x0)
        a = (y1 - y0) * (s - d0) + (y - y0) * (d0 + d1 - 2 * s)
        b = (y1 - y0) * d0 - (y - y0) * (d0 + d1 - 2 * s)
        c = -s * (y - y0)
        t = 2 * c / (-b - np.sqrt(b**2 - 4 * a * c))
        places.append(x0 + t * (x1 - x0))
    np.testing.assert_allclose(places, PLACES, atol=1e-10)
    y = torch.tensor([[by_formula(z)[0]] for z in PLACES])
    found, _ = inference.spline(y, SHAPE, (-2.0, 2.0), inverse=True)
    np.testing.assert_allclose(found[:, 0], places, atol=1e-10)


def test_seq_ratio():
    learned, proposal, prior = ((0.6, 0.05), (0.4, 0.2), (0.0, 1.0))
    mixtures = [
        Mixture.gaussian(torch.tensor([m]).double(), torch.tensor([[s]]).double())
        for m, s in (learned, proposal, prior)
    ]
    z = np.linspace(-0.5, 1.5, 9)
    ratio = sum(
        sign * stats.norm.logpdf(z, m, np.sqrt(s))
        for sign, (m, s) in zip((1, -1, 1), (learned, proposal, prior), strict=True)
    )
    found = losses.snpe_a_posterior(*mixtures).log_prob(torch.tensor(z)[:, None])
    assert np.ptp(found.numpy() - ratio) < 1e-5


def test_seq_atoms():
    z, x, log_prior = tensor(7, 3), tensor(7, 5), tensor(7)
    density, no = Gaussian(SLOPE, exact.C), torch.zeros(7, dtype=bool)
    found = losses.snpe_c_atomic_loss(density.log_prob, z, x, log_prior, ~no, no, atoms=3)
    terms = []
    for i in range(7):
        atoms = [(i + m) % 7 for m in range(3)]
        log_q = [float(density.log_prob(z[m][None], x[i][None])) for m in atoms]
        each = np.array(log_q) - log_prior[atoms].numpy()
        terms.append(each[0] - logsumexp(each))
    assert float(found) == pytest.approx(-np.mean(terms), rel=1e-4)


def test_cal_rank():
    found = diagnostics.calibrate(POSTERIOR, exact.bank(500, seed=10), draws=99, seed=1)
    below = (found.draws < found.theta[:, None]).sum(1)
    u = found.ranks * 100 - below
    assert u.min() > 0
    assert u.max() < 1
    assert stats.kstest(u[:, 0], "uniform").pvalue > 0.01
    assert stats.kstest(found.ranks[:, 0], "uniform").pvalue > 0.01


def test_cal_weight():
    at = POSTERIOR.at(exact.X_O)

    def log_likelihood(theta):
        return stats.norm.logpdf(exact.X_O, theta @ exact.A.T, 1.1 * exact.S).sum(1)

    sample = inference.importance_sample(at, log_likelihood, 2000, seed=1)
    theta = sample.theta
    q = stats.multivariate_normal(SLOPE @ exact.X_O, exact.C).logpdf(theta)
    log_w = stats.norm.logpdf(theta).sum(1) + log_likelihood(theta) - q
    usual = log_w < np.quantile(log_w, 0.8)  # the largest ones are smoothed
    apart = np.log(sample.weights) - log_w
    assert np.ptp(apart[usual]) < 1e-2


def test_pc_p():
    model = Model.from_function(
        lambda theta, rng: exact.A @ theta + exact.S * rng.normal(size=5), exact.PRIOR, NAMES
    )
    check = diagnostics.predictive_check(POSTERIOR, model, exact.X_O, draws=60, seed=1)
    for j, x_o in enumerate(exact.X_O):
        below = sum(x < x_o for x in check.x[:, j]) + 0.5 * sum(x == x_o for x in check.x[:, j])
        share = (below + 0.5) / (len(check.x) + 1)
        assert check.p_values[j] == pytest.approx(2 * min(share, 1 - share))
    tied = diagnostics.tail(np.array([[0.0], [1.0], [1.0]]), np.array([1.0]))
    assert tied[0] == pytest.approx(2 * min(2.5 / 4, 1 - 2.5 / 4))


def test_wm_mmd():
    x, x_o = RNG.normal(size=(150, 3)) @ RNG.normal(size=(3, 3)), np.array([1.0, -2.0, 0.5])
    found = diagnostics.misspecification(named_bank(x, x), x_o)
    scales = [Scores.of(column) for column in x.T]
    cloud, seen = (
        np.column_stack([s.apply(c) for s, c in zip(scales, rows.T, strict=True)])
        for rows in (x, x_o[None])
    )
    precision = np.linalg.inv(np.cov(cloud.T))

    def squared(a, b):
        return (a - b) @ precision @ (a - b)

    width = np.median([np.sqrt(squared(a, b)) for a, b in itertools.combinations(cloud, 2)])

    def k(a, b):
        return np.exp(-squared(a, b) / 2 / width**2)

    n, o = len(cloud), seen[0]
    middle = sum(k(o, a) for a in cloud)
    mmd = k(o, o) - 2 / n * middle + sum(k(a, b) for a in cloud for b in cloud) / n**2
    assert found.mmd == pytest.approx(mmd, rel=1e-6)


def test_next_two_forms():
    p = RNG.random((5, 2))  # five equally likely parameters, two designs
    found = inference.response_information(p)
    for j in range(2):
        joint = np.stack([p[:, j], 1 - p[:, j]]) / 5  # outcomes, parameters
        of_y = joint.sum(1)
        uncertain = -(joint / of_y[:, None] * np.log(joint / of_y[:, None])).sum(1)
        posterior_form = np.log(5) - of_y @ uncertain
        of_theta = -(5 * joint * np.log(5 * joint)).sum(0)
        predictive_form = -(of_y * np.log(of_y)).sum() - of_theta.mean()
        assert posterior_form == pytest.approx(predictive_form)
        assert found[j] == pytest.approx(posterior_form)
    theta, (lower, upper) = RNG.normal(size=(6000, 1)), ("lower", "upper")
    bounds = inference.expected_information(
        lambda theta, x, rng: rng.normal(x * theta),
        lambda y, theta, x: stats.norm.logpdf(y, x * theta)[..., 0],
        *(theta[:3000], theta[3000:], [2.0]),
        seed=1,
    )
    entropies = 0.5 * np.log(1 + 2.0**2)  # H[y] - H[y | theta] of normals
    assert getattr(bounds, lower)[0] - 0.1 < entropies < getattr(bounds, upper)[0] + 0.1
    assert getattr(bounds, upper)[0] - getattr(bounds, lower)[0] < 0.2


def test_next_barber():
    theta = exact.PRIOR.sample(200, seed=11)
    y = exact.observe(theta, 12)
    found = inference.posterior_information(POSTERIOR, theta, y[None])
    gains = [
        stats.multivariate_normal(SLOPE @ row, exact.C).logpdf(t) - stats.norm.logpdf(t).sum()
        for row, t in zip(y, theta, strict=True)
    ]
    assert found.lower[0] == pytest.approx(np.mean(gains), rel=1e-3)
