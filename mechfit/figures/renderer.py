"""Show charts in a page or a notebook, without a network.

The renderer "mechfit", enabled on import of `mechfit.figures`, turns a chart into HTML that draws
it with Vega-Lite at the width of its surroundings (follow.js), with the subscripts of symbols
(subscripts.js). The first chart of a kernel brings the scripts along, and again when its cell is
run again; charts that come before them wait. They come from the package vl-convert, Altair's own
offline engine. A page that has them already, such as the built book, says so by the environment
variable ``MECHFIT_CHART_SCRIPTS=page``.
"""

import json
import os
import uuid
from collections import defaultdict
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path

import altair as alt
import vl_convert
from IPython import get_ipython

from mechfit.figures.theme import STYLE, theme

__all__ = ["chart_scripts", "render"]

_HTML = """<div id="{id}" class="mechfit-chart"></div>
<script>
window.mechfitDraw ||= (...chart) => {{
  document.getElementById(chart[0]).textContent = "{lost}";
  (window.mechfitWaiting ||= []).push(chart);
}};
mechfitDraw({id_json}, {spec}, {options});
</script>"""
_OURS = "subscripts.js", "follow.js"
_LOST = "Run the first chart of the notebook again: it brings the code that draws this one, too."
_OPTIONS = {"mode": "vega-lite", "renderer": "svg", "actions": False}
_cells: list[str] = []


@cache
def chart_scripts() -> str:
    """Return the JavaScript that draws charts: Vega, Vega-Lite, vega-embed and ours."""
    version = ".".join(alt.VEGALITE_VERSION.split(".")[:2])
    bundle = vl_convert.javascript_bundle(vl_version=version)
    look = f"window.mechfitLook = {_json({'style': STYLE, 'config': theme()['config']})};"
    ours = [Path(__file__).with_name(name).read_text("utf-8") for name in _OURS]
    return "\n".join([f"(function(){{{bundle}}})();", look, *ours])


def render(spec: dict, **_: object) -> dict[str, str]:
    """Turn a Vega-Lite specification into a MIME bundle with one HTML entry."""
    html = drawn(spec)
    if _brings_scripts() and os.environ.get("MECHFIT_CHART_SCRIPTS") != "page":
        html = f"{scripts_tag()}\n{html}"
    return {"text/html": html}


def scripts_tag() -> str:
    """Return the HTML element that brings the scripts."""
    scripts = chart_scripts().replace("</script", "<\\/script")
    return f"<script>{scripts}</script>"


def drawn(spec: dict) -> str:
    """Return the HTML that draws a specification, where the page has the scripts."""
    name = f"chart-{uuid.uuid4().hex[:12]}"
    spec, options = looked_up(carried_once(told_once(spec)))
    words = {"id_json": json.dumps(name), "options": json.dumps(options), "lost": _LOST}
    return _HTML.format(id=name, spec=_json(spec).replace("</", "<\\/"), **words)


def looked_up(spec: dict) -> tuple[dict, dict]:
    """Leave out of a specification what the scripts know of the book's theme; tell them so.

    A chart of another theme keeps its own.
    """
    config, known = spec.get("config", {}), theme()["config"]
    if not known.keys() <= config.keys():
        return spec, _OPTIONS
    own = {key: value for key, value in config.items() if value != known.get(key)}
    return {**spec, "config": own}, _OPTIONS | {"look": True}


def told_once(spec: dict) -> dict:
    """Let a screen reader read the description of a chart that has one, in place of its marks."""
    if not spec.get("description"):
        return spec
    config = spec.get("config", {})
    return spec | {"config": config | {"mark": {"aria": False} | config.get("mark", {})}}


def carried_once(spec: dict) -> dict:
    """Name the rows of data that several marks draw, so that a chart carries them once."""
    spec, found = deepcopy(spec), defaultdict(list)
    for data in _rows(spec):
        found[_json(data["values"])].append(data)
    for text, marks in found.items():
        if len(marks) > 1 and len(text) > 60:
            name = f"rows-{len(spec.setdefault('datasets', {}))}"
            spec["datasets"][name] = marks[0]["values"]
            for data in marks:
                del data["values"]
                data["name"] = name
    return spec


def _rows(node: object) -> Iterator[dict]:
    """Find the data of marks that stand in a specification as rows."""
    if isinstance(node, dict):
        data = node.get("data")
        if isinstance(data, dict) and list(data) == ["values"]:
            yield data
        for key, each in node.items():
            if key not in ("data", "datasets"):
                yield from _rows(each)
    elif isinstance(node, list):
        for each in node:
            yield from _rows(each)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _brings_scripts() -> bool:
    """Whether a chart is the first of its kernel, or drawn again by the first one's cell.

    A notebook that is opened anew beside its running kernel has lost the scripts; running its
    cells again brings them back.
    """
    shell = get_ipython()
    cell = shell.user_ns.get("In", [""])[-1] if shell else ""
    if not _cells:
        _cells.append(cell)
        return True
    return bool(cell) and cell == _cells[0]


alt.renderers.register("mechfit", render)
alt.renderers.enable("mechfit")
