"""Inputs of other kinds give the same bank, or an error that names them."""

import numpy as np
import pandas as pd
import pytest
import torch

from mechfit.models import HodgkinHuxley, Model, Prior
from mechfit.simulation import open_bank, simulate

PRIOR = Prior.uniform(["a", "b"], [0.0, 0.0], [1.0, 1.0])
THETA = PRIOR.sample(6, seed=1)
NEURON = HodgkinHuxley(duration=30.0, window=(5.0, 25.0))
SUM = Model.from_function(lambda theta, rng: [theta.sum(), rng.normal()], PRIOR, ["x", "y"])
STRIDED = np.repeat(THETA, 2, 1)[:, ::2]
READ_ONLY = THETA.copy()
READ_ONLY.flags.writeable = False
KINDS = {
    "a list": THETA.tolist(),
    "a strided array": STRIDED,
    "a read-only array": READ_ONLY,
    "another byte order": THETA.astype(">f8"),
    "Fortran's order": np.asfortranarray(THETA),
    "a masked array": np.ma.array(THETA, mask=False),
    "a tensor": torch.tensor(THETA, requires_grad=True),
    "objects": THETA.astype(object),
    "a table": pd.DataFrame(THETA[:, ::-1], columns=["b", "a"]),
}


@pytest.mark.parametrize("kind", KINDS)
def test_parameters_of_other_kinds(kind, tmp_path, monkeypatch):
    x = SUM.statistics(THETA, seed=1)
    np.testing.assert_array_equal(SUM.statistics(KINDS[kind], seed=1), x)
    bank = simulate(Doubled(), seed=1, theta=KINDS[kind], store=tmp_path / "bank")
    np.testing.assert_array_equal(bank.theta, THETA)
    np.testing.assert_array_equal(open_bank(tmp_path / "bank").x, 2 * THETA)


class Doubled(Model):
    prior, statistic_names, statistic_units = PRIOR, ("x", "y"), ("", "")

    def statistics(self, theta, seed, *, first=0):
        return 2 * theta


class Odd(Doubled):
    """A model whose statistics are of another shape or kind."""

    def __init__(self, make):
        self.make = make

    def statistics(self, theta, seed, *, first=0):
        return self.make(theta)


@pytest.mark.parametrize("n", [5, 60])
@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda t: t[0], r"returned shape \(2,\), expected \((5|32|60|28), 2\)"),
        (lambda t: t[:, :1], r"returned shape \((5|32|60|28), 1\)"),
        (lambda t: t[1:], r"returned shape"),
        (lambda t: t * 1j, "the statistics is of type complex128, expected real numbers"),
        (lambda t: None, "the statistics is None, expected real numbers"),
        (lambda t: [["a", "b"]] * len(t), "the statistics is of type .*expected real numbers"),
    ],
)
def test_a_model_that_returns_something_else(n, make, error):
    with pytest.raises((TypeError, ValueError), match=error):
        simulate(Odd(make), n, seed=1)


@pytest.mark.parametrize(
    ("how", "error", "said"),
    [
        ({"n": 2.5}, TypeError, "n is 2.5, expected a whole number"),
        ({"n": True}, TypeError, "n is True, expected a whole number"),
        ({"n": "3"}, TypeError, "n is '3', expected a whole number"),
        ({"n": -1}, ValueError, "n is -1, expected at least 1"),
        ({"n": 2, "seed": None}, TypeError, "seed is missing"),
        ({"n": 2, "seed": -1}, ValueError, "seed is -1, expected at least 0"),
        ({"n": 2, "seed": 2**64}, ValueError, "seed is .*expected at least 0 and below"),
        ({"n": 2, "seed": 1.0}, TypeError, "seed is 1.0, expected a whole number"),
        ({"n": 2, "seed": np.random.SeedSequence(1)}, TypeError, "seed is SeedSequence"),
        ({"n": 2, "seed": [1, 2]}, TypeError, r"seed is \[1, 2\], expected a whole number"),
        ({"theta": THETA, "first": -1}, ValueError, "first is -1, expected at least 0"),
        ({"theta": [["a", "b"]]}, TypeError, "theta is of type .*, expected real numbers"),
        ({"theta": THETA * 1j}, TypeError, "theta is of type complex128"),
        ({"theta": THETA[:, :1]}, ValueError, r"theta has shape \(6, 1\)"),
        ({"theta": THETA[None]}, ValueError, r"theta has shape \(1, 6, 2\)"),
        ({"theta": np.full((1, 2), np.inf)}, ValueError, r"theta .*not finite in rows \[0\]"),
    ],
)
def test_what_is_wrong_is_named(how, error, said):
    with pytest.raises(error, match=said):
        simulate(Doubled(), **{"seed": 1} | how)


