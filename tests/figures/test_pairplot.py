"""What the pairplot draws is what the samples say."""

import numpy as np
import pytest

from mechfit.figures import pairplot
from mechfit.figures.encoding import ALPHABET
from mechfit.figures.labels import ends, number, parse, step_125
from mechfit.figures.panels import Grid
from mechfit.summaries.density import density
from tests.figures.drawing import drawn

TITLE = "Two are known"


def datasets(chart) -> list[list[dict]]:
    spec = chart.to_dict()
    found = list(spec.get("datasets", {}).values())
    return found + [
        layer["data"]["values"] for layer in spec["layer"] if "values" in layer["data"]
    ]


def test_heat_maps_hold_the_density(theta, labels, limits):
    chart = pairplot(theta, labels, limits, title=TITLE)
    panels = next(rows for rows in datasets(chart) if rows and "c" in rows[0])
    grid = Grid.of(8)
    assert len(panels) == 28
    first = next(p for p in panels if p["pair"] == "ḡ_Na and ḡ_K")
    steps = np.array([ALPHABET.index(c) for c in first["c"]]).reshape(grid.bins, grid.bins)
    expected = density(theta[:, [1, 0]], limits[[1, 0]], grid.bins)
    drawn = steps / 63 * first["peak"]
    assert np.abs(drawn - expected).max() <= expected.max() / 100
    assert drawn.mean() == pytest.approx(1, abs=0.02)


def test_cells_lie_where_the_samples_are(limits, labels):
    share = np.full((100, 2), [0.9, 0.1]) + np.random.default_rng(0).normal(0, 0.01, (100, 2))
    theta = limits[:2, 0] + share * np.diff(limits[:2]).T
    chart = pairplot(theta, labels[:2], limits[:2], title=TITLE)
    grid = Grid.of(2)
    loops = next(rows for rows in datasets(chart) if rows and "loop" in rows[0])
    box = grid.box(1, 0)
    x = (np.mean(loops[0]["x"]) - box["x"]) / grid.panel
    y = (box["y2"] - np.mean(loops[0]["y"])) / grid.panel
    assert (x, y) == pytest.approx((0.1, 0.9), abs=0.05)


def test_correlations_stand_below_the_diagonal(theta, labels, limits):
    svg = drawn(pairplot(theta, labels, limits, title=TITLE))
    r = np.corrcoef(theta.T)
    assert f">{r[0, 1]:.2f}<" in svg
    assert svg.count(">Na</text>") == 2


def test_points_outside_the_prior_are_left_out(theta, labels, limits):
    far = theta[0].copy()
    far[3] = 9
    chart = pairplot(theta, labels, limits, title=TITLE, points={"far": far})
    drawn(chart)


@pytest.mark.parametrize("d", [2, 3, 5, 8])
def test_panels_fit_the_page(d):
    grid = Grid.of(d)
    assert 66 + grid.total <= 636
    assert grid.panel >= 60


def test_a_constant_parameter_has_no_correlation(limits, labels):
    theta = np.full((50, 2), [40.0, 5.0])
    theta[:, 0] += np.linspace(0, 9, 50)
    assert (
        "ḡ_K 5 (5 to 5 mS/cm²)" in pairplot(theta, labels[:2], limits[:2], title="x").description
    )


def test_wrong_arguments_are_refused(theta, labels, limits):
    with pytest.raises(ValueError, match=r"shape \(2000, 8\), expected \(n, 7\)"):
        pairplot(theta, labels[:7], limits[:7], title=TITLE)
    with pytest.raises(ValueError, match="low < high"):
        pairplot(theta, labels, limits[:, ::-1], title=TITLE)
    with pytest.raises(ValueError, match=r"'truth' has shape \(3,\), expected \(8,\)"):
        pairplot(theta, labels, limits, title=TITLE, truth=[1, 2, 3])
    with pytest.raises(ValueError, match="expected names among"):
        pairplot(theta, labels, limits, title=TITLE, roles={"mode": "sample"})
    with pytest.raises(ValueError, match="role is 'good', expected one of observed"):
        pairplot(theta, labels, limits, title=TITLE, points={"m": theta[0]}, roles={"m": "good"})
    with pytest.raises(ValueError, match="non-finite"):
        pairplot(theta * np.nan, labels, limits, title=TITLE)


def test_labels_and_numbers():
    assert parse("−V_T (mV)") == ("−V", "T", "mV")
    assert parse("σ (µA/cm²·ms^½)").name == "σ"
    assert number(-0.0712) == "−0.0712"
    assert number(1.5e7) == "1.50e+07"
    assert ends(50, 3000) == ("50", "3000")
    assert step_125(1.0) == 1.0


def test_an_almost_flat_density_has_no_outlines(limits, labels):
    share = np.random.default_rng(0).random((5000, 3))
    theta = limits[:3, 0] + share * np.diff(limits[:3]).T
    chart = pairplot(theta, labels[:3], limits[:3], title="Nothing is known")
    assert not any(rows and "loop" in rows[0] for rows in datasets(chart))


def test_many_parameters_scroll_in_their_own_box(theta, labels, limits):
    wide = pairplot(theta, labels, limits, title=TITLE).to_dict()
    narrow = pairplot(theta[:, :4], labels[:4], limits[:4], title=TITLE).to_dict()
    assert "wide" in {layer.get("name") for layer in wide["layer"]}
    assert "wide" not in {layer.get("name") for layer in narrow["layer"]}


def test_other_samples_stand_below_the_diagonal(theta, labels, limits):
    theta, limits = theta[:, 4:7], limits[4:7]
    other = theta + 0.05 * np.diff(limits).T
    chart = pairplot(
        theta, labels[4:7], limits, title=TITLE, name="network", beside={"counted": other}
    )
    maps = [rows for rows in datasets(chart) if rows and "c" in rows[0]]
    assert {len(rows) for rows in maps} == {3}
    grid, place = Grid.of(3), ("x", "y2")
    corner = [grid.box(0, 1)[end] for end in place]
    below = next(p for rows in maps for p in rows if [p[end] for end in place] == corner)
    steps = np.array([ALPHABET.index(c) for c in below["c"]]).reshape(grid.bins, grid.bins)
    expected = density(other[:, [0, 1]], limits[[0, 1]], grid.bins)
    assert np.abs(steps / 63 * below["peak"] - expected).max() <= expected.max() / 100
    assert "Below the diagonal counted: τ_max" in chart.description
    svg = drawn(chart)
    assert "network, above the diagonal" in svg
    assert "counted, below the diagonal" in svg


def test_a_window_keeps_the_prior_at_its_height(theta, labels, limits):
    theta, limits = theta[:, 4:6], limits[4:6]
    window = limits[:, :1] + np.diff(limits) * [0.25, 0.75]
    whole, part = (
        pairplot(theta, labels[4:6], limits, title=TITLE, window=shown) for shown in (None, window)
    )
    for chart, share in ((whole, 1.0), (part, 0.5)):
        rows = next(r for r in datasets(chart) if r and "c" in r[0])
        shown = limits if share == 1 else window
        peak = density(theta[:, [1, 0]], shown[[1, 0]], Grid.of(2).bins).max()
        assert rows[0]["peak"] == pytest.approx(peak / share**2, rel=1e-3)
    svg = drawn(part)
    assert f">{ends(*window[1])[0]}<" in svg
