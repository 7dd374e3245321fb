"""Write the glossary into a script, so that a page can show what a term means where it stands.

`terms.js` shows a definition beside the link of a term. What it shows comes from `glossary.js`,
written when the page of the glossary is: one string of HTML for the anchor of each term, as
`{"term-prior": "<b>prior</b> ..."}`, with formulas in TeX and without links.
"""

import json
from html import escape
from pathlib import Path

from docutils import nodes

GLOSSARY = "book/appendix/glossary"


def definitions_of(doctree: nodes.document) -> dict[str, str]:
    """Return the definition of every term, by its anchor."""
    found = {}
    for item in doctree.findall(nodes.definition_list_item):
        terms = [child for child in item.children if isinstance(child, nodes.term)]
        text = " ".join(html_of(paragraph) for paragraph in item[-1].children)
        for term in terms:
            for anchor in term["ids"]:
                found[anchor] = f"<b>{html_of(term)}</b> {text}"
    return found


def html_of(node: nodes.Node) -> str:
    """Return a piece of a page as HTML: its words, emphasis and formulas.

    Example:
        >>> html_of(nodes.paragraph("", "", nodes.Text("a < "), nodes.emphasis("", "b")))
        'a &lt; <i>b</i>'
    """
    if isinstance(node, nodes.Text):
        return escape(node.astext(), quote=False)
    if isinstance(node, nodes.math):
        return rf'<span class="math">\({escape(node.astext(), quote=False)}\)</span>'
    inside = "".join(html_of(child) for child in node.children)
    return f"<i>{inside}</i>" if isinstance(node, nodes.emphasis) else inside


def write_definitions(app, doctree, docname) -> None:
    """Write `glossary.js` when the page of the glossary is about to be written."""
    if docname == GLOSSARY and app.builder.format == "html":
        text = json.dumps(definitions_of(doctree), ensure_ascii=False, indent=0)
        path = Path(app.outdir) / "_static" / "glossary.js"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"var mechfitGlossary = {text};\n", encoding="utf-8")


def setup(app) -> None:
    """Write the script once links and citations of the glossary have their texts."""
    app.connect("doctree-resolved", write_definitions)
