"""Every labelled equation is in the table; what computes it agrees with its formula: models."""

import importlib
import inspect
import math
import re

import numpy as np
import pytest
import test_equations_of_inference as of_inference
from builtbook import ROOT, pages
from equations import table
from scipy import stats
from scipy.integrate import quad, solve_ivp
from scipy.special import erfcx

from mechfit import models
from mechfit.models.pyloric.equations import conductances, membrane_step
from mechfit.models.pyloric.reference import Q10
from mechfit.robustness import SPENDERS, energy_by_current, q10_of

THETA = np.array([50, 5, 0.1, 0.07, 600, 60, 0.1, 70.0])
CIRCUIT = models.Pyloric.prior.sample(1, seed=3)
RNG = np.random.default_rng(1)


def labels() -> set[str]:
    """Labels of all equations of the chapters."""
    texts = ((ROOT / f"{page}.md").read_text(encoding="utf-8") for page in pages())
    blocks = (re.findall(r"\{math\}\n:label: ([\w-]+)", text) for text in texts)
    return {label for block in blocks for label in block}


def test_the_table_lists_all_equations_and_no_others():
    computed, defined = table()
    assert not computed.keys() & defined.keys()
    assert computed.keys() | defined.keys() == labels()
    assert all(len(reason) > 20 for reason in defined.values())


def test_every_name_of_the_table_is_public():
    for name in {name for names in table()[0].values() for name in names}:
        room, short = name.rsplit(".", 1)
        assert short in importlib.import_module(room).__all__


@pytest.mark.parametrize("label", table()[0])
def test_the_pair_has_a_test_that_uses_every_name(label):
    name = f"test_{label.replace('-', '_')}"
    test = globals().get(name) or getattr(of_inference, name)
    for function in table()[0][label]:
        assert re.search(rf"\b{function.rpartition('.')[2]}\b", inspect.getsource(test))


def rates(v, tau_max=600.0, v_t=-60.0):
    """Opening and closing rates (1/ms) of m, h, n and p as Pospischil et al. (2008) print them."""
    u = v - v_t
    f, g = np.exp((v + 35) / 20), np.exp(-(v + 35) / 20)
    p_inf, tau_p = 1 / (1 + np.exp(-(v + 35) / 10)), tau_max / (3.3 * f + g)
    return {
        "m": (
            -0.32 * (u - 13) / (np.exp(-(u - 13) / 4) - 1),
            0.28 * (u - 40) / (np.exp((u - 40) / 5) - 1),
        ),
        "h": (0.128 * np.exp(-(u - 17) / 18), 4 / (1 + np.exp(-(u - 40) / 5))),
        "n": (
            -0.032 * (u - 15) / (np.exp(-(u - 15) / 5) - 1),
            0.5 * np.exp(-(u - 10) / 40),
        ),
        "p": (p_inf / tau_p, (1 - p_inf) / tau_p),
    }


def test_hh_gate():
    v = np.linspace(-95.3, 40.1, 30)
    for name, (steady, tau) in models.gating(v, THETA).items():
        alpha, beta = rates(v)[name]
        np.testing.assert_allclose(steady, alpha / (alpha + beta), rtol=1e-6)
        np.testing.assert_allclose(tau, 1 / (alpha + beta), rtol=1e-6)


def test_hh_v():
    def slopes(t, state):
        v, gates = state[0], state[1:]
        m, h, n, p = gates
        alpha, beta = np.array([*rates(v).values()]).T
        current = 0.1 * (-70 - v) + 50 * m**3 * h * (53 - v) + 5 * n**4 * (-107 - v)
        return [current + 0.07 * p * (-107 - v) + 3.0, *(alpha * (1 - gates) - beta * gates)]

    start = [a / (a + b) for a, b in rates(-70.0).values()]
    dt, quiet = 0.001, np.where(np.arange(8) == 6, 0.0, THETA)
    model = models.HodgkinHuxley(dt, np.full(15_001, 3.0), precision="float64", window=(1, 15))
    found = model.simulate(quiet, seed=1).voltage[0, 0, ::100]
    exact = solve_ivp(
        slopes, (0, 15), [-70, *start], "LSODA", np.linspace(0, 15, 151), rtol=1e-9, atol=1e-9
    ).y[0]
    assert exact.max() > 0  # a spike
    assert abs(found - exact).max() < 0.5


