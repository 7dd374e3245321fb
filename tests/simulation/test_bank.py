"""A bank takes numbers of any kind, keeps copies, and never forgets what was marked invalid."""

import numpy as np
import pandas as pd
import pytest

from mechfit.models import Prior
from mechfit.simulation import Bank
from mechfit.simulation.bank import concatenated

THETA = np.linspace(0, 1, 6)[:, None]
X = np.c_[THETA, -THETA]
X[4, 1] = np.nan
GOOD = np.array([True, False, True, True, False, True])
BANK = Bank(THETA, X, np.arange(6) != 1, 1, ("x", "y"))


def test_valid_is_what_was_marked_and_is_finite():
    np.testing.assert_array_equal(BANK.valid, GOOD)
    np.testing.assert_array_equal(BANK.rows([4, 5]).valid, [False, True])


@pytest.mark.parametrize(
    "part",
    [
        lambda b: b.first(5),
        lambda b: b.rows(GOOD | ~GOOD),
        lambda b: concatenated([b.rows([0, 1, 2]), b.rows([3, 4, 5])]),
    ],
)
def test_parts_of_a_bank_keep_the_marks(part):
    few = part(BANK)
    np.testing.assert_array_equal(few.valid, GOOD[: len(few)])
    np.testing.assert_array_equal(few.select(["x"]).valid, (np.arange(6) != 1)[: len(few)])


def test_networks_that_read_gaps_get_them_unless_they_were_marked():
    def some(x):
        return np.isfinite(x).any(1)

    np.testing.assert_array_equal(BANK.readable(some), np.arange(6) != 1)
    unmarked = Bank(THETA, X, np.isfinite(X).all(1), 1, ("x", "y"))
    assert unmarked.readable(some).all()
    np.testing.assert_array_equal(BANK.rows([1, 3, 4]).readable(some), [False, True, True])
    np.testing.assert_array_equal(BANK.readable(None), GOOD)


def test_it_keeps_copies():
    theta, x, valid = THETA.copy(), np.nan_to_num(X), np.ones(6, bool)
    bank = Bank(theta, x, valid, 1, ["x", "y"])
    theta[:], x[:], valid[:] = 9.0, 9.0, False
    np.testing.assert_array_equal(bank.theta, THETA)
    np.testing.assert_array_equal(bank.x, np.nan_to_num(X))
    assert bank.valid.all()


def test_numbers_of_other_kinds():
    bank = Bank(THETA.tolist(), THETA[:, 0] > 0.5, [True] * 6, 1, ("x",))
    assert bank.theta.dtype == bank.x.dtype == float
    np.testing.assert_array_equal(bank.x, THETA > 0.5)
    hidden = np.ma.masked_array(X[:, :1], mask=[[1], [0], [0], [0], [0], [0]])
    np.testing.assert_array_equal(Bank(THETA, hidden, GOOD | True, 1, ("x",)).valid, [0, *[1] * 5])
    missing = pd.DataFrame({"y": [1, None], "x": [3, 4]}, dtype="Int64")
    np.testing.assert_array_equal(Bank(THETA[:2], missing, [1, 1], 1, ("x", "y")).valid, [1, 0])


def test_named_parameters_come_in_the_order_of_the_prior():
    prior = Prior.uniform(["a", "b"], [0.0, 2.0], [1.0, 3.0])
    table = pd.DataFrame({"b": [2.5, 2.6], "a": [0.5, 0.6]})
    bank = Bank(table, X[:2], GOOD[:2], 1, ("x", "y"))
    np.testing.assert_array_equal(bank.rows([1]).under(prior).theta, [[0.6, 2.6]])
    with pytest.raises(ValueError, match="columns named b, a, expected each of a, c once"):
        bank.under(Prior.uniform(["a", "c"], [0.0, 2.0], [1.0, 3.0]))


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"x": X.astype(complex)}, TypeError, "x is of type complex128"),
        ({"x": X[:, 0]}, ValueError, r"shapes \(6, 1\), \(6,\) and \(6,\), expected .*\(n, 2\)"),
        ({"theta": THETA[:, 0]}, ValueError, r"shapes \(6,\)"),
        ({"valid": np.array([0, 2, 3, 5, 1, 1])}, ValueError, "valid holds other numbers than 0"),
        ({"valid": [0, 2]}, ValueError, r"and \(2,\), expected"),
        ({"statistic_names": ("x", "x")}, ValueError, "expected distinct"),
        ({"statistic_names": "xy"}, TypeError, "expected a sequence"),
    ],
)
def test_clear_errors(change, error, said):
    given = {"theta": THETA, "x": X, "valid": GOOD, "seed": 1, "statistic_names": ("x", "y")}
    with pytest.raises(error, match=said):
        Bank(**given | change)


@pytest.mark.parametrize("chosen", [[7], [True, False], [0.5]])
def test_rows_that_are_not_there(chosen):
    with pytest.raises(ValueError, match="chosen rows do not fit 6 simulations"):
        BANK.rows(chosen)
    with pytest.raises(ValueError, match="n is 2.5, expected 1 to 6"):
        BANK.first(2.5)
