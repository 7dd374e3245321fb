"""The theme "mechfit": quiet axes, the page's own text color, one specification for every screen.

Importing this module registers and enables the theme and asks for SVG output, in which
`currentColor` follows the page from light to dark. A narrow window is met by a signal, not by a
second chart: `page` is the width in px that a chart may fill, and ranges of scales refer to it.
"""

import textwrap

import altair as alt

FONT = "-apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
WIDTH = 630
NARROW = 500

_QUIET = "rgba(128,128,128,.55)"


@alt.theme.register("mechfit", enable=True)
def theme() -> alt.theme.ThemeConfig:
    """Return the configuration of every chart in the book.

    Returns:
        Colors, fonts and lines; the background stays transparent.

    Example:
        >>> theme()["config"]["background"]
        'transparent'
    """
    axis = {
        "domainColor": _QUIET,
        "tickColor": _QUIET,
        "grid": False,
        "labelColor": "currentColor",
        "titleColor": "currentColor",
        "labelFontSize": 11,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "titlePadding": 8,
        "tickSize": 4,
        "labelPadding": 4,
    }
    title = {
        "anchor": "start",
        "frame": "bounds",
        "color": "currentColor",
        "subtitleColor": "currentColor",
        "fontSize": 14,
        "fontWeight": 600,
        "lineHeight": 19,
        "subtitleFontSize": 12,
        "subtitlePadding": 6,
        "subtitleLineHeight": 17,
        "offset": 14,
    }
    config = {
        "background": "transparent",
        "padding": 2,
        "font": FONT,
        "view": {"stroke": None},
        "axis": axis,
        "title": title,
        "text": {"fill": "currentColor", "fontSize": 12},
        "rule": {"stroke": "currentColor"},
        "line": {"stroke": "currentColor", "strokeJoin": "round"},
    }
    return alt.theme.ThemeConfig(config=config)


STYLE = """
.vega-embed { display: flex; flex-direction: column; align-items: stretch; color: inherit;
  position: relative; }
.vega-embed svg { max-width: 100%; height: auto; flex: none; }
.vega-embed:has(.wide_marks):not(.chart-box *) { overflow-x: auto; }
.vega-embed:has(.wide_marks) svg { max-width: none; }
.vega-embed .vega-bindings { display: grid; gap: 2px 24px; max-width: 630px; margin-top: 12px;
  grid-template-columns: repeat(auto-fit, minmax(260px, 1fr)); font-size: 13px;
  line-height: 1.4; }
.vega-embed .vega-bind label { display: flex; align-items: center; gap: 8px; min-height: 32px; }
.vega-embed .vega-bind-name { flex: 0 0 118px; }
.vega-embed .vega-bind input { flex: 1 1 60px; min-width: 60px; accent-color: #2F80C9; }
.vega-embed .vega-bind input + span { flex: 0 0 48px; font-variant-numeric: tabular-nums; }
.vega-embed .vega-bind select { flex: 1 1 60px; min-width: 0; font: inherit; min-height: 28px;
  color: inherit; background: transparent; border: 1px solid #8A8F98; border-radius: 4px; }
.vega-embed .vega-bind option { color: #222; background: #fff; }
#vg-tooltip-element { font-family: inherit; }
"""
"""Styles of a chart's surroundings, carried by the chart into any page, notebooks too."""

alt.renderers.set_embed_options(renderer="svg", actions=False, defaultStyle=STYLE)


def page(margin: int = 0) -> str:
    """Write the expression for the width that a chart may fill.

    Args:
        margin: Width in px to leave free, for labels beside the chart.

    Returns:
        A Vega expression: `WIDTH` on a desktop page, less in a narrow window.

    Example:
        >>> page(30)
        '(page - 30)'
    """
    return f"(page - {margin})"


def page_param() -> alt.Parameter:
    """Declare the signal `page`, in px, read once from the window when the chart is drawn.

    Returns:
        The parameter to add to a chart whose scales use `page()`.

    Example:
        >>> page_param().name
        'page'
    """
    inner = "windowSize()[0]"
    return alt.param(
        name="page", expr=f"{inner} > 0 && {inner} < 700 ? max(280, {inner} - 56) : {WIDTH}"
    )


def _lines(text: str) -> alt.ExprRef:
    wide, narrow = (textwrap.wrap(text, n) for n in (WIDTH // 7, 44))
    return alt.ExprRef(f"page < {NARROW} ? {narrow!r} : {wide!r}")


def finish(
    chart: alt.LayerChart,
    *,
    title: str,
    description: str,
    size: tuple[int, int],
    subtitle: str | None = None,
) -> alt.LayerChart:
    """Give a chart its title, text alternative and the signal `page`.

    Args:
        chart: The layers.
        title: What to see, in words.
        description: The text alternative, at least a sentence.
        size: Nominal width and height in px; marks may reach further right.
        subtitle: What the reader can do, if anything.

    Returns:
        The chart, ready for the page.

    Example:
        >>> dot = alt.layer(alt.Chart(alt.Data(values=[{}])).mark_point())
        >>> finish(dot, title="One dot", description="A dot.", size=(9, 9)).description
        'A dot.'
    """
    if not title.strip():
        raise ValueError("title is empty, expected the sentence that says what to see")
    words = {"text": _lines(title)}
    if subtitle:
        words["subtitle"] = textwrap.wrap(subtitle, 56)
    return chart.add_params(page_param()).properties(
        title=alt.TitleParams(**words),
        description=description,
        width=size[0],
        height=size[1],
    )
