"""A restricted prior wastes fewer simulations, loses few, and changes no posterior."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from mechfit.inference import (
    SNPE_B,
    SNPE_C,
    TSNPE,
    Coupling,
    Training,
    fit,
    infer,
    load,
    restrict,
    save,
    truncate,
)
from mechfit.inference.region import Region
from mechfit.inference.sequential.methods import Round
from mechfit.models import Model, Prior
from mechfit.simulation import simulate

PRIOR = Prior.uniform(["a", "b"], [-1.0, -1.0], [1.0, 1.0])
NOISE = 0.1
X_O = np.array([0.1, 0.95])


class Fragile(Model):
    """x = theta + noise, which fails where x_1 < x_0²: below a parabola, up to the noise."""

    prior = PRIOR
    statistic_names = ("x", "y")
    statistic_units = ("", "")

    def statistics(self, theta, seed, *, first=0):
        rows = [np.random.default_rng([seed, first + i]).normal(size=2) for i in range(len(theta))]
        x = theta + NOISE * np.array(rows)
        return np.where(x[:, 1:] > x[:, :1] ** 2, x, np.nan)


BANK = simulate(Fragile(), 3000, seed=1)
FRESH = simulate(Fragile(), 20_000, seed=2)


@pytest.fixture(scope="module")
def restricted():
    return restrict(BANK, PRIOR, keep=0.99, seed=1)


@pytest.fixture(scope="module")
def more(restricted):
    return simulate(Fragile(), 5000, seed=3, proposal=restricted)


def errors(bank):
    """Of mean and standard deviation, in units of the noise, in the mean over observations (4,).

    The exact posterior is a normal around x_o, cut by the prior's box.
    """
    x = FRESH.x[FRESH.valid][:300]
    posterior = fit(bank, PRIOR, flow=Coupling(3, 32), training=Training(epochs=25), seed=1)
    samples = posterior.sample_batched(500, seed=2, x=x)
    low, high = ((bound - x) / NOISE for bound in (-1, 1))
    mass = norm.cdf(high) - norm.cdf(low)
    mean = (norm.pdf(low) - norm.pdf(high)) / mass
    variance = 1 + (low * norm.pdf(low) - high * norm.pdf(high)) / mass - mean**2
    off = (samples.mean(1) - x) / NOISE - mean, samples.std(1) / NOISE - variance**0.5
    return np.concatenate([o.mean(0) for o in off])


def test_more_simulations_are_valid(restricted, more):
    assert BANK.valid.mean() == pytest.approx(1 / 3, abs=0.03)
    assert more.valid.mean() > 0.7
    assert restricted.inside(more.theta).all()
    assert restricted.acceptance_rate == pytest.approx(
        restricted.inside(FRESH.theta).mean(), abs=0.02
    )


@pytest.mark.parametrize("epochs", [1, pytest.param(40, marks=pytest.mark.slow)])
def test_few_valid_ones_are_lost_however_good_the_network_is(epochs):
    lost = []
    for seed in range(6):
        region = restrict(
            BANK, PRIOR, keep=0.97, training=Training(epochs=epochs, batch=256), seed=seed
        )
        lost.append(1 - region.inside(FRESH.theta[FRESH.valid]).mean())
    assert np.mean(lost) == pytest.approx(0.03, abs=0.01)


@pytest.mark.slow
def test_the_posterior_stays_the_same(restricted, more):
    both = restricted.join(BANK, more)
    assert len(both) == len(more) + restricted.inside(BANK.theta).sum()
    np.testing.assert_allclose(errors(both), 0, atol=0.06)


def test_rounds_go_on_within_it(restricted, more):
    quick = {"flow": Coupling(2, 16), "training": Training(epochs=20)}
    estimate = fit(more.first(1000), PRIOR, **quick, seed=1).at(X_O)
    region = truncate(estimate, within=restricted, seed=1)
    theta = region.sample(500, seed=2)
    assert restricted.inside(theta).all()
    assert region.inside(theta).all()
    assert TSNPE().propose(estimate, Round(more, restricted), 1).within is restricted


@pytest.mark.parametrize("method", [TSNPE(), SNPE_B(), SNPE_C(atoms=3)])
def test_rounds_begin_in_it(restricted, method, tmp_path):
    quick = {"flow": Coupling(2, 8), "training": Training(epochs=2), "seed": 1}
    settings = {"rounds": 2, "simulations": 200, "method": method, "store": tmp_path}
    posterior = infer(Fragile(), X_O, proposal=restricted, **settings, **quick)
    first = np.load(tmp_path / "round-0" / "simulations.npz")
    assert restricted.inside(first["theta"]).all()
    assert np.isfinite(posterior.log_prob(posterior.sample(10, seed=1))).all()
    with pytest.raises(ValueError, match="holds rounds with proposal"):
        infer(Fragile(), X_O, **settings, **quick)


def test_its_density_is_that_of_the_prior_over_its_share(restricted):
    theta = PRIOR.sample(20_000, seed=5)
    ratio = np.exp(restricted.log_prob(theta) - PRIOR.log_prob(theta))
    assert ratio.mean() == pytest.approx(1, abs=0.03)
    with pytest.raises(ValueError, match="none of 10000 draws"):
        replace(restricted, acceptance_rate=0.0).log_prob(theta)


def test_restricting_again_stays_within(restricted, more):
    training = Training(epochs=5)
    again = restrict(more, PRIOR, within=restricted, keep=0.99, training=training, seed=2)
    assert restricted.inside(again.sample(1000, seed=1)).all()
    assert again.acceptance_rate <= restricted.acceptance_rate


def test_same_seed_same_region():
    settings = {"keep": 0.99, "training": Training(epochs=2)}
    first, again, other = (restrict(BANK, PRIOR, **settings, seed=seed) for seed in (1, 1, 2))
    assert again.threshold == first.threshold != other.threshold
    np.testing.assert_array_equal(again.sample(50, 3), first.sample(50, 3))
    assert not np.array_equal(again.sample(50, 3), again.sample(50, 4))


def test_nothing_outside_the_prior_is_inside(restricted):
    np.testing.assert_array_equal(restricted.inside([[0.0, 0.9], [0.0, 1.1]]), [True, False])


def test_it_stops_when_nothing_is_accepted(restricted):
    with pytest.raises(RuntimeError, match="only 0 of 10 draws"):
        replace(restricted, threshold=np.inf, acceptance_rate=0.5).sample(10, seed=1)


def test_it_says_what_is_missing(restricted):
    defined = replace(BANK, x=np.zeros(BANK.x.shape))
    all_valid, none_valid = (replace(defined, valid=np.full(len(BANK), v)) for v in (True, False))
    with pytest.raises(ValueError, match="all 3000 simulations are valid: there is nothing"):
        restrict(all_valid, PRIOR, seed=1)
    with pytest.raises(
        ValueError, match="0 of 3000 simulations are valid, expected at least 1998"
    ):
        restrict(none_valid, PRIOR, seed=1)
    with pytest.raises(ValueError, match="expected at least 1998 to keep a share of 0.999"):
        restrict(BANK, PRIOR, seed=1)
    with pytest.raises(ValueError, match="keep is 1, expected"):
        restrict(BANK, PRIOR, keep=1, seed=1)
    with pytest.raises(ValueError, match="outside the prior"):
        restrict(BANK, Prior.uniform(["a", "b"], [0.0, 0.0], [1.0, 1.0]), seed=1)
    with pytest.raises(ValueError, match="expected one set"):
        restricted.join(BANK, BANK.select(["x"]))


def test_a_region_is_abstract():
    with pytest.raises(TypeError, match="abstract"):
        Region(prior=PRIOR, threshold=0.0)


def test_a_posterior_on_a_region_stays_there_and_is_a_density(restricted, tmp_path):
    posterior = fit(restricted.join(BANK), PRIOR, training=Training(epochs=3), seed=1)
    on, edge = posterior.on(restricted), np.array([0.8, 0.65])
    theta = on.at(edge).sample(2000, seed=1)
    assert restricted.inside(theta).all()
    assert not restricted.inside(posterior.at(edge).sample(2000, seed=1)).all()
    uniform = PRIOR.sample(100_000, seed=2)
    log_q = on.at(edge).log_prob(uniform)
    assert (np.isinf(log_q) == ~restricted.inside(uniform)).all()
    assert 4 * np.exp(log_q).mean() == pytest.approx(1, abs=0.05)
    batched = on.log_prob_batched(uniform[None, :50], x=edge[None])
    np.testing.assert_allclose(batched[0], log_q[:50], atol=0.05)
    save(on, tmp_path / "on")
    np.testing.assert_array_equal(load(tmp_path / "on").at(edge).sample(2000, seed=1), theta)


def hasty(restricted):
    """A posterior that was hardly trained."""
    quick = {"flow": Coupling(2, 8), "training": Training(epochs=1)}
    return fit(restricted.join(BANK), PRIOR, **quick, seed=1)


def test_a_region_within_another_is_not_stored(restricted, tmp_path):
    posterior = hasty(restricted)
    with pytest.raises(ValueError, match="expected a Restricted within the whole prior"):
        save(posterior.on(replace(restricted, within=restricted)), tmp_path / "on")


def test_a_posterior_that_a_region_leaves_nothing_of_says_so(restricted):
    posterior = hasty(restricted)
    nothing = posterior.on(replace(restricted, threshold=1e9)).at(X_O)
    with pytest.raises(RuntimeError, match="of the draws fall inside the region"):
        nothing.sample(10, seed=1)
