"""Charts follow the width of their page, and of its changes, in a page without a network."""

from pathlib import Path

import altair as alt
import pytest
from builtbook import open_page

from mechfit.figures import renderer
from mechfit.figures.parts import heading

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("follow")]

ROWS = alt.Data(values=[{"a": i % 7, "b": i} for i in range(50)])
WORDS = "Words above a view that are a little wider than a phone is"
LONG = "A sentence that says what to see and is longer than a narrow page can hold in one line"


def view(width: int, height: int) -> alt.Chart:
    return alt.Chart(ROWS, width=width, height=height).mark_line().encode(x="b:Q", y="a:Q")


CHARTS = {
    "single": view(600, 120),
    "equal": alt.vconcat(view(600, 90), view(600, 90).encode(y=alt.Y("a:Q", axis=None))),
    "row": view(300, 100) | view(300, 80),
    "nested": alt.vconcat(view(240, 240) | alt.vconcat(view(360, 60), view(360, 60))),
    "grid": alt.concat(*[view(70, 70).encode(x=alt.X("b:Q", axis=None))] * 6, columns=3),
    "words": alt.vconcat(view(300, 100).properties(title=heading(WORDS))),
}
VIEWS = """name => [...document.querySelectorAll(`#${name} g.role-scope path.background`)]
  .map(path => path.getBoundingClientRect()).filter(box => box.width > 1)
  .map(box => [box.x, box.y, box.width, box.height])"""


def page_of(folder, specs) -> Path:
    """Write a page of charts by name, like one of the book."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MECHFIT_CHART_SCRIPTS", "page")
        drawn = {name: renderer.render(spec) for name, spec in specs.items()}
    body = "".join(f'<div id="{n}">{bundle["text/html"]}</div>' for n, bundle in drawn.items())
    text = f"<!doctype html><script>{renderer.chart_scripts()}</script>{body}"
    path = folder / "page.html"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def page(browser, tmp_path_factory):
    specs = {name: chart.properties(title=LONG).to_dict() for name, chart in CHARTS.items()}
    path = page_of(tmp_path_factory.mktemp("follow"), specs)
    tab = browser.new_page(viewport={"width": 900, "height": 900})
    tab.goto(path.as_uri())
    yield tab
    tab.close()


@pytest.fixture(scope="module", params=[1280, 390, 700])
def width(request, page) -> int:
    """The same page at one width after the other: each follows a resize."""
    page.set_viewport_size({"width": request.param, "height": 900})
    page.wait_for_timeout(700)
    return request.param


@pytest.mark.parametrize("name", [name for name in CHARTS if name != "words"])
def test_it_fills_the_page_and_no_more(page, width, name):
    drawn, given = page.evaluate(
        """name => { const box = document.querySelector(`#${name} .mechfit-chart`);
          return [+box.querySelector('svg.marks').getAttribute('width'), box.clientWidth]; }""",
        name,
    )
    assert min(given, 800) - 8 <= drawn <= min(given, 800) + 2


def test_rows_stack_on_a_narrow_page(page, width):
    (_, y1, *_), (_, y2, *_) = page.evaluate(VIEWS, "row")
    assert (y2 > y1 + 50) == (width < 500)


def test_squares_stay_square_and_grids_grids(page, width):
    _, _, wide, high = page.evaluate(VIEWS, "nested")[0]
    assert wide == pytest.approx(high, abs=1)
    tops = {round(y) for _, y, *_ in page.evaluate(VIEWS, "grid")}
    assert len(tops) == 2


def test_words_wider_than_the_page_do_not_squeeze_a_view(page, width):
    _, _, wide, _ = page.evaluate(VIEWS, "words")[0]
    assert wide > 0.6 * min(width, 800)


def test_a_chart_that_cannot_be_drawn_says_so(browser, tmp_path):
    """In the chart's place and as an error of the page, whenever it fails; others are drawn."""
    good = view(300, 100).to_dict()
    specs = {
        "mark": good | {"mark": "sculpture"},
        "expression": view(300, 100).transform_calculate(a="datum.none.deep").to_dict(),
        "width": view(300, 100).transform_filter("page && datum.none.deep").to_dict()
        | {"params": [{"name": "page", "value": 0}]},
        "good": good,
    }
    opened = open_page(browser, page_of(tmp_path, specs).as_uri(), "file://", patience=40)
    said = {n: opened.tab.locator(f"#{n} .mechfit-chart").inner_text() for n in specs}
    opened.tab.close()
    assert [n for n in specs if said[n].startswith("This chart could not be drawn: ")] == [
        "mark",
        "expression",
        "width",
    ]
    assert opened.empty_charts == 3
    assert len(opened.errors) == 3


def test_charts_that_come_before_the_scripts_wait_for_them(browser):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MECHFIT_CHART_SCRIPTS", "page")
        early = renderer.render(view(300, 90).to_dict())["text/html"]
    tab = browser.new_page()
    tab.set_content(f"<!doctype html>{early}")
    assert "Run the first chart" in tab.locator(".mechfit-chart").inner_text()
    tab.add_script_tag(content=renderer.chart_scripts())
    tab.wait_for_selector(".mechfit-chart svg.marks")
    assert "Run the first chart" not in tab.locator(".mechfit-chart").inner_text()
    tab.close()


def test_what_is_on_sight_is_drawn_first_and_what_is_nearest_next(browser, tmp_path):
    names = "far", "hidden", "near", "top"
    path = page_of(tmp_path, dict.fromkeys(names, view(300, 90).to_dict()))
    order = """<style>body { display: flex; flex-direction: column-reverse; }
      #far, #near { padding-top: 3000px; } #hidden { display: none; }</style>
      <script>window.order = [];
      new MutationObserver(() => document.querySelectorAll("svg.marks").forEach(svg => {
        const name = svg.closest("[id^=chart-]").parentElement.id;
        if (!order.includes(name)) order.push(name);
      })).observe(document, {childList: true, subtree: true});</script>"""
    text = path.read_text(encoding="utf-8").replace("<script>", f"{order}<script>", 1)
    path.write_text(text, encoding="utf-8")
    opened = open_page(browser, path.as_uri(), "file://", patience=40)
    opened.tab.wait_for_function("order.length == 4")
    assert opened.tab.evaluate("order") == ["top", "near", "far", "hidden"]
    opened.tab.close()
