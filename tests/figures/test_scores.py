"""Dots with intervals: scales hold what is drawn, and wrong arguments are refused."""

import pytest

from mechfit.figures import scores
from tests.figures.drawing import drawn

NAMED = {"s": [0.1, 0.3], "C2ST\n(1)": [0.5, 0.9]}


def test_measures_stand_side_by_side_and_may_share_a_scale():
    spec = scores(["A", "B"], NAMED, best={"s": 0.0}, span=(-1, 1), title="See").to_dict()
    drawn(spec)
    assert [len(view["layer"]) for view in spec["hconcat"]] == [5, 4]
    ends = {tuple(v["layer"][-1]["encoding"]["x"]["scale"]["domain"]) for v in spec["hconcat"]}
    assert ends == {(-1.0, 1.0)}
    assert "C2ST (1): A 0.5, B 0.9" in spec["description"]
    assert "s: A 0.1, B 0.3, perfect 0" in spec["description"]


def domains(measures, **how):
    spec = scores(["A", "B"], measures, title="See", **how).to_dict()
    return [view["layer"][-1]["encoding"]["x"]["scale"]["domain"] for view in spec["hconcat"]]


def test_a_small_difference_looks_small():
    """With a scale from the least to the greatest, 85.8 and 91.7 % stood at opposite ends."""
    (low, high), other = domains({"valid (%)": [85.8, 91.7], "time (s)": [-1.0, 2.0]})
    assert low == 0
    assert (91.7 - 85.8) / (high - low) < 0.1
    assert other[0] < -1


def test_measures_of_one_unit_share_a_scale_and_a_best_value_takes_the_place_of_zero():
    less, more, nats = domains(
        {"less\n(%)": [1.0, 2.0], "more\n(%)": [50.0, 80.0], "nats": [7.0, 7.5]},
        best={"nats": 8.0},
        intervals={"more\n(%)": ([40.0, 70.0], [60.0, 90.0])},
    )
    assert less == more  # from zero, which needs no line
    assert more[1] > 90
    assert nats[0] > 6
    assert nats[1] > 8


def test_clear_errors():
    with pytest.raises(ValueError, match="best names 'x'"):
        scores(["A", "B"], NAMED, best={"x": 1.0}, title="t")
    with pytest.raises(ValueError, match="span is"):
        scores(["A"], {"s": [1.2]}, span=(-1, 1), title="t")
