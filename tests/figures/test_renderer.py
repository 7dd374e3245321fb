"""A chart becomes HTML that needs nothing from the network, and brings the scripts once."""

import json

import altair as alt
import pytest

from mechfit.figures import renderer


@pytest.fixture
def anew(monkeypatch):
    """A kernel that has not shown a chart yet."""
    monkeypatch.delenv("MECHFIT_CHART_SCRIPTS", raising=False)
    monkeypatch.setattr(renderer, "_count", iter(range(9)))


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
    sent = text.split(", ", 1)[1].rsplit(", {", 1)[0].replace("<\\/", "</")
    assert json.loads(sent) == spec
