"""Make slides from the chapters, one HTML file each.

    python book/_ext/slides.py FOLDER [PAGE ...] [--run]

The words, formulas and figures are those of the chapter's last run, which the execution cache
keeps (`--run` executes chapters that it does not know): its question, what it teaches, for every
section the first paragraph, formula and shown code, every figure, exercises without solutions,
where it breaks, and the summary. FOLDER works offline and can be moved.
"""

from __future__ import annotations

import argparse
import re
import shutil
from dataclasses import dataclass, field
from html import escape
from importlib.metadata import files
from pathlib import Path

import chapter_keys
import notebooks
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from nbformat import NotebookNode
from notebook_cells import FOLDED, outputs_of, shown, told, whole
from plain_markdown import Book, Piece, Translator, pieces

HERE = Path(__file__).parent
MATHJAX = re.compile(r"/static/(mathjax/(?:core|startup|input/tex|output/chtml|a11y/assist).*)")
RELATIVE = re.compile(r"\[([^\]]*)\]\((?!https?:)[^)]*\)")
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="slides.css">
<script src="charts.js"></script>
<script>MathJax = {{loader: {{load: ["core", "input/tex-base", "[tex]/ams", "output/chtml",
"a11y/assistive-mml"]}}, tex: {{packages: ["base", "ams"]}}, startup: {{typeset: true}}}};</script>
<script defer src="mathjax/startup.js"></script>
<script defer src="slides.js"></script>
</head><body><main>
{slides}
</main></body></html>
"""


@dataclass
class Slide:
    """A heading, what stands below it as HTML, and the kinds of parts that it has."""

    heading: str
    parts: list[str] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)

    def add(self, kind: str, html: str) -> None:
        """Add a part."""
        self.parts.append(html)
        self.kinds.add(kind)


def markdown() -> MarkdownIt:
    """Return a parser whose formulas are left to MathJax."""
    parser = MarkdownIt("commonmark").enable("table")

    def formula(text: str, options: dict) -> str:
        return escape(f"\\[{text}\\]" if options["display_mode"] else f"\\({text}\\)")

    return parser.use(dollarmath_plugin, renderer=formula, double_inline=True)


class Maker:
    """Makes the slides of one chapter from its pieces."""

    def __init__(self, translate: Translator, outputs: list[list]) -> None:
        self.translate, self.outputs = translate, iter(outputs)
        self.parse = markdown().render
        self.slides: list[Slide] = []
        self.reading = ""  # "", "exercise" or "solution"

    def html(self, text: str) -> str:
        """Render MyST text, without links to other chapters."""
        return self.parse(RELATIVE.sub(r"\1", self.translate(text)))

    def begin(self, heading: str) -> Slide:
        """Begin a slide."""
        self.slides.append(Slide(heading))
        return self.slides[-1]

    def below(self) -> Slide:
        """Return the last slide if there are only words on it, else a new one with its heading."""
        last = self.slides[-1]
        return last if last.kinds == {"words"} else self.begin(last.heading)

    def make(self, text: str) -> list[Slide]:
        """Return the slides of a chapter."""
        for piece in pieces(text):
            match piece.name:
                case "":
                    self.prose(piece.body)
                case "code-cell":
                    self.cell(piece)
                case "math" if not self.reading and "formula" not in self.slides[-1].kinds:
                    self.slides[-1].add("formula", self.html(whole(piece, "```")))
                case "admonition" if piece.title != "You need":
                    self.begin(piece.title).add("words", self.html(first_words(piece.body)))
                case "exercise-start":
                    self.reading = "exercise"
                    number = self.translate.book.numbers[piece.options["label"]]
                    self.begin(f"Exercise {number}: {piece.title}")
                case "solution-start":
                    self.reading = "solution"
                case "exercise-end" | "solution-end":
                    self.reading = ""
        return [slide for slide in self.slides if slide.parts]

    def prose(self, text: str) -> None:
        """Take a task whole, and of every section its first paragraph, of the summary all."""
        if self.reading == "exercise":
            self.slides[-1].add("words", self.html(text))
        if self.reading:
            return
        for part in re.split(r"^(?=#{1,2} )", text, flags=re.M)[1:]:
            heading, _, body = part.lstrip("# ").partition("\n")
            if heading == "Further reading":
                return
            words = body if heading == "Summary" else paragraph(body)
            self.begin(self.translate(heading)).add("words", self.html(words))

    def cell(self, piece: Piece) -> None:
        """Show the first shown code of a section, and every figure on a slide of its own."""
        output = shown(next(self.outputs, []))
        if self.reading or not self.slides:
            return
        heading = self.slides[-1].heading
        tags = set(re.findall(r"[\w-]+", piece.options.get("tags", "")))
        section = [slide for slide in self.slides if slide.heading == heading]
        if not tags & FOLDED and not any("code" in slide.kinds for slide in section):
            code = escape(piece.body.strip("\n"))
            self.below().add("code", f"<pre tabindex=0><code>{code}</code></pre>")
        for item in output:
            chart = item.get("data", {}).get("text/html", "")
            if "mechfitDraw(" in chart:
                self.below().add("figure", f'<div class="figure"><div>{chart}</div></div>')


def paragraph(text: str) -> str:
    """Return the first paragraph of a section that is one: no table, list or label."""
    for part in re.split(r"\n\s*\n", text.strip()):
        if re.match(r"[A-Z\*`$]", part):
            return part
    return ""


def first_words(text: str, most: int = 60) -> str:
    """Return as many whole sentences as have at most so many words; a list is returned whole.

    Example:
        >>> first_words("One is here. Two is there. Three.", most=6)
        'One is here. Two is there.'
    """
    text = re.sub(r"^:\\w+:.*\n", "", text.strip(), flags=re.M)
    if text.startswith("- "):
        return text
    kept: list[str] = []
    for sentence in re.split(r"(?<=[.?!])\s+(?=[A-Z])", text):
        if kept and len(" ".join([*kept, sentence]).split()) > most:
            break
        kept.append(sentence)
    return " ".join(kept)


def deck(page: str, book: Book, record: NotebookNode | None) -> str:
    """Return the HTML of a chapter's slides."""
    text = (book.root / f"{page}.md").read_text(encoding="utf-8").split("\n---\n", 1)[-1]
    outputs = outputs_of(record)
    slides = Maker(Translator(book, page, told(outputs)), outputs).make(text)
    made = []
    for i, slide in enumerate(slides, 1):
        level, heading = "h1" if i == 1 else "h2", markdown().renderInline(slide.heading)
        made.append(
            f'<section id="slide-{i}" tabindex="-1" aria-label="Slide {i} of {len(slides)}">'
            f"<{level}>{heading}</{level}>\n{''.join(slide.parts)}</section>"
        )
    return PAGE.format(title=escape(book.titles[page]), slides="\n".join(made))


