"""Number the charts of a chapter below them: Figure 4.2 is the second one of chapter 4.

Charts are the output of cells, not figures of Sphinx, so a page counts its own.
"""

from docutils import nodes


def number_charts(app, doctree, docname) -> None:
    """Set a line below every chart of a numbered chapter that is about to be written."""
    chapter = app.env.toc_secnumbers.get(docname, {}).get("")
    if not chapter:
        return
    charts = [n for n in doctree.findall(nodes.raw) if "mechfitDraw(" in n.astext()]
    for i, chart in enumerate(charts, 1):
        label = f"Figure {chapter[0]}.{i}"
        line = nodes.paragraph("", label, classes=["figure-number"], ids=[f"figure-{i}"])
        chart.parent.insert(chart.parent.index(chart) + 1, line)


def setup(app) -> None:
    """Number charts when pages are written, as chapters have their numbers then."""
    app.connect("doctree-resolved", number_charts)
