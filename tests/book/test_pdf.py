"""The printed book: figures drawn, nothing folded, links inside."""

import re

import pytest
from builtbook import ROOT
from pdf import lead_inside, print_book
from pypdf import PdfReader, PdfWriter

pytestmark = pytest.mark.browser

CHAPTER = "book/models/three-levels"


@pytest.fixture(scope="module")
def printed(browser, html, tmp_path_factory):
    file = tmp_path_factory.mktemp("pdf") / "book.pdf"
    print_book(browser, html, [CHAPTER, "book/appendix/glossary"], file)
    return PdfReader(file)


@pytest.fixture(scope="module")
def text(printed):
    return " ".join(" ".join(sheet.extract_text() for sheet in printed.pages).split())


def test_the_paper_is_a4_and_the_outline_has_the_headings(printed):
    assert len(printed.pages) > 5
    paper = printed.pages[0].mediabox
    assert (paper.width, paper.height) == pytest.approx((595, 842), abs=1)
    titles = [entry["/Title"] for entry in printed.outline if not isinstance(entry, list)]
    assert titles[1] == "Glossary"


def test_charts_are_drawn(text, browser, html):
    tab = browser.new_page()
    tab.goto((html / f"{CHAPTER}.html").as_uri())
    tab.wait_for_selector("svg.marks text")
    labels = tab.locator("svg.marks .role-axis-title text").all_text_contents()
    tab.close()
    assert labels
    assert all(label in text for label in labels if label.isascii())


def test_nothing_is_folded_and_nothing_around_is_printed(text):
    source = (ROOT / f"{CHAPTER}.md").read_text(encoding="utf-8")
    solution = source.split("{solution-start}")[1].split("````\n")[1]
    assert re.match(r"[\w ]{10,}", solution)[0].strip() in text
    assert "Show the code" not in text
    assert "Skip to main content" not in text


def test_links_lead_inside(printed):
    links = [a.get_object() for sheet in printed.pages for a in sheet.get("/Annots", [])]
    addresses = [str(link["/A"]["/URI"]) for link in links if "/URI" in link.get("/A", {})]
    assert not [address for address in addresses if address.startswith("file:")]
    assert any("/Dest" in link for link in links)


def test_an_empty_book_has_no_links(tmp_path):
    writer = PdfWriter()
    writer.add_blank_page(595, 842)
    lead_inside(writer, tmp_path, {})
    assert "/Annots" not in writer.pages[0]
