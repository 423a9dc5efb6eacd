"""The pages on which people comment on an event."""

from dataclasses import dataclass
from http import HTTPStatus

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup

from backoffice.data import event_comments, records
from backoffice.errors import BackofficeError, Conflict, RuleBroken
from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.models.event_comment import EventComment
from backoffice.policy.actor import Actor
from forms.event_comment import CommentForm
from views.screen import Screen
from views.web import unsent
from views.web.actor import signed_in
from views.web.answers import Answer
from views.web.event_comments import told
from views.web.event_texts import described


@dataclass(frozen=True)
class CommentPage:
    """The form of a comment: on which event, and what is changed at which version."""

    title: str
    sentence: Markup | str
    event_href: str
    action: str
    form: CommentForm
    version: int | None = None


def below(actor: Actor, event: Event) -> Markup:
    """Return the comments on an event, with the form of another one, for its page."""
    comments = told(actor, [event.id]).get(event.id, [])
    form = CommentForm() if event_comments.may_comment(actor, event) else None
    action = url_for("events.comment", row_id=event.id)
    html = render_template(
        "admin/events/comments.html", comments=comments, form=form, action=action
    )
    return Markup(html)  # noqa: S704  # rendered from our own template


def new(screen: Screen, event_id: int) -> Answer:
    """Show the form of a comment, or write one."""
    actor = signed_in()
    event = records.get(actor=actor, model=Event, row_id=event_id)
    form = CommentForm(request.form if request.method == "POST" else None)
    if request.method == "POST" and form.validate():
        try:
            comment = event_comments.write(
                actor=actor, event_id=event_id, text=form.text.data or ""
            )
            return _written(comment)
        except RuleBroken as error:
            _refuse(form, error)
    return _page(screen, event_id, form, action=url_for("events.comment", row_id=event.id))


def edit(screen: Screen, event_id: int, comment_id: int) -> Answer:
    """Show the form of a comment that its author may still change, or change it."""
    place = {"event_id": event_id, "comment_id": comment_id}
    comment = event_comments.get_own(actor=signed_in(), **place)
    sent = request.form if request.method == "POST" else None
    form = CommentForm(sent, data={"text": comment.text})
    version = unsent.version(comment.version)
    if sent is not None:
        version = sent.get("version", type=int)
        if form.validate():
            try:
                return _changed(place, version, form)
            except Conflict as error:
                _refuse(form, error)
                # What was typed takes the place of what was saved, if it is sent again.
                version = error.current.version
            except RuleBroken as error:
                _refuse(form, error)
    action = url_for("events.edit_comment", row_id=event_id, comment_id=comment_id)
    return _page(screen, event_id, form, action=action, version=version)


def _changed(place: dict[str, int], version: int | None, form: CommentForm) -> Answer:
    """Change the comment and answer. Raises Conflict or RuleBroken."""
    text = form.text.data or ""
    changed = event_comments.edit(actor=signed_in(), **place, version=version, text=text)
    return _written(changed)


def _written(comment: EventComment) -> Answer:
    db.session.commit()
    flash(_("Your comment is saved."), "success")
    href = url_for("events.details", row_id=comment.event_id, _anchor=f"comment-{comment.id}")
    return redirect(href, HTTPStatus.SEE_OTHER)


def _refuse(form: CommentForm, error: BackofficeError) -> None:
    db.session.rollback()
    form.refuse(error)


def _page(
    screen: Screen, event_id: int, form: CommentForm, *, action: str, version: int | None = None
) -> Answer:
    event = records.get(actor=signed_in(), model=Event, row_id=event_id)
    page = CommentPage(
        title=_("Comment on event %(number)s", number=event_id),
        sentence=described([event])[0].sentence,
        event_href=url_for("events.details", row_id=event_id),
        action=action,
        form=form,
        version=version,
    )
    status = HTTPStatus.OK
    if form.errors or form.form_errors:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    return screen.render("admin/events/comment.html", page=page), status
