"""Dots with intervals: scales hold what is drawn, and wrong arguments are refused."""

import pytest

from mechfit.figures import scores
from tests.figures.drawing import drawn

NAMED = {"s": [0.1, 0.3], "C2ST\n(1)": [0.5, 0.9]}


def test_measures_stand_side_by_side_and_may_share_a_scale():
    spec = scores(["A", "B"], NAMED, best={"s": 0.0}, span=(-1, 1), title="See").to_dict()
    drawn(spec)
    assert [len(view["layer"]) for view in spec["hconcat"]] == [4, 3]
    ends = {tuple(v["layer"][-1]["encoding"]["x"]["scale"]["domain"]) for v in spec["hconcat"]}
    assert ends == {(-1.0, 1.0)}
    assert "C2ST (1): A 0.5, B 0.9" in spec["description"]
    assert "s: A 0.1, B 0.3, perfect 0" in spec["description"]


def test_clear_errors():
    with pytest.raises(ValueError, match="best names 'x'"):
        scores(["A", "B"], NAMED, best={"x": 1.0}, title="t")
    with pytest.raises(ValueError, match="span is"):
        scores(["A"], {"s": [1.2]}, span=(-1, 1), title="t")
