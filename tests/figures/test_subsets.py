"""The checkboxes choose the right set, its text holds its densities, panels fit the page."""

import re

import numpy as np
import pytest

from mechfit.figures import choice_explorer, overlaid, subset_explorer
from mechfit.figures.encoding import ALPHABET
from mechfit.figures.subsets import BINS, FILLED
from mechfit.summaries.density import density
from tests.figures.drawing import drawn

NAMES = ["spike count", "it's rest", "mean"]
FLOOR = 190  # px, under the first row of panels of `overlaid`
LABELS = ["a (mV)", "−V_T (ms)", "σ"]
LIMITS = np.array([[0.0, 1.0], [10.0, 20.0], [-1.0, 1.0]])
RNG = np.random.default_rng(1)
SHARES = 0.5 + (RNG.random((2, 2, 2, 400, 3)) - 0.5) / np.moveaxis(
    1 + 3 * np.indices((2, 2, 2)), 0, -1
).reshape(2, 2, 2, 1, 3)
SAMPLES = LIMITS[:, 0] + SHARES * np.diff(LIMITS).ravel()
PARTS = {"spike count": 0, "it's rest": 1, "mean": 2}


def explorer(**change) -> dict:
    words = {"samples": SAMPLES, "names": NAMES, "labels": LABELS, "limits": LIMITS, "title": "T"}
    return subset_explorer(**{**words, **change}).to_dict()


def curves(svg: str) -> list[np.ndarray]:
    """Points (p, 2) in px of every curve."""
    paths = re.findall(r'<path d="M([^"Z]*)"[^>]*stroke="#2F80C9" stroke-width="1.7"', svg)
    return [np.array(re.findall(r"(-?[\d.e-]+),(-?[\d.e-]+)", p), float) for p in paths]


def test_the_text_holds_the_densities_of_every_set():
    rows = explorer()["datasets"]["sets"]
    assert [row["k"] for row in rows] == list(range(8))
    for row in rows:
        draws = SAMPLES[tuple(int(b) for b in f"{row['k']:03b}")]
        read = np.array([ALPHABET.index(c) for c in row["c"]]).reshape(3, BINS) / 63
        for j in range(3):
            true = density(draws[:, [j]], LIMITS[[j]], BINS)
            assert row["p"][j] * max(true.max(), 1) == pytest.approx(FILLED, rel=1e-3)
            assert read[j] / row["p"][j] == pytest.approx(true, abs=0.6 / 63 / row["p"][j])
            width = 100 * draws[:, j].std() / (np.ptp(LIMITS[j]) / np.sqrt(12))
            assert abs(row["w"][j] - width) <= 0.5


@pytest.mark.parametrize("known", [(0, 0, 0), (1, 0, 0), (0, 1, 1), (1, 1, 1)])
def test_the_checkboxes_choose_the_set(known):
    svg = drawn(explorer(), **{f"known_{i}": bool(b) for i, b in enumerate(known)})
    assert f"{sum(known)} of 3 known" in svg
    paths = curves(svg)
    assert [len(p) for p in paths] == [BINS + 2] * 3
    for j, path in enumerate(paths):
        true = density(SAMPLES[known][:, [j]], LIMITS[[j]], BINS)
        heights = path[:, 1].max() - path[1:-1, 1]
        assert np.corrcoef(heights, true)[0, 1] > 0.999 or np.ptp(true) < 0.5
    said = [int(n) for n in re.findall(r">(\d+) %<", svg)]
    assert said == explorer()["datasets"]["sets"][int("".join(map(str, known)), 2)]["w"]


def test_boxes_and_words_tell_what_they_do():
    spec = explorer(start=["mean"], truth=LIMITS.mean(1))
    boxes = [p for p in spec["params"] if "bind" in p]
    assert [p["bind"] for p in boxes] == [{"input": "checkbox", "name": n} for n in NAMES]
    assert [p["value"] for p in boxes] == [False, False, True]
    first, last = (spec["datasets"]["sets"][k]["w"] for k in (1, 7))
    assert f"−V_T {first[1]} and {last[1]}" in spec["description"]
    assert "truth" in drawn(spec)
    assert explorer(description="In my words.")["description"] == "In my words."


def test_seven_boxes_and_eight_parameters_stay_small():
    limits = np.tile([[0.0, 1.0]], (8, 1))
    samples = RNG.random((*(2,) * 7, 50, 8))
    names, labels = [f"statistic {i}" for i in range(7)], [f"p_{i} (mV)" for i in range(8)]
    chart = subset_explorer(samples, names, labels, limits, title="T", truth=limits.mean(1))
    assert len(chart.to_json(indent=None).encode()) < 150_000


