"""The tasks of the public benchmark against what `sbibm` stores, and the runner on a known case.

The observations were drawn with torch from a seed that is stored too, so the same draws must give
the same parameters by our priors and the same observations by our simulators. The stored draws of
the posteriors must be at rest under Metropolis steps with our density.
"""

import numpy as np
import pytest
import sbibm_data
import torch
from sbibm_growth import populations
from sbibm_run import METHODS, Cell, Fitted, Method, code_version, run
from sbibm_table import Row, append, lines, read, targets
from sbibm_tasks import (
    CENTERS,
    DESIGN,
    FACTORS,
    LV_TIMES,
    PERMUTATION,
    SIR_TESTED,
    SIR_TIMES,
    TASKS,
    Task,
    lotka_volterra_means,
    sir_means,
)
from scipy.integrate import solve_ivp
from scipy.special import ndtri
from scipy.stats import binom, chi2, kstest, norm
from scipy.stats import t as t_distribution

from mechfit.models import Uniform

pytestmark = pytest.mark.skipif(not sbibm_data.installed(), reason=sbibm_data.HINT)

ALL = pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
FIT, ROUNDS = (METHODS[name].entry for name in ("npe", "tsnpe"))
STEPS = 20
HIGHEST = 5.0
"""Largest z-score that chance is granted, among some hundreds."""
FILES, LOC = ("gmm", "permutation_idx"), 1596
"""Files of the distractors, read as bytes and never unpickled; where the first has its centers."""
CHAINS = {name: 2000 if name in ("lotka_volterra", "sir") else 5000 for name in TASKS}


def normal(generator: torch.Generator, *shape: int) -> np.ndarray:
    return torch.normal(torch.zeros(shape), 1.0, generator=generator).double().numpy()


def uniform(generator: torch.Generator, *shape: int) -> np.ndarray:
    return torch.rand(shape, generator=generator).double().numpy()


def noises(task: Task, generator: torch.Generator) -> list[np.ndarray]:
    """The normals that our simulator takes, from the numbers that sbibm's took, in its order."""
    match task.name:
        case "two_moons":
            angle = ndtri(uniform(generator, 1, 1))
            return [np.hstack([angle, normal(generator, 1, 1)])]
        case "slcp_distractors":  # the rest came from a seed of its own
            return [np.hstack([normal(generator, 1, 8), np.zeros((1, 94))])]
        case "bernoulli_glm" | "bernoulli_glm_raw":
            return [ndtri(uniform(generator, 100))[None]]
        case "gaussian_mixture":
            uniform(generator, 2)  # the coin, in a way that depends on torch's version
            size = normal(generator, 1, 2)
            return [np.hstack([[[side]], size]) for side in (-1.0, 1.0)]
        case "sir":
            return []  # torch draws binomials in another way today
    return [normal(generator, 1, task.noise)]


@ALL
@pytest.mark.parametrize("number", sbibm_data.OBSERVATIONS)
def test_stored_seed_gives_stored_truth_and_observation(task, number):
    generator = torch.Generator().manual_seed(sbibm_data.observation_seed(task.name, number))
    theta, x_o = sbibm_data.truth(task.name, number), sbibm_data.observation(task.name, number)
    if isinstance(task.prior.parameters[0].distribution, Uniform):
        z = task.prior.from_unit(uniform(generator, 1, len(theta)))[0]
    else:
        z = task.prior.from_unbounded(normal(generator, 1, len(theta)))[0]
    np.testing.assert_allclose(task.native(z)[0], theta, rtol=1e-5, atol=1e-5)
    x = [task.function(theta[None], noise)[0] for noise in noises(task, generator)]
    told = PERMUTATION < 8 if task.name == "slcp_distractors" else slice(None)
    assert not x or any(np.allclose(x_i[told], x_o[told], rtol=2e-5, atol=2e-5) for x_i in x)


def test_distractors_are_those_of_the_stored_mixture():
    stored, order = ((sbibm_data.files("slcp") / f"{name}.torch").read_bytes() for name in FILES)
    numbers = [np.frombuffer(stored[start:], "<f8") for start in (-FACTORS.nbytes, LOC)]
    np.testing.assert_allclose(numbers[0], FACTORS.ravel(), rtol=1e-12)
    np.testing.assert_allclose(numbers[1][: CENTERS.size], CENTERS.ravel(), rtol=1e-12)
    assert order.endswith(PERMUTATION.astype("<i8").tobytes())


def test_distractors_project_to_mixtures_of_t():
    task, rng = TASKS["slcp_distractors"], np.random.default_rng(1)
    x = task.statistics(task.prior.sample(2000, seed=1), seed=1)
    rest = x[:, np.argsort(PERMUTATION)][:, 8:]
    for w in rng.normal(size=(5, 92)):
        scales = np.linalg.norm(w @ FACTORS, axis=1)
        away = ((rest @ w)[:, None] - CENTERS @ w) / scales
        assert kstest(t_distribution.cdf(away, 2).mean(1), "uniform").pvalue > 1e-3


