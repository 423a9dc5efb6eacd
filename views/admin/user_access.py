"""Draw what a person may do and why: permissions with what gives them, and the box that asks."""

from collections.abc import Iterator
from dataclasses import dataclass

from flask import current_app, render_template, request
from flask_babel import gettext as _

from backoffice.actions.engine import why
from backoffice.actions.engine.action import actions_of
from backoffice.actions.engine.why import Answer
from backoffice.errors import RuleBroken
from backoffice.models.direct_grant import DirectGrant
from backoffice.models.user import User
from backoffice.people import history, permission_sources, viewing
from backoffice.people.permission_sources import Source
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import Permission, catalogue
from backoffice.policy.rules import can, sees
from views.screen.access import actions_on
from views.screen.definition import Definition

VERBS = ("view", "create", "edit", "export")  # of screens; to delete is an action
OPEN = "view"  # the power that opens a screen


@dataclass(frozen=True)
class Box:
    """The box that asks "May this person ...?".

    Attributes:
        options: what can be asked for: the name of each area, with codes and what they mean.
        code, row: what is asked.
        answer: the answer; None before anything is asked.
        problem, field: why the question makes no sense, and what of it.
    """

    options: list[tuple[str, list[tuple[str, str]]]]
    code: str = ""
    row: str = ""
    answer: Answer | None = None
    problem: str = ""
    field: str | None = None


def tab(actor: Actor, user: User) -> str:
    """Return the tab about groups and permissions as HTML."""
    by_area: dict[str, list[tuple[Permission, list[Source]]]] = {}
    permissions = catalogue()
    for code, sources in permission_sources.sources(actor, user).items():
        by_area.setdefault(permissions[code].area, []).append((permissions[code], sources))
    may_view_as = can(actor, viewing.CODE)
    return render_template(
        "admin/users/groups.html",
        user=user,
        by_area=by_area,
        may_open=can(actor, "groups.view"),
        ends=history.ends_of_groups(user),
        may_see_extra=sees(actor, DirectGrant),
        extra=history.extra_permissions(user),
        box=_box(actor, user),
        may_view_as=may_view_as,
        not_viewable=viewing.refusal(actor, user) if may_view_as else "",
    )


def _box(actor: Actor, user: User) -> Box:
    options = list(_options(actor))
    code, row = request.args.get("may", ""), request.args.get("row", "")
    if not code:
        return Box(options)
    try:
        found = why.row_of(asker=actor, code=code, text=row)
        answer = why.ask(asker=actor, person=user, code=code, row=found)
    except RuleBroken as error:
        return Box(options, code, row, problem=error.message, field=error.field)
    return Box(options, code, row, answer)


def _options(actor: Actor) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield what can be asked for: of each screen that the actor sees, and what belongs to none."""
    listed: set[str] = set()
    for screen in current_app.extensions["screens"]:
        if screen.may(actor, OPEN):
            options = [*_verbs(screen), *_actions(screen)]
            listed.update(code for code, _label in options)
            yield str(screen.name), options
    others = [p for p in catalogue().values() if p.code not in listed]
    yield _("Permissions"), [(each.code, str(each.meaning)) for each in others]


def _verbs(screen: Definition) -> Iterator[tuple[str, str]]:
    permissions = catalogue()
    for verb in VERBS:
        code = f"{screen.endpoint}.{verb}"
        if screen.has(verb) and code in permissions:
            yield code, str(permissions[code].meaning)


def _actions(screen: Definition) -> Iterator[tuple[str, str]]:
    for action in (*actions_on(screen), *actions_of(screen.model, is_global=True)):
        yield action.code(), str(action.label)
