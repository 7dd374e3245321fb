"""Every page in a headless browser: offline, quiet, fitting, described, accessible, alive."""

import json
import os
from pathlib import Path

import axe_playwright_python.base
import pytest
from builtbook import open_page, pages

pytestmark = pytest.mark.browser

LOADS = [
    pytest.param((page, width), marks=pytest.mark.xdist_group(f"{page}-{width}"))
    for page in pages()
    for width in (1280, 390)
]
SCHEMES = ("light", "dark")
AXE_RUN = """async parts => (await axe.run(parts, {resultTypes: ['violations'], preload: false}))
  .violations
  .filter(v => ['serious', 'critical'].includes(v.impact))
  .map(v => v.id + ': ' + v.nodes.map(n => n.target.join(' ') + ' ' + n.html.slice(0, 120)))"""

# A page has the same rules at both widths and the same colors in a scheme: the whole of it is read
# once in each scheme and at each width, in the other two views what only one width shows.
WHOLE, AROUND = [["html"]], [[".bd-header"], [".bd-sidebar"], [".bd-header-article"]]

SCROLLS = {".bd-sidebar", ".bd-toc"}
SCROLLS_ON_A_PHONE = {"div.highlight pre", "div.math mjx-container", "div.math", "pre"}
SCROLLS_ON_A_PHONE |= {".pst-scrollable-table-container"}
SCROLLERS = """meant => [...document.querySelectorAll('body *')].filter(box => {
  const style = getComputedStyle(box), scrolls = way => ['auto', 'scroll'].includes(way);
  const wide = scrolls(style.overflowX) && box.scrollWidth > box.clientWidth + 1;
  const high = scrolls(style.overflowY) && box.scrollHeight > box.clientHeight + 1;
  return (wide || high) && box.getClientRects().length &&
    !meant.some(selector => box.matches(selector));
}).map(box => `<${box.tagName} class="${box.getAttribute('class')}"> ` +
  box.textContent.trim().slice(0, 60))"""

# Sets every input of every chart to each end of its range and looks whether the drawing changes.
DEAD_INPUTS = """async () => {
  const drawn = chart => chart.querySelector('svg.marks').innerHTML;
  const changes = async (chart, before) => {
    for (let tries = 0; tries < 400; tries++) {
      await new Promise(r => setTimeout(r, 25));
      if (drawn(chart) !== before) return true;
    }
    return false;
  };
  const dead = [];
  for (const chart of document.querySelectorAll('.vega-embed')) {
    for (const input of chart.querySelectorAll('.vega-bind input, .vega-bind select')) {
      const name = input.closest('.vega-bind').textContent.trim().slice(0, 40);
      if (input.type === 'checkbox' || input.type === 'radio') {
        const before = drawn(chart), was = input.checked;
        input.click();
        if (input.checked === was || !await changes(chart, before)) dead.push(name);
        continue;
      }
      const start = input.value;
      const ends = input.tagName === 'SELECT'
        ? [...input.options].map(option => option.value) : [input.min, input.max];
      let alive = false;
      for (const end of ends.filter(end => end !== start)) {
        const before = drawn(chart);
        input.value = end;
        for (const event of ['input', 'change']) {
          input.dispatchEvent(new Event(event, {bubbles: true}));
        }
        alive = await changes(chart, before);
        if (alive) break;
      }
      if (!alive) dead.push(name);
      input.value = start;
      for (const event of ['input', 'change']) {
        input.dispatchEvent(new Event(event, {bubbles: true}));
      }
    }
  }
  return dead;
}"""


@pytest.fixture(scope="module", params=LOADS, ids=lambda load: f"{load[0]}-{load[1]}")
def opened(request, browser, site):
    """One load of a page at one width serves all its tests."""
    name, width = request.param
    page = open_page(browser, f"{site}/{name}.html", site, width)
    page.name = f"{name.replace('/', '-')}-{width}"
    yield page
    page.tab.close()


@pytest.fixture(scope="module", params=SCHEMES)
def shown(request, opened):
    """The page in one scheme."""
    opened.show(request.param)
    if folder := os.environ.get("BOOK_SCREENSHOTS"):
        picture = Path(folder) / f"{opened.name}-{request.param}.png"
        opened.tab.screenshot(path=picture, full_page=True)
    return opened


def test_fits_the_window(shown):
    too_wide = shown.tab.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert too_wide <= 0, f"scrolls sideways by {too_wide} px"


def test_accessible(shown):
    if shown.tab.evaluate("typeof axe === 'undefined'"):
        shown.tab.evaluate(axe_playwright_python.base.AXE_SCRIPT)
    whole = (shown.width > 1000) == (shown.scheme == "light")
    violations = shown.tab.evaluate(AXE_RUN, {"include": WHOLE if whole else AROUND})
    assert not violations, "\n".join(violations)


def test_charts_are_drawn_and_described(opened):
    assert opened.empty_charts == 0
    nameless = opened.tab.evaluate(
        """[...document.querySelectorAll('.vega-embed svg.marks')].filter(drawing =>
             !drawing.closest('[role="graphics-document"][aria-label]') &&
             !drawing.querySelector('[role="graphics-document"][aria-label]')).length"""
    )
    assert nameless == 0, f"{nameless} charts without a description"
    no_alt = opened.tab.evaluate(
        "[...document.querySelectorAll('article img:not([alt]), article img[alt=\"\"]')]"
        ".map(image => image.src)"
    )
    assert no_alt == []


def test_only_what_is_meant_to_scrolls(opened):
    meant = SCROLLS | (SCROLLS_ON_A_PHONE if opened.width < 1000 else set())
    found = opened.tab.evaluate(SCROLLERS, sorted(meant))
    assert found == [], "\n".join(found)


def test_every_input_moves_its_chart(opened):
    # the result is fetched from the page: the promise of a long evaluation may be collected
    opened.tab.evaluate(f"() => {{ ({DEAD_INPUTS})().then(dead => {{ window.dead = dead }}) }}")
    opened.tab.wait_for_function("() => window.dead !== undefined")
    assert opened.tab.evaluate("() => window.dead") == []


def test_no_outside_request_and_no_error(opened):
    assert opened.outside == []
    assert opened.errors == []


@pytest.mark.parametrize("page", pages())
def test_works_from_a_folder(page, browser, html):
    opened = open_page(browser, (html / f"{page}.html").as_uri(), "file://")
    try:
        assert opened.empty_charts == 0
        assert opened.outside == []
        assert opened.errors == []
    finally:
        opened.tab.close()


def test_front_door_leads_home(browser, site):
    tab = browser.new_page()
    tab.goto(f"{site}/index.html")
    tab.wait_for_url(f"{site}/{pages()[0]}.html")
    assert "mechfit" in tab.title()
    tab.close()


def test_footer_tells_version_license_and_citation(html):
    project = (html / f"{pages()[0]}.html").read_text(encoding="utf-8")
    footer = project[project.index("extra_footer") :]
    for words in ("mechfit 0.", "MIT", "CC BY 4.0", "how to cite"):
        assert words in footer
    assert json.dumps("https://github.com/executablebooks/jupyter-book") not in project
