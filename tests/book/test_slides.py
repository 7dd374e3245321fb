"""Slides: made from a chapter's cells, moved by keys, whole without a network, one page each."""

import re

import altair as alt
import pytest
import slides
from builtbook import HEADER, open_page
from nbformat.v4 import new_code_cell, new_notebook, new_output
from notebook_cells import GLUED
from plain_markdown import Book

from mechfit.figures import curves
from mechfit.figures.renderer import render

TEXT = (
    HEADER
    + """
(one)=
# Does it rise?

A line, and a question. It goes {glue:text}`one-way`.

```{code-cell} python
:tags: [remove-input]

draw()
```

:::{admonition} You will be able to
:class: objectives

- say that it rises.
:::

## A section

First of all $a < b$. See {doc}`/book/two`.

```{math}
a = b
```

Second paragraph.

```{code-cell} python
x = 1 < 2
```

````{exercise-start} Check
:label: ex-one
````
Is it so?
````{exercise-end}
````

````{solution-start} ex-one
:class: dropdown
````
It is.

```{code-cell} python
draw()
```
````{solution-end}
````

:::{admonition} Where this breaks
:class: warning

At the end. And then.
:::

## Summary

- It rises.

## Further reading

Nothing.
"""
)


@pytest.fixture(scope="module")
def deck(tmp_path_factory):
    root = tmp_path_factory.mktemp("book")
    (root / "book").mkdir()
    (root / "_toc.yml").write_text(
        "parts:\n- caption: Part\n  numbered: 1\n  chapters: [{file: book/one}, {file: book/two}]"
    )
    (root / "book" / "one.md").write_text(TEXT, encoding="utf-8")
    (root / "book" / "two.md").write_text("# Two\n", encoding="utf-8")
    (root / "book" / "references.bib").write_text("", encoding="utf-8")
    chart = curves([0, 1], {"a": [0, 1]}, title="It rises", across="x", up="y")
    with pytest.MonkeyPatch.context() as patch, alt.data_transformers.enable("default"):
        patch.setenv("MECHFIT_CHART_SCRIPTS", "page")
        drawn = new_output("display_data", render(chart.to_dict()))
    said = new_output("display_data", {GLUED: "'up'"}, metadata={"scrapbook": {"name": "one-way"}})
    cells = [new_code_cell(outputs=o) for o in ([said, drawn], [], [drawn])]
    slides.write_shared(root / "out")
    path = root / "out" / "one.html"
    html = slides.deck("book/one", Book.read(root), new_notebook(cells=cells))
    path.write_text(html, encoding="utf-8")
    return path


def test_a_deck_has_the_words_formulas_and_figures_of_its_chapter(deck):
    html = deck.read_text(encoding="utf-8")
    headings = re.findall(r"<h[12]>(.*?)</h[12]>", html)
    assert headings == [
        "Does it rise?",
        "You will be able to",
        "A section",
        "A section",
        "Exercise 1.1: Check",
        "Where this breaks",
        "Summary",
    ]
    assert "It goes up." in html
    assert "\\(a &lt; b\\)" in html
    assert "See Two." in html
    assert "a = b" in html
    assert "x = 1 &lt; 2" in html
    assert html.count('class="figure"') == 1  # none of a solution
    for absent in ("It is.", "Second paragraph", "Nothing."):
        assert absent not in html


def test_decks_are_made_of_chapters_alone(tmp_path, monkeypatch):
    """Not of live pages, whose pictures a deck does not have, nor of the appendix."""
    monkeypatch.setattr(slides.notebooks, "record_of", lambda *_, **__: None)
    monkeypatch.setattr(slides, "deck", lambda *_: "")
    slides.main([str(tmp_path)])
    kinds = {path.stem.partition("-")[0] for path in tmp_path.glob("*-*.html")}
    assert kinds == {"beyond", "geometry", "inference", "models", "robustness", "summaries"}


@pytest.mark.browser
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_keys_move_between_slides_that_need_no_network(deck, browser, width, scheme):
    address = deck.as_uri()
    opened = open_page(browser, address, deck.parent.as_uri(), width)
    tab = opened.tab
    tab.emulate_media(color_scheme=scheme)
    assert not opened.errors + opened.outside
    assert not opened.empty_charts
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for key, place in [("ArrowRight", 2), ("PageDown", 3), ("ArrowLeft", 2), ("End", 7)]:
        tab.keyboard.press(key)
        tab.wait_for_function(
            "id => Math.abs(document.getElementById(id).getBoundingClientRect().top) < 2",
            arg=f"slide-{place}",
        )
    assert tab.locator("mjx-container").count() >= 2
    tab.close()


@pytest.mark.browser
def test_figures_and_then_words_get_smaller_on_a_slide_that_would_be_taller_than_the_window(
    deck, browser
):
    figure = '<div class="figure"><div style="height: 600px"></div></div>'
    page = deck.with_name("tall.html")
    bodies = [figure + "<p>Word. </p>" * 3, "<p>Word. </p>" * 12 + figure, "<p>Word. </p>" * 40]
    made = [f'<section id="slide-{i}"><h2>One</h2>{b}</section>' for i, b in enumerate(bodies, 1)]
    page.write_text(slides.PAGE.format(title="Tall", slides="".join(made)), encoding="utf-8")
    tab = open_page(browser, page.as_uri(), deck.parent.as_uri(), 1280).tab
    sizes = (
        "Array.from(document.querySelectorAll('section'), s => [s.offsetHeight, s.style.fontSize])"
    )
    tab.wait_for_function(f"{sizes}.every(([height]) => height > 0)")
    (first, words), (second, fewer), (third, many) = tab.evaluate(sizes)
    window = tab.evaluate("innerHeight")
    assert max(first, second) <= window + 1 < third
    assert [words, many] == ["1em", "0.6em"]
    assert fewer < "1em"
    tab.close()


@pytest.mark.browser
def test_a_deck_prints_one_page_for_each_slide(deck, browser):
    tab = open_page(browser, deck.as_uri(), deck.parent.as_uri()).tab
    pdf = tab.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == tab.locator("main > section").count()
    tab.close()
