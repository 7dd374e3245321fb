"""Inputs of other kinds: the chart of plain arrays, or an error that names the argument."""

import json
import re
from functools import cache
from itertools import cycle

import numpy as np
import pandas as pd
import pytest

from book.figures.parameter_explorer import parameter_explorer
from mechfit import figures

RNG = np.random.default_rng(1)
TITLE, LABELS, NAMES = "What to see", ["a (mV)", "b (ms)"], ["mean", "rate", "width"]


def eighths(*shape):
    """Numbers that single precision holds, within 0 to 1."""
    return RNG.integers(1, 8, shape) / 8


TIME, LIMITS = np.arange(24) / 2, np.array([[0.0, 1.0], [0.0, 1.0]])
TRACE, THETA, X = 8 * eighths(24) - 70, eighths(6, 2), eighths(6, 3)
BURSTS = {"c": [[[1, 2], [6, 7]], [[3, 4]], [[4, 5]]]}
CALLS = {
    "traces": (figures.traces, {"time": TIME, "voltage": {"V": TRACE}, "stimulus": 0 * TIME}, {}),
    "pairplot": (
        figures.pairplot,
        {"samples": THETA, "limits": LIMITS, "points": {"P": THETA[0]}, "beside": {"S": THETA}},
        {"labels": LABELS},
    ),
    "marginals": (
        figures.choice_explorer,
        {"named": {"A": THETA, "B": THETA / 2}, "limits": LIMITS, "points": {"A": THETA[:1]}},
        {"labels": LABELS, "menu": "cell", "point": "truth"},
    ),
    "contraction": (
        figures.contraction_matrix,
        {"shares": eighths(2, 3), "theta": THETA, "x": X},
        {"labels": LABELS, "names": NAMES},
    ),
    "curves": (figures.curves, {"x": TIME, "named": {"C": TRACE}}, {"across": "t", "up": "v"}),
    "fields": (
        figures.fields,
        {"named": {k: eighths(4, 4) for k in "EFG"}, "limits": LIMITS, "box": LIMITS},
        {"labels": LABELS, "choose": "which"},
    ),
    "history": (figures.history, {"train": X[0], "validation": X[1]}, {}),
    "predictive": (
        figures.predictive,
        {"x_posterior": X, "x_prior": X[::-1] / 2, "x_o": X[0]},
        {"names": NAMES},
    ),
    "rhythms": (
        figures.rhythms,
        {"time": TIME, "circuits": {"c": np.stack([TRACE] * 3)}},
        {"neurons": NAMES, "bursts": BURSTS},
    ),
    "samples": (
        figures.samples_to_traces,
        {"theta": THETA, "voltage": np.stack([TRACE] * 6), "time": TIME}
        | {"observed": TRACE, "limits": LIMITS},
        {"labels": LABELS},
    ),
    "scores": (
        figures.scores,
        {"measures": {"M": X[0]}, "intervals": {"M": (X[0] - 1, X[0] + 1)}},
        {"names": NAMES},
    ),
    "bars": (figures.statistic_bars, {"named": {"B": X}, "x_prior": X / 2}, {"names": NAMES}),
    "explorer": (
        parameter_explorer,
        {"time": TIME, "voltage": np.stack([TRACE] * 3)},
        {"grid": {"a (mV)": [0, 1, 2]}, "start": [1], "description": TITLE},
    ),
}


def readonly(a):
    a = a.copy()
    a.flags.writeable = False
    return a


def table(a):
    return pd.DataFrame(a) if a.ndim == 2 else pd.Series(a) if a.ndim == 1 else a


KINDS = {
    "lists": lambda a: a.tolist(),
    "objects": lambda a: a.astype(object),
    "single": lambda a: a.astype(np.float32),
    "swapped": lambda a: a.astype(">f8"),
    "read-only": readonly,
    "strided": lambda a: np.repeat(a, 2, -1)[..., ::2],
    "Fortran": np.asfortranarray,
    "masked": lambda a: np.ma.masked_array(a, np.zeros(a.shape, bool)),
    "pandas": table,
}


def spoiled(value):
    def spoil(a):
        a = a.astype(object if isinstance(value, str) else np.result_type(a, value))
        a[(0,) * a.ndim] = value
        return a

    return spoil


