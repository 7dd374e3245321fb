"""Every circuit has a dot in every strip."""

from book.figures.strips import strips


def test_rows_and_description():
    spec = strips(
        {"a": [1.0, 2, 6], "b": [3.0, 2, 1]}, ["red", "blue"], across="radius", title="What to see"
    ).to_dict()
    [row] = spec["data"]["values"]
    assert row["name"] == ["a"] * 3 + ["b"] * 3
    assert row["circuit"] == [1, 2, 3] * 2
    assert row["value"] == [1, 2, 6, 3, 2, 1]
    assert (
        spec["description"] == "radius of 3 circuits. Medians: a 2, from 1 to 6, b 2, from 1 to 3."
    )
