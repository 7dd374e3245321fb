"""Live pictures: which scripts a page with one of them loads, and the data that these read.

The scripts stand in `book/_static`. The data are made of `book/artefacts` when the book is built,
as classic scripts, which also load from a folder.
"""

import re
from pathlib import Path

ARTEFACTS = Path(__file__).resolve().parents[1] / "artefacts"
FLOW = ("random", "arrays", "coupling", "maf", "priors", "posterior")
NEURON = (*FLOW, "hodgkin-huxley", "statistics")
PARTS = ("draw", "controls")
PICTURES = {
    "infer": (
        (*NEURON, "misspecification"),
        ("hodgkin-huxley-seven-page", "hodgkin-huxley-simulated"),
        (*PARTS, "pairs", "predictions", "recording", "report"),
    ),
    "features": (NEURON, ("hodgkin-huxley-page",), PARTS),
    "circuit": ((*FLOW, "pyloric", "rhythm"), ("pyloric-page",), (*PARTS, "oscilloscope")),
}
"""Of each live picture the scripts that compute, its data, and the scripts that show."""
SIMULATED = 2000
"""Simulations, and their seed, that a page compares an observation with."""
PLACE = re.compile(r'class="mechfit-live" data-live="([a-z]+)"')


def scripts_of(pictures: list[str]) -> list[str]:
    """Scripts of these pictures in the order of loading, each once.

    Example:
        >>> scripts_of(["features"])[-3:]
        ['live/controls.js', 'live/features.js', 'live/start.js']
    """
    found = ["compute/compute.js"]
    for picture in pictures:
        compute, data, show = PICTURES[picture]
        found += [f"compute/{name}.js" for name in compute]
        found += [f"compute/data/{name}.js" for name in data]
        found += [f"live/{name}.js" for name in (*show, picture)]
    return [*dict.fromkeys(found), "live/start.js"]


def add_scripts(app, pagename, templatename, context, doctree) -> None:
    """Load on a page what its live pictures need."""
    if pictures := PLACE.findall(context.get("body", "")):
        for script in scripts_of(pictures):
            app.add_js_file(script)
        app.add_css_file("live/live.css")


def write_data(app) -> None:
    """Write what the pictures compute with, as scripts that hold it.

    These are the stored posteriors whose names end in -page, one network of the ensemble for the
    circuit, and simulations that tell whether an observation is one that the neuron could have
    made.
    """
    from book.figures.in_page import first_member
    from mechfit.inference import load, misspecification_to_page, page_script, to_page
    from mechfit.models import HodgkinHuxley
    from mechfit.simulation import simulate

    stored = sorted(ARTEFACTS.glob("*-page.safetensors"))
    files = {source.stem: to_page(load(source.with_suffix(""))) for source in stored}
    files["pyloric-page"] = to_page(first_member(load(ARTEFACTS / "pyloric-prior")))
    bank = simulate(HodgkinHuxley(), SIMULATED, seed=SIMULATED)
    files["hodgkin-huxley-simulated"] = misspecification_to_page(bank)
    folder = Path(app.outdir) / "_static" / "compute" / "data"
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / f"{name}.js").write_text(page_script(name, data), encoding="utf-8")


def setup(app) -> None:
    """Write the data once, and look at every page before its scripts are tidied."""
    app.connect("builder-inited", write_data)
    app.connect("html-page-context", add_scripts, priority=800)
