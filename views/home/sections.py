"""Section: something that home shows to those who may see it, drawn by a template of its own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from backoffice.policy.actor import Actor

# Sections beside each other that are alike stand in one row: tiles, and halves of the page.
Width = Literal["whole", "half", "tile"]


@dataclass(frozen=True)
class Block:
    """A section as it is drawn for one reader: a template with its values."""

    heading: str
    template: str
    values: Mapping[str, Any] = field(default_factory=dict)
    width: Width = "half"


@dataclass(frozen=True)
class Section:
    """A section of home.

    Attributes:
        name: what the choices of people know it by, so it never changes.
        heading: returns what the reader calls it.
        is_seen: tells whether an actor may see it.
        draw: draws it for an actor.
    """

    name: str
    heading: Callable[[], str]
    is_seen: Callable[[Actor], bool]
    draw: Callable[[Actor], Block]
