"""A posterior survives the file for a page; what a page cannot evaluate is refused."""

import base64
import json
import zlib
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from mechfit.inference import (
    NSF,
    Coupling,
    FromModule,
    Training,
    Trials,
    fit,
    page_script,
    read_page,
    to_page,
)
from mechfit.inference.exchange.page import split
from mechfit.inference.region import Region
from mechfit.models import Beta, Parameter, Prior
from tests.inference.exchange.page_kinds import BOUNDED, KINDS, NAMES, bank, posterior

ONCE = Training(epochs=1)


@pytest.mark.parametrize("kind", KINDS)
def test_in_single_precision_nothing_is_lost(kind):
    before = posterior(kind)
    after = read_page(to_page(before, half=False))
    x = bank(before.prior).x[0]
    theta = before.sample(200, 1, x=x)
    np.testing.assert_array_equal(after.sample(200, 1, x=x), theta)
    np.testing.assert_array_equal(after.log_prob(theta, x=x), before.log_prob(theta, x=x))
    assert after.statistic_names == NAMES
    assert after.featurizer.beside == before.featurizer.beside
    assert after.prior == before.prior


@pytest.mark.parametrize("kind", KINDS)
def test_half_precision_costs_half_and_little(kind):
    before = posterior(kind)
    data, whole = to_page(before), to_page(before, half=False)
    assert len(data) - len(split(data)[0]) < 0.75 * len(whole)
    after, x = read_page(data), bank(before.prior).x[0]
    theta = before.sample(500, 1, x=x)
    apart = abs(after.log_prob(theta, x=x) - before.log_prob(theta, x=x))
    assert np.quantile(apart, 0.95) < 0.05
    assert to_page(after) == data  # what is rounded once is not rounded again


def test_the_report_comes_along():
    made = {"verdict": "calibrated", "runs": 500, "coverage": {"0.9": 0.9}, "p_values": {"a": 1}}
    before = replace(posterior("box"), provenance=posterior("box").provenance | {"check": made})
    told = read_page(to_page(before)).provenance
    assert told["check"] == {k: made[k] for k in ("verdict", "runs", "coverage")}
    assert told["simulations"] == 400
    assert "training" not in told


def test_the_file_is_text_and_numbers_alone():
    header, numbers = split(to_page(posterior("box")))
    facts = json.loads(header.pop("__metadata__")["mechfit"])
    assert facts["version"] == 2
    ends = [each["data_offsets"][1] for each in header.values()]
    assert max(ends) == len(numbers)
    assert {each["dtype"] for each in header.values()} == {"F16", "F64", "I64"} - {"I64"}


def test_a_script_holds_the_same_bytes():
    data = to_page(posterior("box"))
    name, _, text = page_script("a neuron", data).partition(" =")
    assert name == 'mechfit.data["a neuron"]'
    assert base64.b64decode(text.strip().strip('";')) == data


def with_version(data: bytes, version: int) -> bytes:
    header, _ = split(data)
    facts = json.loads(header["__metadata__"]["mechfit"]) | {"version": version}
    return save_tensors(load_tensors(data), metadata={"mechfit": json.dumps(facts)})


def without_a_weight(data: bytes) -> bytes:
    header, _ = split(data)
    tensors = load_tensors(data)
    tensors.pop("transform.first")
    facts = json.loads(header["__metadata__"]["mechfit"])
    facts["crc32"] = zlib.crc32(split(save_tensors(tensors))[1])
    return save_tensors(tensors, metadata={"mechfit": json.dumps(facts)})


DAMAGES = {
    "nothing": (lambda data: b"", "not a posterior for a page, or damaged"),
    "the end missing": (lambda data: data[:-1], "checksum differs"),
    "no file of this kind": (lambda data: b"PK" + data, "not a posterior for a page, or damaged"),
    "no facts": (lambda data: save_tensors(load_tensors(data)), "not a posterior for a page"),
    "a number changed": (lambda data: data[:-5] + b"\x00\xff" + data[-3:], "checksum differs"),
    "another version": (lambda data: with_version(data, 1), "version 1, this version .* reads 2"),
    "a weight missing": (without_a_weight, "incomplete or inconsistent"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_damaged_is_refused(damage):
    change, words = DAMAGES[damage]
    with pytest.raises(ValueError, match=words):
        read_page(change(to_page(posterior("box"))))


def of(flow, prior=BOUNDED, simulations=None):
    return fit(simulations or bank(prior), prior, flow=flow, training=ONCE, seed=1)


@dataclass(frozen=True, kw_only=True)
class Everywhere(Region):
    """A region that is the whole prior."""

    def score(self, theta):
        return np.zeros(len(theta))


REFUSED = {
    "another density": (lambda: of(NSF(2, 10)), "the density is a NSF, expected one of Coupling"),
    "trials": (lambda: of(Coupling(embedding=Trials(2))), "the embedding is a Trials, expected"),
    "a module": (
        lambda: of(Coupling(embedding=FromModule(lambda: torch.nn.Linear(4, 2)))),
        "the embedding is a FromModule",
    ),
    "a region": (
        lambda: posterior("box").on(Everywhere(prior=BOUNDED, threshold=-1.0)),
        "the posterior is on a region",
    ),
    "another prior": (
        lambda: of(Coupling(hidden=8), Prior((Parameter("a", Beta(2, 3)),))),
        "is Beta, expected",
    ),
    "dependent parameters": (
        lambda: of(Coupling(hidden=8), BOUNDED.correlated(0.5 * np.eye(3) + 0.5)),
        "dependent parameters",
    ),
    "too large": (lambda: of(Coupling(hidden=256)), "bytes, expected at most 350000: train a"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_a_page_cannot_evaluate_is_refused(what):
    make, words = REFUSED[what]
    with pytest.raises(ValueError, match=words):
        to_page(make())


def test_a_weight_beyond_half_precision_is_refused():
    made = posterior("box")
    huge = read_page(to_page(made))
    with torch.no_grad():
        huge.flow.transform.second[0, 0, 0] = 1e5
    with pytest.raises(ValueError, match="transform.second is beyond torch.float16"):
        to_page(huge)
    read_page(to_page(huge, half=False))
