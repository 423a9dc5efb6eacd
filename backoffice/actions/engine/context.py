"""The context of an action: who asks for it, on which rows, with which parameters."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar, cast

from sqlalchemy import Select

from backoffice import clock
from backoffice.policy.actor import Actor

Ids = Select[Any]  # selects the ids of rows, which are numbers or other keys
T = TypeVar("T")


@dataclass(frozen=True)
class ActionContext:
    """Who asks for an action, on which rows and with which parameters.

    Rules decide by this and by what the database has.

    Attributes:
        selected: selects the ids of all rows asked for.
        parameters: what was chosen: a list of ids for each `Choose`, a value for any other
            parameter, and nothing for one that was not asked for.
        undo_of: the id of the run that is being undone, if any.
        show_once: is called with a secret that the actor may see once, such as a password; it is
            stored nowhere.
    """

    actor: Actor
    selected: Ids
    parameters: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    undo_of: int | None = None
    now: datetime = field(default_factory=clock.now)
    show_once: Callable[[str], object] = field(default=lambda _secret: None)

    _once: dict[object, object] = field(default_factory=dict, repr=False, compare=False)

    def once(self, compute: Callable[["ActionContext"], T]) -> T:
        """Return what `compute` returns for this context; it is called only once.

        For what several rules need and a statement has to read.
        """
        if compute not in self._once:
            self._once[compute] = compute(self)
        return cast(T, self._once[compute])
