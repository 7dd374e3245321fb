"""What is saved comes back; what is damaged is refused with a reason."""

import json
from dataclasses import replace

import numpy as np
import pytest

from mechfit.inference import MAF, MDN, NSF, Training, fit, load, save
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


def test_half_precision_takes_half_the_space(posterior, stored):
    whole = stored.with_name(stored.name + ".safetensors").stat().st_size
    before = posterior.at(exact.X_O).sample(200, seed=1)
    save(posterior, stored, half=True)
    assert stored.with_name(stored.name + ".safetensors").stat().st_size < 0.75 * whole
    after = load(stored).at(exact.X_O).sample(200, seed=1)
    assert 0 < abs(after - before).max() < 0.05 * before.std()


def test_scores_are_kept(tmp_path):
    bank = exact.bank(200, seed=1)
    wild = replace(bank, x=np.exp(3 * bank.x))
    posterior = fit(wild, exact.PRIOR, flow=MDN(2, 10), training=Training(epochs=1), seed=1)
    assert posterior.featurizer.scores
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
    with pytest.raises(ValueError, match="has format 99, this version of mechfit reads 3"):
        load(stored)


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


def test_inconsistent_facts(stored):
    edit(stored, statistic_names=["v"])
    with pytest.raises(ValueError, match="incomplete or inconsistent"):
        load(stored)
    edit(stored, prior=[{"name": "a"}])
    with pytest.raises(ValueError, match="incomplete or inconsistent"):
        load(stored)


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "nothing")
