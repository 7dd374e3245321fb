"""Progress bars: on a terminal and in a live notebook, none where MECHFIT_PROGRESS is 0."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from tqdm.auto import tqdm

__all__ = ["progress_bar"]

inside_a_bar = ContextVar("inside_a_bar", default=False)


@contextmanager
def progress_bar(total: int, unit: str) -> Iterator[tqdm]:
    """Show a bar that counts to `total` and then vanishes; one inside another stays hidden."""
    hidden = inside_a_bar.get() or os.environ.get("MECHFIT_PROGRESS") == "0"
    token = inside_a_bar.set(True)
    try:
        with tqdm(total=total, unit=unit, unit_scale=True, disable=hidden, leave=False) as bar:
            yield bar
    finally:
        inside_a_bar.reset(token)
