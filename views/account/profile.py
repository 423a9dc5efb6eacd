"""See and change one's own profile: name, contact details, language and time zone."""

from http import HTTPStatus

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from wtforms import Field

from backoffice import clock
from backoffice.errors import Conflict, RuleBroken
from backoffice.extensions import db
from backoffice.models.user import User
from backoffice.people import profile as profiles
from backoffice.policy.actor import Actor
from forms.profile import ProfileForm
from views.account.blueprint import account
from views.web import conflicts, unsent
from views.web.actor import signed_in
from views.web.answers import Answer
from views.web.conflicts import Compared


@account.route("/", methods=["GET", "POST"])
def profile() -> Answer:
    """Show one's own profile, or save it."""
    who = signed_in()
    user = profiles.own(who)
    form = ProfileForm(request.form if request.method == "POST" else None, obj=user)
    if request.method == "POST":
        version = request.form.get("version", type=int)
    else:
        version = unsent.version(user.version)
    if request.method == "POST" and form.validate_sent():
        try:
            profiles.update(actor=who, version=version, values=form.sent())
            db.session.commit()
        except Conflict:
            return _conflict(form)
        except RuleBroken as error:
            db.session.rollback()
            form.refuse(error)
        else:
            flash(_("Your profile is saved."), "success")
            return redirect(url_for("account.profile"), HTTPStatus.SEE_OTHER)
    return _page(who, form, version)


def _page(who: Actor, form: ProfileForm, version: int | None) -> tuple[str, int]:
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    page = render_template(
        "account/profile.html",
        form=form,
        version=version,
        user=profiles.own(who),
        sessions=profiles.live_sessions(who),
        now=clock.now(),
    )
    return page, status


def _conflict(form: ProfileForm) -> tuple[str, int]:
    """Show the saved values beside those that were sent."""
    db.session.rollback()
    user = profiles.own(signed_in())
    here = url_for("account.profile")
    return conflicts.answer(
        user,
        [_compared(user, field) for field in form if field.raw_data],
        title=_("Your profile was changed meanwhile"),
        action=here,
        cancel=here,
    )


def _compared(user: User, field: Field) -> Compared:
    theirs = getattr(user, field.name)
    return Compared(
        label=field.label.text,
        theirs=str(theirs),
        mine=str(field.data),
        differs=theirs != field.data,
    )
