"""The page for two changes of one row at once: both versions side by side, and both ways out."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from flask import render_template, request
from markupsafe import Markup

from backoffice.events import history
from backoffice.models.base import Entity
from views.web.actor import signed_in
from views.web.redirects import CONFIRMATION_FIELDS

# The page has the first two anew; of a confirmation nothing is sent again, least of all a password.
DROPPED = ("csrf_token", "version", *CONFIRMATION_FIELDS)


@dataclass(frozen=True)
class Compared:
    """A field that was sent, with the saved value beside the sent one."""

    label: str
    theirs: Markup | str
    mine: str
    differs: bool


@dataclass(frozen=True)
class Page:
    """What the page shows. Saving replaces the `version` that is shown, and no later one."""

    title: str
    who: str
    when: datetime
    fields: list[Compared]
    hidden: list[tuple[str, str]]
    version: int
    action: str
    cancel_href: str


def answer(
    row: Entity,
    fields: Iterable[Compared],
    *,
    title: str,
    action: str,
    cancel: str,
    more: Iterable[tuple[str, str]] = (),
    render: Callable[..., str] = render_template,
) -> tuple[str, int]:
    """Return the page for a row as it is saved now, and for what this request has sent.

    Args:
        row: the row, read again after the rollback.
        fields: every field that was sent.
        title: the heading of the page.
        action: where saving mine over theirs is posted to.
        cancel: where keeping theirs leads to.
        more: what else is sent again, such as what keeps an uploaded file.
        render: renders the template.
    """
    sent = request.form.items(multi=True)
    page = Page(
        title=title,
        who=history.last_author(signed_in(), row),
        when=row.updated_at,
        fields=list(fields),
        hidden=[*(pair for pair in sent if pair[0] not in DROPPED), *more],
        version=row.version,
        action=action,
        cancel_href=cancel,
    )
    return render("admin/conflict.html", page=page), HTTPStatus.CONFLICT
