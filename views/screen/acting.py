"""Act on rows: a POST plans a preview at its own address, where it is shown, decided and run."""

import re
from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from urllib.parse import urlencode
from uuid import UUID

from flask import flash, jsonify, redirect, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from backoffice.actions.engine.action import Action, find
from backoffice.actions.engine.attaching import detach_name
from backoffice.actions.engine.parameters import Choose
from backoffice.actions.engine.plan import (
    Selection,
    choose,
    load_preview,
    own_run,
    preview,
    save_draft,
)
from backoffice.actions.engine.run import run
from backoffice.errors import (
    BadRequest,
    ConfirmationNeeded,
    GrantExceeded,
    NotAllowed,
    NotFound,
    RuleBroken,
    TooMany,
)
from backoffice.extensions import db
from backoffice.models import row_keys
from backoffice.models.bulk_run import BulkRun
from backoffice.models.row_keys import RowKey
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import area_of
from backoffice.policy.rules import require, scope
from backoffice.text import LONGEST, is_id, without_invisible
from views.screen import after_run, parameter_forms, previews, uploads
from views.screen.addresses import pairs_of
from views.screen.definition import Definition
from views.screen.parameter_forms import PREFIX
from views.screen.previews import Problem, Typed
from views.web.answers import Answer
from views.web.errors import note_denial
from views.web.redirects import page_at, safe_path

MOST_OF_AN_ADDRESS = 4000  # characters


def plan(screen: Definition, actor: Actor, name: str) -> Answer:
    """Plan the preview that was asked for and redirect to it.

    Where the selection is refused, redirect back to the page with the reason as a message.
    """
    action = _action(screen, name)
    if not action.offered:
        raise NotFound(_("There is no such action."))
    require(actor, action.permission)
    back = _back(screen)
    draft = {
        "back": back or screen.url_of("index"),
        "matched": _matched(),
        "suggested": _suggested(action, back or ""),
    }
    try:
        selection = Selection() if action.is_global else _selection(screen, actor)
        planned = _planned(actor, action, selection, draft)
        db.session.commit()
    except (BadRequest, NotFound) as error:
        if back is None:
            raise
        db.session.rollback()
        flash(error.message, "warning")
        return redirect(back, HTTPStatus.SEE_OTHER)
    return redirect(screen.preview_url(action, planned.token), HTTPStatus.SEE_OTHER)


def _planned(
    actor: Actor, action: Action, selection: Selection, draft: Mapping[str, object]
) -> BulkRun:
    """Plan the preview, with the rows that the address chooses for its parameters by number.

    Where these are refused, the page of the preview says so at its fields.
    """
    plan_it = partial(preview, actor=actor, action=action, selection=selection)
    asked = {name: request.args.get(PREFIX + name, "") for name in action.parameters}
    chosen = {name: [number] for name, number in asked.items() if is_id(number)}
    try:
        return plan_it(parameters=chosen or None, draft=draft).run
    except RuleBroken as error:
        if not chosen:
            raise
        typed = {PREFIX + name: given for name, given in chosen.items()}
        return plan_it(draft={**draft, "chosen": typed, "problem": _refused(error)}).run


def _suggested(action: Action, back: str) -> dict[str, list[RowKey]]:
    """Return the row on whose page the actor was, by the parameter that offers what rows have."""
    endpoint, values = page_at(back)
    return {
        name: [values["row_id"]]
        for name, parameter in action.parameters.items()
        if isinstance(parameter, Choose)
        and parameter.held_by
        and endpoint == f"{area_of(parameter.model)}.details"
    }


def plan_detaching(screen: Definition, actor: Actor, row_id: RowKey, relation: str) -> Answer:
    """Plan the preview that detaches the ticked rows of a tab from the row of the page."""
    action = _detaching(screen, relation)
    require(actor, action.permission)
    back = _back(screen) or screen.url_of("details", row_id=row_id, tab=relation)
    ticked = request.form.getlist("row")
    if not ticked or request.form.get("all_matching"):
        flash(_("Tick the rows that are to be detached."), "warning")
        return redirect(back, HTTPStatus.SEE_OTHER)
    planned = preview(
        actor=actor,
        action=action,
        selection=Selection(ids=[row_id]),
        parameters={relation: ticked},
        draft={"back": back},
    ).run
    db.session.commit()
    return redirect(screen.preview_url(action, planned.token), HTTPStatus.SEE_OTHER)


