"""Lead from an equation of a chapter to the names of the API that compute it, and back.

`equations.yml` lists every labelled equation. Below one that is computed stands a line with links
to the API; the docstrings there end with the numbers of their equations. The build warns of a
label that the table does not know.
"""

from functools import cache
from pathlib import Path

import yaml
from docutils import nodes
from sphinx import addnodes
from sphinx.util import logging

TABLE = Path(__file__).with_name("equations.yml")
logger = logging.getLogger(__name__)


@cache
def table() -> tuple[dict[str, list[str]], dict[str, str]]:
    """Return the names that compute each labelled equation, and why others have none."""
    read = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    return read["computed by"], read["definitions"]


def equations_of(name: str) -> list[str]:
    """Return the labels of the equations that a name of the API computes.

    Example:
        >>> equations_of("mechfit.models.siegert")
        ['siegert']
    """
    return [label for label, names in table()[0].items() if name in names]


def name_functions(app, doctree) -> None:
    """Set a line below every equation of a page that has just been read, if it is computed."""
    computed, defined = table()
    for equation in list(doctree.findall(nodes.math_block)):
        label = equation.get("label")
        if label in computed:
            line = nodes.paragraph("", "computed by ", classes=["computed-by"])
            for i, name in enumerate(computed[label]):
                line += nodes.Text(", " if i else "")
                line += reference(name, app.env.docname)
            equation.parent.insert(equation.parent.index(equation) + 1, line)
        elif label and label not in defined:
            logger.warning(
                f"the equation {label} is not in book/_ext/{TABLE.name}",
                location=equation,
                type="mechfit",
                subtype="equation",
            )


def reference(name: str, docname: str) -> addnodes.pending_xref:
    """Return a link to a name of the API, shown by its last part."""
    short = nodes.literal("", name.rpartition(".")[2], classes=["xref", "py", "py-obj"])
    found = {"refdomain": "py", "reftype": "obj", "reftarget": name, "refexplicit": True}
    return addnodes.pending_xref("", short, refdoc=docname, refwarn=True, **found)


def name_equations(app, what, name, obj, options, lines) -> None:
    """End the docstring of a name with the equations that it computes."""
    if labels := equations_of(name):
        numbers = ", ".join(f":eq:`{label}`" for label in labels)
        lines += ["", f"Computes {'equation' if len(labels) == 1 else 'equations'} {numbers}.", ""]


def setup(app) -> None:
    """Run these when a page or a docstring is read, the latter after napoleon."""
    app.connect("doctree-read", name_functions)
    app.connect("autodoc-process-docstring", name_equations, priority=910)
