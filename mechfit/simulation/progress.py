"""Progress bars: on a terminal and in a live notebook, none where MECHFIT_PROGRESS is 0."""

from __future__ import annotations

import os

from tqdm.auto import tqdm

__all__ = ["progress_bar"]


def progress_bar(total: int, unit: str) -> tqdm:
    """Return a bar that counts to `total`; it leaves no trace when it is done."""
    hidden = os.environ.get("MECHFIT_PROGRESS") == "0"
    return tqdm(total=total, unit=unit, unit_scale=True, disable=hidden, leave=False)