def _detaching(screen: Definition, relation: str) -> Action:
    """Return the action of the tab's button. Raises NotFound if the screen has no such tab."""
    if not any(rows.attach and rows.name == relation for rows in screen.tabs):
        raise NotFound(_("There is no such action."))
    return _action(screen, detach_name(relation))


def show(screen: Definition, actor: Actor, name: str, token: UUID) -> Answer:
    """Show the preview from the database alone, or redirect to the result if it already ran."""
    action = _action(screen, name)
    shown = load_preview(actor=actor, token=token, action=action)
    if shown.run.state != "planned":
        return redirect(after_run.result(shown.run), HTTPStatus.SEE_OTHER)
    return previews.page(screen, actor, shown)


def look_up(screen: Definition, actor: Actor, name: str, token: UUID, parameter: str) -> Answer:
    """Return at most 20 rows that a parameter offers and that match `search`, as JSON."""
    action = _action(screen, name)
    require(actor, action.permission)
    asked = previews.asked(screen, actor, action, own_run(actor, token, action))
    wanted = action.asked(actor).get(parameter)
    if not (isinstance(wanted, Choose) and wanted.is_seen(actor)):
        raise NotFound
    search = request.args.get("search", "")
    rows, more = parameter_forms.options(asked, wanted, search=search)
    return jsonify(options=[{"id": row_id, "label": label} for row_id, label in rows], more=more)


def decide(screen: Definition, actor: Actor, name: str, token: UUID) -> Answer:
    """Choose the preview's parameters, or run it.

    The answer is always a redirect, because Back must not repeat anything.
    """
    action = _action(screen, name)
    require(actor, action.permission)
    if request.form.get("step") == "choose":
        return _choose(screen, actor, action, token)
    return _run(screen, actor, action, token)


def _action(screen: Definition, name: str) -> Action:
    action = find(f"{screen.endpoint}.{name.replace('-', '_')}")
    if action is None or (action.name == "delete" and not screen.has("delete")):
        raise NotFound(_("There is no such action."))
    return action


def _choose(screen: Definition, actor: Actor, action: Action, token: UUID) -> Answer:
    run = own_run(actor, token, action)
    form = parameter_forms.sent(previews.asked(screen, actor, action, run))
    typed: Typed = {"chosen": form.typed(), "problem": None}
    if form.validate():
        try:
            chosen = parameter_forms.with_kept(form, run.parameters)
            choose(actor=actor, token=token, action=action, parameters=chosen)
            typed["chosen"] = None
        except RuleBroken as error:
            typed["problem"] = _refused(error)
    elif complaint := uploads.complaint(form):
        # The page behind the redirect has no more of the file than its handle.
        field, sentence = complaint
        typed["problem"] = {"field": field, "message": sentence}
    return _keep(screen, actor, action, token, typed)


def _run(screen: Definition, actor: Actor, action: Action, token: UUID) -> Answer:
    typed = _typed_into_run_fields()
    planned = own_run(actor, token, action)
    was_planned = planned.state == "planned"
    back = (planned.draft or {}).get("back")
    try:
        done, secret_token = _run_and_commit(actor, action, token)
    except ConfirmationNeeded:
        # The preview's page asks for it, at an address that Back can show again.
        db.session.rollback()
        return _keep(screen, actor, action, token, typed)
    except (RuleBroken, NotAllowed, TooMany) as error:
        typed["problem"] = _refused(error)
        return _keep(screen, actor, action, token, typed)

    if not was_planned or not (action.is_global or done.counts.get("done")):
        return redirect(after_run.result(done), HTTPStatus.SEE_OTHER)
    return _lead_back(screen, actor, action, done, back=back, secret_token=secret_token)


