"""MyST prose as the Markdown that every notebook renders.

Directives become headings, quotes and `$$` formulas, roles become links and words. Equations,
exercises and citations are numbered and named as in the built book; the numbers of a run come from
outside. Links lead from notebook to notebook, citations to the work itself.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from pybtex.database import Entry, parse_file

DIRECTIVE = re.compile(
    r"^(?P<fence>`{3,}|:{3,})\{(?P<name>[\w-]+)\} ?(?P<title>[^\n]*)\n"
    r"(?P<body>.*?)^(?P=fence)[ \t]*$",
    re.M | re.S,
)
OPTION = re.compile(r"^:([\w-]+): *(.*)\n", re.M)
ROLE = re.compile(r"\{([a-z:]+)\}`([^`]+)`")
NO_NOTEBOOK = (
    *("book/appendix/api", "book/appendix/bibliography", "book/appendix/timings"),
    *("book/teach/guide", "book/teach/chapters", "book/teach/handout"),
)
UNKNOWN = "…"
"""Stands for a number that no run has told."""


@dataclass(frozen=True)
class Piece:
    """A stretch of prose (no name), or a directive with its options."""

    name: str
    title: str
    options: Mapping[str, str]
    body: str


def pieces(text: str) -> Iterator[Piece]:
    """Cut MyST text into prose and directives, in their order."""
    end = 0
    for match in DIRECTIVE.finditer(text):
        yield Piece("", "", {}, text[end : match.start()])
        body, options = match["body"], {}
        while option := OPTION.match(body):
            options[option[1]] = option[2]
            body = body[option.end() :]
        yield Piece(match["name"], match["title"].strip(), options, body)
        end = match.end()
    yield Piece("", "", {}, text[end:])


@dataclass(frozen=True)
class Work:
    """A cited work: the names of its authors, the year, its entry in a list, and its address."""

    names: str
    year: str
    line: str
    address: str

    @classmethod
    def of(cls, entry: Entry) -> Work:
        """Read a work from its entry in the bibliography."""
        people = entry.persons.get("author") or entry.persons.get("editor") or []
        family = [" ".join(p.prelast_names + p.last_names).strip("{}") for p in people]
        names = f"{family[0]} et al." if len(family) > 2 else " and ".join(family)
        field = {key: re.sub(r"[{}]", "", value) for key, value in entry.fields.items()}
        year, doi = field.get("year", ""), field.get("doi")
        address = f"https://doi.org/{doi}" if doi else field.get("url", "")
        place = field.get("journal") or field.get("booktitle") or field.get("publisher", "")
        line = f"{', '.join(family)} ({year}). {field['title']}. {place and f'*{place}*.'}"
        return cls(names, year, f"{line} {address}".strip(), address)


@dataclass(frozen=True)
class Book:
    """What the pages of the book refer to in each other.

    Attributes:
        root: Folder of the checkout.
        parts: Caption of each part, and its pages.
        titles: Title of each page, also of those outside the contents.
        numbers: Number of each labeled equation and exercise, such as "2.1".
        works: The cited works.
    """

    root: Path
    parts: Mapping[str, list[str]]
    titles: Mapping[str, str]
    numbers: Mapping[str, str]
    works: Mapping[str, Work]

    @classmethod
    def read(cls, root: Path) -> Book:
        """Read the book of a checkout."""
        toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
        parts = {p["caption"]: [c["file"] for c in p["chapters"]] for p in toc["parts"]}
        texts = {
            path.relative_to(root).with_suffix("").as_posix(): path.read_text(encoding="utf-8")
            for path in sorted((root / "book").rglob("*.md"))
        }
        titles = {page: re.search(r"^# (.+)$", text, re.M)[1] for page, text in texts.items()}
        numbers, chapter = {}, 0
        for part in toc["parts"]:
            for page in parts[part["caption"]]:
                chapter += bool(part.get("numbered"))
                count = {"math": 0, "exercise-start": 0}
                for piece in pieces(texts[page]):
                    if piece.name in count and "label" in piece.options:
                        count[piece.name] += 1
                        numbers[piece.options["label"]] = f"{chapter}.{count[piece.name]}"
        entries = parse_file(root / "book" / "references.bib").entries
        works = {key: Work.of(entry) for key, entry in entries.items()}
        return cls(root, parts, titles, numbers, works)

    @property
    def pages(self) -> list[str]:
        """The pages of which there are notebooks, in their order."""
        return [page for pages in self.parts.values() for page in pages if page not in NO_NOTEBOOK]

    def cited(self, text: str) -> list[Work]:
        """Return the works that a text cites, each once, in alphabetical order."""
        keys = {
            k for role, key in ROLE.findall(text) if role[:4] == "cite" for k in key.split(",")
        }
        return sorted((self.works[key.strip()] for key in keys), key=lambda work: work.line)


@dataclass(frozen=True)
class Translator:
    """Turns the MyST of one page into Markdown.

    Attributes:
        book: The book.
        page: Its page, such as "book/models/hodgkin-huxley".
        said: The numbers of its run.
    """

    book: Book
    page: str
    said: Mapping[str, str]

    def __call__(self, text: str) -> str:
        """Translate text without code cells."""
        out = "".join(self.directive(p) if p.name else self.prose(p.body) for p in pieces(text))
        return re.sub(r"\n{3,}", "\n\n", out).strip()

    def prose(self, text: str) -> str:
        """Translate the roles, and leave out the labels of sections."""
        return ROLE.sub(
            lambda match: self.role(*match.groups()), re.sub(r"^\(.+\)=\n", "", text, flags=re.M)
        )

    def directive(self, piece: Piece) -> str:
        """Translate a directive."""
        match piece.name:
            case "math":
                return self.formula(piece)
            case "admonition" if piece.options.get("class") == "dropdown":
                title = f"<summary>{piece.title}</summary>"
                return f"<details>{title}\n\n{self(piece.body)}\n\n</details>"
            case "admonition":
                inner = f"**{piece.title}**\n\n{self(piece.body)}"
                return re.sub(r"^", "> ", inner, flags=re.M).replace("> \n", ">\n")
            case "exercise-start":
                return f"### Exercise {self.book.numbers[piece.options['label']]}: {piece.title}"
            case "literalinclude":
                return f"```python\n{self.included(piece)}\n```"
            case "glossary":
                heads = re.sub(r"^(\S.*)$", r"### \1\n", piece.body, flags=re.M)
                return self(re.sub(r"^  ", "", heads, flags=re.M))
            case "exercise-end" | "minutes" | "raw":
                return ""
        raise ValueError(f"{self.page}: no Markdown for the directive {piece.name!r}")

    def formula(self, piece: Piece) -> str:
        """Write a displayed formula, with its number."""
        body = piece.body.strip()
        if "\\\\" in body and "\\begin" not in body:
            body = f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"
        tag = (
            f" \\tag{{{self.book.numbers[label]}}}"
            if (label := piece.options.get("label"))
            else ""
        )
        return f"$$\n{body}{tag}\n$$"

    def included(self, piece: Piece) -> str:
        """Return the function that a page shows from the package."""
        source = ((self.book.root / self.page).parent / piece.title).read_text(encoding="utf-8")
        for node in ast.parse(source).body:
            if getattr(node, "name", None) == piece.options["pyobject"]:
                return "\n".join(source.splitlines()[node.lineno - 1 : node.end_lineno])
        raise ValueError(f"{self.page}: {piece.title} has no {piece.options['pyobject']!r}")

    def role(self, name: str, content: str) -> str:
        """Write a role as words or a link."""
        content = " ".join(content.split())
        named = re.fullmatch(r"(.*?) *<(.+)>", content)
        words, target = named.groups() if named else ("", content)
        match name:
            case "glue:text":
                from mechfit.figures.labels import tagged  # which loads Altair

                words = self.said.get(content, UNKNOWN)
                return f"`{words}`" if words.startswith("python ") else tagged(words)
            case "term":
                return self.link(words or target, "book/appendix/glossary", target)
            case "doc":
                page = os.path.normpath(Path("/", self.page).parent / target)[1:]
                page = page.replace(os.sep, "/")
                return self.link(words or self.book.titles[page], page)
            case "eq":
                return f"({self.book.numbers[content]})"
            case "cite:t" | "cite:p":
                return self.citation(content, inside=name == "cite:p")
            case "math":
                return f"${content}$"
            case "func" | "class" | "meth":
                return f"`{target.lstrip('~')}`"
        raise ValueError(f"{self.page}: no Markdown for the role {name!r}")

    def citation(self, keys: str, *, inside: bool) -> str:
        """Name works as in the book; `inside` encloses names and year in parentheses."""
        said = []
        for work in (self.book.works[key.strip()] for key in keys.split(",")):
            words = f"{work.names}, {work.year}" if inside else f"{work.names} ({work.year})"
            said.append(f"[{words}]({work.address})" if work.address else words)
        return f"({'; '.join(said)})" if inside else "; ".join(said)

    def link(self, words: str, page: str, heading: str = "") -> str:
        """Link to the notebook of another page, words alone where it has none."""
        if page not in self.book.pages:
            return words
        here = (
            "" if page == self.page else os.path.relpath(f"{page}.ipynb", Path(self.page).parent)
        )
        place = f"{here}#{heading.replace(' ', '-')}" if heading else here
        return f"[{words}]({place.replace(os.sep, '/')})"
