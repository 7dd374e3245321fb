"""Charts of the checks: what they show is what they were given, and what is wrong is refused."""

import json

import pytest

from mechfit.figures import BROKEN, suspects
from tests.figures.drawing import drawn


def rows_of(spec):
    """All rows that travel in a chart."""
    return [row for layer in spec["layer"] for row in layer.get("data", {}).get("values", [])]


def small(chart):
    spec = chart.to_dict()
    assert len(json.dumps(spec)) < 300_000
    return spec, drawn(spec)


class TestSuspects:
    given = {
        "distances": {"a": [[0.1, 0.2], [20.0, 0.3]], "b": [[0.1, 0.2], [0.1, 4.0]]},
        "p_values": {"a": [0.5, 0.001], "b": [0.5, 0.2]},
    }

    def test_the_farthest_is_accused_only_by_an_alarm(self):
        chart = suspects([0, 1], **self.given, across="sd", start=("a", 1), title="Which?")
        spec, svg = small(chart)
        rows = {(r["moved"], r["k"]): r for r in rows_of(spec) if "moved" in r}
        assert rows["a", 1]["bad"]
        assert rows["a", 1]["d"][0] == 10  # bars end there
        assert not rows["b", 1]["bad"]
        assert BROKEN in svg
        assert "p = 0.001: unlike the simulations" in svg

    def test_wrong_arguments_are_refused(self):
        with pytest.raises(ValueError, match="expected even steps and one of"):
            suspects([0, 1, 3], **self.given, across="sd", start=("a", 1), title="x")
        with pytest.raises(ValueError, match="expected even steps and one of"):
            suspects([0, 1], **self.given, across="sd", start=("c", 1), title="x")
