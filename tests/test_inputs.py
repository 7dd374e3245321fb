"""Every function that takes arrays takes them in any form, or refuses with the argument's name."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
import torch

from mechfit.geometry import (
    active_subspace,
    along,
    conditional_density,
    farthest_points,
    high_probability_path,
    islands,
    orthogonal_path,
    pair_correlations,
    points_at,
    sample_conditional_on_grid,
    straight,
)
from mechfit.inference import (
    NPE,
    Coupling,
    DefensiveProposal,
    KernelProposal,
    Training,
    c2st,
    effective_sample_size,
    fit,
    importance_abc,
    learn_statistics,
    rejection_abc,
    restrict,
    stages,
)
from mechfit.inference.diagnostics import dependence, misspecification, p_value, predictive_check
from mechfit.models import Model, Prior
from mechfit.robustness import (
    across,
    breakdown_along,
    breakdown_radii,
    q10_of,
    smallest_perturbation,
    warm,
)
from mechfit.simulation import Bank, simulate

NAMES, SEEN = ("a", "b"), ("x", "y", "z")
PRIOR = Prior.uniform(NAMES, [0.0, 1.0], [1.0, 3.0])


class Quick(Model):
    prior, statistic_names, statistic_units = PRIOR, SEEN, ("",) * 3

    def statistics(self, theta, seed, *, first=0):
        theta = self.prior.check(theta)
        return np.c_[theta, theta.sum(1)] + 0.01 * np.random.default_rng(seed).normal()


def rounded(values):
    """Numbers that single precision holds."""
    return np.asarray(values, np.float32).astype(float)


RNG = np.random.default_rng(1)
THETA = rounded(PRIOR.from_unit(RNG.uniform(0.2, 0.8, (200, 2)))[0])
X = rounded(np.c_[THETA, THETA.sum(1)] + 0.1 * RNG.normal(size=(200, 3)))
BANK = Bank(THETA, X, np.ones(200, bool), 1, SEEN)
QUICK = {"training": Training(epochs=1), "seed": 1}


@cache
def posterior():
    return fit(BANK, PRIOR, flow=Coupling(2, 8, box=False), **QUICK)


@cache
def learned():
    return learn_statistics(BANK, PRIOR, **QUICK)


@cache
def proposal():
    return DefensiveProposal(posterior(), X[:4])


@cache
def region():
    bank = Bank(THETA, X, THETA[:, 0] > 0.5, 1, SEEN)
    return restrict(bank, PRIOR, keep=0.9, **QUICK)


def log_q(theta):
    return -20 * (theta[:, 0] - 0.5) ** 2 - 5 * (theta[:, 1] - 2) ** 2


def works(theta, _seed, _first):
    return theta[:, 0] < 0.9


BOX = {"low": [0.0, 1.0], "high": [1.0, 3.0]}
PATH = np.linspace([0.25, 1.5], [0.75, 2.5], 9)
NEAR = THETA[[3, 5]]
OBSERVED = X[3]
COLUMNS = "theta", "x", "x_o", "tolerance"

# (argument, values, function of them): that argument is checked in every form
DOORS = {
    "Prior.check": ("theta", NEAR, PRIOR.check),
    "Prior.inside": ("theta", NEAR, PRIOR.inside),
    "Prior.log_prob": ("theta", NEAR, PRIOR.log_prob),
    "Prior.to_unbounded": ("theta", NEAR, PRIOR.to_unbounded),
    "Prior.unit_gradient": ("theta", NEAR, lambda v: PRIOR.unit_gradient(v, 1.0)),
    "Bank theta": (
        "theta",
        THETA,
        lambda v: Bank(v, X, np.ones(200, bool), 1, SEEN).under(PRIOR).theta,
    ),
    "Bank x": ("x", X, lambda v: Bank(THETA, v, [True] * 200, 1, SEEN).x),
    "at": ("x_o", OBSERVED, lambda v: posterior().at(v).x_o),
    "sample": ("x_o", OBSERVED, lambda v: posterior().sample(5, 1, x=v)),
    "sample_batched": ("x_o", X[:2], lambda v: posterior().sample_batched(5, 1, x=v)),
    "log_prob": ("theta", NEAR, lambda v: posterior().log_prob(v, x=OBSERVED)),
    "log_prob_grad": ("theta", NEAR, lambda v: posterior().log_prob_grad(v, x=OBSERVED)),
    "log_prob_batched": (
        "theta",
        NEAR[None],
        lambda v: posterior().log_prob_batched(v, x=OBSERVED[None]),
    ),
    "learned statistics": ("x_o", X[:2], lambda v: learned()(v)),
    "inside": ("theta", NEAR, lambda v: region().inside(v)),
    "stages": ("noise", NEAR, lambda v: stages(posterior().at(OBSERVED), v)),
    "append theta": (
        "theta",
        THETA,
        lambda v: NPE(PRIOR, OBSERVED, seed=1).append(v, X).rounds[0].bank.theta,
    ),
    "append x": (
        "x",
        X,
        lambda v: NPE(PRIOR, OBSERVED, names=SEEN, seed=1).append(THETA, v).rounds[0].bank.x,
    ),
    "NPE": ("x_o", OBSERVED, lambda v: NPE(PRIOR, v, names=SEEN, seed=1).x_o),
    "simulate": ("theta", NEAR, lambda v: simulate(Quick(), theta=v, seed=1).x),
    "rejection_abc": ("x_o", OBSERVED, lambda v: rejection_abc(BANK, v, 5)[0]),
    "importance_abc": ("x_o", OBSERVED, lambda v: importance_abc(BANK, proposal(), v, [1.0] * 3)),
    "tolerance": (
        "tolerance",
        np.full(3, 0.5),
        lambda v: importance_abc(BANK, proposal(), OBSERVED, v),
    ),
    "KernelProposal": (
        "theta",
        THETA[:9],
        lambda v: KernelProposal(PRIOR, v, [1 / 9] * 9).sample(5, 1),
    ),
    "weights": ("weights", rounded(RNG.uniform(size=9)), effective_sample_size),
    "c2st": ("samples", THETA[:20], lambda v: c2st(THETA[20:40], v)),
    "misspecification": ("x_o", OBSERVED, lambda v: misspecification(BANK, v).distances),
    "predictive_check": (
        "x_o",
        OBSERVED,
        lambda v: predictive_check(posterior(), Quick(), v, draws=30, seed=1).p_values,
    ),
    "dependence": ("x", X, lambda v: dependence(np.linspace(0.01, 0.99, 200)[:, None], v)),
    "p_value": ("u", rounded(RNG.uniform(size=50)), p_value),
    "farthest_points": ("points", THETA[:9], lambda v: farthest_points(v, 3)),
    "active_subspace": ("samples", THETA[:9], lambda v: active_subspace(log_q, v).matrix),
    "conditional_density": ("point", THETA[3], lambda v: conditional_density(log_q, v, 0, **BOX)),
    "pair_correlations": ("samples", NEAR, lambda v: pair_correlations(log_q, v, **BOX)),
    "low": ("low", np.array([0.0, 1.0]), lambda v: pair_correlations(log_q, NEAR, v, [1.0, 3.0])),
    "sample_conditional_on_grid": (
        "point",
        THETA[3],
        lambda v: sample_conditional_on_grid(log_q, v, 0, **BOX, n=5, seed=1),
    ),
    "straight": ("start", THETA[3], lambda v: straight(v, THETA[5], 5)),
    "path": ("start", PATH[0], lambda v: high_probability_path(log_q, v, PATH[-1], nodes=5)),
    "along": ("path", PATH, lambda v: along(v, 5)),
    "points_at": ("path", PATH, lambda v: points_at(v, [0.1, 0.2])),
    "orthogonal_path": ("path", PATH, lambda v: orthogonal_path(log_q, v, 4)),
    "islands": ("samples", NEAR, lambda v: islands(log_q, v, -9.0, nodes=5).groups),
    "breakdown_radii": (
        "theta",
        NEAR,
        lambda v: breakdown_radii(works, v, np.eye(2), seed=1).radius,
    ),
    "directions": (
        "directions",
        np.eye(2),
        lambda v: breakdown_radii(works, NEAR, v, seed=1).radius,
    ),
    "breakdown_along": ("path", PATH, lambda v: breakdown_along(works, [v], seed=1).radius),
    "smallest_perturbation": (
        "theta",
        np.array([0.5, 2.0]),
        lambda v: smallest_perturbation(works, v, [1.0, 0.5], 0.5, rounds=1, seed=1).radius,
    ),
    "across": ("tangent", np.array([1.0, 0.5]), lambda v: across(v, [0.0, 1.0]).vectors),
    "warm": ("theta", NEAR, lambda v: warm(lambda _: Quick(), v, [1.0, 2.0], seed=1).x),
    "q10_of": ("values", rounded([[1.0, 2.0, 3.0]]), lambda v: q10_of([7.0, 11.0, 15.0], v)),
}
FORMS = {
    "list": np.ndarray.tolist,
    "objects": lambda v: v.astype(object),
    "single": np.float32,
    "big-endian": lambda v: v.astype(">f8"),
    "read-only": lambda v: np.frombuffer(v.tobytes()).reshape(v.shape),
    "strided": lambda v: np.repeat(v, 2, -1)[..., ::2],
    "Fortran": np.asfortranarray,
    "masked": np.ma.masked_array,
    "tensor": torch.as_tensor,
    "gradient": lambda v: torch.as_tensor(v).float().requires_grad_(),
    "pandas": lambda v: (pd.Series, pd.DataFrame)[v.ndim - 1](v),
    "nullable": lambda v: (pd.Series, pd.DataFrame)[v.ndim - 1](v).astype("Float64"),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("door", DOORS)
def test_the_form_of_an_array_does_not_matter(door, form):
    _, values, call = DOORS[door]
    if values.ndim > 2 and form in ("pandas", "nullable"):
        pytest.skip("tables have two axes")
    before = values.copy()
    given, plain = call(FORMS[form](values)), call(values)
    for a, b in zip(
        *(np.atleast_1d(v) if np.isscalar(v) else v for v in (given, plain)), strict=True
    ):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(values, before)


def labelled(values, names, kind):
    """The values under their names, the last one first."""
    if kind == "mapping":
        return {n: values[..., names.index(n)] for n in reversed(names)}
    if kind == "structured":
        rows = np.zeros(values.shape[:-1], [(n, float) for n in reversed(names)])
        for n in names:
            rows[n] = values[..., names.index(n)]
        return rows
    if values.ndim == 1:
        return pd.Series(values[::-1], names[::-1])
    return pd.DataFrame(values[:, ::-1], columns=names[::-1])


NAMELESS = "dependence", "breakdown_radii", "smallest_perturbation", "log_prob_batched"
NAMED = [door for door in DOORS if DOORS[door][0] in COLUMNS and door not in NAMELESS]


@pytest.mark.parametrize("kind", ["pandas", "structured", "mapping"])
@pytest.mark.parametrize("door", NAMED)
def test_columns_are_taken_by_their_names(door, kind):
    what, values, call = DOORS[door]
    names = SEEN if values.shape[-1] == 3 else NAMES
    given, plain = call(labelled(values, names, kind)), call(values)
    for a, b in zip(given, plain, strict=True):
        np.testing.assert_array_equal(a, b)
    wrong = ("q", *names[1:]), names[1:], (*names, names[0])
    for columns in wrong[: 1 if kind != "pandas" else 3]:
        bad = np.resize(values, (*values.shape[:-1], len(columns)))
        with pytest.raises(ValueError, match=f"{what}.* columns named .*expected each of"):
            call(labelled(bad, columns, kind))


BAD = {
    "text": lambda v: np.full(v.shape, "one"),
    "complex": lambda v: v + 1j,
    "dates": lambda v: np.zeros(v.shape, "datetime64[s]"),
    "ragged": lambda _: [[1.0, 2.0], [1.0]],
    "nothing": lambda _: None,
    "no rows": lambda v: v[:0],
    "no columns": lambda v: v[..., :0],
    "too many columns": lambda v: np.concatenate([v, v, v], -1),
    "too many axes": lambda v: v[None, None],
    "infinite": lambda v: np.where(np.arange(v.shape[-1]) == 0, np.inf, v),
    "undefined": lambda v: np.where(np.arange(v.shape[-1]) == 0, np.nan, v),
}
ODD = {"no rows", "infinite", "undefined"}
MEANT = {
    # nothing to do, or not inside the prior
    **dict.fromkeys(
        ["Prior.check", "Prior.log_prob", "Prior.to_unbounded", "Prior.unit_gradient"], ODD
    ),
    **dict.fromkeys(["log_prob", "log_prob_grad", "inside"], ODD),
    "log_prob_batched": ODD - {"no rows"},
    "Prior.inside": {"no rows"},
    # failed simulations, missing data, all that there is
    **dict.fromkeys(["Bank x", "append x", "dependence"], ODD - {"no rows"}),
    "q10_of": ODD,
    "tolerance": {"infinite"},
    "NPE": {"nothing"},  # for `append_simulations`
}
ANY_WIDTH = """along breakdown_along farthest_points active_subspace islands orthogonal_path
    p_value points_at weights"""
for door in (*ANY_WIDTH.split(), "dependence"):
    MEANT[door] = MEANT.get(door, set()) | {"too many columns"}


@pytest.mark.parametrize("fault", BAD)
@pytest.mark.parametrize("door", DOORS)
def test_what_cannot_be_used_is_refused_by_its_name(door, fault):
    what, values, call = DOORS[door]
    given = BAD[fault](values)
    if fault in MEANT.get(door, ()):
        call(given)
    else:  # where widths disagree, the other argument may be named
        with pytest.raises((ValueError, TypeError), match=f"{what}|^low|^direction|^end|^slope"):
            call(given)


@pytest.mark.filterwarnings("ignore:x_o is unlike every simulation")
@pytest.mark.parametrize("huge", [-1.7e308, 1e160, 1e-320])
@pytest.mark.parametrize("door", DOORS)
def test_huge_and_tiny_numbers_make_no_nonsense(door, huge):
    _, values, call = DOORS[door]
    given = values.copy()
    given[..., 0] = huge
    try:
        found = call(given)
    except (ValueError, RuntimeError):  # told
        return
    parts = found if isinstance(found, tuple) else (found,)
    assert not any(np.isnan(part).any() for part in parts)
