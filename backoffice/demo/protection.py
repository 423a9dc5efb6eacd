"""Who of the demo's people has a second factor: enough to see what the lists and the home page say about it."""

from sqlalchemy import select

from backoffice.auth import totp
from backoffice.demo.office import Office
from backoffice.extensions import db
from backoffice.models.totp_secret import TotpSecret
from backoffice.models.user import User

APPS, MAILS = 0.34, 0.12  # shares of those who sign in


def protect(office: Office) -> None:
    """Give some people an authenticator app or codes by e-mail; nobody whom one signs in as."""
    active = (
        User.status == "active",
        User.login_method == "email",
        User.id.not_in(office.protected),
    )
    for user in db.session.scalars(select(User).where(*active).order_by(User.id)).all():
        luck = office.random.random()
        if luck < APPS:
            totp.begin(user, office.settings)
            user.two_factor = "totp"
        elif luck < APPS + MAILS:
            user.two_factor = "email"
    db.session.flush()
    for secret in db.session.scalars(select(TotpSecret)):
        secret.state = "active"
