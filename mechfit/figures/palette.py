"""One meaning per color, everywhere in the book.

Each color keeps a contrast of at least 3 : 1 on a white and on a dark page (#14181e), so one chart
serves both. Observed data, axes and words take the page's own text color. Color never carries a
meaning alone: a `Role` joins it with a dash and a marker shape.
"""

from dataclasses import dataclass

OBSERVED = "currentColor"
PRIOR = "#8A8F98"
POSTERIOR = "#2F80C9"
SAMPLE = "#D9622B"
PATH = "#1B8F6A"
BROKEN = "#B4549C"


@dataclass(frozen=True)
class Role:
    """How one meaning is drawn.

    Attributes:
        color: A color of this module.
        dash: Lengths of line and gap in px, `(1, 0)` for a solid line.
        shape: A Vega marker shape.
    """

    color: str
    dash: tuple[float, ...]
    shape: str


ROLES = {
    "observed": Role(OBSERVED, (1, 0), "cross"),
    "prior": Role(PRIOR, (2, 3), "square"),
    "posterior": Role(POSTERIOR, (1, 0), "circle"),
    "sample": Role(SAMPLE, (6, 1.5), "diamond"),
    "broken": Role(BROKEN, (2, 1.5), "triangle-up"),
    "path": Role(PATH, (8, 2, 2, 2), "square"),
}
"""The six meanings by name; `traces` and `pairplot` accept these names as `roles`."""


def role(name: str) -> Role:
    """Look a meaning up by its name.

    Args:
        name: A key of `ROLES`.

    Returns:
        Its color, dash and shape.

    Example:
        >>> role("prior").color
        '#8A8F98'
    """
    if name not in ROLES:
        raise ValueError(f"role is {name!r}, expected one of {', '.join(ROLES)}")
    return ROLES[name]


def assign(
    names: list[str], roles: dict[str, str] | None, order: tuple[str, ...]
) -> dict[str, Role]:
    """Give each named thing in a chart a role.

    Args:
        names: The names, in the order of drawing.
        roles: Role names chosen by the caller, or none.
        order: Roles handed out in turn to the names that have none.

    Returns:
        The role of every name.

    Example:
        >>> [r.shape for r in assign(["mode", "low"], None, ("sample", "broken")).values()]
        ['diamond', 'triangle-up']
    """
    roles = dict(roles or {})
    unknown = set(roles) - set(names)
    if unknown:
        raise ValueError(f"roles names {sorted(unknown)}, expected names among {names}")
    return {n: role(roles.get(n, order[i % len(order)])) for i, n in enumerate(names)}