def test_pyloric_v():
    g, gates = RNG.uniform(0.1, 1, 8), RNG.uniform(0, 1, 11)
    m, h = gates[:7], gates[7:]
    open_ = g[:7] * m ** np.array([3, 3, 3, 3, 4, 4, 1])
    open_[:4] *= h
    na, cat, cas, a, kca, kd, of_h = open_
    np.testing.assert_allclose(
        conductances(tuple(gates), tuple(g)), (na, cat + cas, a + kca + kd, of_h), rtol=1e-12
    )
    v, ca, synapses, dt = -47.0, 0.4, np.array([0.2, 0.3]), 1e-9
    e_ca = 8.31451 * 283 / (2 * 96.4853415) * np.log(3000 / ca)
    back = np.array([-70.0, -80.0])
    current = na * (50 - v) + (cat + cas) * (e_ca - v) + (a + kca + kd) * (-80 - v)
    current += of_h * (-20 - v) + g[7] * (-50 - v) + (synapses * (back - v)).sum() + 0.01
    sums = synapses.sum(), (synapses * back).sum(), (synapses * back**2).sum()
    whole = (na, cat + cas, a + kca + kd, of_h, g[7], *sums)
    moved, gained, _, _ = membrane_step(v, ca, whole, 0.01, (dt, 283.0, -math.expm1(-dt / 200.0)))
    assert moved / dt == pytest.approx(current / 0.6283e-3, rel=1e-4)
    inflow = -14961.0 * (cat + cas) * (v - e_ca)
    assert 200 * gained / dt == pytest.approx(inflow - ca + 0.05, rel=1e-4)
    # the model: under a constant current a leak alone makes an exponential
    leaky = np.where(np.arange(31) < 24, 0.01 * (np.arange(31) % 8 == 7), -60.0)
    model = models.Pyloric(0.0001, duration=100.0, burn_in=0.0, precision="float64")
    v = model.simulate(leaky, seed=1, noise=np.ones((1, 3, model.samples))).voltage[0, 0]
    leak = 0.01 * 0.628e-3
    exact = 0.0001 / leak * -np.expm1(-leak / 0.6283e-3 * model.time)
    np.testing.assert_allclose(v, exact - 50, atol=0.01)


def test_temperature_q10():
    celsius = np.array([7.0, 11.0, 15.0, 23.0])
    values = np.array([[3.0], [5.0]]) * np.array([[1.5], [2.4]]) ** ((celsius - 10) / 10)
    np.testing.assert_allclose(q10_of(celsius, values), [1.5, 2.4], rtol=1e-9)
    cold, warm = (models.Pyloric(temperature=k, duration=2.0, burn_in=0.0) for k in (283, 290))
    cold, warm = cold.setting(CIRCUIT[0]), warm.setting(CIRCUIT[0])
    for name, field in {"membrane": "membrane", "synapses": "synaptic", "gates": "faster"}.items():
        factor = getattr(warm, field) / getattr(cold, field)
        np.testing.assert_allclose(factor, np.broadcast_to(Q10[name], factor.shape) ** 0.7)


def test_energy_power():
    model = models.Pyloric(duration=300.0, burn_in=100.0, precision="float64")
    v = model.simulate(CIRCUIT, seed=2).voltage[0, :, model.burn_in_samples :]
    leak = CIRCUIT[0, [7, 15, 23]] * ((v + 50.0) ** 2).mean(1) / 1000
    found = energy_by_current(model, CIRCUIT, seed=2)[0, :, SPENDERS.index("leak")]
    np.testing.assert_allclose(found, leak, rtol=1e-3)


def cable(n, channels=models.Channels(E_l=-70.0)):  # noqa: B008
    """A sealed cylinder of 1 mm and 2 µm with a leak, 0.05 nA into its first piece, at rest."""
    ones = np.ones(n)
    rho = np.r_[0.0, np.full(n - 1, 1000 / n / np.pi)]
    tree = models.Tree(
        np.arange(n) - 1, 2 * np.pi * 1000 / n * ones, rho, np.arange(n), 0 * ones,
        (np.arange(n) + 0.5) / n, 3 * ones,
    )  # fmt: skip
    found = models.Cable(tree, {0: np.full(11, 0.05)}, range(n), 1e7, -70.0, channels)
    return tree, found.simulate(np.outer([0, 0, 0, 0.05], ones), 150.0).voltage[0, :, -1] + 70


