"""What a theme cannot know about our pages: which scripts they need, and their footer."""

from html import escape

# sphinx-thebe is always loaded by jupyter-book; unused here, and it declares its names twice.
THEBE = ("sphinx-thebe.js", "THEBE_JS_URL")
CHARTS = ("charts.js",)


def tidy_scripts(app, pagename, templatename, context, doctree) -> None:
    """Leave out scripts that come twice or that the page has no use for."""
    unwanted = THEBE if "mechfitDraw" in context.get("body", "") else THEBE + CHARTS
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


def setup(app) -> None:
    """Run all three for every page, after the theme."""
    app.connect("html-page-context", tidy_scripts, priority=900)
    app.connect("html-page-context", mend_roles, priority=900)
    app.connect("html-page-context", add_footer, priority=900)