def test_sir_observations_vary_like_binomials():
    p = sir_means(np.array([sbibm_data.truth("sir", i) for i in sbibm_data.OBSERVATIONS]))
    x = np.array([sbibm_data.observation("sir", i) for i in sbibm_data.OBSERVATIONS])
    many = SIR_TESTED * p > 5
    squares = ((x - SIR_TESTED * p) ** 2 / (SIR_TESTED * p * (1 - p)))[many]
    assert 0.001 < chi2.sf(squares.sum(), squares.size) < 0.999


def two_moons_log_likelihood(theta, x):
    turned = np.stack([abs(theta.sum(1)), theta[:, 0] - theta[:, 1]], axis=1) / 2**0.5
    u, v = (x + turned - [0.25, 0.0]).T
    r = np.hypot(u, v)
    return np.where(u > 0, norm.logpdf(r, 0.1, 0.01) - np.log(r), -np.inf)


def slcp_log_likelihood(theta, x):
    m, (s1, s2), rho = theta[:, :2], (theta[:, 2:4] ** 2).T, np.tanh(theta[:, 4])
    covariance = np.array([[s1**2, rho * s1 * s2], [rho * s1 * s2, s2**2]])
    covariance = np.moveaxis(covariance, 2, 0) + 1e-6 * np.eye(2)
    e = x.reshape(1, 4, 2) - m[:, None]
    squares = np.einsum("npi,nij,npj->n", e, np.linalg.inv(covariance), e)
    return -0.5 * squares - 2 * np.linalg.slogdet(covariance)[1]


def gaussian_mixture_log_likelihood(theta, x):
    wide, narrow = (norm.logpdf(x, theta, scale).sum(1) for scale in (1.0, 0.1))
    return np.logaddexp(wide, narrow)


def gaussian_log_likelihood(theta, x):
    return norm.logpdf(x, theta, 0.1**0.5).sum(1)


def glm_log_likelihood(theta, x):
    return theta @ x - np.logaddexp(0, theta @ DESIGN.T).sum(1)


LIKELIHOODS = {
    "two_moons": two_moons_log_likelihood,
    "slcp": slcp_log_likelihood,
    "slcp_distractors": lambda t, x: slcp_log_likelihood(t, x[np.argsort(PERMUTATION)][:8]),
    "gaussian_linear": gaussian_log_likelihood,
    "gaussian_linear_uniform": gaussian_log_likelihood,
    "gaussian_mixture": gaussian_mixture_log_likelihood,
    "bernoulli_glm": glm_log_likelihood,
    "bernoulli_glm_raw": lambda theta, x: glm_log_likelihood(theta, x @ DESIGN),
    "lotka_volterra": lambda t, x: norm.logpdf(np.log(x), lotka_volterra_means(t), 0.1).sum(1),
    "sir": lambda theta, x: binom.logpmf(x, SIR_TESTED, sir_means(theta)).sum(1),
}


def drift(task, number, log_likelihood):
    """Largest z-score of changes in means and squares under Metropolis steps."""
    x_o, rng = sbibm_data.observation(task.name, number), np.random.default_rng(number)
    draws, chains = sbibm_data.reference(task.name, number), CHAINS[task.name]
    to_z = np.linalg.inv(task.mixing).T

    def log_density(theta):
        out = task.prior.log_prob(theta @ to_z)
        inside = np.isfinite(out)
        out[inside] += log_likelihood(theta[inside], x_o)
        return out

    theta = draws[:chains].copy()
    log_p = before = log_density(theta)
    for _ in range(STEPS):
        # differences of other draws know the shape; their sizes vary, their signs are by chance
        a, b = draws[rng.integers(chains, len(draws), (2, chains))]
        step = np.exp(rng.normal(-1.0, 1.0, (chains, 1))) * (a - b)
        proposed = log_density(theta + step)
        taken = np.log(rng.random(chains)) < proposed - log_p
        theta = np.where(taken[:, None], theta + step, theta)
        log_p = np.where(taken, proposed, log_p)
    first, last = ((t - draws.mean(0)) / draws.std(0) for t in (draws[:chains], theta))
    change = np.column_stack([log_p - before, last - first, last**2 - first**2])
    return abs(change.mean(0) / change.std(0) * chains**0.5).max()


@ALL
@pytest.mark.parametrize("number", [1, 6])
def test_stored_posterior_is_at_rest(task, number):
    assert drift(task, number, LIKELIHOODS[task.name]) < HIGHEST


