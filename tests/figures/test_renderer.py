"""A chart becomes HTML that needs nothing from the network, and brings the scripts once."""

import json
from types import SimpleNamespace

import altair as alt
import pytest

from mechfit.figures import renderer


@pytest.fixture
def anew(monkeypatch):
    """A kernel that has not shown a chart yet."""
    monkeypatch.delenv("MECHFIT_CHART_SCRIPTS", raising=False)
    monkeypatch.setattr(renderer, "_cells", [])


def chart(text: str = "a") -> alt.Chart:
    return alt.Chart(alt.Data(values=[{"a": text}])).mark_text().encode(text="a:N")


def html() -> str:
    return chart()._repr_mimebundle_()["text/html"]


def test_the_first_chart_of_a_kernel_brings_the_scripts(anew):
    first, second = html(), html()
    assert "vegaEmbed" in first
    assert "mechfitDraw = function" in first
    assert len(second) < 10_000
    assert "mechfitDraw(" in second


def test_the_cell_of_the_first_chart_brings_them_again(anew, monkeypatch):
    shell = SimpleNamespace(user_ns={"In": ["", "first"]})
    monkeypatch.setattr(renderer, "get_ipython", lambda: shell)
    assert "vegaEmbed" in html()
    shell.user_ns["In"].append("second")
    assert "vegaEmbed" not in html()
    shell.user_ns["In"].append("first")
    assert "vegaEmbed" in html()


def test_a_page_that_has_the_scripts_gets_none(anew, monkeypatch):
    monkeypatch.setenv("MECHFIT_CHART_SCRIPTS", "page")
    assert "vegaEmbed" not in html()


def test_nothing_is_fetched():
    assert "src=" not in renderer.chart_scripts()[-20_000:]
    assert "cdn" not in html()


def test_words_cannot_end_the_script():
    spec = chart("</script><b>").to_dict()
    text = renderer.render(spec)["text/html"].rpartition("mechfitDraw(")[2]
    assert text.count("</script") == 1
    sent = json.loads(text.split(", ", 1)[1].rsplit(", {", 1)[0].replace("<\\/", "</"))
    assert sent["data"] == spec["data"]


def test_the_theme_is_carried_by_the_scripts():
    spec = chart().configure_axis(labelFontSize=20).to_dict()
    assert spec["config"]["legend"]["offset"] == 2
    short, options = renderer.looked_up(spec)
    assert options["look"]
    assert short["config"].keys() == {"axis"}
    assert short["config"]["axis"]["labelFontSize"] == 20
    assert short["config"]["axis"]["titleFontSize"] == 12
    script = renderer.chart_scripts().rpartition("window.mechfitLook = ")[2].splitlines()[0]
    look = json.loads(script.removesuffix(";"))
    assert look["config"] | short["config"] == spec["config"]
    assert ".vega-embed" in look["style"]
    other = spec | {"config": {"background": "white"}}
    assert renderer.looked_up(other)[0] == other
    assert "look" not in renderer.looked_up(other)[1]


def test_rows_that_two_marks_draw_are_carried_once():
    rows, few = [{"a": k} for k in range(20)], [{"b": 0}]
    each = [{"data": {"values": list(v)}, "mark": "point"} for v in (rows, few, rows, few)]
    spec = {"layer": [*each, {"encoding": {"x": {"axis": {"values": [1, 2]}}}}]}
    before = json.dumps(spec)
    shared = renderer.carried_once(spec)
    assert json.dumps(spec) == before
    assert shared["datasets"] == {"rows-0": rows}
    assert [layer["data"] for layer in shared["layer"][:4]] == [
        {"name": "rows-0"},
        {"values": few},
        {"name": "rows-0"},
        {"values": few},
    ]
    assert shared["layer"][4] == spec["layer"][4]
