"""Print the built book, or some of its pages, into one PDF.

    python book/_ext/pdf.py [FILE] [PAGE ...]

Each page of `_build/html` is opened in a Chromium, printed when its formulas and charts are drawn
(`print.css` says how), and appended; links between pages lead to places of the PDF, and its
outline has all headings. Pages are named as in `_toc.yml`, such as book/models/hodgkin-huxley.
"""

import sys
from html import escape
from pathlib import Path
from urllib.parse import unquote, urlsplit

import yaml
from browser import MISSING, SETTLED, find_chromium, launched
from pypdf import PdfWriter
from pypdf.generic import ArrayObject, NameObject

ROOT = Path(__file__).resolve().parents[2]
HTML = ROOT / "_build" / "html"
PATIENCE = 2400
"""Times 50 ms that charts may take to be drawn."""
PAPER = {
    "format": "A4",
    "margin": {"top": "18mm", "bottom": "20mm", "left": "18mm", "right": "18mm"},
    "print_background": True,
    "outline": True,
    "tagged": True,
    "display_header_footer": True,
    "header_template": "<span></span>",
}
FOOTER = """<div style="width: 100%; padding: 0 18mm; font: 8pt sans-serif; color: #555;
  display: flex; justify-content: space-between"><span>{title}</span>
  <span><span class="pageNumber"></span> of <span class="totalPages"></span></span></div>"""


def pages() -> list[str]:
    """Return the pages of the book in the order of _toc.yml."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    chapters = [chapter for part in toc["parts"] for chapter in part["chapters"]]
    with_sections = (page for c in chapters for page in (c, *c.get("sections", [])))
    return [toc["root"], *(page["file"] for page in with_sections)]


def print_page(browser, html: Path, page: str, file: Path) -> str:
    """Print one page of the book in `html` into a PDF; return its title.

    Raises:
        RuntimeError: A chart of the page was not drawn.
    """
    tab = browser.new_page(color_scheme="light", viewport={"width": 800, "height": 1100})
    try:
        tab.goto((html / f"{page}.html").absolute().as_uri())
        if empty := tab.evaluate(SETTLED, PATIENCE):
            raise RuntimeError(f"{empty} charts of {page} were not drawn")
        title = tab.locator("h1").first.evaluate("h1 => h1.firstChild.textContent")
        footer = FOOTER.format(title=escape(title))
        tab.pdf(path=file, footer_template=footer, **PAPER)
    finally:
        tab.close()
    return title


def lead_inside(writer: PdfWriter, html: Path, first: dict[str, int]) -> None:
    """Let links to pages of the book lead to where these begin in the PDF."""
    for sheet in writer.pages:
        kept, known = ArrayObject(), sheet.get("/Annots", ArrayObject()).get_object()
        for annotation in known:
            link = annotation.get_object()
            path = unquote(urlsplit(str(link.get("/A", {}).get("/URI", ""))).path)
            page = path.removeprefix(f"{html.as_posix()}/").removesuffix(".html")
            if path.startswith(html.as_posix()) and page not in first:
                continue  # a page, or a file, that is not in the PDF
            if page in first:
                target = writer.pages[first[page]].indirect_reference
                link.pop("/A", None)
                link[NameObject("/Dest")] = ArrayObject([target, NameObject("/Fit")])
            kept.append(annotation)
        if known:
            sheet[NameObject("/Annots")] = kept


def print_book(browser, html: Path, chosen: list[str], file: Path) -> None:
    """Print pages of the book in `html` into one PDF."""
    writer, first = PdfWriter(), {}
    part = file.with_suffix(".part.pdf")
    file.parent.mkdir(parents=True, exist_ok=True)
    for page in chosen:
        first[page] = len(writer.pages)
        title = print_page(browser, html, page, part)
        writer.append(part, outline_item=title)
        print(f"{page}: {len(writer.pages) - first[page]} sheets", flush=True)
    part.unlink()
    lead_inside(writer, html.absolute(), first)
    writer.add_metadata({"/Title": "mechfit", "/Author": "The mechfit authors"})
    writer.compress_identical_objects()
    writer.write(file)


def main() -> None:
    """Print what the command line names, by default everything."""
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "_build" / "pdf" / "mechfit.pdf"
    chosen = sys.argv[2:] or pages()
    if missing := [page for page in chosen if not (HTML / f"{page}.html").exists()]:
        sys.exit(f"not built: {', '.join(missing)}. Build the book first: make html")
    chromium = find_chromium() or sys.exit(MISSING)
    with launched(chromium) as browser:
        print_book(browser, HTML, chosen, file)
    print(f"The book is in {file} ({file.stat().st_size / 1e6:.1f} MB)")


if __name__ == "__main__":
    main()
