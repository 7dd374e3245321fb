"""Warn of pages that lack a part of what their cells compute: a warning fails the build.

A cell may be left out, its output may be the traceback of an error that stopped nothing, as from a
drawing that fails, and a chart may come as the name of its class or without a text alternative.
"""

import json
import re
from functools import partial

import nbclient
from docutils import nodes
from jupyter_cache.executors import utils
from run_ahead import PATIENT
from sphinx.util import logging

logger = logging.getLogger(__name__)
DRAWN, CLASS = re.compile(r'mechfitDraw\("[^"]*", '), re.compile(r"alt\.\w*Chart\(")


def check_page(app, doctree: nodes.document) -> None:
    """Warn of every cell of a page that has just been read whose results are not whole."""
    for cell in doctree.findall(nodes.container):
        if cell.get("nb_element") == "cell_code":
            for fault in faults_of(cell):
                logger.warning(fault, location=cell, type="mechfit", subtype="page")


def faults_of(cell: nodes.container) -> list[str]:
    """Tell what a cell, as myst-nb writes it into the page, lacks."""
    found, tags = [], cell["cell_metadata"].get("tags", [])
    if cell["exec_count"] is None and cell.astext().strip():
        found.append("a cell was not executed")
    for output in cell.findall(nodes.literal_block):
        last = (output.astext().strip().splitlines() or [""])[-1]
        if "traceback" in output["classes"] and "raises-exception" not in tags:
            found.append(f"a cell shows the traceback of {last}")
    for bundle in cell.findall(nodes.container):
        kinds = {p["mime_type"]: p.astext() for p in bundle.children if "mime_type" in p}
        if "text/html" not in kinds and CLASS.match(kinds.get("text/plain", "")):
            found.append("a chart was not drawn")
    for output in cell.findall(nodes.raw):
        for call in DRAWN.finditer(output.astext()):
            spec, _ = json.JSONDecoder().raw_decode(output.astext(), call.end())
            if not spec.get("description", "").strip():
                found.append("a chart has no description")
    return found


def setup(app) -> None:
    """Check every page, and let a cell fail whose output does not arrive."""
    utils.executenb = partial(nbclient.execute, **PATIENT)
    app.connect("doctree-read", check_page)
