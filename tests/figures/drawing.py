"""Charts as a browser would draw them, for the tests of figures."""

import json

import altair as alt
import vl_convert

from mechfit.figures.renderer import told_once


def drawn(chart: alt.TopLevelMixin | dict, **values) -> str:
    """The SVG of a chart after sliders and menus were set.

    A rectangle is moved by a part of its fields: box={"cx": 20}.
    """
    spec = chart if isinstance(chart, dict) else chart.to_dict()
    params = {param["name"]: param for param in spec["params"]} if values else {}
    for name, value in values.items():
        param = params[name]
        param["value"] = [param["value"][0] | value] if isinstance(value, dict) else value
    svg = vl_convert.vegalite_to_svg(json.dumps(told_once(spec)))
    assert "NaN" not in svg
    assert "undefined" not in svg
    return svg
