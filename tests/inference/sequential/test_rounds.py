"""Rounds from any regions and posteriors, in any order, are learned from as the prior is."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pytest
from scipy.stats import norm

from mechfit.inference import MDN, NPE, SNPE_A, SNPE_B, SNPE_C, Coupling, Round, Training
from mechfit.inference.densities.base import Ensemble
from mechfit.inference.region import Region
from mechfit.inference.sequential import methods
from mechfit.inference.sequential.losses import npe_loss, snpe_b_loss, snpe_c_atomic_loss
from mechfit.models import Prior
from mechfit.simulation import Bank

PRIOR = Prior.uniform(["a"], [0.0], [1.0])
NOISE, X_O = 0.15, np.array([0.35])


@dataclass(frozen=True)
class Interval(Region):
    """Parameters from `low` to `high`; its share of the prior is left unmeasured."""

    low: float = 0.0
    high: float = 1.0

    def score(self, theta):
        return np.where((theta[:, 0] >= self.low) & (theta[:, 0] <= self.high), 1.0, -1.0)


def between(low, high):
    return Interval(prior=PRIOR, threshold=0.0, low=low, high=high)


def simulator(theta, seed):
    return theta + NOISE * np.random.default_rng([seed, 9]).normal(size=theta.shape)


def simulated(proposal, n, seed):
    """Bank of n simulations from a proposal; those of a > 0.8 fail."""
    theta = proposal.sample(n, seed)
    x = np.where(theta > 0.8, np.nan, simulator(theta, seed))
    return Bank(theta, x, np.ones(n, bool), seed, ("x0",))


@pytest.fixture(scope="module")
def posteriors():
    """One at the observation, quickly trained, and an ensemble, by the number of members."""
    theta = PRIOR.sample(300, 1)
    each = [
        NPE(PRIOR, X_O, flow=MDN(2, 8), training=Training(epochs=2), seed=seed)
        .append(theta, simulator(theta, 1))
        .fit()
        for seed in (1, 2)
    ]
    return {1: each[0], 2: replace(each[0], flow=Ensemble([p.flow for p in each]))}


@pytest.fixture
def learned(monkeypatch):
    """Simulations, loss and columns that a method would learn from."""
    seen = {}

    def learn(bank, prior, *, loss=npe_loss, columns=(), **_):
        seen.update(bank=bank, loss=loss, columns=columns)
        return methods.Posterior(None, None, None, (), ())

    monkeypatch.setattr(methods, "learn", learn)
    return seen


@pytest.mark.parametrize(
    "ends",
    [
        [(0, 1), (0, 0.6), (0.3, 1)],
        [(0, 0.6), (0.3, 1)],
        [(0.2, 0.75), (0.1, 0.5), (0, 0.2), (0.3, 1)],
        [(0, 0.28), (0.1, 0.6), (0.25, 0.55)],
        [(0, 1), (0.1, 0.7), (0.2, 0.6)],
    ],
)
def test_rows_of_all_regions_are_draws_of_the_prior_on_the_last(ends, learned):
    npe = NPE(PRIOR, X_O)
    for r, (low, high) in enumerate(ends):
        proposal = PRIOR if (low, high) == (0, 1) else between(low, high)
        bank = simulated(proposal, 2000 + 1000 * r, r)
        npe.append_simulations(bank.theta, bank.x, proposal)
    npe.train()
    theta, (low, high) = learned["bank"].theta[:, 0], (ends[-1][0], min(ends[-1][1], 0.8))
    weights = learned["columns"][0] if learned["columns"] else np.ones(len(theta))
    assert (learned["loss"] is npe_loss) == (ends[0] == (0, 1) and ends[2][1] == 0.6)
    assert low <= theta.min() < theta.max() <= high
    order = np.argsort(theta)
    share = weights[order].cumsum() / weights.sum()
    assert abs(share - (theta[order] - low) / (high - low)).max() < 0.03


def test_banks_of_regions_that_do_not_contain_the_last_are_not_joined():
    last = between(0.3, 1.0)
    whole, right, wrong = (
        simulated(p, 2000, r) for r, p in enumerate((PRIOR, between(0.2, 1.0), between(0.0, 0.6)))
    )
    assert last.join(whole, right).theta.min() >= 0.3
    assert len(last.join(wrong, between(0.0, 0.2).join(right))) < 2000
    for banks in ((whole, wrong), (whole, right, wrong)):
        with pytest.raises(
            ValueError, match=f"in the region, a has .* in bank {len(banks) - 1}|0"
        ):
            last.join(*banks)


def test_the_mixture_of_an_ensemble_is_its_density(posteriors):
    theta = PRIOR.sample(50, 1)
    for posterior in posteriors.values():
        density = methods.Gaussian(PRIOR, methods.mixture_of(posterior)).log_prob(theta)
        np.testing.assert_allclose(density, posterior.log_prob(theta), atol=1e-5)


@pytest.mark.parametrize(
    ("first", "second", "settings", "closed"),
    [
        (PRIOR, 1, {}, True),
        (PRIOR, 2, {"members": 2}, True),
        (PRIOR, 1, {"leak_free": False}, False),
        (PRIOR, 1, {"flow": Coupling(2, 8)}, False),
        (between(0.1, 0.7), 1, {}, False),
        (PRIOR, between(0.1, 0.7), {}, False),
        (PRIOR, "on", {}, False),
    ],
)
def test_atoms_are_used_where_there_is_no_closed_form(
    first, second, settings, closed, posteriors, learned
):
    if second == "on":
        second = posteriors[1].on(between(0.1, 0.7))
    proposals = [first, posteriors.get(second, second) if isinstance(second, int) else second]
    rounds = [Round(simulated(p, 500, r), p) for r, p in enumerate(proposals)]
    settings = {"flow": MDN(2, 8), "training": Training(), "seed": 1} | settings
    SNPE_C().learn(rounds, PRIOR, **settings)
    loss = methods.by_mixtures if closed else snpe_c_atomic_loss
    assert isinstance(learned["loss"], partial)
    assert learned["loss"].func is loss
    inside = isinstance(first, Prior) or first.inside(learned["bank"].theta).all()
    assert inside


def test_weights_make_draws_of_the_region_of_round_one(posteriors, learned):
    """Those of a posterior that lie outside it are left out."""
    proposals = between(0.1, 0.7).measured(1), posteriors[1], posteriors[1].on(between(0.2, 0.4))
    rounds = [Round(simulated(p, 4000, r), p) for r, p in enumerate(proposals)]
    SNPE_B().learn(rounds, PRIOR, flow=Coupling())
    theta, (weights,) = learned["bank"].theta[:, 0], learned["columns"]
    assert learned["loss"] is snpe_b_loss
    order = np.argsort(theta)
    share = weights[order].cumsum() / weights.sum()
    assert abs(share - (theta[order] - 0.1) / 0.6).max() < 0.03


def test_snpe_a_divides_by_one_gaussian_alone(posteriors):
    npe = NPE(PRIOR, X_O, method=SNPE_A(), training=Training(epochs=2))
    theta = PRIOR.sample(200, 1)
    npe.append(theta, simulator(theta, 1))
    own = npe.fit()
    npe.append_simulations(theta, simulator(theta, 2), proposal=posteriors[1])
    with pytest.raises(
        ValueError, match=r"or of a posterior with MDN\(components=1\), got a Post"
    ):
        npe.train()
    npe.append_simulations(theta, simulator(theta, 3), proposal=own)
    corrected = npe.train()
    mine = methods.mixture_of(own)
    np.testing.assert_array_equal(corrected.proposal_precision, mine.precision)
    region = between(0.1, 0.7)
    inside = theta[region.inside(theta)]
    npe.append_simulations(inside, simulator(inside, 4), proposal=region)
    np.testing.assert_array_equal(npe.train().proposal_precision, np.eye(1)[None])


WAYS = {
    "A": {"method": SNPE_A()},
    "A, two members": {"method": SNPE_A(), "members": 2},
    "C, closed form": {"method": SNPE_C(), "flow": MDN(4)},
    "C, closed form, two members": {"method": SNPE_C(), "flow": MDN(4), "members": 2},
    "C, standardized": {"method": SNPE_C(), "flow": MDN(4), "leak_free": False},
}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("way", WAYS)
def test_three_rounds_end_at_the_exact_posterior(way, seed):
    npe = NPE(PRIOR, X_O, seed=seed, training=Training(epochs=25), **WAYS[way])
    for r in range(3):
        theta = npe.propose(1000)
        npe.append(theta, simulator(theta, 10 * seed + r))
    draws = npe.fit().sample(4000, 1)
    low, high = (norm.cdf((end - X_O) / NOISE) for end in (0.0, 1.0))
    exact = X_O + NOISE * norm.ppf(low + (high - low) * np.linspace(0.0005, 0.9995, 1000))
    assert abs(draws.mean() - exact.mean()) < 0.25 * exact.std()
    assert draws.std() == pytest.approx(exact.std(), rel=0.15)
