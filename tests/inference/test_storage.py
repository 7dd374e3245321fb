"""What is saved comes back; what is damaged is refused with a reason."""

import json
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

import numpy as np
import pytest

from mechfit.inference import (
    MAF,
    MDN,
    NPE,
    NSF,
    Convolution,
    Coupling,
    OrderedTrials,
    Subset,
    Training,
    Trials,
    fit,
    load,
    save,
)
from mechfit.inference.densities.configs import flow_to_dict
from mechfit.inference.storage import flow_from_dict
from mechfit.models import (
    Beta,
    Gamma,
    LogNormal,
    LogUniform,
    Normal,
    Parameter,
    Prior,
    Truncated,
    Uniform,
)
from mechfit.models.distributions import Distribution
from tests.inference import linear_gaussian as exact


@pytest.fixture(
    scope="module",
    params=[(NSF(2, 10), True, 1), (MAF(2, 10), False, 1), (MDN(2, 10), True, 2)],
    ids=str,
)
def posterior(request):
    flow, leak_free, members = request.param
    settings = {"flow": flow, "training": Training(epochs=2), "leak_free": leak_free}
    return fit(exact.bank(200, seed=1), exact.PRIOR, **settings, members=members, seed=1)


@pytest.fixture
def stored(posterior, tmp_path):
    save(posterior, tmp_path / "neuron-1.5")
    return tmp_path / "neuron-1.5"


def edit(stored, **changes):
    path = stored.with_name(stored.name + ".json")
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_round_trip(posterior, stored):
    loaded = load(stored)
    assert loaded.prior == posterior.prior
    assert loaded.statistic_names == posterior.statistic_names
    assert loaded.provenance == posterior.provenance
    np.testing.assert_array_equal(loaded.history[0].train, posterior.history[0].train)
    draws = [p.at(exact.X_O).sample(50, seed=1) for p in (posterior, loaded)]
    np.testing.assert_array_equal(*draws)
    densities = [p.at(exact.X_O).log_prob(draws[0]) for p in (posterior, loaded)]
    np.testing.assert_array_equal(*densities)


def test_dependent_and_truncated_parameters_come_back(tmp_path):
    kinds = Truncated(Normal(0.0, 2.0), low=-1.0), Gamma(2.0, 1.0), Beta(2.0, 3.0)
    prior = Prior(tuple(map(Parameter, "abc", kinds))).correlated(0.5 + 0.5 * np.eye(3))
    bank = replace(exact.bank(60, seed=1), theta=prior.sample(60, 1))
    posterior = fit(bank, prior, flow=MDN(2, 10), training=Training(1), seed=1).at(bank.x[0])
    save(posterior, tmp_path / "p")
    loaded = load(tmp_path / "p", prior=prior)
    assert loaded.prior == load(tmp_path / "p").prior == prior
    np.testing.assert_array_equal(loaded.sample(9, 1), posterior.sample(9, 1))
    with pytest.raises(ValueError, match="expected the stored"):
        load(tmp_path / "p", prior=Prior(prior.parameters))


def test_half_precision_takes_half_the_space(posterior, stored):
    whole = stored.with_name(stored.name + ".safetensors").stat().st_size
    before = posterior.at(exact.X_O).sample(200, seed=1)
    save(posterior, stored, half=True)
    assert stored.with_name(stored.name + ".safetensors").stat().st_size < 0.75 * whole
    after = load(stored).at(exact.X_O).sample(200, seed=1)
    assert 0 < abs(after - before).max() < 0.05 * before.std()


