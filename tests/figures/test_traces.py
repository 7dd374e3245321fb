"""Traces, samples, explorer, predictive checks and history refuse nonsense and tell the facts."""

import numpy as np
import pytest
import vl_convert

from book.figures.parameter_explorer import parameter_explorer
from mechfit.figures import (
    history,
    pairs_to_traces,
    predictive,
    samples_to_traces,
    traces,
)
from tests.figures.drawing import drawn

TITLE = "What to see"


def test_rows_share_their_scale_and_name_their_traces(time, trace):
    chart = traces(
        time,
        {"cell": trace, "model": trace + 20},
        rows=[["cell", "model"], ["model"]],
        title=TITLE,
    )
    rows = chart.to_dict()["vconcat"][:2]
    lines = [layer for row in rows for layer in row["layer"]]
    assert len(lines) == 3
    assert len({tuple(u["encoding"]["y"]["scale"]["domain"]) for u in lines}) == 1
    assert len({row["height"] for row in rows}) == 1
    svg = drawn(chart)
    assert svg.count(">model<") == 2
    assert ">20 mV<" in svg
    assert ">20 ms<" in svg
    assert f"cell, from −{abs(trace.min()):.3g} to {trace.max():.3g} mV" in chart.description


@pytest.mark.parametrize("constant", [0.0, -70.0])
def test_a_flat_trace_is_drawn(time, constant):
    svg = drawn(traces(time, {"a": 0 * time + constant}, title=TITLE, stimulus=0 * time))
    assert "NaN" not in svg


def test_wrong_traces_are_refused(time, trace):
    with pytest.raises(ValueError, match="voltage is empty"):
        traces(time, {}, title=TITLE)
    with pytest.raises(ValueError, match=r"'a' has shape \(5,\), expected \(12001,\)"):
        traces(time, {"a": trace[:5]}, title=TITLE)
    with pytest.raises(ValueError, match="rows names"):
        traces(time, {"a": trace}, title=TITLE, rows=[["b"]])
    with pytest.raises(ValueError, match=r"stimulus has shape \(3,\)"):
        traces(time, {"a": trace}, title=TITLE, stimulus=[1, 2, 3])


def test_samples_must_belong_together(time, trace, theta, labels, limits):
    few = np.stack([trace] * 4)
    with pytest.raises(ValueError, match=r"theta has shape \(5, 8\)"):
        samples_to_traces(theta[:5], labels, few, time, title=TITLE)
    with pytest.raises(ValueError, match="axes are"):
        samples_to_traces(theta[:4], labels, few, time, title=TITLE, axes=(0, 8))
    with pytest.raises(ValueError, match="low < high"):
        samples_to_traces(theta[:4], labels, few, time, title=TITLE, limits=limits[:, ::-1])
    with pytest.raises(ValueError, match="observed"):
        samples_to_traces(theta[:4], labels, few, time, title=TITLE, observed=few)


def test_the_first_sample_shows_at_once(time, trace, theta, labels):
    few = np.stack([trace, trace + 5])
    svg = drawn(samples_to_traces(theta[:2], labels, few, time, title=TITLE))
    assert ">sample 1<" in svg
    assert f">{theta[0, 4]:.0f} ms<" in svg


def test_a_pairplot_fires_and_conditions(time, trace, theta, labels, limits):
    few, how = np.stack([trace, trace + 5, trace - 5]), {"title": TITLE, "limits": limits}
    chart = pairs_to_traces(theta[:3], labels, few, time, samples=theta, **how)
    assert ">2,000 of 2,000 draws meet the condition<" in drawn(chart)
    assert ">sample 3<" in drawn(chart, chosen={"sample": 3})
    share = (theta[:, 1] - limits[1, 0]) / np.ptp(limits[1])
    left = ((share >= 0.2) & (share <= 0.4)).sum()
    svg = drawn(chart, given=1, given_low=20, given_high=40)
    assert abs(int(svg.split(" of 2,000 draws")[0].rpartition(">")[2].replace(",", "")) - left) < 3
    with pytest.raises(ValueError, match=r"voltage has shape \(2, 12001\)|theta has shape"):
        pairs_to_traces(theta[:3], labels, few[:2], time, **how)


