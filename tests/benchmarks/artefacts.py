"""Numbers of a benchmark that the book shows, in its folder of artefacts."""

import json
from pathlib import Path

from mechfit.inference.files import write

ARTEFACTS = Path(__file__).parents[2] / "book" / "artefacts"


def record(name: str, numbers: dict) -> None:
    """Write them to book/artefacts/NAME.json."""
    text = json.dumps(numbers, indent=1, ensure_ascii=False)
    write(ARTEFACTS / f"{name}.json", f"{text}\n".encode())
