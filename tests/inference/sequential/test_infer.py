"""`infer` ends at the analytic posterior, and a stopped run goes on where it stood."""

import numpy as np
import pytest
from scipy.stats import norm

from mechfit.inference import (
    MAF,
    MDN,
    SNPE_A,
    SNPE_B,
    SNPE_C,
    TSNPE,
    Coupling,
    Training,
    c2st,
)
from mechfit.inference.sequential import methods
from mechfit.inference.sequential.infer import infer
from mechfit.inference.sequential.npe import NPE
from mechfit.models import Model, Prior

PRIOR = Prior.uniform(["a", "b"], [-1.0, -1.0], [1.0, 1.0])
NOISE = np.array([0.05, 0.1])
X_O = np.array([0.97, 0.2])
QUICK = {"flow": MAF(2, 20), "training": Training(epochs=30, batch=50)}


class Noisy(Model):
    """x = theta + noise: the posterior is a normal cut by the prior's box."""

    prior = PRIOR
    statistic_names = ("x", "y")
    statistic_units = ("", "")

    def statistics(self, theta, seed, *, first=0):
        rows = [np.random.default_rng([seed, first + i]).normal(size=2) for i in range(len(theta))]
        return theta + NOISE * np.array(rows)


class Louder(Noisy):
    """Another simulator with the same names."""

    def statistics(self, theta, seed, *, first=0):
        return 2 * super().statistics(theta, seed, first=first)


def exact(n, seed):
    """Draws of the analytic posterior at X_O (n, 2)."""
    u = np.random.default_rng(seed).random((n, 2))
    low, high = (norm.cdf((bound - X_O) / NOISE) for bound in (-1, 1))
    return X_O + NOISE * norm.ppf(low + u * (high - low))


WAYS = {
    "truncated": (TSNPE(), Coupling(), 2000),
    "snpe-a": (SNPE_A(), MDN(), 3000),
    "snpe-b": (SNPE_B(), Coupling(), 2000),
    "snpe-c-atoms": (SNPE_C(), Coupling(), 2000),
    "snpe-c-atoms-in-the-box": (SNPE_C(), Coupling(box=True), 2000),
    "snpe-c-closed-form": (SNPE_C(), MDN(), 3000),
}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:a component of SNPE-A")
@pytest.mark.parametrize("way", WAYS)
def test_three_rounds_recover_the_analytic_posterior(way):
    method, flow, n = WAYS[way]
    posterior = infer(Noisy(), X_O, rounds=3, simulations=n, method=method, flow=flow, seed=1)
    samples = posterior.sample(5000, seed=2)
    assert c2st(exact(5000, 3), samples) <= 0.55


def test_later_rounds_simulate_where_the_posterior_is():
    seen = []

    class Watched(Noisy):
        def statistics(self, theta, seed, *, first=0):
            seen.append(theta)
            return super().statistics(theta, seed, first=first)

    infer(Watched(), X_O, rounds=3, simulations=300, seed=1, **QUICK)
    spread = [
        theta.std(0).max() for theta in (np.concatenate(seen[:1]), np.concatenate(seen[-1:]))
    ]
    assert spread[1] < 0.7 * spread[0]


def test_a_stopped_run_goes_on(tmp_path, monkeypatch):
    hasty = {"flow": MAF(2, 20), "training": Training(epochs=3, batch=50)}
    whole = infer(Noisy(), X_O, rounds=2, simulations=300, seed=1, **hasty)
    learn, fits = methods.learn, []

    def second_stops(*args, **options):
        fits.append(1)
        if len(fits) == 2:
            raise KeyboardInterrupt
        return learn(*args, **options)

    monkeypatch.setattr(methods, "learn", second_stops)
    for _ in range(2):
        try:
            posterior = infer(
                Noisy(), X_O, rounds=2, simulations=300, seed=1, store=tmp_path, **hasty
            )
        except KeyboardInterrupt:
            assert (tmp_path / "round-0" / "posterior.json").exists()
    assert len(fits) == 3
    np.testing.assert_allclose(posterior.sample(100, 1), whole.sample(100, 1), rtol=1e-5)


def test_a_round_of_atoms_goes_on_from_the_density_it_was_drawn_from():
    training = Training(epochs=10, batch=50, learning_rate=1e-4)
    runs = {}
    for again in (0.3, None):
        state = NPE(
            PRIOR, X_O, method=SNPE_C(3, again), flow=MAF(2, 20), training=training, seed=1
        )
        for r in range(2):
            theta = state.propose(200)
            state.append(theta, Noisy().statistics(theta, 1, first=200 * r)).fit()
        runs[again] = state.posteriors
    (first, on), (_, anew) = runs.values()
    assert [len(p.history[0].train) for p in (first, on, anew)] == [10, 3, 10]
    for later, least, most in ((on, 0.0, 0.01), (anew, 0.1, np.inf)):
        pairs = zip(
            first.flow.transform.parameters(), later.flow.transform.parameters(), strict=True
        )
        change = max(abs(a - b).max() for a, b in pairs if a.shape == b.shape)
        assert least < change < most


def test_other_settings_are_refused(tmp_path):
    settings = {"rounds": 1, "simulations": 300, "seed": 1, "store": tmp_path}
    quick = {**QUICK, "training": Training(epochs=1)}
    infer(Noisy(), X_O, **settings, **quick)
    other = {**QUICK, "training": Training(epochs=2)}
    with pytest.raises(ValueError, match=r"holds rounds with training .*'epochs': 1"):
        infer(Noisy(), X_O, **settings, **other)
    with pytest.raises(ValueError, match="holds rounds with seed 1, expected 2"):
        infer(Noisy(), X_O, **{**settings, "seed": 2}, **quick)
    with pytest.raises(ValueError, match=r"other settings: model was .*Noisy.*, is .*Louder"):
        infer(Louder(), X_O, **{**settings, "rounds": 2}, **quick)


def test_rounds_is_positive():
    with pytest.raises(ValueError, match="expected at least 1"):
        infer(Noisy(), X_O, rounds=0, simulations=10, seed=1)