def test_the_explorer_selects_the_right_trace(time):
    a, b = np.array([1.0, 2.0, 3.0]), np.array([0.1, 0.2])
    voltage = (10 * a[:, None] + 100 * b)[..., None] * np.sin(time / 9)
    words = {"title": TITLE, "description": "Two sliders choose a trace."}
    chart = parameter_explorer({"a (mV)": a, "b": b}, time, voltage, start=(2, 1), **words)
    spec = chart.to_dict()
    sliders = {p["name"]: p for p in spec["params"] if "bind" in p}
    assert [p["value"] for p in sliders.values()] == [3.0, 0.2]
    for i, j in np.ndindex(3, 2):
        svg = drawn(spec, slider_0=a[i], slider_1=b[j])
        paths = [p.split('"')[0] for p in svg.split('d="') if p.count("L") > 300]
        spans = [
            np.ptp([float(q.split(",")[1]) for q in d[1:].replace("M", "L").split("L")])
            for d in paths
        ]
        assert len(spans) == 2
        assert spans[1] / spans[0] == pytest.approx((10 * a[i] + 100 * b[j]) / 50, rel=0.01)


def test_wrong_grids_are_refused(time):
    a, words = np.array([1.0, 2.0, 4.0]), {"title": TITLE, "description": "A trace."}
    silent = np.zeros((2, len(time)))
    with pytest.raises(ValueError, match="evenly spaced"):
        parameter_explorer({"a": a}, time, np.zeros((3, len(time))), start=[1], **words)
    with pytest.raises(ValueError, match=r"expected \(3, 't'\)"):
        parameter_explorer({"a": a}, time, silent, start=[1], **words)
    with pytest.raises(ValueError, match="start is"):
        parameter_explorer({"a": a[:2]}, time, silent, start=[2], **words)
    many = {"a": np.arange(2000)}
    with pytest.raises(ValueError, match="2000 traces, expected at most"):
        parameter_explorer(many, time[:200], np.zeros((2000, 200)), start=[1], **words)


def test_predictions_are_measured_in_prior_deviations():
    prior = np.array([[0.0, 0.0], [2.0, 200.0]])
    draws = np.array([[1.0, 100.0], [2.0, 900.0]])
    chart = predictive(draws, prior, [1.0, 100.0], ["a", "b"], units=["", "mV"], title=TITLE)
    spec = chart.to_dict()
    data = [layer["data"].get("values", []) for layer in spec["layer"]]
    [columns] = [row for values in data for row in values if isinstance(row.get("x"), list)][1:]
    assert columns["x"] == [0, 1, 0, 8]
    svg = vl_convert.vegalite_to_svg(spec)
    for said in ("1", "2", "100 mV", "900 mV"):
        assert f"predicted: {said};" in svg
    assert "b 500 mV for 100 mV" in chart.description
    assert "points beyond the axis" in drawn(chart)


def test_wrong_statistics_are_refused():
    x = np.ones((3, 2))
    with pytest.raises(ValueError, match=r"x_prior has shape \(3, 1\), expected \(n, 2\)"):
        predictive(x, x[:, :1], [1, 1], ["a", "b"], title=TITLE)
    with pytest.raises(ValueError, match="x_posterior has non-finite"):
        predictive(x * np.nan, x, [1, 1], ["a", "b"], title=TITLE)
    with pytest.raises(ValueError, match="x_o has non-finite"):
        predictive(x, x, [1, np.nan], ["a", "b"], title=TITLE)
    with pytest.raises(ValueError, match="units has 1 entries, expected 2"):
        predictive(x, x, [1, 1], ["a", "b"], units=["mV"], title=TITLE)


@pytest.mark.parametrize("epochs", [1, 2, 3000])
def test_histories_of_any_length(epochs):
    loss = np.linspace(3, 1, epochs)
    chart = history(loss, loss + 0.1, title=TITLE)
    assert f"over {epochs} epochs" in chart.description
    assert len(chart.to_json()) < 100_000
    assert f"best, epoch {epochs}" in drawn(chart)


def test_wrong_histories_are_refused():
    with pytest.raises(ValueError, match=r"validation has shape \(2,\), expected \(3,\)"):
        history([3, 2, 1], [3, 2], title=TITLE)
    with pytest.raises(ValueError, match="best is 3"):
        history([3, 2, 1], [3, 2, 1], title=TITLE, best=3)
    with pytest.raises(ValueError, match="non-finite"):
        history([3, np.nan], [3, 2], title=TITLE)
