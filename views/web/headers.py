"""Check every request before a page sees it, and set the headers of every answer."""

import secrets
from collections.abc import Iterable
from http import HTTPStatus
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, Response, current_app, g, redirect, request, url_for
from flask_babel import force_locale
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.middleware.proxy_fix import ProxyFix

from backoffice import database, limits
from backoffice.auth.networks import admits, plain
from backoffice.extensions import csrf
from backoffice.http import HEALTH_PATHS, READING_METHODS
from backoffice.settings import Settings, configured
from views.web import reader, unsent, view_as
from views.web.actor import LEAVE, actor
from views.web.answers import Answer
from views.web.downloads import page_of, says_caching
from views.web.theme import STRICT_TRANSPORT, csp_nonce

OPEN = {  # pages that need no sign-in
    "sign_in",
    "sign_in_code",
    "sign_in_code_again",
    "sign_out",
    "invitation",
    "invitation_form",
    "invitation_again",
    "forgotten",
    "reset",
    "reset_form",
    "enrolment",
    "enrolment_form",
    "account.open_email_link",
    "demo_mailbox",
    "demo_mail",
    "demo_mail_html",
    "demo_portal",
    "healthz",
    "readyz",
    "static",
}
WHILE_PASSWORD_IS_DUE = OPEN | {"account.password"}
WHILE_ENROLMENT_IS_DUE = WHILE_PASSWORD_IS_DUE | {
    "account.two_factor",
    "account.begin_two_factor",
    "account.enrol",
    "account.use_email",
    "account.confirm",
}
# It has no menu and no style, because no page of ours works under another host. It does not repeat
# what was asked for.
ELSEWHERE = Markup(
    '<!doctype html>\n<html lang="{language}"><title>{title}</title>\n<p>{text}</p></html>\n'
)
# What browsers may keep: its address never stands for anything else.
KEPT = ("static", "avatar")


def register(app: Flask, settings: Settings) -> None:
    """Put the checks before every request, and the headers after it."""
    if settings.trusted_proxies:
        app.wsgi_app = TrustedProxy(app.wsgi_app, settings)  # type: ignore[method-assign]  # Flask documents this
    app.wsgi_app = SlowClients(app.wsgi_app, settings)  # type: ignore[method-assign]  # Flask documents this
    app.wsgi_app = AnyHost(app.wsgi_app, settings.host)  # type: ignore[method-assign]  # Flask documents this
    # The order matters: host and address, then whether anything may be sent at all, then the form's
    # token, then who is signed in.
    app.before_request(_begin)
    app.before_request(_check_viewing)
    app.before_request(_check_token)
    app.before_request(_check_signed_in)
    app.after_request(_headers)
    app.teardown_request(_end)


class AnyHost:
    """Accept health checks for any host: they often ask by address, and mean us."""

    def __init__(self, app: WSGIApplication, host: str) -> None:
        self.app = app
        self.host = host

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") in HEALTH_PATHS:
            environ["HTTP_HOST"] = self.host
        return self.app(environ, start_response)


class SlowClients:
    """Give up on a client that neither sends nor reads.

    gunicorn buffers nothing, and would wait for it for ever.
    """

    def __init__(self, app: WSGIApplication, settings: Settings) -> None:
        self.app = app
        self.seconds = settings.slow_client_timeout.total_seconds()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        connection = environ.get("gunicorn.socket")
        if connection:
            connection.settimeout(self.seconds)
        return self.app(environ, start_response)


class TrustedProxy:
    """Believe `X-Forwarded-*` only if the request comes from a configured proxy."""

    def __init__(self, app: WSGIApplication, settings: Settings) -> None:
        self.direct = app
        self.proxied = ProxyFix(app, x_for=1, x_proto=1, x_host=0)
        self.trusted = [str(network) for network in settings.trusted_proxies]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        peer = plain(environ.get("REMOTE_ADDR", ""))
        app = self.proxied if admits(self.trusted, peer) else self.direct
        return app(environ, start_response)


