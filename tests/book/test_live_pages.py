"""Live pictures answer: sliders, keyboard, recordings, numbers as the package's."""

import re

import numpy as np
import pytest
from builtbook import ROOT, open_page

from mechfit.inference import load
from mechfit.models import HodgkinHuxley

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("live")]

PAGES = {name: f"book/live/{name}" for name in ("infer", "features", "circuit")}
PAGES["home"] = "book/index"
UPDATES = "document.querySelector('.mechfit-live').dataset.updates"
DRAWN = """() => [...document.querySelectorAll('.mechfit-live canvas')]
  .map(canvas => canvas.toDataURL()).join()"""
ROWS = """() => [...document.querySelectorAll('.live-numbers tbody tr')]
  .map(row => [...row.children].map(cell => cell.textContent))"""
WIDTHS = "() => [...document.querySelectorAll('.live-value')].slice(7).map(v => v.textContent)"
SETS, DRAWS = 20, 2000


@pytest.fixture(scope="module")
def posterior():
    return load(ROOT / "book" / "artefacts" / "hodgkin-huxley-seven-page")


@pytest.fixture(scope="module")
def of_subsets():
    return load(ROOT / "book" / "artefacts" / "hodgkin-huxley-page")


@pytest.fixture(scope="module", params=["http", "file"])
def home(request, site, html):
    return site if request.param == "http" else html.as_uri()


@pytest.fixture
def opened(browser, home):
    """Opens pages by name; they are closed afterwards, and none may have asked outside."""
    tabs = []

    def open_it(name):
        page = open_page(browser, f"{home}/{PAGES[name]}.html", home)
        tabs.append(page)
        if name != "circuit":
            page.tab.wait_for_function(f"+{UPDATES} > 0")
            page.tab.wait_for_timeout(700)
        return page.tab

    yield open_it
    for page in tabs:
        assert page.outside == []
        assert page.errors == []
        page.tab.close()


def settled(tab, action):
    """Do something and wait until the picture has followed and told its numbers."""
    before = tab.evaluate(f"+{UPDATES}")
    action()
    tab.wait_for_function(f"before => +{UPDATES} > before", arg=before)
    tab.wait_for_timeout(800)


def number(text: str) -> float:
    return float(re.match(r"−?[\d.e−]+", text)[0].replace("−", "-"))


def agrees(tab, posterior, x):
    """The medians and intervals of the page are the package's, to within what its draws tell.

    How much quantiles vary from one set of as many draws to the next, other sets tell; numbers
    are written with three digits.
    """
    draws = posterior.at(x).sample(SETS * DRAWS, seed=5).reshape(SETS, DRAWS, 8)
    rows = tab.evaluate(ROWS)
    assert len(rows) == 8
    quantiles = np.quantile(draws, [0.05, 0.5, 0.95], axis=1)  # 3, set, parameter
    expected, varies = quantiles.mean(1).T, quantiles.std(1).T
    for (_, median, interval, _), found, spread in zip(rows, expected, varies, strict=True):
        shown = [number(part) for part in (*interval.split(" to "), median)]
        off = np.abs(np.array(shown)[[0, 2, 1]] - found)
        assert np.all(off < 4 * spread + 0.01 * np.abs(found))


def test_numbers_are_those_of_the_package(opened, posterior):
    tab, model = opened("infer"), HodgkinHuxley(precision="float64")
    x = model.statistics(model.truth, seed=1)[0]
    agrees(tab, posterior, x)
    said = tab.locator("[role=status]").text_content()
    assert f"fires {x[0]:.0f} spikes" in said
    for symbol, median, *_ in tab.evaluate(ROWS)[2:3]:
        assert f"g_l {median.split()[0]}" in said
        assert symbol == "gl"  # the subscript is one
    assert tab.locator(".live-symbol sub").first.text_content() == "Na"


