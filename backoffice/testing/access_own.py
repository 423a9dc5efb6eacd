"""What pages that a single screen has besides those of all answer, to each kind of visitor."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from backoffice.testing.asking import METHODS, Person, Tries, Try, World
from views.screen.screen import Screen


def _row(screen: Screen, world: World) -> dict[str, Any]:
    return {"row_id": world.row(screen.model)}


# Another's bulk run is out of scope without the permission.


def _others_run(screen: Screen, person: Person, world: World) -> Tries:
    yield Try("GET", (200,) if person.holds("bulk_runs.view") else (404,), _row(screen, world))


def _others_run_as_a_file(screen: Screen, person: Person, world: World) -> Tries:
    if not person.holds("bulk_runs.view"):
        expected = 404
    else:
        expected = 200 if person.holds("bulk_runs.export") else 403
    yield Try("GET", (expected,), _row(screen, world))


def _undo_others_run(screen: Screen, person: Person, world: World) -> Tries:
    """Yield the undo of a run that gave a client tag, which `users.assign_scope` allows."""
    if not person.holds("bulk.undo"):
        expected = 403
    elif not person.holds("bulk_runs.view"):
        expected = 404
    else:
        expected = 303 if person.holds("users.assign_scope") else 403
    yield Try("POST", (expected,), _row(screen, world))


def _others_sheet(screen: Screen, person: Person, _world: World) -> Tries:
    """Yield the preview of a sheet that nobody has sent, or somebody else has: both look alike."""
    for method in METHODS:
        expected = 404 if person.holds("groups.import") else 403
        yield Try(method, (expected,), {"token": UUID(int=0)})


def _comment_of_nobody(screen: Screen, person: Person, world: World) -> Tries:
    expected = (404,) if person.holds("events.comment") else (403,)
    values = {**_row(screen, world), "comment_id": 2**63 - 1}
    for method in METHODS:
        yield Try(method, expected, values)


OWN_PAGES: dict[str, Callable[[Screen, Person, World], Tries]] = {
    "bulk_runs.details": _others_run,
    "bulk_runs.download": _others_run_as_a_file,
    "bulk_runs.take_back": _undo_others_run,
    "groups.sheet_preview": _others_sheet,
    "groups.sheet_undo": _others_sheet,
    "events.edit_comment": _comment_of_nobody,
}