@pytest.mark.parametrize("counts", [False, True])
def test_scores_are_kept(counts, tmp_path):
    bank = exact.bank(200, seed=1)
    wild = replace(bank, x=np.exp(3 * bank.x) // (1 if counts else 1e-9))
    posterior = fit(wild, exact.PRIOR, flow=MDN(2, 10), training=Training(epochs=1), seed=1)
    assert posterior.featurizer.scores
    assert bool(posterior.featurizer.beside) == counts
    save(posterior, tmp_path / "p")
    draws = [p.sample(50, 1, x=wild.x[0]) for p in (posterior, load(tmp_path / "p"))]
    np.testing.assert_array_equal(*draws)


def test_observation_is_kept(posterior, tmp_path):
    save(posterior.at(exact.X_O), tmp_path / "p")
    np.testing.assert_array_equal(load(tmp_path / "p").x_o, exact.X_O)


def test_leaves_no_partial_files(stored):
    names = sorted(p.name for p in stored.parent.iterdir())
    assert names == ["neuron-1.5.json", "neuron-1.5.safetensors"]


def test_another_format(stored):
    edit(stored, format=99)
    with pytest.raises(ValueError, match="has format 99, this version of mechfit reads 4"):
        load(stored)


def test_the_format_before(posterior, stored, tmp_path):
    edit(stored, format=3)
    draws = [p.at(exact.X_O).sample(50, seed=1) for p in (posterior, load(stored))]
    np.testing.assert_array_equal(*draws)
    prior, bank = Prior.uniform(["a"], [0.0], [1.0]), exact.bank(60, seed=1)
    bank = replace(bank, theta=prior.sample(60, 1))
    save(fit(bank, prior, flow=Coupling(2, 8), training=Training(1), seed=1), tmp_path / "box")
    edit(tmp_path / "box", format=3)
    with pytest.raises(ValueError, match="as earlier versions did: train it anew"):
        load(tmp_path / "box")


def test_damaged_weights(stored):
    path = stored.with_name(stored.name + ".safetensors")
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(ValueError, match="damaged or belongs to another file"):
        load(stored)


@pytest.mark.parametrize("content", [b"{", b"[]", b"{}", b"\xff\xfe"])
def test_damaged_facts(stored, content):
    stored.with_name(stored.name + ".json").write_bytes(content)
    with pytest.raises(ValueError, match="not a stored posterior, or is damaged"):
        load(stored)


@pytest.mark.parametrize(
    "fact", [{"statistic_names": ["v"]}, {"prior": [{"name": "a"}]}, {"x_beside": [1]}]
)
def test_inconsistent_facts(stored, fact):
    edit(stored, **fact)
    with pytest.raises(ValueError, match="incomplete or inconsistent"):
        load(stored)


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "nothing")


class Lab(Enum):
    """An enumeration that is not a string."""

    HERE = np.int64(3)


HIDDEN = np.int64(8)
FLOWS = [
    Coupling(np.int32(2), HIDDEN, bound=np.float32(4.3)),
    Coupling(2, HIDDEN, box=np.bool_(0)),
    Coupling(2, 8, embedding=Subset(HIDDEN, np.int16(4))),
    Coupling(2, 8, embedding=Trials(np.int64(1), HIDDEN, HIDDEN)),
    Coupling(2, 8, embedding=OrderedTrials(np.int64(1), np.int16(1))),
    MAF(np.int64(1), HIDDEN),
    MDN(HIDDEN, HIDDEN),
    NSF(1, HIDDEN, bound=np.float64(5)),
]


@pytest.mark.parametrize("flow", FLOWS, ids=str)
@pytest.mark.parametrize("leak_free", [True, False])
def test_settings_of_numpy(flow, leak_free, tmp_path):
    kinds = Uniform(np.float32(-4.1), np.array(4)), Normal(np.float32(0.1), np.int64(2))
    prior = Prior((Parameter(np.str_("a"), kinds[0]), Parameter("b", kinds[1])))
    bank = exact.bank(60, seed=1)
    bank = replace(bank, theta=prior.sample(60, 1), statistic_names=tuple(np.array(list("uvwst"))))
    training = Training(np.int64(1), np.uint8(20), np.float32(0.004), np.int16(3))
    seed = np.random.SeedSequence(1).generate_state(1)[0]
    posterior = fit(bank, prior, flow=flow, training=training, leak_free=leak_free, seed=seed)
    more = {
        "path": Path("here"),
        "lab": Lab.HERE,
        "t": (np.int64(1), np.array([2.0])),
        np.int8(1): 1,
    }
    posterior = replace(posterior, provenance=posterior.provenance | more)
    save(posterior, tmp_path / "p")
    loaded = load(tmp_path / "p")
    for name in ("prior", "statistic_names", "provenance"):
        assert getattr(loaded, name) == getattr(posterior, name)
    assert loaded.provenance["t"] == [1, [2.0]]
    assert loaded.provenance["lab"] == 3
    assert loaded.flow.embedding == flow.embedding
    draws = [p.sample(20, 1, x=bank.x[0]) for p in (posterior, loaded)]
    np.testing.assert_array_equal(*draws)
    densities = [p.log_prob(draws[0], x=bank.x[0]) for p in (posterior, loaded)]
    np.testing.assert_array_equal(*densities)


