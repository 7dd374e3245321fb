"""Charts as a browser would draw them, for the tests of figures."""

import json

import vl_convert


def drawn(spec: dict, page: int | None = None, **values) -> str:
    """The SVG of a chart after sliders and menus were set, on a page of some width (px)."""
    params = {param["name"]: param for param in spec["params"]}
    for name, value in values.items():
        params[name]["value"] = value
    if page is not None:
        params["page"]["expr"] = str(page)
    svg = vl_convert.vegalite_to_svg(json.dumps(spec))
    assert "NaN" not in svg
    assert "undefined" not in svg
    return svg
