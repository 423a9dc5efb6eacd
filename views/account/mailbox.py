"""The demo's mailbox.

It is open to everybody, because a newcomer follows an invitation before having an account.
"""

from flask import Flask, Response, render_template

from backoffice.mail import mailbox
from backoffice.settings import configured
from backoffice.text import MAX_ID

# A mail is what somebody else wrote: it runs nothing, fetches nothing, and only a click leaves it.
FRAME = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-top-navigation-by-user-activation"
)


def register(app: Flask) -> None:
    """Add the mailbox in the demo; elsewhere there is no such page."""
    if app.extensions["settings"].environment != "demo":
        return
    app.add_url_rule("/demo/mailbox", "demo_mailbox", index)
    app.add_url_rule(f"/demo/mailbox/<int(max={MAX_ID}):message_id>", "demo_mail", mail)
    app.add_url_rule(f"/demo/mailbox/<int(max={MAX_ID}):message_id>/html", "demo_mail_html", html)
    app.jinja_env.globals["demo_mailbox"] = "/demo/mailbox"


def index() -> str:
    """Show the latest mails."""
    mails = mailbox.latest(configured())
    return render_template("account/mailbox.html", mails=mails, waiting=mailbox.waiting())


def mail(message_id: int) -> str:
    """Show one mail as text, whose links can be followed, and as a mail program shows it."""
    return render_template("account/mail.html", arrived=mailbox.get(message_id, configured()))


def html(message_id: int) -> Response:
    """Return the mail's own HTML for the frame; its links open outside the frame."""
    mail_html = mailbox.get(message_id, configured()).mail.html
    page = mail_html.replace("<head>", '<head>\n<base target="_top">', 1)
    return Response(page, headers={"Content-Security-Policy": FRAME}, mimetype="text/html")