def test_a_slider_moves_the_posterior_by_keyboard(opened):
    tab = opened("infer")
    slider = tab.get_by_role("slider").nth(7)
    before = [number(row[1]) for row in tab.evaluate(ROWS)]
    slider.focus()
    settled(tab, lambda: tab.keyboard.press("End"))
    assert slider.get_attribute("aria-valuetext") == "100 mV"
    after = tab.evaluate(ROWS)
    assert number(after[7][1]) > before[7] + 10  # the leak reversal potential is well known
    assert after[7][3] == "100 mV"
    settled(tab, lambda: tab.get_by_role("button", name="Back to the start").press("Enter"))
    assert [number(row[1]) for row in tab.evaluate(ROWS)] == pytest.approx(before)
    settled(tab, lambda: tab.get_by_role("button", name="Another neuron").click())


def test_a_statistic_that_no_neuron_has_is_told(opened):
    tab = opened("infer")
    assert tab.locator(".live-beware").count() == 0
    slider = tab.get_by_role("slider", name="variance (mV²)")
    slider.focus()
    settled(tab, lambda: tab.keyboard.press("Home"))
    assert "the network has seen no neuron like this" in tab.locator(".live-beware").text_content()
    assert tab.evaluate(ROWS)[0][3] == "unknown"


def test_a_recording_gives_its_posterior(opened, posterior):
    tab, model = opened("infer"), HodgkinHuxley(dt=0.05, precision="float64")
    traces = model.simulate([40, 6, 0.12, 0.05, 300, 65, 0.05, 75], seed=3)
    voltage = traces.voltage[0, 0].round(3)
    text = "\n".join(f"{t + 500:.2f};{v:.3f}" for t, v in zip(model.time, voltage, strict=True))
    tab.get_by_label("the current step begins at").fill("510")
    give(tab, "mine.csv", text.replace(".", ","))
    tab.wait_for_timeout(1500)
    assert tab.locator(".live-refusal").text_content() == ""
    assert "mine.csv: " in tab.locator(".live-says").text_content()
    assert "a sample every 0.05 ms" in tab.locator(".live-says").text_content()
    traces.voltage[0, 0] = voltage
    agrees(tab, posterior, model.summarize(traces)[0])


def give(tab, name: str, text: str) -> None:
    file = {"name": name, "mimeType": "text/csv", "buffer": text.encode()}
    tab.locator("input[type=file]").set_input_files(file)


def test_a_bad_recording_is_refused_and_changes_nothing(opened):
    tab = opened("infer")
    before = tab.evaluate(f"+{UPDATES}"), tab.evaluate(ROWS)
    for text, expected in {
        "": "The file is empty.",
        "a,b\n1,x\n": "Line 2: the voltage is “x”, not a number.",
        "1\n2\n": "Line 1 has one column.",
        "\n".join(f"{-70 - i % 2},{i / 10}" for i in range(2000)): "seem to be swapped",
        "\n".join(f"{i / 10},{-70 - i % 2}" for i in range(500)): "Expected at least 110 ms",
    }.items():
        give(tab, "bad.csv", text)
        said = tab.get_by_role("alert").filter(has_text=expected)
        said.wait_for()
        assert said.text_content().startswith("bad.csv cannot be used.")
        assert "Expected" in said.text_content()
    assert (tab.evaluate(f"+{UPDATES}"), tab.evaluate(ROWS)) == before


@pytest.mark.parametrize("page", ["home", "infer"])
def test_draws_follow_every_move(opened, page):
    """How many a second, tests/benchmarks/test_live_pages.py measures."""
    tab = opened(page)
    slider = tab.get_by_role("slider").first
    slider.focus()
    for key in ("End", "PageDown", "Home"):
        before = tab.evaluate(DRAWN)
        settled(tab, lambda key=key: tab.keyboard.press(key))
        assert tab.evaluate(DRAWN) != before


