"""Answer every error with a page.

This is the only table from a refusal to a status, and the place where unforeseen errors end.
"""

from dataclasses import dataclass
from http import HTTPStatus

import structlog
from flask import Flask, Response, flash, g, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, OperationalError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from backoffice import errors, failures, limits, readiness
from backoffice.database import is_commit_known, is_read_only, writable
from backoffice.events import denials
from backoffice.extensions import db
from backoffice.policy.actor import Actor
from backoffice.transactions import begin
from views.account import confirmation
from views.web import reader, retries, unsent
from views.web.actor import LEAVE, READ_ONLY, actor, asking, only_showing
from views.web.answers import Answer
from views.web.downloads import is_download
from views.web.headers import OPEN
from views.web.redirects import own_page, safe_path

log = structlog.get_logger()

STATUS: dict[type[errors.BackofficeError], tuple[int, str]] = {
    errors.NotAllowed: (403, _l("You may not do this")),
    errors.OnlyViewing: (403, _l("Not while you view as somebody else")),
    errors.NotFound: (404, _l("There is nothing here")),
    errors.BadRequest: (400, _l("This request makes no sense")),
    errors.RuleBroken: (422, _l("This is not possible")),
    errors.Conflict: (409, _l("Somebody was faster")),
    errors.Expired: (410, _l("This is no longer valid")),
    errors.TooMany: (429, _l("Too many tries")),
    errors.Busy: (503, _l("Back in a moment")),
}
# Of the errors of HTTP itself; a status without one has its phrase, which stays English.
TITLES: dict[int, str] = {
    400: _l("Bad request"),
    403: _l("Forbidden"),
    404: _l("Not found"),
    405: _l("Method not allowed"),
    413: _l("Request entity too large"),
}
SENTENCES: dict[int, str] = {
    400: _l("The address or the form is not complete. Go back and try again."),
    404: _l("The address is not right, or what was here is gone, or it is not yours to see."),
    405: _l("This address takes no such request."),
    413: _l(
        "What was sent is too large: more than 4 MB. Nothing was kept; go back and choose a "
        "smaller file."
    ),
    507: _l(
        "The server's disk is full. Nothing was changed; tell your administrator, and try again "
        "when there is space."
    ),
    503: _l("The database does not answer. Nothing was changed; try again in a few seconds."),
    500: _l(
        "Something went wrong on our side, and nothing was changed. Tell your administrator the "
        "number below."
    ),
}
CANNOT_WRITE: str = _l(
    "The database can only be read just now. Nothing was changed; try again in a few minutes."
)
SOMEBODY_ELSE: str = _l("Somebody else was changing the same rows. Nothing was changed; try again.")
TOO_LONG: str = _l(
    "This takes the database too long. Nothing was changed; ask for less, for instance with a "
    "filter."
)
# What PostgreSQL calls "lock not available" and "query canceled", by SQLSTATE; and SQLite's name
# for the latter.
MEANINGS = {"55P03": SOMEBODY_ELSE, "57014": TOO_LONG, "SQLITE_INTERRUPT": TOO_LONG}
NOT_GRANTED = "42501"  # what PostgreSQL calls "insufficient privilege", by SQLSTATE
NOT_GIVEN: str = _l(
    "The product was not given the right to do this with a table. Nothing was changed. Your "
    "administrator can give it in the database."
)
TABLE_CHANGED: str = _l(
    "A table or a column that this page needs is not in the database any more. Nothing was "
    "changed. Your administrator has to bring it back, or to start the product again without it."
)
UNKNOWN: str = _l(
    "The database went away just when this was to be kept. It may be done, or not at all: look "
    "before you try again."
)
EXPIRED: str = _l(
    "The page was open too long, or was opened before you signed in. Nothing was done: go back and "
    "try again."
)
OF_VIEW: str = _l(
    "This form was opened while you viewed as somebody else. Nothing was done: open it again as "
    "yourself."
)
ANOTHER_PERSON: str = _l(
    "Somebody else was signed in here when this form was opened. Nothing was done. If it was you, "
    "sign in as that person again: what was typed is kept for an hour."
)


@dataclass(frozen=True)
class GoOn:
    """A form that leads on from an error, with the hidden fields that it sends."""

    url: str
    fields: list[tuple[str, str]]


