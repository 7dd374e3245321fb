"""Show charts in a page or a notebook, without a network.

The renderer "mechfit", enabled on import of `mechfit.figures`, turns a chart into HTML that draws
it with Vega-Lite at the width of its surroundings (follow.js). The first chart of a kernel brings
the scripts along, from the package vl-convert, Altair's own offline engine; a page that has them
already, such as the built book, says so by the environment variable
``MECHFIT_CHART_SCRIPTS=page``.
"""

import itertools
import json
import os
import uuid
from functools import cache
from pathlib import Path

import altair as alt
import vl_convert

from mechfit.figures.theme import STYLE

__all__ = ["chart_scripts", "render"]

_HTML = """<div id="{id}" class="mechfit-chart"></div>
<script>mechfitDraw({id_json}, {spec}, {options});</script>"""
_OPTIONS = {"mode": "vega-lite", "renderer": "svg", "actions": False, "defaultStyle": STYLE}
_count = itertools.count()


@cache
def chart_scripts() -> str:
    """Return the JavaScript that draws charts: Vega, Vega-Lite, vega-embed and follow.js."""
    version = ".".join(alt.VEGALITE_VERSION.split(".")[:2])
    bundle = vl_convert.javascript_bundle(vl_version=version)
    follow = Path(__file__).with_name("follow.js").read_text(encoding="utf-8")
    return f"(function(){{{bundle}}})();\n{follow}"


def render(spec: dict, **_: object) -> dict[str, str]:
    """Turn a Vega-Lite specification into a MIME bundle with one HTML entry."""
    name = f"chart-{uuid.uuid4().hex[:12]}"
    text = json.dumps(spec, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
    html = _HTML.format(id=name, id_json=json.dumps(name), spec=text, options=json.dumps(_OPTIONS))
    if next(_count) == 0 and os.environ.get("MECHFIT_CHART_SCRIPTS") != "page":
        scripts = chart_scripts().replace("</script", "<\\/script")
        html = f"<script>{scripts}</script>\n{html}"
    return {"text/html": html}


alt.renderers.register("mechfit", render)
alt.renderers.enable("mechfit")
