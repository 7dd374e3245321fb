"""Choosing a posterior sample shows its trace, with the mouse and with the keyboard."""

import pytest
from builtbook import open_page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("samples")]

CHAPTER = "book/inference/hodgkin-huxley-posterior"
CHART = '.vega-embed[aria-label*="Click a sample"]'


@pytest.fixture(scope="module", params=["http", "file"])
def chart(request, browser, site, html):
    home = site if request.param == "http" else html.as_uri()
    page = open_page(browser, f"{home}/{CHAPTER}.html", home)
    found = page.tab.locator(CHART).first
    assert found.count() == 1, 'no chart whose description contains "Click a sample"'
    found.scroll_into_view_if_needed()
    yield found
    page.tab.close()


def lines(chart) -> list[str]:
    return chart.evaluate(
        "chart => [...chart.querySelectorAll('.mark-line path')].map(p => p.getAttribute('d'))"
    )


def wait_for_other_lines(chart, before) -> None:
    for _ in range(80):
        if lines(chart) != before:
            return
        chart.page.wait_for_timeout(25)
    pytest.fail("the traces did not change")


def click_sample(chart, index: int) -> None:
    chart.locator("g.mark-symbol path").nth(index).click(force=True)


def test_click_changes_the_trace(chart):
    before = lines(chart)
    click_sample(chart, 5)
    wait_for_other_lines(chart, before)
    chosen = lines(chart)
    click_sample(chart, 20)
    wait_for_other_lines(chart, chosen)


def test_its_slider_changes_the_trace(chart):
    slider = chart.locator(".vega-bind input[type=range]").first
    assert slider.count() == 1, "no slider to choose a sample without the mouse"
    before = lines(chart)
    slider.focus()
    chart.page.keyboard.press("ArrowRight")
    wait_for_other_lines(chart, before)