def over(**change) -> dict:
    named = {
        "1 feature": SAMPLES[0, 0, 0],
        "4 features": SAMPLES[1, 0, 0, :300],
        "7 features": SAMPLES[1, 1, 1],
    }
    words = {"named": named, "labels": LABELS, "limits": LIMITS, "title": "T"}
    return overlaid(**{**words, **change}).to_dict()


def test_curves_over_each_other_keep_their_areas():
    spec = over(truth=LIMITS.mean(1))
    svg = drawn(spec)
    paths = curves(svg)
    assert len(paths) == 9
    for j in range(3):
        areas = [np.trapezoid(FLOOR - p[:, 1], p[:, 0]) for p in paths[j:9:3]]
        assert areas[1:] == pytest.approx(areas[:1] * 2, rel=0.03)
    dashes = set(re.findall(r'stroke="#2F80C9"[^>]*stroke-dasharray="([^"]*)"', svg))
    assert {"2,2", "7,3"} <= dashes
    assert "7 features: a 0." in spec["description"]
    assert "−V_T 1" in spec["description"]


@pytest.mark.parametrize("make", [explorer, over])
@pytest.mark.parametrize(("page", "least", "most"), [(630, 460, 640), (334, 280, 350)])
def test_panels_fit_wide_and_narrow_pages(make, page, least, most):
    svg = drawn(make(), page=page)
    width, height = (
        float(svg.split(f'{side}="')[1].split('"')[0]) for side in ("width", "height")
    )
    assert least < width <= most
    assert height < 480


@pytest.mark.parametrize(
    ("make", "change", "message"),
    [
        (explorer, {"names": []}, "got 0 statistics, expected 1 to 7"),
        (explorer, {"names": list("abcdefgh")}, "got 8 statistics"),
        (explorer, {"start": ["spikes"]}, r"start names \['spikes'\], expected names among"),
        (explorer, {"samples": SAMPLES[0]}, r"samples has shape \(2, 2, 400, 3\), expected"),
        (explorer, {"samples": SAMPLES * np.nan}, "samples has non-finite values"),
        (explorer, {"truth": [1.0]}, r"truth has shape \(1,\), expected \(3,\)"),
        (explorer, {"title": ""}, "title is empty"),
        (over, {"named": {}}, "got 0 posteriors, expected 1 to 3"),
        (over, {"named": {"a": SAMPLES[0, 0, 0, :, :2]}}, r"'a' has shape \(400, 2\)"),
        (over, {"limits": LIMITS[:, ::-1]}, "with low < high"),
    ],
)
def test_clear_errors(make, change, message):
    with pytest.raises(ValueError, match=message):
        make(**change)


def test_a_menu_chooses_a_posterior(labels, limits):
    limits = limits[:2]
    half = limits[:, 0] + 0.5 * np.random.default_rng(1).random((400, 2)) * np.diff(limits).T
    named = {"first": half, "second": half + 0.4 * np.diff(limits).T}
    points = {name: draws[:3] for name, draws in named.items()}
    chart = choice_explorer(
        named, labels[:2], limits, title="They differ", menu="cell", points=points, point="fit"
    )
    spec = chart.to_dict()
    chosen = next(p for p in spec["params"] if p["name"] == "chosen")
    assert chosen["bind"] | {"input": "select"} == {
        "input": "select",
        "name": "cell",
        "options": [0, 1],
        "labels": ["first", "second"],
    }
    assert [row["k"] for row in spec["datasets"]["sets"]] == [0, 1]
    assert all(abs(w - 50) <= 3 for row in spec["datasets"]["sets"] for w in row["w"])
    rows = [row for layer in spec["layer"] for row in layer["data"].get("values", [])]
    ticks = [row for row in rows if {"k", "at"} <= set(row)]
    assert len(ticks) == 12
    share = (half[0, 1] - limits[1, 0]) / np.diff(limits[1])[0]
    assert any(t["at"] == pytest.approx(share, abs=1e-3) and t["i"] == 1 for t in ticks)
    assert drawn(spec, **{chosen["name"]: 0}) != drawn(spec, **{chosen["name"]: 1})
    with pytest.raises(ValueError, match=r"'first' has shape \(400, 2\), expected \(n, 1\)"):
        choice_explorer(named, labels[:1], limits[:1], title="x", menu="cell")