def test_whole_numbers_of_any_kind(tmp_path):
    for number in (np.int32, np.uint8, np.int64):
        bank = simulate(NEURON, number(5), number(3), store=tmp_path / "bank")
        np.testing.assert_array_equal(bank.x, simulate(NEURON, 5, seed=3).x)
        assert type(open_bank(tmp_path / "bank").seed) is int
    assert len(simulate(Doubled(), seed=1, theta=THETA[0])) == 1


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([1, 2.5], [1, 2.5]),
        ((True, False), [1, 0]),
        (np.float32([1, 2]), [1, 2]),
        (torch.tensor([1.0, 2.0], requires_grad=True), [1, 2]),
        ([torch.tensor(1.0), np.float64(2)], [1, 2]),
        (np.array([1, 2], object), [1, 2]),
        ([1.0, None], [1, np.nan]),
        ({"y": 2.0, "x": 1.0}, [1, 2]),
        (pd.Series({"y": 2.0, "x": 1.0}), [1, 2]),
        (np.ma.array([1.0, 2.0], mask=[0, 1]), [1, np.nan]),
    ],
)
def test_what_a_function_returns(value, expected):
    model = Model.from_function(lambda theta, rng: value, PRIOR, ["x", "y"])
    np.testing.assert_array_equal(model.statistics(THETA[:1], seed=1)[0], expected)


def test_one_number_for_one_statistic():
    for value in (2.0, np.float64(2), np.array(2), torch.tensor(2.0), [2], np.array([2.0])):
        model = Model.from_function(lambda theta, rng, value=value: value, PRIOR, ["x"])
        assert model.statistics(THETA[:1], seed=1).tolist() == [[2.0]]


@pytest.mark.parametrize(
    "value",
    [
        None,
        "a",
        ["1", "2"],
        np.array([1, 2j]),
        [1.0, 2.0, 3.0],
        [[1.0], [2.0]],
        1.0,
        [],
        {"x": 1.0},
        {"x": 1.0, "z": 2.0},
        [[1.0, 2.0], [3.0]],
        np.array(["2020", "2021"], "M8[D]"),
    ],
)
def test_what_a_function_must_not_return(value):
    model = Model.from_function(lambda theta, rng: value, PRIOR, ["x", "y"])
    with pytest.raises(ValueError, match="what the function returned|the function returned shape"):
        model.statistics(THETA[:1], seed=1)


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        (("f", PRIOR, ["x"]), TypeError, "f and prior are of types str and Prior"),
        ((max, torch.distributions.Normal(0, 1), ["x"]), TypeError, "prior are of types"),
        ((max, PRIOR, "xy"), TypeError, "statistic_names and units are 'xy'"),
        ((max, PRIOR, ["x", "x"]), ValueError, "statistic_names is .*none twice"),
        ((max, PRIOR, []), ValueError, "statistic_names is .*at least one name"),
        ((max, PRIOR, ["x"], "mV"), TypeError, "units are .*'mV', expected sequences"),
    ],
)
def test_how_a_model_is_made(arguments, error, said):
    with pytest.raises(error, match=said):
        Model.from_function(*arguments)
    with pytest.raises(TypeError, match="block is 1.5, expected a whole number"):
        Model.from_function(max, PRIOR, ["x"], block=1.5)
