"""Give some of the demo's people a second factor, so that lists and the home page show it."""

from sqlalchemy import select

from backoffice.auth import totp
from backoffice.demo.office import Office
from backoffice.extensions import db
from backoffice.models.totp_secret import TotpSecret
from backoffice.models.user import User

# Shares of the active people who have a second factor of each kind.
APPS = 0.34
MAILS = 0.12


def protect(office: Office) -> None:
    """Give some people an authenticator app or codes by e-mail.

    The accounts to sign in as get none.
    """
    is_eligible = (
        User.status == "active",
        User.login_method == "email",
        User.id.not_in(office.protected),
    )
    for user in db.session.scalars(select(User).where(*is_eligible).order_by(User.id)).all():
        chance = office.random.random()
        if chance < APPS:
            totp.generate(user, office.settings)
            user.two_factor = "totp"
        elif chance < APPS + MAILS:
            user.two_factor = "email"
    db.session.flush()
    for secret in db.session.scalars(select(TotpSecret)):
        secret.state = "active"