def register(app: Flask) -> None:
    """Answer every error with a page that has a request id, and never with a trace."""
    app.register_error_handler(errors.BackofficeError, _refused)
    app.register_error_handler(errors.ConfirmationNeeded, confirmation.ask)
    app.register_error_handler(errors.SignedOut, _signed_out)
    app.register_error_handler(CSRFError, _form_expired)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(DBAPIError, _database)
    app.register_error_handler(PoolTimeout, _database_away)
    app.register_error_handler(PendingRollbackError, _database_away)
    app.register_error_handler(Exception, _unforeseen)
    app.teardown_request(_let_go)


def _refused(error: errors.BackofficeError) -> Response:
    status, title = STATUS.get(type(error), STATUS[errors.RuleBroken])
    _forget()
    if isinstance(error, (errors.NotAllowed, errors.GrantExceeded)):
        flood = note_denial(error)
        if flood:
            error = flood
            status, title = STATUS[errors.TooMany]
    message = error.message or SENTENCES.get(status, "")
    who = asking()
    if who and isinstance(error, errors.OnlyViewing):
        with reader.speaking_to(who):
            title, message = str(title), str(error.why)
    response = page(status, title, message)
    if isinstance(error, (errors.TooMany, errors.Busy)):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _signed_out(error: errors.SignedOut) -> Response:
    db.session.rollback()
    flash(error.message, "info")
    return Response(status=303, headers={"Location": url_for("sign_in")})


def note_denial(error: errors.NotAllowed | errors.GrantExceeded) -> errors.TooMany | None:
    """Note a refused attempt to change or export something as an event, and commit.

    A refused look is no event. In a flood of attempts only the first are noted, and the error to
    answer with is returned.
    """
    who = asking()
    is_attempt = request.method == "POST" or is_download(request.endpoint)
    if not (who and is_attempt):
        return None
    what = f"{request.method} {_path()}"[:500]
    try:
        flood = _denied(who.in_person, error.code or "request", what)
    except (DBAPIError, PoolTimeout) as trouble:  # it stays refused, and the page says so
        log.error("denial_not_noted", actor=who.user_id, what=what, error=type(trouble).__name__)
        _forget()
        return None
    return flood


def _denied(who: Actor, action: str, what: str) -> errors.TooMany | None:
    with writable():
        begin(writing=True)  # the request may only have read until now
        flood = denials.record(actor=who, action=action, what=what)
        db.session.commit()
    return flood


def _http(error: HTTPException) -> Answer | HTTPException:
    status = error.code or 500
    if status < HTTPStatus.BAD_REQUEST:
        return error
    _forget()
    title = TITLES.get(status, HTTPStatus(status).phrase.capitalize())
    response = page(status, title, SENTENCES.get(status, error.description or ""))
    allowed = getattr(error, "valid_methods", None)
    if error.response is None and allowed:
        response.headers["Allow"] = ", ".join(allowed)
    return response


def _form_expired(_error: CSRFError) -> Answer:
    """Answer a form that was open too long, or that belongs to another session.

    What was typed is kept for the person that the form was drawn for.
    """
    if request.endpoint == "sign_in":
        flash(_("The page was open too long. Please sign in again."), "info")
        href = url_for("sign_in", next=safe_path(request.form.get("next")))
        return Response(status=303, headers={"Location": href})
    who = actor()
    if who and unsent.is_of_view():
        return _of_view(who)
    drawn_for = unsent.drawn_for()
    if drawn_for is None or request.endpoint in OPEN:
        return page(400, _l("Please send the form again"), EXPIRED, again=own_page())
    if who is None:
        return unsent.to_sign_in()
    if who.in_person.user_id == drawn_for:
        return unsent.again(drawn_for)
    back, _shown = unsent.rescue(drawn_for)
    go_on = GoOn(url_for("sign_out"), fields=[("next", back)])
    title = _l("This form belongs to another person")
    return page(400, title, ANOTHER_PERSON, go_on=go_on)


def _of_view(who: Actor) -> Answer:
    """Answer a form that was drawn while the actor viewed as somebody else, which they left."""
    if request.endpoint == LEAVE and not who.viewed_by:
        flash(_("You are yourself already."), "info")
        return redirect(url_for("home"), HTTPStatus.SEE_OTHER)
    return page(410, STATUS[errors.Expired][1], OF_VIEW, again=own_page())