def write_shared(folder: Path) -> None:
    """Write what all decks load: styles, keys, charts and formulas."""
    from mechfit.figures.renderer import chart_scripts

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "charts.js").write_text(chart_scripts(), encoding="utf-8")
    for name in ("slides.css", "slides.js"):
        shutil.copyfile(HERE / name, folder / name)
    for path in files("sphinx-mathjax-offline") or []:
        if found := MATHJAX.search(path.as_posix()):
            target = folder / found[1]
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path.locate(), target)


def main(arguments: list[str] | None = None) -> None:
    """Make the slides of all chapters, or of those that are named."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="where they go")
    parser.add_argument("pages", nargs="*", help="such as book/models/hodgkin-huxley")
    parser.add_argument("--run", action="store_true", help="execute chapters that were not yet")
    given = parser.parse_args(arguments)
    book = Book.read(notebooks.ROOT)
    package = chapter_keys.Package.read(notebooks.ROOT, "mechfit", "book/figures")
    around = ("book/appendix/", "book/live/", "book/teach/")
    pages = given.pages or [page for page in book.pages if not page.startswith(around)]
    write_shared(given.folder)
    links = []
    for page in pages:
        record = notebooks.record_of(page, package, run=given.run)
        name = page.removeprefix("book/").replace("/", "-") + ".html"
        (given.folder / name).write_text(deck(page, book, record), encoding="utf-8")
        without = "" if record else " (not executed: without figures)"
        links.append(f'<li><a href="{name}">{escape(book.titles[page])}</a>{without}</li>')
    listed = f"<section><h1>Slides</h1><ol>{''.join(links)}</ol></section>"
    index = PAGE.format(title="Slides", slides=listed)
    (given.folder / "index.html").write_text(index, encoding="utf-8")
    print(f"{len(pages)} decks are in {given.folder}; begin with index.html.")


if __name__ == "__main__":
    main()
