"""The home page: a map of all chapters, and a citation that is that of CITATION.cff."""

import re

import yaml
from builtbook import ROOT
from test_template import CHAPTERS, LIVE

HOME = (ROOT / "book" / "index.md").read_text(encoding="utf-8")


def test_every_chapter_is_on_the_map_under_its_part():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    cards = re.split(r"^:::\{grid-item-card\} ", HOME.split("## The map")[1], flags=re.M)[1:]
    shown = {
        card.split("\n")[0]: [f"book/{page}" for page in re.findall(r"\{doc\}`(.+?)`", card)]
        for card in cards
    }
    for part in toc["parts"]:
        pages = [chapter["file"] for chapter in part["chapters"]]
        if set(pages) & set(CHAPTERS):
            assert shown.pop(part["caption"])[: len(pages)] == pages
    assert not shown


def test_live_pages_are_linked():
    for page in LIVE:
        assert f"{{doc}}`{page.removeprefix('book/')}`" in HOME


def test_the_citation_has_the_title_of_the_software():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    entry = re.search(r"```bibtex\n(.*?)```", HOME, re.S)[1]
    assert cited["title"] in " ".join(entry.split())
