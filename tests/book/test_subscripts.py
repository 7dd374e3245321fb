"""Charts set the subscripts of symbols lower, now and when they are drawn again."""

import altair as alt
import pytest
from builtbook import open_page
from test_follow import page_of

from mechfit.figures.labels import marked_up

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("follow")]

ROWS = alt.Data(values=[{"a": 1, "b": 2, "said": "ḡ_Na & ḡ_K"}])
MENU = alt.param(
    "name", "V_T", bind=alt.binding_select(options=["V_T", "rest_mean", "τ_max"], name="E_l or")
)
POINTS = alt.Chart(ROWS, height=120, width=600).add_params(MENU)
POINTS = POINTS.mark_point(size=400, filled=True).encode(
    x=alt.X("a:Q", title="ḡ_Na,dend (mS/cm²)"),
    y=alt.Y("b:Q", title=["−V_T", "(mV)"]),
    tooltip=[alt.Tooltip("said:N", title="V_½")],
)
TURNS = alt.Chart(ROWS).mark_text(dx=90).encode(x="a:Q", y="b:Q", text=alt.value(alt.expr("name")))
TEXTS = """() => [...document.querySelectorAll('svg.marks text')]
  .map(text => [text.textContent, [...text.querySelectorAll('.sub')].map(sub => sub.textContent)])
  .filter(([words]) => words.includes('_'))"""
PLACES = """words => {
  const text = [...document.querySelectorAll('svg.marks text')]
    .find(text => text.textContent.startsWith(words));
  const box = text.getBBox(), inside = [];
  for (const span of text.querySelectorAll('tspan')) {
    const at = text.textContent.indexOf(span.textContent);
    const {y, height} = text.getExtentOfChar(at);
    inside.push([span.textContent, y + height, height]);
  }
  return inside;
}"""
WORDS = [
    "ḡ_Na (mS/cm²)", "ḡ_Na,dend, ḡ_K", "rest_mean", "−V_T", "V_½ & g_l < 1", "a_b_c", "x_", "_x",
    "τ_max", "g\u0304_Na", "2_a", "x_o",
]  # fmt: skip


@pytest.fixture
def tab(browser, tmp_path):
    words = {"title": "What g_M and E_leak tell of each other", "description": "g_M and E_leak"}
    chart = (POINTS + TURNS).properties(**words)
    opened = open_page(browser, page_of(tmp_path, {"it": chart.to_dict()}).as_uri(), "file://")
    yield opened.tab
    assert not opened.errors
    opened.tab.close()


def drawn(tab) -> dict[str, list[str]]:
    return dict(tab.evaluate(TEXTS))


def test_the_words_of_a_chart_have_subscripts(tab):
    expected = {
        "What g_M and E_leak tell of each other": ["M", "leak"],
        "ḡ_Na,dend (mS/cm²)": ["Na,dend"],
        "−V_T(mV)": ["T"],
        "V_T": ["T"],
    }
    assert drawn(tab) == expected
    described = tab.locator("[role=graphics-document]")
    assert described.get_attribute("aria-label") == "g_M and E_leak"
    assert tab.locator(".vega-bind-name").inner_html() == "E<sub>l</sub> or"


def test_a_subscript_stands_lower_and_what_follows_does_not(tab):
    (_, line, _), (_, low, small), (_, after, full) = tab.evaluate(PLACES, "ḡ_Na,dend")
    assert small == pytest.approx(0.75 * full, rel=0.1)
    assert low > after - 0.25 * full + 0.22 * 12


def test_it_stays_so_when_a_chart_is_drawn_again(tab):
    menu = tab.locator("select")
    for option, found in (("τ_max", ["max"]), ("V_T", ["T"])):
        menu.select_option(label=option)
        tab.wait_for_function(f"{TEXTS[6:]}.some(([words]) => words === '{option}')")
        assert drawn(tab)[option] == found
    menu.select_option(label="rest_mean")
    tab.wait_for_function(f"!{TEXTS[6:]}.some(([words]) => words === 'V_T')")
    assert drawn(tab)["rest_mean"] == []
    tab.set_viewport_size({"width": 390, "height": 800})
    tab.wait_for_timeout(700)
    told = drawn(tab)
    assert ["M", "leak"] in told.values()
    assert told["ḡ_Na,dend (mS/cm²)"] == ["Na,dend"]


def test_a_tooltip_has_them_too(tab):
    box = tab.locator("svg.marks .mark-symbol path").first.bounding_box()
    tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    tip = tab.locator("#vg-tooltip-element table")
    tip.wait_for()
    assert "V<sub>½</sub>" in tip.inner_html()
    assert "ḡ<sub>Na</sub> &amp; ḡ<sub>K</sub>" in tip.inner_html()


def test_scripts_and_package_have_one_rule(tab):
    told = tab.evaluate("words => words.map(mechfitSubscripts.html)", WORDS)
    assert [text.replace("&gt;", ">") for text in told] == [marked_up(words) for words in WORDS]
