"""The table of published numbers refuses what has drifted."""

import pytest

from book.figures.reproduced import Number, reproduced

NEAR = Number("share", 0.5, 0.52, 0.01, 0.1)


def test_a_table_of_numbers_and_their_intervals():
    table = reproduced([NEAR, Number("exact", -2.0, -2.0, 0.0, 0.01)]).data
    assert table.splitlines()[2:] == [
        "| share | 0.50 | 0.52 (0.50 to 0.54) | 0.10 |",
        "| exact | −2.00 | −2.00 | 0.01 |",
    ]


@pytest.mark.parametrize("ours", [0.61, 0.39, float("nan")])
def test_a_number_that_drifted_is_named(ours):
    with pytest.raises(ValueError, match=r"share: 0\.5, ours"):
        reproduced([NEAR, Number("share", 0.5, ours, 0.01, 0.1)])