def _typed_into_run_fields() -> Typed:
    return {
        "reason": without_invisible(_sent("reason")),
        "confirm": without_invisible(_sent("confirm")),
        "problem": None,
    }


def _sent(name: str) -> str:
    return request.form.get(name, "")[:LONGEST]


def _run_and_commit(actor: Actor, action: Action, token: UUID) -> tuple[BulkRun, UUID | None]:
    """Return the run, and the token of the page that shows its secret, if it has one."""
    secrets: list[str] = []
    done = run(
        actor=actor,
        token=token,
        action=action,
        reason=_sent("reason"),
        confirmation=without_invisible(_sent("confirm")),
        show_once=secrets.append,
    )
    secret_token = after_run.store_secret(actor, done, secrets)
    db.session.commit()
    return done, secret_token


def _lead_back(
    screen: Definition,
    actor: Actor,
    action: Action,
    done: BulkRun,
    *,
    back: str | None,
    secret_token: UUID | None,
) -> Answer:
    """Redirect to where the actor came from; first to the page of a secret, if there is one."""
    after_run.flash_result(actor, action, done)
    href = _existing_page(screen, actor, back)
    if secret_token:
        href = url_for("account.handover", token=secret_token, next=href)
    return redirect(href, HTTPStatus.SEE_OTHER)


def _refused(error: RuleBroken | NotAllowed | TooMany) -> Problem:
    """Roll back and return the reason as the preview's page shows it.

    What reached beyond the actor's rights is noted as an event.
    """
    db.session.rollback()
    flood = note_denial(error) if isinstance(error, (NotAllowed, GrantExceeded)) else None
    shown = flood or error
    return {"field": shown.field, "message": shown.message}


def _keep(screen: Definition, actor: Actor, action: Action, token: UUID, typed: Typed) -> Answer:
    """Keep with the preview what was typed, and redirect back to it."""
    save_draft(actor=actor, token=token, action=action, **typed)
    db.session.commit()
    return redirect(screen.preview_url(action, token), HTTPStatus.SEE_OTHER)


def _selection(screen: Definition, actor: Actor) -> Selection:
    if request.form.get("all_matching") == "1":
        return Selection(query=screen.query(actor, _list_pairs()))
    texts = request.form.getlist("row")
    keys = [row_keys.parse(screen.model, text) for text in texts]
    ids = row_keys.in_order(key for key in keys if key is not None)
    if None in keys:
        raise BadRequest(_("One of the chosen rows has no proper number."))
    if not ids:
        raise BadRequest(_("Choose at least one row first."))
    return Selection(ids=ids)


def _list_pairs() -> list[tuple[str, str]]:
    """Return the query of the list from which the form was sent.

    It comes as one value: no column can clash with a field of the form.
    """
    return pairs_of(request.form.get("list", ""), keep_empty=True)


def _matched() -> int | None:
    """Return how many rows matched according to the list, if all of them were asked for."""
    text = request.form.get("matched", "")
    if request.form.get("all_matching") == "1" and is_id(text):
        return int(text)
    return None


def _back(screen: Definition) -> str | None:
    """Return where the browser was, or None if the form does not say.

    That is the page that the form names, or else the list with its query.
    """
    back = safe_path(request.form.get("back"), "")[:MOST_OF_AN_ADDRESS]
    if back or "list" not in request.form:
        return back or None
    query = urlencode(_list_pairs())
    list_href = screen.url_of("index")
    return f"{list_href}?{query}" if query else list_href


def _existing_page(screen: Definition, actor: Actor, back: str | None) -> str:
    """Return `back`, or the list if `back` is the page of a row that is gone by now."""
    list_href = screen.url_of("index")
    if not back:
        return list_href
    page = re.match(rf"{re.escape(list_href)}({row_keys.PATTERN})", back)
    row_id = row_keys.parse(screen.model, page[1]) if page else None
    if row_id is None:
        return back
    still_there = select(screen.model.id).where(
        screen.model.id == row_id, scope(actor, screen.model)
    )
    return back if db.session.scalar(still_there) else list_href