def test_ticked_features_give_their_posterior(opened, of_subsets):
    tab, model = opened("features"), HodgkinHuxley(precision="float64")
    x, before = model.statistics(model.truth, seed=1)[0], model.prior.sample(100_000, 1).std(0)

    def check(*known):
        draws = of_subsets.at(np.where(np.isin(range(7), known), x, np.nan)).sample(
            SETS * DRAWS, 5
        )
        shown = [number(text) / 100 for text in tab.evaluate(WIDTHS)]
        assert shown == pytest.approx(draws.std(0) / before, abs=0.05)

    check(0)
    box = tab.get_by_role("checkbox", name="rest mean")
    box.focus()
    settled(tab, lambda: tab.keyboard.press("Space"))
    check(0, 1)
    assert "was" in tab.evaluate(WIDTHS)[7]
    settled(tab, lambda: tab.get_by_role("button", name="all 7").click())
    check(*range(7))
    settled(tab, lambda: tab.get_by_role("button", name="none").click())
    assert "should be the prior" in tab.locator(".live-says").text_content()


VERDICTS = "+(document.querySelector('.mechfit-live').dataset.verdicts ?? 0)"
VALUES = "() => [...document.querySelectorAll('input[type=range]')].map(slider => +slider.value)"


def verdict(tab, action=None) -> str:
    """What the page says of the rhythm, after something was done."""
    if action:
        action()
    for _ in range(2):  # the first verdict may be of the time before
        before = tab.evaluate(VERDICTS)
        tab.wait_for_function(f"before => {VERDICTS} > before", arg=before)
    return tab.get_by_role("status").text_content()


def test_a_circuit_is_broken_and_mended(opened):
    tab = opened("circuit")
    tab.get_by_label("Speed").select_option("4")
    assert "has the rhythm" in verdict(tab)
    assert number(tab.locator(".live-rate").text_content().removeprefix("Computed ")) > 0
    sodium = tab.get_by_role("slider", name="LP, sodium conductance (mS/cm²)")
    sodium.focus()
    assert "lost: LP" in verdict(tab, lambda: tab.keyboard.press("Home"))
    tab.get_by_role("button", name="Back to the start").click()
    assert "has the rhythm" in verdict(tab)
    tab.get_by_role("button", name="Pause").press("Enter")
    tab.wait_for_timeout(500)
    before = tab.evaluate(VERDICTS)
    tab.wait_for_timeout(2000)
    assert tab.evaluate(VERDICTS) == before


def test_other_circuits_are_drawn_from_the_posterior(opened):
    tab = opened("circuit")
    first = np.array(tab.evaluate(VALUES))
    tab.get_by_role("button", name="Another circuit, same rhythm").click()
    tab.wait_for_function("first => document.querySelector('input[type=range]').value != first",
                          arg=str(first[0]))  # fmt: skip
    assert (np.abs(np.array(tab.evaluate(VALUES)) - first) > 0).mean() > 0.9
    tab.get_by_role("checkbox").check()
    slider = tab.get_by_role("slider").nth(2)
    slider.focus()
    tab.keyboard.press("PageUp")
    moved = np.array(tab.evaluate(VALUES))
    tab.wait_for_function("last => [...document.querySelectorAll('input[type=range]')].at(-1)"
                          ".value != last", arg=str(moved[-1]))  # fmt: skip
    after = np.array(tab.evaluate(VALUES))
    assert after[2] == moved[2]
    assert (np.abs(after - moved) > 0).sum() > 20


@pytest.mark.parametrize("name", PAGES)
def test_a_still_picture_without_scripts(browser, site, name):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(f"{site}/{PAGES[name]}.html")
    still = tab.locator(".live-still")
    assert still.is_visible()
    assert len(still.get_attribute("aria-label")) > 60
    assert still.locator("svg path").count() > 8
    context.close()


@pytest.mark.parametrize("name", PAGES)
def test_pages_are_light(browser, site, name, record_property):
    tab, sizes = browser.new_page(), []
    tab.on("response", lambda answer: sizes.append(len(answer.body())))
    tab.goto(f"{site}/{PAGES[name]}.html", wait_until="load")
    record_property(f"{name}, bytes", sum(sizes))
    print(f"{name}: {sum(sizes) / 1e6:.2f} MB in {len(sizes)} files")
    assert sum(sizes) < 2.5e6
    tab.close()
