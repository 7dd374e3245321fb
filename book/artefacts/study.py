"""Results of a long study, kept row by row: a stopped run goes on, other settings begin anew."""

from __future__ import annotations

import json
import time
from pathlib import Path

from mechfit.inference.files import write


class Study:
    """A JSON file of settings and rows.

    Args:
        path: The file.
        settings: What the rows depend on; a file of others is not continued.
        facts: What a new file is to hold beside them.
    """

    def __init__(self, path: Path, settings: dict, **facts: object) -> None:
        self.path = path
        self.made = {**settings, **facts, "rows": []}
        if path.exists():
            stored = json.loads(path.read_text(encoding="utf-8"))
            if settings.items() <= stored.items():
                self.made = stored

    def holds(self, **key: object) -> bool:
        """Whether a row is there."""
        return any(key.items() <= row.items() for row in self.made["rows"])

    def add(self, result: dict, **key: object) -> None:
        """Keep a row, in the place of an earlier one with the same key."""
        rows = [row for row in self.made["rows"] if not key.items() <= row.items()]
        self.made |= {"rows": [*rows, key | result], "date": time.strftime("%Y-%m-%d")}
        write(self.path, (json.dumps(self.made, indent=1) + "\n").encode())
        print(key | result, flush=True)