def _database(error: DBAPIError) -> Response:
    """Answer an error of the database: 503 or 507 if it is one of the moment, otherwise 500."""
    why = failures.of_database(error)
    if why == failures.READ_ONLY and is_read_only():
        return _refused(errors.OnlyViewing(READ_ONLY))
    if why in (failures.NO_SPACE, failures.READ_ONLY):
        return _cannot_write(why)
    if failures.is_missing_table(error):
        return _changed_beside_us(error)
    if _state(error) == NOT_GRANTED:
        return _not_granted(error)
    if not (isinstance(error, OperationalError) or error.connection_invalidated):
        return _unforeseen(error)
    if retries.asked_for(error):
        # Nobody sees this answer: the request is repeated.
        _forget()
        return Response(status=HTTPStatus.SERVICE_UNAVAILABLE)
    return _database_away(error)


def _cannot_write(why: str) -> Response:
    log.error(why.replace(" ", "_").replace("-", "_"), where="database")
    readiness.database_refused(why)
    _forget()
    g.database_away = True  # so that the page does not try to write down who is there
    if why == failures.NO_SPACE:
        return page(507, _l("No space left"), SENTENCES[507])
    return page(503, _l("Only for reading"), CANNOT_WRITE)


def _not_granted(error: DBAPIError) -> Response:
    """Answer for a table on which the product was not given the right to do this."""
    log.error("not_granted", detail=str(error.orig).partition("\n")[0], path=_path())
    _forget()
    return page(503, _l("The database does not allow this"), NOT_GIVEN)


def _changed_beside_us(error: DBAPIError) -> Response:
    """Answer for a table that lost a column, or is gone, since the product was started."""
    log.error("table_changed", detail=str(error.orig).partition("\n")[0], path=_path())
    _forget()
    return page(503, _l("A table is not as it was"), TABLE_CHANGED)


def _database_away(error: DBAPIError | PoolTimeout | PendingRollbackError) -> Response:
    sentence = _meaning(error)
    log.error("database_unavailable", error=type(error).__name__, detail=_state(error))
    _forget()
    g.database_away = True  # so that the page does not ask it who is there
    status, title = STATUS[errors.Busy]
    response = page(status, title, sentence)
    response.headers["Retry-After"] = str(limits.RETRY_AFTER)
    return response


def _meaning(error: BaseException) -> str:
    """Return the sentence that tells people why the database did not do it."""
    if retries.met_another(error):
        return SOMEBODY_ELSE
    if getattr(error, "connection_invalidated", False) and not is_commit_known():
        return UNKNOWN
    return MEANINGS.get(_state(error), SENTENCES[503])


def _state(error: BaseException) -> str:
    """Return the database's code for the error, never its message, which may hold values."""
    driver = getattr(error, "orig", None)
    sqlstate = getattr(driver, "sqlstate", None)
    return str(sqlstate or getattr(driver, "sqlite_errorname", None) or "")


def _unforeseen(error: Exception) -> Response:
    detail = type(error.orig).__name__ if isinstance(error, DBAPIError) else None
    log.error("unhandled", exc_info=error, detail=detail, path=_path())
    _forget()
    return page(500, _l("Something went wrong"), SENTENCES[500])


def _path() -> str:
    """Return the path for logs and events, without the secret value or handle of a mailed link."""
    path = request.path
    arguments = request.view_args or {}
    for name in ("value", "handle"):
        secret = arguments.get(name)
        if secret:
            path = path.replace(secret, "***")
    return path


def _forget() -> None:
    """Roll back what the request began, even if the database is gone."""
    try:
        db.session.rollback()
    except DBAPIError:
        db.session().invalidate()
        db.session.remove()


def _let_go(_error: BaseException | None) -> None:
    """Give the connection back before Flask-SQLAlchemy does.

    If that failed there, the answer would be lost.
    """
    try:
        db.session.close()
    except DBAPIError as error:
        log.warning("connection_lost_at_the_end", detail=_state(error))
        db.session().invalidate()


def _look_who_asks() -> None:
    """Read who is signed in for the page; if the database cannot tell now, the page omits it."""
    if "database_away" in g:
        return
    try:
        actor()
    except (DBAPIError, PoolTimeout):
        g.database_away = True
        _forget()


def page(
    status: int,
    title: str,
    message: str,
    *,
    go_on: GoOn | None = None,
    again: str | None = None,
) -> Response:
    """Return an error page, or JSON for a client that prefers JSON.

    Title and message are translated here, when it is known who asks. `again` is the address of the
    form that may be sent again.
    """
    only_showing()
    _look_who_asks()
    title, message = str(title), str(message)
    if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
        response = jsonify(error=title, message=message, request_id=g.request_id)
    else:
        html = render_template(
            "error.html",
            status=status,
            title=title,
            message=message,
            request_id=g.request_id,
            go_on=go_on,
            again=again,
        )
        response = Response(html)
    response.status_code = status
    return response
