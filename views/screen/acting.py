"""Acting on rows: a POST plans a preview at an address of its own, where it is looked at, decided and run."""

import re
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from flask import flash, redirect, request, url_for
from sqlalchemy import select

from backoffice.actions.engine.action import Action, find
from backoffice.actions.engine.plan import Selection, choose, jot, opened, own, preview
from backoffice.actions.engine.run import run
from backoffice.errors import (
    BadRequest,
    ConfirmationNeeded,
    GrantExceeded,
    NotAllowed,
    NotFound,
    RuleBroken,
)
from backoffice.extensions import db
from backoffice.policy.actor import Actor
from backoffice.policy.rules import require, scope
from backoffice.text import LONGEST, cleaned, is_id
from views.screen import afterwards, previews
from views.screen.definition import Definition
from views.web.errors import note_denial
from views.web.redirects import safe_path

MOST_PAIRS = 2000  # of a list's query; filters are far fewer
MOST_OF_A_QUERY = 16_000  # characters; the answer leads back to it
MOST_OF_AN_ADDRESS = 4000  # characters


def plan(screen: Definition, actor: Actor, name: str) -> Any:
    """Make the preview that was asked for, and lead to it."""
    action = _action(screen, name)
    if not action.offered:
        raise NotFound("There is no such action.")
    require(actor, action.permission)
    back = _back(screen)
    draft = {"back": back or screen.url_of("index"), "matched": _matched()}
    try:
        selection = _selection(screen, actor)
        planned = preview(actor=actor, action=action, selection=selection, draft=draft).run
        db.session.commit()
    except (BadRequest, NotFound) as error:
        if back is None:
            raise
        db.session.rollback()
        flash(error.message, "warning")
        return redirect(back, HTTPStatus.SEE_OTHER)
    return redirect(screen.preview_url(action, planned.token), HTTPStatus.SEE_OTHER)


def look(screen: Definition, actor: Actor, name: str, token: UUID) -> Any:
    """The preview, drawn from the database alone; what was run already leads to its result."""
    action = _action(screen, name)
    shown = opened(actor=actor, token=token, action=action)
    if shown.run.state != "planned":
        return redirect(afterwards.result(shown.run), HTTPStatus.SEE_OTHER)
    return previews.page(screen, actor, shown)


def decide(screen: Definition, actor: Actor, name: str, token: UUID) -> Any:
    """Choose the preview's parameters, or run it; then the browser is led on, so that Back repeats nothing."""
    action = _action(screen, name)
    require(actor, action.permission)
    if request.form.get("step") == "choose":
        return _choose(screen, actor, action, token)
    return _run(screen, actor, action, token)


def _action(screen: Definition, name: str) -> Action:
    action = find(f"{screen.endpoint}.{name.replace('-', '_')}")
    if action is None or (action.name == "delete" and not screen.has("delete")):
        raise NotFound("There is no such action.")
    return action


def _choose(screen: Definition, actor: Actor, action: Action, token: UUID) -> Any:
    form = previews.parameter_form(actor, action, request.form)
    typed: dict[str, Any] = {"chosen": previews.typed_into(form), "problem": None}
    if form.validate():
        try:
            choose(actor=actor, token=token, action=action, parameters=previews.values_of(form))
            typed["chosen"] = None
        except RuleBroken as error:
            typed["problem"] = _refused(error)
    return _keep(screen, actor, action, token, typed)


def _run(screen: Definition, actor: Actor, action: Action, token: UUID) -> Any:
    reason, confirmation = (request.form.get(name, "")[:LONGEST] for name in ("reason", "confirm"))
    typed: dict[str, Any] = {
        "reason": cleaned(reason),
        "confirm": cleaned(confirmation),
        "problem": None,
    }
    planned = own(actor, token, action)
    first, back = planned.state == "planned", (planned.draft or {}).get("back")
    revealed: list[str] = []
    try:
        done = run(
            actor=actor,
            token=token,
            action=action,
            reason=reason,
            confirmation=typed["confirm"],
            reveal=revealed.append,
        )
        shown_once = afterwards.hand_over(actor, done, revealed)
        db.session.commit()
    except (
        ConfirmationNeeded
    ):  # the page of the preview asks for it, by an address that Back can show again
        db.session.rollback()
        return _keep(screen, actor, action, token, typed)
    except (RuleBroken, NotAllowed) as error:
        return _keep(screen, actor, action, token, typed | {"problem": _refused(error)})
    if not first or not done.counts.get("done"):
        return redirect(afterwards.result(done), HTTPStatus.SEE_OTHER)
    afterwards.tell(actor, action, done)
    href = _still_there(screen, actor, back)
    if shown_once:
        href = url_for("account.handover", token=shown_once, next=href)
    return redirect(href, HTTPStatus.SEE_OTHER)


def _refused(error: RuleBroken | NotAllowed) -> dict[str, Any]:
    """Why nothing was done, as the preview's page says it; what reached beyond the actor's rights is an event."""
    db.session.rollback()
    if isinstance(error, (NotAllowed, GrantExceeded)):
        note_denial(error)
    return {"field": error.field, "message": error.message}


def _keep(
    screen: Definition, actor: Actor, action: Action, token: UUID, typed: dict[str, Any]
) -> Any:
    """Keep with the preview what was typed, and lead back to it."""
    jot(actor=actor, token=token, action=action, **typed)
    db.session.commit()
    return redirect(screen.preview_url(action, token), HTTPStatus.SEE_OTHER)


def _selection(screen: Definition, actor: Actor) -> Selection:
    if request.form.get("all_matching") == "1":
        return Selection(query=screen.query(actor, _list_pairs()))
    texts = request.form.getlist("row")
    if not all(map(is_id, texts)):
        raise BadRequest("One of the chosen rows has no proper number.")
    if not texts:
        raise BadRequest("Choose at least one row first.")
    return Selection(ids=sorted({int(text) for text in texts}))


def _list_pairs() -> list[tuple[str, str]]:
    """The query of the list from which the form was sent: one value, so that no column clashes with a field."""
    text = request.form.get("list", "")
    if len(text) > MOST_OF_A_QUERY:
        raise BadRequest("The list's address is too long.")
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_PAIRS)
    except ValueError:
        raise BadRequest("The list's address has too many parts.") from None


def _matched() -> int | None:
    """How many rows the list said that match, where all of them were asked for."""
    text = request.form.get("matched", "")
    return int(text) if request.form.get("all_matching") == "1" and is_id(text) else None


def _back(screen: Definition) -> str | None:
    """Where the browser was: the list with its query, or the page that the form names; None if it does not say."""
    if "list" in request.form:
        query = urlencode(_list_pairs())
        return f"{screen.url_of('index')}?{query}" if query else screen.url_of("index")
    return safe_path(request.form.get("back"), "")[:MOST_OF_AN_ADDRESS] or None


def _still_there(screen: Definition, actor: Actor, back: str | None) -> str:
    """Where it came from; the list, if that was the page of a row that is gone by now."""
    base = screen.url_of("index")
    page = re.match(rf"{re.escape(base)}(\d+)", back or "")
    if page and is_id(page[1]):
        there = select(screen.model.id).where(
            screen.model.id == int(page[1]), scope(actor, screen.model)
        )
        return back if db.session.scalar(there) else base
    return back or base
