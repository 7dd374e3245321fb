"""What a theme cannot know about our pages: which scripts they need, and their footer."""

import re
from html import escape
from pathlib import Path

from fontTools.subset import Subsetter
from fontTools.ttLib import TTFont

# sphinx-thebe is always loaded by jupyter-book; unused here, and it declares its names twice.
THEBE = ("sphinx-thebe.js", "THEBE_JS_URL")
NEEDED = {
    "charts.js": ("mechfitDraw",),
    "mechfitWaiting": ("mechfitDraw",),  # keeps the charts until charts.js is there
    "mathjax/": ('class="math',),
    "formulas.js": ('class="math',),
    "glossary.js": ("#term-",),
    "terms.js": ("#term-",),
}
"""Scripts, and what a page shows that needs them: charts, formulas, links of terms."""
ICON_CLASS = re.compile(r"\bfa-[\w-]+")
ICONS = re.compile(r'((?:\.fa-[\w-]+::?before,?)+)\{content:"\\\w+"\}')
"""Rules of a style sheet that give classes their icon."""
PLACE, PRIVATE = re.compile(r'"\\([ef][0-9a-f]{3})"'), re.compile("[\ue000-\uf8ff]")
"""Its place in the font, as a number and as the character itself."""
SAID = re.compile(r'(?<=<span class="pasted-text">)[^<]+')


def tidy_scripts(app, pagename, templatename, context, doctree) -> None:
    """Leave out scripts that come twice or that the page has no use for."""
    body = context.get("body", "")
    unused = (name for name, shown in NEEDED.items() if not any(part in body for part in shown))
    unwanted = (*THEBE, *unused)
    kept = []
    for script in context["script_files"]:
        name = f"{getattr(script, 'filename', script)} {getattr(script, 'attributes', '')}"
        if script not in kept and not any(word in name for word in unwanted):
            kept.append(script)
    context["script_files"] = kept


def mend_roles(app, pagename, templatename, context, doctree) -> None:
    """Drop a role that docutils gives the bibliography and whose children do not fit it."""
    if "body" in context:
        context["body"] = context["body"].replace('<div role="list" class="cit', '<div class="cit')


def set_subscripts(app, pagename, templatename, context, doctree) -> None:
    """Set subscripts of symbols, and commands as code, in what cells say in the prose."""
    from mechfit.figures.labels import tagged

    def told(words: re.Match) -> str:
        command = words[0].startswith("python ")
        return f"<code>{words[0]}</code>" if command else tagged(words[0])

    if "body" in context:
        context["body"] = SAID.sub(told, context["body"])


def name_folds(app, pagename, templatename, context, doctree) -> None:
    """Name what opens the pages below another one in the sidebar, for screen readers."""
    draw = context["generate_toctree_html"]

    def named(*args, **kwargs):  # noqa: ANN202
        tree = draw(*args, **kwargs)
        for fold in tree.find_all("summary") if tree else ():
            page = fold.parent.find_previous_sibling("a")
            fold["aria-label"] = f"Pages below {page.get_text(strip=True)}" if page else "Pages"
        return tree

    context["generate_toctree_html"] = named


def add_footer(app, pagename, templatename, context, doctree) -> None:
    """Set the footer: version, licenses, how to cite, report a problem."""
    cite = context["pathto"]("book/appendix/bibliography") + "#how-to-cite"
    items = [
        f"mechfit {escape(app.config.version)}",
        "code: MIT license",
        "text and figures: CC BY 4.0",
        f'<a href="{cite}">how to cite</a>',
    ]
    repository = app.config.html_theme_options.get("repository_url", "").rstrip("/")
    if repository:
        items.append(f'<a href="{escape(repository)}/issues/new">report a problem</a>')
    context["theme_extra_footer"] = "<p>" + " · ".join(items) + "</p>"


def use_web_font(app, exception) -> None:
    """Empty the theme's script of icons, 1.5 MB, as its style sheet has them in a font."""
    script = Path(app.outdir) / "_static" / "scripts" / "fontawesome.js"
    if exception is None and script.exists():
        script.write_text("// the icons come from the web font\n", encoding="utf-8")


def subset_icons(app, exception) -> None:
    """Leave only the icons that pages show in style sheets and fonts, 240 kB on every page."""
    if exception is not None:
        return
    static = Path(app.outdir) / "_static"
    pages = [*Path(app.outdir).rglob("*.html"), *static.rglob("*.js")]
    shown = set(ICON_CLASS.findall("".join(path.read_text(encoding="utf-8") for path in pages)))

    def needed(rule: re.Match) -> str:
        return rule[0] if shown & set(ICON_CLASS.findall(rule[1])) else ""

    places = set()
    for path in static.rglob("*.css"):
        style = ICONS.sub(needed, path.read_text(encoding="utf-8"))
        path.write_text(style, encoding="utf-8")
        places |= {int(place, 16) for place in PLACE.findall(style)}
        places |= set(map(ord, PRIVATE.findall(style)))
    for font in static.glob("vendor/fontawesome/webfonts/*.ttf"):
        icons, subset = TTFont(font), Subsetter()
        subset.populate(unicodes=places)
        subset.subset(icons)
        icons.flavor = "woff2"
        icons.save(font.with_suffix(".woff2"))


def setup(app) -> None:
    """Run these for every page, after the theme, and the last two once."""
    app.connect("html-page-context", tidy_scripts, priority=900)
    app.connect("html-page-context", mend_roles, priority=900)
    app.connect("html-page-context", set_subscripts, priority=900)
    app.connect("html-page-context", name_folds, priority=900)
    app.connect("html-page-context", add_footer, priority=900)
    app.connect("build-finished", use_web_font, priority=900)
    app.connect("build-finished", subset_icons, priority=900)
