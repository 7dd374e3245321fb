"""How fast live pages answer in Chromium, at full speed and slowed; needs the built book.

`make html` builds it. On an idle machine with two cores: 20 and 10 updates a second.
"""

import pytest
from browser import find_chromium, launched
from builtbook import HTML, open_page

# Moves the first slider in every frame, and counts what the picture makes of it.
RATE = """ms => new Promise(done => {
  const root = document.querySelector('.mechfit-live');
  const slider = root.querySelector('input[type=range]');
  const begin = performance.now(), before = +root.dataset.updates;
  (function move() {
    const passed = performance.now() - begin;
    if (passed > ms) return done((+root.dataset.updates - before) / passed * 1000);
    slider.value = +slider.min + (slider.max - slider.min) * (0.5 + 0.4 * Math.sin(passed / 400));
    slider.dispatchEvent(new Event('input', { bubbles: true }));
    requestAnimationFrame(move);
  })();
})"""


@pytest.fixture(scope="module")
def opened():
    """Opens pages by name, from the disk."""
    if (chromium := find_chromium()) is None:
        pytest.skip("no Chromium")
    with launched(chromium) as browser:
        yield lambda name: open_page(browser, (HTML / f"{name}.html").as_uri(), HTML.as_uri()).tab


@pytest.mark.parametrize("page", ["book/index", "book/live/infer"])
def test_updates_per_second(opened, page):
    tab = opened(page)
    tab.wait_for_function("+document.querySelector('.mechfit-live').dataset.updates > 0")
    session = tab.context.new_cdp_session(tab)
    for slower, least in ((1, 8), (4, 3)):
        session.send("Emulation.setCPUThrottlingRate", {"rate": slower})
        rate = tab.evaluate(RATE, 3000)
        print(f"{page}, slowed {slower} times: {rate:.1f} updates a second")
        assert rate > least
    tab.close()


def test_the_circuit_is_faster_than_time(opened):
    tab = opened("book/live/circuit")
    tab.get_by_label("Speed").select_option("4")
    tab.wait_for_timeout(4000)
    said = tab.locator(".live-rate").text_content()
    print(f"circuit: {said}")
    assert float(said.removeprefix("Computed ").split()[0]) > 1
    tab.close()
