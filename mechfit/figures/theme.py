"""The look of the book: one meaning per color, quiet axes, one specification for every screen.

Each color keeps a contrast of at least 3 : 1 on a white and on a dark page (#14181e), so one chart
serves both. Observed data, axes and words take the page's own text color. Color never carries a
meaning alone: a `Role` joins it with a dash and a marker shape.

Importing this module registers and enables the theme "mechfit". Charts are ordinary Altair charts,
composed with `|` and `&`; views have nominal widths that add up to about `WIDTH` px in a row, and
the renderer (renderer.py) makes them follow the page.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import altair as alt

FONT = "-apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
NARROW = 500
WIDTH = 600
"""Nominal width in px of a row of views."""

_QUIET = "rgba(128,128,128,.55)"

PAGE = alt.param(name="page", value=640)
"""The page's width in px, kept true by the renderer, for charts whose words depend on it."""

OBSERVED = "currentColor"
PRIOR = "#8A8F98"
POSTERIOR = "#2F80C9"
SAMPLE = "#D9622B"
PATH = "#1B8F6A"
BROKEN = "#B4549C"


@dataclass(frozen=True)
class Role:
    """How one meaning is drawn: color, lengths of line and gap in px, Vega marker shape."""

    color: str
    dash: tuple[float, ...] = (1, 0)
    shape: str = "circle"


ROLES = {
    "observed": Role(OBSERVED, (1, 0), "cross"),
    "prior": Role(PRIOR, (2, 3), "square"),
    "posterior": Role(POSTERIOR, (1, 0), "circle"),
    "sample": Role(SAMPLE, (6, 1.5), "diamond"),
    "broken": Role(BROKEN, (2, 1.5), "triangle-up"),
    "path": Role(PATH, (8, 2, 2, 2), "square"),
}
"""The six meanings by name; `traces` and `pairplot` accept these names as `roles`."""


def assign(
    names: Sequence[str], roles: Mapping[str, str] | None, order: Sequence[str]
) -> dict[str, Role]:
    """Give each name the role that the caller chose, else the next one of `order`."""
    roles = dict(roles or {})
    if unknown := set(roles) - set(names):
        raise ValueError(f"roles names {sorted(unknown)}, expected names among {list(names)}")
    if wrong := set(roles.values()) - set(ROLES):
        raise ValueError(f"role is {min(wrong)!r}, expected one of {', '.join(ROLES)}")
    return {n: ROLES[roles.get(n, order[i % len(order)])] for i, n in enumerate(names)}


@alt.theme.register("mechfit", enable=True)
def theme() -> alt.theme.ThemeConfig:
    """Return the configuration of every chart in the book.

    Returns:
        Colors, fonts and lines; the background stays transparent.

    Example:
        >>> theme()["config"]["background"]
        'transparent'
    """
    axis = {"grid": False, "tickSize": 4, "labelFontSize": 11, "labelPadding": 4}
    axis |= {"titleFontSize": 12, "titleFontWeight": "normal", "titlePadding": 8}
    axis |= {"domainColor": _QUIET, "tickColor": _QUIET}
    axis |= {"labelColor": OBSERVED, "titleColor": OBSERVED}
    title = {"anchor": "start", "frame": "bounds", "offset": 14, "color": OBSERVED}
    title |= {"fontSize": 14, "fontWeight": 600, "lineHeight": 19, "subtitleColor": OBSERVED}
    title |= {"subtitleFontSize": 12, "subtitlePadding": 6, "subtitleLineHeight": 17}
    config = {"background": "transparent", "padding": 2, "font": FONT, "view": {"stroke": None}}
    config |= {"axisDiscrete": {"ticks": False, "domain": False}}
    config |= dict.fromkeys(["point", "circle", "square"], {"opacity": 1})
    config |= {"axis": axis, "title": title, "text": {"fill": OBSERVED, "fontSize": 12}}
    legend = {"labelColor": OBSERVED, "titleColor": OBSERVED, "labelFontSize": 12, "title": None}
    legend |= {"orient": "top", "offset": 2, "symbolStrokeWidth": 1.5, "labelLimit": 400}
    config |= {"legend": legend, "concat": {"spacing": 14}}
    config |= {"rule": {"stroke": OBSERVED}, "line": {"stroke": OBSERVED, "strokeJoin": "round"}}
    return alt.theme.ThemeConfig(config=config)


STYLE = """
.vega-embed { display: flex; flex-direction: column; align-items: stretch; color: inherit;
  position: relative; }
.vega-embed svg { max-width: 100%; height: auto; flex: none; }
.vega-embed .mark-rect { shape-rendering: crispEdges; }
.vega-embed .vega-bindings { display: grid; gap: 2px 24px; max-width: 630px; margin-top: 12px;
  grid-template-columns: repeat(auto-fit, minmax(260px, 1fr)); font-size: 13px;
  line-height: 1.4; }
.vega-embed .vega-bind label { display: flex; align-items: center; gap: 8px; min-height: 32px; }
.vega-embed .vega-bind-name { flex: 0 0 118px; }
.vega-embed .vega-bind input { flex: 1 1 60px; min-width: 60px; accent-color: #2F80C9; }
.vega-embed .vega-bind input[type="checkbox"] { flex: 0 0 auto; min-width: 0;
  order: -1; }
.vega-embed .vega-bind input + span { flex: 0 0 48px; font-variant-numeric: tabular-nums; }
.vega-embed .vega-bind input:is([name="power"], [name="size"]) + span { display: none; }
.vega-embed .vega-bind select { flex: 1 1 60px; min-width: 0; font: inherit; min-height: 28px;
  color: inherit; background: transparent; border: 1px solid #8A8F98; border-radius: 4px; }
.vega-embed .vega-bind option { color: #222; background: #fff; }
#vg-tooltip-element { font-family: inherit; }
"""
"""Styles of a chart's surroundings, carried by the chart into any page, notebooks too."""


def present(chart: alt.TopLevelMixin, title: str, description: str, hint: str = "") -> alt.Chart:
    """Give a chart its title, its text alternative and one line that says how to use it."""
    for name, words in (("title", title), ("description", description)):
        if not words.strip():
            raise ValueError(f"{name} is empty, expected a sentence that says what to see")
    words = alt.TitleParams(title, subtitle=hint) if hint else alt.TitleParams(title)
    return chart.properties(title=words, description=description)
