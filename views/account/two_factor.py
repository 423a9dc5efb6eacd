"""Enable, change and switch off one's own second factor, and renew recovery codes.

An administrator can send a link with which a person sets up an app.
"""

from http import HTTPStatus

import segno
from flask import Flask, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from markupsafe import Markup

from backoffice.auth import links, recovery_codes, totp, two_factor
from backoffice.errors import RuleBroken
from backoffice.extensions import db
from backoffice.models.user import User
from backoffice.policy.step_up import require_recent
from backoffice.settings import configured
from forms.account import EnrolmentCodeForm, PasswordForm
from views.account.blueprint import account
from views.account.link_page import LinkPage
from views.account.tries import counted, shown
from views.web.actor import SESSION_KEY, origin, signed_in
from views.web.answers import Answer
from views.web.view_as import not_while_viewing


def register(app: Flask) -> None:
    """Add the link itself, and the page it leads to."""
    page = LinkPage(
        link_type=links.ENROLMENT,
        endpoint="enrolment",
        own_endpoint="enrolment_form",
        show=_enrol_by_link,
    )
    page.add_to(app)


@account.get("/two-factor", endpoint="two_factor")
def overview() -> Answer:
    """Show what is asked for at sign-in now, and what can be changed about it."""
    who = signed_in()
    user = db.session.get_one(User, who.user_id)
    return render_template(
        "account/two_factor.html",
        method=user.two_factor,
        left=recovery_codes.left(user),
        due=who.enrolment_due,
    )


@account.post("/two-factor/begin")
def begin_two_factor() -> Answer:
    """Make a secret for a new authenticator app."""
    two_factor.start_enrolment(actor=signed_in(), settings=configured())
    db.session.commit()
    return redirect(url_for("account.enrol"), HTTPStatus.SEE_OTHER)


@account.route("/two-factor/enrol", methods=["GET", "POST"])
@not_while_viewing
def enrol() -> Answer:
    """Show the QR code and the key, and take the first code."""
    who = signed_in()
    form = EnrolmentCodeForm(request.form)
    require_recent(who)
    user = db.session.get_one(User, who.user_id)
    secret = totp.pending(user, configured())
    if secret is None:
        return redirect(url_for("account.two_factor"), HTTPStatus.SEE_OTHER)
    if request.method == "POST" and form.validate():
        with counted(form):
            enabled = two_factor.confirm(
                actor=who, **_typed(form), origin=origin(), settings=configured()
            )
        if not form.errors:
            session[SESSION_KEY] = enabled.session
            return _codes(enabled.codes, _("Your authenticator app is set up."))
    return _enrolment(user, secret, form, cancel=url_for("account.two_factor"))


@account.post("/two-factor/email")
def use_email() -> Answer:
    """Ask for a mailed code at sign-in."""
    enabled = two_factor.use_email(actor=signed_in(), settings=configured())
    db.session.commit()
    session[SESSION_KEY] = enabled.session
    return _codes(enabled.codes, _("At your next sign-in we mail you a code."))


@account.post("/two-factor/off")
def switch_off() -> Answer:
    """Sign in with the password alone."""
    try:
        new_session = two_factor.switch_off(actor=signed_in(), settings=configured())
        db.session.commit()
    except RuleBroken as error:
        db.session.rollback()
        flash(error.message, "warning")
    else:
        session[SESSION_KEY] = new_session
        flash(
            _("Two-factor authentication is off. Your password alone opens your account now."),
            "warning",
        )
    return redirect(url_for("account.two_factor"), HTTPStatus.SEE_OTHER)


@account.post("/two-factor/recovery-codes")
def renew_codes() -> Answer:
    """Replace the recovery codes by ten new ones."""
    codes = two_factor.renew_recovery_codes(actor=signed_in())
    db.session.commit()
    return _codes(codes, _("These are your new recovery codes. The old ones no longer work."))


def _enrol_by_link(link: str, user: User) -> Answer:
    """Set up an app by the link that an administrator sent.

    It asks for the password first, and then for a code of the new app.
    """
    if request.method == "POST" and "code" in request.form:
        return _confirm_by_link(link, user)
    return _begin_by_link(link, user)


def _begin_by_link(link: str, user: User) -> Answer:
    form = PasswordForm(request.form)
    if request.method == "POST" and form.validate():
        with counted(form):
            user, secret = two_factor.begin_by_link(
                value=link,
                password=form.password.data or "",
                origin=origin(),
                settings=configured(),
            )
        if not form.errors:
            return _enrolment(user, secret, EnrolmentCodeForm(), cancel=None)
    page = render_template("account/enrolment_password.html", form=form, whose=user.email)
    return shown(page, form)


def _confirm_by_link(link: str, user: User) -> Answer:
    form = EnrolmentCodeForm(request.form)
    if form.validate():
        with counted(form):
            codes = two_factor.confirm_by_link(
                value=link, **_typed(form), origin=origin(), settings=configured()
            )
        if not form.errors:
            return _codes(
                codes, _("Your authenticator app is set up. Sign in with your password and a code.")
            )
    return shown(render_template("account/enrolment_code.html", form=form, whose=user.email), form)


def _typed(form: EnrolmentCodeForm) -> dict[str, str]:
    return {"shown": form.shown.data or "", "code": form.code.data or ""}


def _enrolment(user: User, secret: str, form: EnrolmentCodeForm, *, cancel: str | None) -> Answer:
    form.shown.data = totp.name_of(secret)
    parts_of_four = [secret[start : start + 4] for start in range(0, len(secret), 4)]
    page = render_template(
        "account/enrol.html",
        form=form,
        whose=user.email or user.login,
        qr=_qr(totp.uri(user, secret, configured())),
        key=" ".join(parts_of_four),
        cancel_href=cancel,
    )
    return shown(page, form)


def _qr(text: str) -> Markup:
    """Return a QR code as SVG, which is drawn here because the secret must go to nobody else.

    It is dark on white in both colour schemes.
    """
    code = segno.make(text, error="m")
    # Without a size of its own the image has a viewBox: the style scales it instead of cropping it.
    looks = {"omitsize": True, "border": 4, "dark": "#000", "light": "#fff"}
    image = code.svg_inline(title=_("QR code"), **looks)
    return Markup(image)  # noqa: S704  # segno escapes the title; the text itself is only drawn


def _codes(codes: list[str], message: str) -> str:
    return render_template("account/recovery_codes.html", codes=codes, message=message)