def test_cable():
    _, found = cable(401)  # models.Cable
    far = 1e4 * np.sqrt(1e-4 * 1000 / (0.05 * 2 * 150.0))  # length constant (µm)
    x, ends = (np.arange(401) + 0.5) / 401 * 1000 / far, 1000 / far
    resistance = 150.0 * far * 1e-4 / (np.pi * 1e-8) * 1e-6  # MΩ
    exact = 0.05 * resistance * np.cosh(ends - x) / np.sinh(ends)
    np.testing.assert_allclose(found, exact, rtol=2e-3)


def test_compartments_joined():
    tree, found = cable(7)  # models.Cable
    joined = 1e2 / (150.0 * tree.rho[1:])  # µS: 1 / (Ω cm / µm)
    system = np.diag(0.05 * tree.area * 1e-5)  # mS/cm² on µm², in µS
    for i, g in enumerate(joined):
        system[i, i] += g
        system[i + 1, i + 1] += g
        system[[i, i + 1], [i + 1, i]] -= g
    np.testing.assert_allclose(found, np.linalg.solve(system, np.eye(7)[0] * 0.05), rtol=1e-5)


def test_lif():
    model = models.LIF(200.0, threshold=30.0, v_init=0.0, precision="float64")
    free = model.simulate([25.0, 0.0, 20.0, 2.0], seed=1).voltage[0, 0]
    np.testing.assert_allclose(free, 25 * (1 - np.exp(-model.time / 20)), atol=1e-9)
    noisy = models.LIF(200_000.0, threshold=1e3, v_init=0.0)
    v = noisy.simulate([5.0, 4.0, 20.0, 2.0], seed=1).voltage[0, 0, 10_000:]
    assert v.std() == pytest.approx(4 / np.sqrt(2), rel=0.05)
    reset = models.LIF(200.0).simulate([25.0, 0.0, 20.0, 2.0], seed=1).voltage[0, 0]
    spike = np.flatnonzero(reset >= 20)[0]
    assert (reset[spike + 1 : spike + 21] == 10).all()


def test_lif_rate():
    mu = np.array([15.0, 20.1, 25.0])
    exact = [0.0, *(1000 / (2 + 20 * np.log((m - 10) / (m - 20))) for m in mu[1:])]
    np.testing.assert_allclose(models.lif_rate(mu), exact, rtol=1e-12)


def first_passage_rate(mu, sigma, tau=20.0, t_ref=2.0):
    """Siegert's formula by quadrature, in Hz."""
    area, _ = quad(lambda u: erfcx(-u), (10 - mu) / sigma, (20 - mu) / sigma)
    return 1000 / (t_ref + tau * np.sqrt(np.pi) * area)  # erfcx(-u) = exp(u^2) (1 + erf u)


@pytest.mark.parametrize(("mu", "sigma"), [(15.0, 5.0), (20.0, 6.0), (25.0, 2.0)])
def test_siegert(mu, sigma):
    assert models.siegert(mu, sigma)[0] == pytest.approx(first_passage_rate(mu, sigma), rel=1e-8)


def test_mean_field():
    for nu, mu, sigma, _ in models.mean_field(5.0, 2.0, 0.2, inputs=800):
        rate = nu / 1000  # per ms
        assert mu == pytest.approx(2 * 20 + 800 * 0.2 * 20 * (1 - 5 / 4) * rate, rel=1e-5)
        second = 2 * 20 * 0.2 + 800 * 0.04 * 20 * (1 + 25 / 4) * rate
        assert sigma**2 == pytest.approx(second, rel=1e-5)
        assert first_passage_rate(mu, sigma) == pytest.approx(nu, rel=1e-4)


def test_balanced():
    # neuron 0 excites, 1 inhibits, both drive neuron 2, which alone is below its threshold
    weights = np.zeros((3, 3))
    weights[2, :2] = 8.0, -6.0
    wiring = models.Wiring.of_matrix(weights, np.where(weights, 15, 0), 2)
    network = models.Network(models.DeltaNeurons(), wiring, precision="float64")
    drive = np.array([40.0, 25.0, 18.0])
    spikes = network.spikes(np.zeros(3), 200.0, drive=drive)
    v, free, times = 0.0, 0.0, []
    sent = {j: np.round(spikes.times[spikes.ids == j] / 0.1) + 15 for j in (0, 1)}
    for k in range(1, 2001):
        if k > free:
            v = 18 + (v - 18) * np.exp(-0.1 / 20)
            v += 8 * (k in sent[0]) - 6 * (k in sent[1])
            if v >= 20:
                times.append(k)
                v, free = 10.0, k + 20
    assert len(times) > 3
    assert np.round(spikes.times[spikes.ids == 2] / 0.1).tolist() == times
    made = models.Brunel(500, 50).network(np.array([5.0, 2.0, 0.4, 1.5]), seed=1)
    assert made.weights == (0.4, -2.0)
    assert made.input_rate == pytest.approx(1000 * 2 * 20 / (0.4 * 20))
    assert np.bincount(made.wiring.targets).tolist() == [50] * 500


