"""What the pairplot draws is what the samples say."""

import re

import numpy as np
import pytest

from mechfit.figures import choice_explorer, pairplot, samples_to_traces
from mechfit.figures.encoding import ALPHABET
from mechfit.figures.heat import outline_rows
from mechfit.figures.labels import ends, number, parse, step_125
from mechfit.summaries.density import density, heights, mass_level, outlines
from tests.figures.drawing import drawn

TITLE = "Two are known"


def datasets(spec: dict) -> list[list[dict]]:
    return [layer["data"]["values"] for layer in spec["layer"]]


def maps_of(spec: dict) -> list[list[dict]]:
    cells = [layer for layer in spec["layer"] if "fillOpacity" in layer["encoding"]]
    return [layer["data"]["values"] for layer in cells]


@pytest.fixture(scope="module")
def spec(theta, labels, limits):
    far = theta[0].copy()
    far[3] = 9
    points = {"far": far, "truth": theta[1]}
    return pairplot(theta, labels, limits, title=TITLE, points=points).to_dict()


def test_heat_maps_hold_the_density(spec, theta, limits):
    panels, near = maps_of(spec)  # on the prior's range, and on that of the samples
    assert len(panels) == len(near) == 28
    first = next(p for p in panels if (p["row"], p["column"]) == (0, 1))
    bins = 25
    text = ("A" * first["o"] + first["c"]).ljust(bins * bins, "A")
    steps = np.array([ALPHABET.index(c) for c in text]).reshape(bins, bins)
    expected = density(theta[:, [1, 0]], limits[[1, 0]], bins)
    seen = steps / 63 * first["peak"]
    assert np.abs(seen - expected).max() <= expected.max() / 100
    assert seen.mean() == pytest.approx(1, abs=0.02)


def test_a_menu_changes_to_the_range_of_the_samples(spec, theta, limits, labels):
    wide, near = (drawn(spec, axes=k) for k in (0, 1))
    assert wide != near
    filled = [sum(c != "A" for panel in panels for c in panel["c"]) for panels in maps_of(spec)]
    assert filled[1] > 1.2 * filled[0]  # the samples fill more of their own range
    everywhere = np.random.default_rng(1).uniform(*limits.T, (2000, len(limits)))
    plain = pairplot(everywhere, labels, limits, title=TITLE).to_dict()
    assert "axes" not in {param["name"] for param in plain["params"]}


def test_outlines_are_carried_once_and_drawn_on_both_ranges(spec, theta, limits):
    [loops] = [rows for rows in datasets(spec) if rows and "loop" in rows[0]]
    wide, near = (loops_of(drawn(spec, axes=k)) for k in (0, 1))
    assert len(loops) == len(wide) == len(near) > 28
    columns = np.array([loop["column"] for loop in loops])
    ratio = np.array([np.ptp(w) / np.ptp(n) for w, n in zip(wide, near, strict=True)])
    share = (np.quantile(theta, [0.1, 0.9], axis=0) - limits[:, 0]) / np.ptp(limits, 1)
    for j in set(columns):
        mine = columns == j
        assert np.ptp(ratio[mine]) < 0.02
        assert ratio[mine].max() < 1.01
        x = np.concatenate([loop for loop, own in zip(wide, mine, strict=True) if own])
        assert share[0, j] < np.median((x / 75 - j - 0.04) / 0.92) < share[1, j]


def loops_of(svg: str) -> list[np.ndarray]:
    """The horizontal places, in px, of the points of each outline."""
    paths = re.findall(r'<path[^>]* d="([^"]+)"[^>]*stroke-opacity="0.8"', svg)
    return [np.array(re.findall(r"[ML]([-\d.]+),", path), float) for path in paths]


def test_correlations_and_marked_points_are_drawn(spec, theta):
    svg = drawn(spec)
    assert f">{np.corrcoef(theta.T)[0, 1]:.2f}<" in svg
    assert ">truth<" in svg
    spots = datasets(spec)[-1]
    count = [sum(spot["name"] == who for spot in spots) for who in ("far", "truth")]
    assert count == [21, 28]  # seven of eight parameters of `far` are inside


def test_outlines_lie_where_the_samples_are():
    a, b = np.indices((20, 20))
    field = np.exp(-(((a - 3) / 2) ** 2) - ((b - 15) / 2) ** 2)
    loops = outline_rows(field)
    assert {loop["w"] for loop in loops} == {1.2, 0.7}
    assert np.mean(loops[0]["u"]) == pytest.approx(175, abs=30)
    assert np.mean(loops[0]["v"]) == pytest.approx(775, abs=30)
    [exact] = outlines(field, mass_level(field, 0.5))
    corners = np.array([loops[0]["u"], loops[0]["v"]]).T / 50
    way = np.linspace(corners[:-1], corners[1:], 50).reshape(-1, 2)
    off = np.hypot(*(exact[:, None] - way).T).min(0)
    assert off.max() < 0.2
    assert len(corners) < len(exact)
    assert outline_rows(1 + 0.1 * field) == []  # nearly flat: only noise would be outlined


