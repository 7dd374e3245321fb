"""Every function uses the same simulations: those that are valid, however that was decided.

Half of a bank is finite nonsense that is marked invalid: results are those without these rows.
"""

import numpy as np
import pytest

from mechfit.inference import (
    NPE,
    SNPE_C,
    Coupling,
    DefensiveProposal,
    Subset,
    Training,
    Trials,
    fit,
    importance_abc,
    information,
    learn_statistics,
    rejection_abc,
    restrict,
)
from mechfit.inference.diagnostics import calibrate, misspecification
from mechfit.simulation import Bank
from tests.inference import linear_gaussian as exact

ODD = np.arange(600) % 2 == 1
PLAIN = exact.bank(600, seed=1)
X = np.where(ODD[:, None], 1e3 + PLAIN.x, PLAIN.x)
MARKED = Bank(PLAIN.theta, X, ~ODD, 1, PLAIN.statistic_names)
QUICK = {"training": Training(epochs=2), "seed": 1}


def of(posterior):
    return posterior.sample(20, 1, x=exact.X_O)


def rounds(bank, **settings):
    npe = NPE(exact.PRIOR, exact.X_O, names=bank.statistic_names, **settings, **QUICK)
    return npe.append_bank(bank).fit().sample(20, 1)


def subset(bank):
    posterior = fit(PLAIN, exact.PRIOR, flow=Coupling(2, 8, embedding=Subset()), **QUICK)
    return information(posterior, bank, [["v", "w"]])


def learned(bank):
    statistics = learn_statistics(bank, exact.PRIOR, **QUICK)
    return statistics(exact.X_O), statistics.bank(bank).x[statistics.bank(bank).valid]


USERS = {
    "fit": lambda b, _: of(fit(b, exact.PRIOR, **QUICK)),
    "trials": lambda b, _: of(fit(b, exact.PRIOR, flow=Coupling(embedding=Trials(5)), **QUICK)),
    "TSNPE": lambda b, _: rounds(b),
    "SNPE-C": lambda b, _: rounds(b, method=SNPE_C()),
    "rejection": lambda b, _: rejection_abc(b, exact.X_O, 20),
    "importance": lambda b, q: b.theta[
        importance_abc(b, DefensiveProposal(q, PLAIN.x[:2]), exact.X_O, np.full(5, 2.0))[0]
    ],
    "calibrate": lambda b, q: calibrate(q, b, draws=5, seed=1).ranks,
    "misspecification": lambda b, _: misspecification(b, exact.X_O).distances,
    "information": lambda b, _: subset(b),
    "learned": lambda b, _: learned(b),
    "select": lambda b, _: b.select(["x", "y"]).rows(b.select(["x", "y"]).valid).x,
}


@pytest.mark.parametrize("user", USERS)
def test_rows_marked_invalid_are_used_by_nobody(user, gaussian_posterior):
    found, wanted = (USERS[user](b, gaussian_posterior) for b in (MARKED, MARKED.rows(~ODD)))
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(a, b)


def test_what_is_undefined_is_used_by_nobody(gaussian_posterior):
    holed = Bank(
        PLAIN.theta, np.where(ODD[:, None], np.nan, X), ODD | True, 1, PLAIN.statistic_names
    )
    np.testing.assert_array_equal(holed.valid, ~ODD)
    kept = rejection_abc(holed, exact.X_O, 300)[0]
    assert np.isin(kept, PLAIN.theta[~ODD]).all()
    assert calibrate(gaussian_posterior, holed, draws=5, seed=1).invalid == 300


def test_restrict_learns_the_marks():
    half = Bank(PLAIN.theta, PLAIN.x, PLAIN.theta[:, 0] > 0, 1, PLAIN.statistic_names)
    region = restrict(half, exact.PRIOR, keep=0.9, seed=1)
    np.testing.assert_array_equal(region.inside([[1.5, 0, 0], [-1.5, 0, 0]]), [True, False])


def test_a_store_of_rounds_keeps_the_marks(tmp_path):
    settings = {"store": tmp_path, "names": MARKED.statistic_names, **QUICK}
    NPE(exact.PRIOR, exact.X_O, **settings).append_bank(MARKED)
    again = NPE(exact.PRIOR, exact.X_O, **settings)
    np.testing.assert_array_equal(again.rounds[0].bank.valid, ~ODD)


def test_sets_of_trials_with_gaps_are_learned_from_unless_marked():
    x = PLAIN.x.copy()
    x[:300, 3:] = np.nan
    flow = Coupling(2, 8, embedding=Trials(1))
    for marks, count in ((np.isfinite(x).all(1), 600), (ODD | True, 600), (~ODD, 300)):
        bank = Bank(PLAIN.theta, x, marks, 1, PLAIN.statistic_names)
        posterior = fit(bank, exact.PRIOR, flow=flow, **QUICK)
        assert posterior.provenance["valid"] == count
        assert len(calibrate(posterior, bank, draws=5, seed=1)) == count