def test_ddm():
    v, a, w, t_0 = theta = 1.2, 1.5, 0.4, 0.25
    x = models.DriftDiffusion(trials=20_000).statistics(theta, seed=1)[0]
    upper = (1 - np.exp(-2 * v * w * a)) / (1 - np.exp(-2 * v * a))
    assert x[0::2].mean() == pytest.approx(upper, abs=0.012)
    mean = t_0 + (a * upper - w * a) / v  # E X(T) = w a + v E T
    assert x[1::2].mean() == pytest.approx(mean, abs=4 * x[1::2].std() / np.sqrt(20_000))


def test_ddm_density():
    v, a, w, t_0 = theta = 1.2, 1.5, 0.4, 0.25
    t, k = np.array([0.1, 0.4, 1.5]), np.arange(1, 200)[:, None]
    series = k * np.exp(-(k**2) * np.pi**2 * t / 2 / a**2)

    def lower(v, w):
        each = (series * np.sin(k * np.pi * w)).sum(0)
        return np.pi / a**2 * np.exp(-v * a * w - v**2 * t / 2) * each

    for choice, exact in ((0, lower(v, w)), (1, lower(-v, 1 - w))):
        trials = np.column_stack([np.full(3, choice), t + t_0])
        np.testing.assert_allclose(models.decision_density(trials, theta)[0], exact, rtol=1e-6)


def test_glm():
    stimulus, history = RNG.normal(size=(3, 2)), RNG.normal(size=(4, 2))
    glm = models.GLM(stimulus, history, dt=2.0)
    weights, s, y = (
        0.3 * RNG.normal(size=5) + [2, 0, 0, 0, 0],
        RNG.normal(size=60),
        RNG.poisson(0.3, 60),
    )
    k, h, rate = stimulus @ weights[1:3], history @ weights[3:], np.empty(60)
    for t in range(60):
        seen = sum(k[i - 1] * s[t - i] for i in range(1, 4) if t >= i)
        own = sum(h[i - 1] * y[t - i] for i in range(1, 5) if t >= i)
        rate[t] = np.exp(weights[0] + seen + own)
    np.testing.assert_allclose(glm.intensity(weights, y, s)[0], rate, rtol=1e-10)
    exact = stats.poisson.logpmf(y, rate * 0.002).sum()
    assert glm.log_likelihood(weights, y, s)[0] == pytest.approx(exact)


def test_maxent():
    h, J = RNG.normal(size=4), np.triu(RNG.normal(size=(4, 4)), 1)
    model = models.MaximumEntropy(h, J + J.T)
    energy = np.array([h @ s + s @ J @ s for s in model.patterns])
    np.testing.assert_allclose(model.probabilities, np.exp(energy) / np.exp(energy).sum())


def test_gpfa():
    C, d, R, tau = RNG.normal(size=(3, 2)), RNG.normal(size=3), np.array([0.2, 0.5, 1.0]), [40, 90]
    model = models.GPFA(C, d, R, tau, dt=20.0)
    lag = 20.0 * np.subtract.outer(np.arange(5), np.arange(5))
    smooth = [np.exp(-(lag**2) / 2 / t**2) for t in tau]
    kernels = [(1 - 1e-3) * K + 1e-3 * np.eye(5) for K in smooth]  # a thousandth is white
    covariance = sum(np.kron(np.outer(c, c), K) for c, K in zip(C.T, kernels, strict=True))
    covariance += np.kron(np.diag(R), np.eye(5))
    Y = RNG.normal(size=(2, 3, 5))
    exact = stats.multivariate_normal(np.repeat(d, 5), covariance).logpdf(Y.reshape(2, -1))
    np.testing.assert_allclose(model.log_likelihood(Y), exact, rtol=1e-9)


def test_next_psi():
    x, (alpha, sigma, lapse) = np.linspace(-3, 3, 7), (0.5, 0.8, 0.04)
    psi = lapse + (1 - 2 * lapse) * stats.norm.cdf((x - alpha) / sigma)
    found = np.exp(models.psychometric_log_probs(x, [alpha, sigma, lapse]))
    np.testing.assert_allclose(found[:, 0], [1 - psi, psi], rtol=1e-10)