def test_other_samples_take_the_place_of_the_coefficients(theta, labels, limits):
    window = np.stack([limits[:, 0], limits.mean(1)], 1)
    chart = pairplot(
        theta[:, :3],
        labels[:3],
        limits[:3],
        title=TITLE,
        name="network",
        beside={"brute force": theta[:500, :3]},
        window=window[:3],
    )
    above, below = maps_of(chart.to_dict())
    assert {(p["row"], p["column"]) for p in above} == {(0, 1), (0, 2), (1, 2)}
    assert {(p["row"], p["column"]) for p in below} == {(1, 0), (2, 0), (2, 1)}
    svg = drawn(chart)
    assert "brute force, below the diagonal" in svg
    assert "Below the diagonal brute force: ḡ_Na" in chart.description


def test_one_parameter_has_its_marginal(theta, labels, limits):
    one = pairplot(theta[:, :1], labels[:1], limits[:1], title=TITLE)
    [curve] = [
        row for rows in datasets(one.to_dict()) for row in rows if "c" in row and "k" in row
    ]
    high, low = np.array([ALPHABET.index(c) for c in curve["c"]]).reshape(-1, 2).T
    height = (64 * high + low)[1:-1] / 4095
    tall = heights([theta[:, :1]], limits[:1], len(height))[0, 0]
    np.testing.assert_allclose(height / height.max(), tall / tall.max(), atol=1e-3)
    assert one.description.startswith("Pairplot of 1 parameters from 2,000 samples. Median")
    assert "orrelation" not in one.description + str(one.title)
    assert ">truth<" in drawn(
        pairplot(theta[:, :1], labels[:1], limits[:1], title=TITLE, points={"truth": theta[0, :1]})
    )
    beside = {"other": theta[:9, :1]}
    assert ">other<" in drawn(
        pairplot(theta[:, :1], labels[:1], limits[:1], title=TITLE, beside=beside)
    )


def test_samples_outside_the_axes_are_told(theta, labels, limits):
    """In the chart and in its description; where all are outside, nothing is drawn."""
    tight = np.stack([limits[:, 0], np.quantile(theta, 0.9, axis=0)], 1)
    for d, reach, window in ((1, tight, None), (2, limits, tight[:2])):
        count = (theta[:, :d] > tight[:d, 1]).any(1).sum()
        said = f"{count:,} of 2,000 samples lie outside the axes."
        few = (theta[:, :d], labels[:d])
        chart = pairplot(*few, reach[:d], title=TITLE, window=window)
        assert chart.description.endswith(said)
        assert chart.title.subtitle.endswith(said)
    named = {"A": few[0], "B": few[0][::-1]}
    chart = choice_explorer(named, labels[:2], tight[:2], title=TITLE, menu="cell")
    assert chart.description.endswith(said.replace("samples", "samples of B"))
    with pytest.raises(ValueError, match="all 2,000 samples lie outside the limits"):
        pairplot(theta + 1e4, labels, limits, title=TITLE)
    with pytest.raises(ValueError, match="all 2,000 samples of b lie outside"):
        pairplot(theta, labels, limits, title=TITLE, beside={"b": theta + 1e4})
    far, time = theta[:5] + 1e4, np.arange(9)
    with pytest.raises(ValueError, match="all 5 samples lie outside"):
        samples_to_traces(far, labels, np.ones((5, 9)), time, title=TITLE, limits=limits)


def test_a_constant_parameter_has_no_correlation(limits, labels):
    theta = np.full((50, 2), [40.0, 5.0])
    theta[:, 0] += np.linspace(0, 9, 50)
    chart = pairplot(theta, labels[:2], limits[:2], title="x")
    assert "ḡ_K 5 (5 to 5 mS/cm²)" in chart.description


def test_wrong_arguments_are_refused(theta, labels, limits):
    with pytest.raises(ValueError, match=r"shape \(2000, 8\), expected \(n, 7\)"):
        pairplot(theta, labels[:7], limits[:7], title=TITLE)
    with pytest.raises(ValueError, match="low < high"):
        pairplot(theta, labels, limits[:, ::-1], title=TITLE)
    with pytest.raises(ValueError, match=r"'truth' has shape \(3,\), expected \(8,\)"):
        pairplot(theta, labels, limits, title=TITLE, points={"truth": [1, 2, 3]})
    with pytest.raises(ValueError, match="non-finite"):
        pairplot(theta * np.nan, labels, limits, title=TITLE)


def test_labels_and_numbers():
    assert parse("−V_T (mV)") == ("−V", "T", "mV")
    assert parse("σ (µA/cm²·ms^½)").name == "σ"
    assert number(-0.0712) == "−0.0712"
    assert number(1.5e7) == "1.50e+07"
    assert ends(50, 3000) == ("50", "3000")
    assert step_125(1.0) == 1.0