@ALL
def test_sharper_likelihood_does_not_leave_it_at_rest(task):
    log_likelihood = LIKELIHOODS[task.name]
    assert drift(task, 1, lambda theta, x: 1.3 * log_likelihood(theta, x)) > HIGHEST


@pytest.mark.parametrize("number", sbibm_data.OBSERVATIONS)
def test_reference_of_gaussian_linear_is_exact(number):
    x_o = sbibm_data.observation("gaussian_linear", number)
    white = (sbibm_data.reference("gaussian_linear", number) - x_o / 2) / 0.05**0.5
    assert kstest(white.ravel(), norm.cdf).pvalue > 1e-3
    off = np.corrcoef(white.T)[np.triu_indices(10, 1)] * len(white) ** 0.5
    assert 1e-3 < chi2.sf((off**2).sum(), off.size) < 1 - 1e-3


@pytest.mark.parametrize("name", ["lotka_volterra", "sir"])
def test_populations_follow_a_finer_method(name):
    task = TASKS[name]
    theta = task.prior.sample(20, seed=1)
    if name == "lotka_volterra":
        means, start = lotka_volterra_means(theta).reshape(20, 2, 10), [30.0, 1.0]
        times, low, high = LV_TIMES, *np.log([1e-10, 1e4])
    else:
        means, start = np.log(sir_means(theta))[:, None], [1 - 1e-6, 1e-6]
        times, low, high = SIR_TIMES, -np.inf, np.inf

    def slope(_, log_size, theta):
        u, v = np.exp(log_size)
        if name == "sir":
            return [-theta[0] * v, theta[0] * u - theta[1]]
        return [theta[0] - theta[1] * v, theta[3] * u - theta[2]]

    accurate = {"method": "DOP853", "rtol": 1e-11, "atol": 1e-11, "t_eval": times}
    for row, mean in zip(theta, means, strict=True):
        fine = solve_ivp(slope, (0, times[-1]), np.log(start), args=(row,), **accurate).y
        np.testing.assert_allclose(mean, fine.clip(low, high)[-len(mean) :], atol=1e-5)


def test_populations_give_up_where_steps_become_too_small():
    # sizes that feed each other become infinite at t = 1
    path = populations(np.array([[0.0, 1.0, 0.0, 1.0]]), np.zeros(2), LV_TIMES)
    assert np.isnan(path[0, :, 1:]).all()


class Exact:
    """A posterior that knows the answer to gaussian_linear."""

    def at(self, x_o):
        self.x_o = x_o
        return self

    def sample(self, n, seed):
        noise = np.random.default_rng(seed).normal(size=(n, 10))
        return self.x_o / 2 + 0.05**0.5 * noise


def test_the_state_of_the_code_is_that_of_modules_of_inference():
    assert code_version(FIT) == code_version(FIT) != code_version(ROUNDS)


def test_runner_appends_once_and_does_only_what_is_missing(tmp_path):
    fits = []

    def fit(cell, work, x_o):
        fits.append(x_o)
        return Fitted([Exact()] * cell.members, 1.0, 2.0)

    table, cell = tmp_path / "table.csv", Cell("gaussian_linear", 1000, "exact", members=3)
    settings = {"table": table, "work": tmp_path, "workers": 1, "draws": 100}
    for _ in range(2):
        run(cell, Method(fit, amortized=True, entry=FIT), [1, 2], **settings)
    assert fits == [None]
    run(cell, Method(fit, amortized=False, entry=FIT), [2, 3], **settings)
    np.testing.assert_array_equal(fits[1], sbibm_data.observation("gaussian_linear", 3))
    rows = read(table)
    assert [(r.observation, r.method, r.seconds_train) for r in rows] == [
        (i, "exact*3", 2.0) for i in (1, 2, 3)
    ]
    assert all(abs(r.c2st - 0.5) < 0.2 for r in rows)


def test_table_compares_medians_with_medians_and_means_with_means(tmp_path):
    row = Row("sir", 1000, "npe", 1, 1, 0.6, 0.1, 0.1, 0.1, 0.1, "0+a", "2025-01-01")
    for i, value in enumerate((0.60, 0.60, 0.96), start=1):
        for seed, off in enumerate((0.02, -0.02), start=1):
            measured = row._replace(observation=i, seed=seed, c2st=value + off)
            append(tmp_path / "t.csv", measured)
    assert len(targets()) == 3 * len(TASKS)
    text = lines("npe", {("sir", 1000): read(tmp_path / "t.csv")})[1]
    words = text.split()
    assert words[2:8] == ["2", "3", "0.600", "0.720", "0.208", "0.028"]
    assert [words[i] for i in (9, 11, 13, 15, 17)] == ["-", "-", "+", "+", "-"]