@pytest.mark.parametrize("kind", [Uniform, LogUniform, Normal, LogNormal])
def test_numbers_of_a_distribution_are_floats(kind):
    given = kind(np.float32(0.1), np.array(3))
    assert given == kind(float(np.float32(0.1)), 3.0)
    assert {type(v) for v in vars(given).values()} == {float}


@dataclass(frozen=True)
class Exponential(Distribution):
    """An exponential distribution, with a setting that JSON does not know."""

    rate: float
    about: object = Path

    def log_prob(self, value):
        return np.where(value >= 0, np.log(self.rate) - self.rate * value, -np.inf)

    def cdf(self, value):
        return -np.expm1(-self.rate * np.maximum(value, 0))

    def quantile(self, u):
        return -np.log1p(-u) / self.rate

    def score(self, value):
        return np.full(np.shape(value), -self.rate)


@dataclass(frozen=True)
class Mine(Subset):
    """An embedding of the user's own."""


def own_prior(rate=2.0):
    return Prior((Parameter("tau", Exponential(rate)), Parameter("b", Normal(0, 1))))


def test_own_classes_are_given_to_load(tmp_path):
    prior, flow = own_prior(), Coupling(2, 8, embedding=Mine(8, 4))
    bank = replace(exact.bank(60, seed=1), theta=prior.sample(60, 1))
    posterior = fit(bank, prior, flow=flow, training=Training(1), seed=1).at(bank.x[0])
    save(posterior, tmp_path / "p")
    loaded = load(tmp_path / "p", prior=prior, flow=flow)
    np.testing.assert_array_equal(loaded.sample(9, 1), posterior.sample(9, 1))
    with pytest.raises(ValueError, match=r"load\(path, prior=...\)"):
        load(tmp_path / "p", flow=flow)
    with pytest.raises(ValueError, match=r"load\(path, flow=...\)"):
        load(tmp_path / "p", prior=prior)
    with pytest.raises(ValueError, match="expected the stored"):
        load(tmp_path / "p", prior=own_prior(2.1), flow=flow)
    with pytest.raises(ValueError, match="expected the stored"):
        load(tmp_path / "p", prior=prior, flow=Coupling(2, 8, embedding=Mine(8, 5)))


def test_tuples_of_an_embedding_are_kept():
    flow = MDN(HIDDEN, HIDDEN, Convolution(filters=(np.int64(4), 8), width=np.int64(5)))
    assert flow_from_dict(json.loads(json.dumps(flow_to_dict(flow)))) == flow


def test_rounds_with_an_own_prior_and_numbers_of_numpy_are_resumed(tmp_path):
    prior = own_prior()

    def posterior(seed, epochs):
        settings = {"flow": Coupling(2, 8), "training": Training(epochs), "seed": seed}
        rounds = NPE(prior, [1.0, 0.0], store=tmp_path, **settings)
        if not len(rounds):
            theta = rounds.propose(40)
            rounds.append(theta, theta + np.random.default_rng(1).normal(size=theta.shape))
        return rounds.fit()

    first, again = posterior(np.uint32(3), np.int64(1)), posterior(3, 1)
    np.testing.assert_array_equal(first.sample(9, 1), again.sample(9, 1))


@pytest.mark.parametrize("failing", [".json", ".safetensors"])
def test_a_save_that_fails_leaves_nothing(posterior, tmp_path, monkeypatch, failing):
    write = Path.write_bytes

    def full(path, content):
        write(path, content[:9])
        if failing in path.name:
            raise OSError("disk is full")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="disk is full"):
        save(posterior, tmp_path / "p")
    assert not list(tmp_path.iterdir())
