"""Numbers of a run, told in the prose of the page that made them."""

from myst_nb import glue


def say(**words: str) -> None:
    """Store words for the roles of a page.

    After `say(rate_low="3 Hz")` the role {glue:text}`rate-low` shows 3 Hz; underscores become
    hyphens.
    """
    for name, text in words.items():
        glue(name.replace("_", "-"), text, display=False)