WRONG = {
    "NaN": spoiled(np.nan),
    "infinite": spoiled(np.inf),
    "huge": spoiled(1e308),
    "words": spoiled("seven"),
    "text": lambda a: a.astype(str),
    "complex": spoiled(1j),
    "masked": lambda a: np.ma.masked_array(a, np.arange(a.size).reshape(a.shape) == 1),
    "pandas": lambda a: table(spoiled(np.nan)(a)),
    "none": lambda a: None,
    "a number": lambda a: 1.0,
    "empty": lambda a: a[:0],
    "deeper": lambda a: a[None],
    "ragged": lambda a: [*a.tolist(), [1.0, [2.0]]],
}


def changed(values, change):
    """Arguments with every array changed, also within mappings and pairs."""
    if isinstance(values, dict):
        return {k: changed(v, change) for k, v in values.items()}
    return tuple(changed(v, change) for v in values) if type(values) is tuple else change(values)


def spec(call, arrays):
    function, _, others = CALLS[call]
    text = json.dumps(function(**arrays, **others, title=TITLE).to_dict(validate=False))
    return re.sub(r'"(view|concat|layer)_\d+', r'"\1', text)


@cache
def plain(call):
    return spec(call, CALLS[call][1])


@pytest.mark.parametrize("shift", [0, 4])
@pytest.mark.parametrize("call", CALLS)
def test_numbers_of_any_kind_give_the_same_chart(call, shift):
    """Each array of a call comes as another kind."""
    kinds = cycle([*KINDS.values()][shift:])
    arrays = changed(CALLS[call][1], lambda a: next(kinds)(a))
    assert spec(call, arrays) == plain(call)


OPTIONAL = {"stimulus", "points", "beside", "box", "observed", "limits", "intervals"}


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("call", CALLS)
def test_wrong_numbers_are_refused_by_name(call, wrong):
    function, arrays, others = CALLS[call]
    for name, values in arrays.items():
        if wrong == "none" and name in OPTIONAL:
            continue
        names = {name, *(values if isinstance(values, dict) else ())}
        with pytest.raises((ValueError, TypeError)) as error:
            function(**arrays | {name: changed(values, WRONG[wrong])}, **others, title=TITLE)
        assert any(n in str(error.value) for n in names), f"{name}: {error.value}"


@pytest.mark.parametrize("words", [["mean", "mean", "rate"], "abc"])
@pytest.mark.parametrize("call", [c for c in CALLS if {"labels", "names"} & set(CALLS[c][2])])
def test_names_differ(call, words):
    function, arrays, others = CALLS[call]
    for name in {"labels", "names"} & set(others):
        wrong = words[: len(others[name])]
        with pytest.raises(ValueError, match=f"{name} has .* words that differ"):
            function(**arrays, **others | {name: wrong}, title=TITLE)


@pytest.mark.parametrize("limits", [LIMITS[:, ::-1], [[0, 0], [0, 1]], [[0, np.inf], [0, 1]]])
@pytest.mark.parametrize("call", [c for c in CALLS if "limits" in CALLS[c][1]])
def test_limits_are_finite_and_in_order(call, limits):
    function, arrays, others = CALLS[call]
    with pytest.raises(ValueError, match="limits"):
        function(**arrays | {"limits": limits}, **others, title=TITLE)


@pytest.mark.parametrize("call", CALLS)
def test_equal_numbers_are_drawn(call):
    """Constant columns have no width to scale by."""
    function, arrays, others = CALLS[call]
    values = cycle([0.0, -3.0])
    kept = {"limits", "time", "box", *(["x"] if call == "curves" else ())}
    flat = {
        k: v if k in kept else changed(v, lambda a: np.full(a.shape, next(values)))
        for k, v in arrays.items()
    }
    if "limits" in flat:
        flat["limits"] = LIMITS * 8 - 4
    chart = function(**flat, **others, title=TITLE).to_dict(validate=False)
    assert "NaN" not in json.dumps(chart)


def test_uneven_times_are_no_grid():
    function, arrays, others = CALLS["samples"]
    with pytest.raises(ValueError, match="time has uneven steps"):
        function(**arrays | {"time": TIME**2 + TIME}, **others, title=TITLE)
