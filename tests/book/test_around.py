"""What is around the chapters: definitions beside terms, the search, links of equations."""

import json
import re

import pytest
from builtbook import open_page
from equations import table

pytestmark = pytest.mark.browser

PAGE = "book/inference/without-a-likelihood"
TERM = 'article a.internal[href*="#term-"]'
SHOWN = "() => !document.querySelector('#definition').hidden"
HIDDEN = "() => document.querySelector('#definition').hidden"


@pytest.fixture(params=["light", "dark"])
def tab(request, browser, site):
    opened = open_page(browser, f"{site}/{PAGE}.html", site)
    opened.show(request.param)
    yield opened.tab
    assert opened.errors == []
    opened.tab.close()


def test_hovering_defines_a_term_until_the_pointer_has_left(tab):
    link, box = tab.locator(TERM).nth(1), tab.locator("#definition")
    link.hover()
    tab.wait_for_function(SHOWN)
    assert len(box.inner_text()) > 40
    assert link.get_attribute("aria-describedby") == "definition"
    box.hover()  # the definition itself can be pointed at
    tab.wait_for_timeout(500)
    assert box.is_visible()
    tab.mouse.move(2, 2)
    tab.wait_for_function(HIDDEN)
    assert link.get_attribute("aria-describedby") is None


def test_focus_defines_a_term_and_escape_dismisses(tab):
    link = tab.locator(TERM).first
    link.scroll_into_view_if_needed()
    tab.keyboard.press("Shift")  # the keyboard is in use
    link.focus()
    tab.wait_for_function(SHOWN)
    tab.keyboard.press("Escape")
    tab.wait_for_function(HIDDEN)
    assert link.evaluate("link => link === document.activeElement")
    tab.keyboard.press("Tab")
    tab.keyboard.press("Shift+Tab")
    tab.wait_for_function(SHOWN)
    tab.keyboard.press("Tab")
    assert link.get_attribute("aria-describedby") is None


def test_formulas_of_a_definition_are_typeset(tab):
    tab.locator('article a.internal[href$="#term-posterior"]').first.hover()
    tab.wait_for_selector("#definition mjx-container")
    assert "\\(" not in tab.locator("#definition").inner_text()


def test_a_page_without_formulas_typesets_those_of_a_definition(browser, html):
    tab = browser.new_page()
    tab.goto((html / "book" / "index.html").as_uri())
    assert tab.locator("script[src*='mathjax/']").count() == 0
    tab.locator('article a.internal[href$="#term-posterior"]').first.hover()
    tab.wait_for_selector("#definition mjx-container")
    tab.close()


def test_a_tap_defines_and_a_second_one_follows(browser, html):
    place = browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True)
    tab = place.new_page()
    tab.goto((html / f"{PAGE}.html").as_uri())
    link = tab.locator(TERM).first
    link.tap()
    tab.wait_for_function(SHOWN)
    edges = tab.locator("#definition").bounding_box()
    assert edges["x"] >= 0
    assert edges["x"] + edges["width"] <= 390
    width = tab.evaluate("document.documentElement.scrollWidth")
    assert width <= 390
    link.tap()
    tab.wait_for_url("**/glossary.html#term-*")
    place.close()


def test_every_linked_term_has_a_definition(tab):
    missing = tab.evaluate(
        f"[...document.querySelectorAll('{TERM}')].map(a => a.hash.slice(1))"
        ".filter(anchor => !mechfitGlossary[anchor])"
    )
    assert missing == []


@pytest.mark.parametrize(
    ("query", "room"), [("NPE", "inference"), ("misspecification", "diagnostics")]
)
def test_search_finds_names_of_the_api(query, room, browser, html):
    tab = browser.new_page()
    tab.goto(f"{(html / 'search.html').as_uri()}?q={query}")
    tab.wait_for_selector("#search-results li a")
    tab.wait_for_function("!document.querySelector('#search-progress')?.textContent")
    found = tab.locator("#search-results li a").evaluate_all(
        "links => links.map(link => link.getAttribute('href'))"
    )
    assert any(f"api/{room}.html#mechfit.inference" in link for link in found[:4]), found
    tab.close()


def test_the_download_is_a_notebook_with_outputs_that_says_what_it_needs(html):
    page = (html / f"{PAGE}.html").read_text(encoding="utf-8")
    address = re.search(r'href="([^"]+\.ipynb)"', page)[1]
    cells = json.loads((html / PAGE).parent.joinpath(address).read_text())["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert "mechfit" in "".join(code[0]["source"])
    outputs = [o for cell in code for o in cell["outputs"] if "text/html" in o.get("data", {})]
    assert len(outputs) > 1


def test_equations_and_names_link_to_each_other(html):
    pages = {p.stem: p.read_text(encoding="utf-8") for p in html.glob("book/**/*.html")}
    for label, names in table()[0].items():
        chapter = next(text for text in pages.values() if f'id="equation-{label}"' in text)
        for name in names:
            assert f'#{name}"' in chapter, f"{label} does not lead to {name}"
            entry = next(text for text in pages.values() if f'id="{name}"' in text)
            assert f'#equation-{label}"' in entry, f"{name} does not lead back to {label}"


def test_few_controls_stay_in_sight_of_a_chart_that_is_taller_than_a_phone(browser, site):
    opened = open_page(browser, f"{site}/book/geometry/compensation.html", site, width=390)
    opened.tab.set_viewport_size({"width": 390, "height": 700})
    found = opened.tab.evaluate(
        """() => [...document.querySelectorAll('.vega-embed')].filter(chart => {
             const few = chart.querySelectorAll('.vega-bind').length;
             return few && few < 5 && chart.clientHeight > innerHeight;
           }).map(chart => {
             chart.scrollIntoView({behavior: 'instant'});
             const box = chart.querySelector('.vega-bindings').getBoundingClientRect();
             return [box.top > 0, box.bottom <= innerHeight];
           })"""
    )
    assert found, "no such chart on the page"
    assert all(seen == [True, True] for seen in found)
    opened.tab.close()


def test_only_the_page_of_results_reads_the_search_index(html):
    needed = {page.name for page in html.rglob("*.html") if "searchindex.js" in page.read_text()}
    assert needed == {"search.html"}


@pytest.mark.parametrize("page", ["book/index", PAGE, "book/live/infer", "search"])
def test_every_icon_is_in_the_fonts_of_icons(page, browser, html):
    tab = browser.new_page()
    tab.goto((html / f"{page}.html").as_uri())
    missing = tab.evaluate(
        """async () => {
          const options = {willReadFrequently: true};
          const brush = document.createElement('canvas').getContext('2d', options);
          const drawn = (style, text) => {
            brush.clearRect(0, 0, 40, 40);
            brush.font = `${style.fontWeight} 20px ${style.fontFamily}`;
            brush.fillText(text, 5, 30);
            return brush.getImageData(0, 0, 40, 40).data.join();
          };
          const icons = [...document.querySelectorAll('*')].flatMap(element =>
            ['::before', '::after'].map(part => getComputedStyle(element, part)))
            .map(style => [style, style.content.slice(1, -1)])
            .filter(([, text]) => text.length === 1 && text >= '\ue000' && text <= '\uf8ff');
          for (const [style, text] of icons)
            await document.fonts.load(`${style.fontWeight} 20px ${style.fontFamily}`, text);
          return [icons.length, icons.filter(([style, text]) =>
            drawn(style, text) === drawn(style, '\uf8f0')).map(([, text]) => text.codePointAt(0))];
        }"""
    )
    assert missing[0] > 5
    assert missing[1] == []
    tab.close()