def _begin() -> Response | None:
    """Number the request, and refuse another host or an address that is not text."""
    g.request_id = secrets.token_hex(6)
    database.configure_transactions(
        reading=request.method in READING_METHODS, timeouts=database.request_timeouts(configured())
    )
    if _brings_files():
        request.max_content_length = limits.FILES_BODY
    any_loopback_name = not configured().production
    if not configured().home.matches_host_header(request.host, any_loopback_name=any_loopback_name):
        return _elsewhere()
    if _is_garbled():
        return _garbled()
    return None


def _brings_files() -> bool:
    """Tell whether the request may be larger than others; its texts may not."""
    is_taken = request.endpoint in current_app.extensions["takes_files"]
    return is_taken and request.mimetype == "multipart/form-data"


def _elsewhere() -> Response:
    """Answer a request for another host; who asks is not looked up for it."""
    language = reader.of_browser()
    home = configured().home
    link = Markup('<a href="{home}">{home}</a>').format(home=home)
    with force_locale(language):
        title = _("Another address")
        sentence = Markup(  # noqa: S704  # the texts are ours and their translations too
            _("This is served at another address. Open %(home)s instead.")
        )
    page = ELSEWHERE.format(language=language, title=title, text=sentence % {"home": link})
    return Response(page, HTTPStatus.BAD_REQUEST)


def _garbled() -> Response:
    with force_locale(reader.of_browser()):
        text = _("This address makes no sense here.")
    return Response(f"{text}\n", HTTPStatus.BAD_REQUEST, content_type="text/plain; charset=utf-8")


def _is_garbled() -> bool:
    """Tell whether the query is not text; Werkzeug would notice too late for an error page."""
    try:
        request.query_string.decode()
    except UnicodeDecodeError:
        return True
    return False


def _end(_error: BaseException | None) -> None:
    database.configure_transactions(reading=False)
    unsent.forget()


def _check_viewing() -> Answer | None:
    return view_as.check(is_open=_is_open())


def _is_open() -> bool:
    """Tell whether the page needs no sign-in."""
    is_missing_file = request.endpoint is None and request.path.startswith("/static/")
    return request.endpoint in OPEN or is_missing_file


def _check_token() -> None:
    if request.method not in READING_METHODS:
        csrf.protect()


def _check_signed_in() -> Answer | None:
    """Redirect a person who is signed out to the sign-in, whether the address exists or not.

    A person who has to change their password or to enrol a second factor first reaches only the
    pages for that.
    """
    if _is_open():
        return None
    who = actor()
    if who is None:
        return _to_sign_in()
    if request.endpoint == LEAVE and who.viewed_by:
        return None
    if who.password_change_due and request.endpoint not in WHILE_PASSWORD_IS_DUE:
        return redirect(url_for("account.password"), HTTPStatus.SEE_OTHER)
    if who.enrolment_due and request.endpoint not in WHILE_ENROLMENT_IS_DUE:
        return redirect(url_for("account.two_factor"), HTTPStatus.SEE_OTHER)
    unsent.mark(who)
    if not who.viewed_by:
        unsent.show(who)
    return None


def _to_sign_in() -> Answer:
    """Redirect to the sign-in, which leads back to the page or the form that was asked for."""
    if request.method not in READING_METHODS:
        return unsent.to_sign_in()
    here = request.full_path.rstrip("?")
    # A file cannot be returned to: page_of() is the page that offers it.
    back = page_of(here) or here
    return redirect(url_for("sign_in", next=back), HTTPStatus.SEE_OTHER)


def _headers(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", _policy())
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=()"
    response.headers["X-Request-ID"] = g.get("request_id", "")
    is_kept = request.endpoint in KEPT or says_caching(request.endpoint)
    if not is_kept or response.status_code not in (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED):
        response.headers["Cache-Control"] = "no-store"
    if configured().tls:
        response.headers["Strict-Transport-Security"] = STRICT_TRANSPORT
    return response


def _policy() -> str:
    return (
        f"default-src 'self'; script-src 'self' 'nonce-{csp_nonce()}'; "
        "style-src 'self'; img-src 'self' data:; "
        "object-src 'none'; frame-ancestors 'none'; form-action 'self'; base-uri 'none'"
    )
