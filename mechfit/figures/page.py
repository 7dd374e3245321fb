"""A page of charts and words in one HTML file, which needs no network and no other file."""

from collections.abc import Sequence
from html import escape

import altair as alt

from mechfit.figures.labels import marked_up
from mechfit.figures.renderer import drawn, scripts_tag

__all__ = ["html_page", "html_table"]

_STYLE = """
:root { color-scheme: light dark; }
body { max-width: 800px; margin: 2em auto; padding: 0 1em; line-height: 1.5;
  font-family: system-ui, sans-serif; background: Canvas; color: CanvasText; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 0.2em 0.8em; text-align: right; border-bottom: 1px solid #8a8f98; }
th:first-child, td:first-child { text-align: left; }
.mechfit-chart { margin: 1.5em 0; }
"""


def html_page(title: str, parts: Sequence[str | alt.TopLevelMixin]) -> str:
    """Return a page of parts, each a chart or a piece of HTML.

    Example:
        >>> page = html_page("Two & two", ["<p>are four</p>"])
        >>> "<h1>Two &amp; two</h1>" in page, "<p>are four</p>" in page
        (True, True)
    """
    body = [part if isinstance(part, str) else drawn(part.to_dict()) for part in parts]
    return "\n".join(
        [
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n{scripts_tag()}\n</head>",
            f"<body>\n<main>\n<h1>{escape(title)}</h1>",
            *body,
            "</main>\n</body>\n</html>\n",
        ]
    )


def html_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table as HTML; the first column names its rows, symbols have their subscripts.

    Example:
        >>> "<td>a &lt; b</td>" in html_table(["case", "n"], [["a < b", "1"]])
        True
    """
    cells = ["".join(f"<th>{marked_up(name)}</th>" for name in head)]
    cells += ["".join(f"<td>{marked_up(text)}</td>" for text in row) for row in rows]
    lines = "\n".join(f"<tr>{row}</tr>" for row in cells)
    name = escape(head[0])
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="Table by {name}">'
        f"<table>\n{lines}\n</table></div>"
    )
