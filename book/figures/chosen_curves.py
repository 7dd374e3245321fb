"""Curves over time of which a menu chooses the set; every set was computed beforehand."""

from collections.abc import Mapping, Sequence

import altair as alt
from numpy.typing import ArrayLike

from book.figures.sliding_curves import lines_of
from mechfit.figures.checks import different, increasing, numbers
from mechfit.figures.parts import menu, named_lines
from mechfit.figures.theme import WIDTH, assign, present

ORDER = ("observed", "sample", "posterior")


def chosen_curves(
    x: tuple[str, ArrayLike],
    sets: tuple[str, Sequence[str]],
    named: Mapping[str, ArrayLike],
    *,
    up: str,
    title: str,
    description: str,
    start: int = 0,
) -> alt.LayerChart:
    """Draw curves, one set for each entry of a menu.

    Args:
        x: Name and evenly spaced values (p,) of the variable.
        sets: What the menu chooses, and the names of the k sets.
        named: Name to values that are not negative, shape (k, p); up to three curves.
        up: Name and unit of the values.
        title: What to see, in words.
        description: The text alternative.
        start: Index of the set that is shown first.
    """
    across, grid = x[0], increasing(x[1])
    menu_words, names = sets[0], different("sets", sets[1])
    named = {n: numbers(n, v, len(names), len(grid)) for n, v in named.items()}
    looks = assign(list(named), None, ORDER)
    high = 1.04 * max(float(v.max()) for v in named.values())
    scales = [alt.Scale(domain=list(d), nice=False) for d in ((grid[0], grid[-1]), (0, high))]
    place = {
        "x": alt.X("t:Q", scale=scales[0], axis=alt.Axis(title=across, tickCount=6)),
        "y": alt.Y("v:Q", scale=scales[1], axis=alt.Axis(title=up, tickCount=5)),
    }
    place |= named_lines(looks)
    lines = lines_of(grid, named, looks, high, "chosen")
    chart = alt.layer(*(line.encode(**place) for _, line in lines)).properties(
        width=WIDTH, height=200
    )
    chart = chart.add_params(menu("chosen", names, menu_words, start))
    return present(chart, title, description, f"Choose the {menu_words} below.")
