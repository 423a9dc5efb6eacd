"""Play through everything that people do with their accounts and collect every secret involved.

`test_secrets.py` runs the story once and then looks for the secrets where they do not belong.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from email.message import EmailMessage
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import update

from backoffice.auth import links
from backoffice.auth.links import Link, LinkType
from backoffice.extensions import db
from backoffice.mail import delivery
from backoffice.models.user import User
from backoffice.testing.cast import PASSWORD, Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import act, add, edit, handed_over, shown_once
from tests.support.factors import code_of, enrol, first_step, key_on
from tests.support.hostile import file
from tests.support.html import hidden, read
from tests.support.images import encoded, plain
from tests.support.links import newcomer

LINK = re.compile(r"^https?://\S+/[\w-]{43}$", re.MULTILINE)
CODE = re.compile(r"^\d{6}$", re.MULTILINE)
CHOSEN = (
    "the quick words of nobody else",
    "another four odd words here",
    "three more of my own words",
    "and the last of them all",
)


class Post:
    """A mail transport that collects the mails instead of sending them."""

    keeps = False

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    def __enter__(self) -> "Post":
        return self

    def __exit__(self, *_error: object) -> None:
        pass

    def send(self, mail: EmailMessage, _sender: str, _recipient: str) -> None:
        self.mails.append(mail)


@dataclass
class Story:
    """The steps of the story and the secrets that came up in it.

    `secrets` maps what a secret is, with a running number, to its value.
    """

    app: Flask
    for_all: Flask
    post: Post = field(default_factory=Post)
    secrets: dict[str, str] = field(default_factory=dict)

    def keep(self, name: str, value: str) -> str:
        """Note a secret under a name that says what it is, and return its value."""
        assert value
        self.secrets[f"{name} {len(self.secrets)}"] = value
        return value

    def visitor(self, app: Flask | None = None) -> Client:
        return newcomer(app or self.app)

    def enter(self, name: str, password: str = PASSWORD, *, app: Flask | None = None) -> Client:
        """Sign in with the password alone."""
        visitor = self.visitor(app).sign_in(name, password)
        self.keep("password", password)
        self.note(visitor)
        return visitor

    def note(self, visitor: Client) -> None:
        """Note what the browser holds: its session, its open challenges and its device mark."""
        home = self.app.config["TEST_BASE_URL"]
        with visitor.session_transaction(base_url=home) as cookie:
            if "sid" in cookie:
                self.keep("sid", cookie["sid"])
            for value in set(cookie.get("opened", ())) - set(self.secrets.values()):
                self.keep("challenge", value)
        if mark := visitor.get_cookie("device", domain=urlsplit(home).hostname or ""):
            self.keep("device", mark.value)

    def mail(self) -> str:
        """Let the worker empty the outbox and return the text of the new mails."""
        settle()
        before = len(self.post.mails)
        delivery.deliver_due(self.app.extensions["settings"])
        settle()
        parts = [mail.get_body(("plain",)) for mail in self.post.mails[before:]]
        return "\n".join(str(part.get_content()).replace("\r\n", "\n") for part in parts if part)

    def link(self) -> str:
        """Deliver the mails and return the path of the only link in them."""
        (address,) = LINK.findall(self.mail())
        self.keep("link", address.rpartition("/")[2])
        return urlsplit(address).path

    def code(self) -> str:
        (code,) = CODE.findall(self.mail())
        return self.keep("mailed code", code)

    def words(self, password: str) -> dict[str, str]:
        self.keep("password", password)
        return {"new_password": password, "repeat_password": password}

    def through(self, visitor: Client, name: str, password: str, code: Callable[[], str]) -> None:
        """Sign in with the password and a code, after one wrong code."""
        first_step(visitor, name, password)
        self.note(visitor)
        visitor.post(visitor.asked_at, {"code": "a wrong but telling code"})
        assert visitor.post(visitor.asked_at, {"code": code()}).status_code == 303
        visitor._token = None  # a new session, as after `sign_in`
        self.note(visitor)


def opened(visitor: Client, link: str) -> str:
    """Follow a link and return the address it leads to, which does not contain the link's value."""
    return str(visitor.get(link).location)


def invitation(story: Story, boss: Client) -> None:
    """Add Ivan, invite him again, have him ask for another link, and accept the invitation."""
    assert add(boss, "users", email="ivan@example.com", first_name="Ivan").status_code == 303
    old = story.link()
    act(boss, "users", "resend-invitation", Cast().ivan.id)
    link = story.link()
    visitor = story.visitor()
    visitor.post(f"{old}/again")
    story.mail()
    path = opened(visitor, link)
    visitor.post(path, story.words("short-tale-7"))
    assert visitor.post(path, story.words(CHOSEN[0])).status_code == 303
    visitor.post(path, story.words(CHOSEN[1]))


def second_factor(story: Story) -> list[str]:
    """Use an app, recovery codes, a step-up and mailed codes; return the app's recovery codes."""
    ivan = story.enter("ivan", CHOSEN[0])
    key, codes = enrol(ivan)
    story.keep("key", key)
    for code in codes:
        story.keep("recovery code", code)
    ivan.sign_out()
    story.through(ivan, "ivan", CHOSEN[0], lambda: story.keep("app's code", code_of(key)))
    ivan.post(
        "/account/confirm", {"confirm_password": CHOSEN[0], "confirm_to": "/account/two-factor"}
    )
    story.note(ivan)
    ivan.sign_out()
    story.through(ivan, "ivan", CHOSEN[0], lambda: codes[0])
    for code in read(ivan.post("/account/two-factor/email")).one("pre").text.split():
        story.keep("recovery code", code)
    ivan.sign_out()
    story.through(ivan, "ivan", CHOSEN[0], story.code)
    return codes


def passwords_by_link(story: Story, boss: Client) -> None:
    """Have Ivan reset his password by a link, and an administrator send him two more."""
    visitor = story.visitor()
    visitor.post("/password/forgotten", {"identifier": "ivan@example.com"})
    assert visitor.post(opened(visitor, story.link()), story.words(CHOSEN[1])).status_code == 303
    act(boss, "users", "reset-password", Cast().ivan.id)
    story.link()
    act(boss, "users", "send-to-email", Cast().ivan.id)
    story.link()


def temporary_passwords(story: Story, boss: Client) -> None:
    """Hand out temporary passwords in every way, and have Vera replace hers."""
    added = add(boss, "users", login_method="login", login="lena")
    story.keep("temporary password", shown_once(boss, added))
    typed = story.keep("temporary password", "seven odd words for one phone")
    add(boss, "users", login_method="login", login="lars", temporary_password=typed)

    given = handed_over(story.enter("olivia", app=story.for_all), Cast().vera.id)
    vera = story.enter("vera", story.keep("temporary password", given))
    change = {"current_password": given, **story.words(CHOSEN[2])}
    assert vera.post("/account/password", change).status_code == 303
    story.visitor().try_sign_in("vera", story.keep("password", "a wrong but telling password"))


def phone_anew(story: Story, boss: Client) -> None:
    """Send Vera a link to set up another phone, and have her use it."""
    act(boss, "users", "re-enrol-2fa", Cast().vera.id)
    visitor = story.visitor()
    path = opened(visitor, story.link())
    page = visitor.post(path, {"password": CHOSEN[2]})
    key = story.keep("key", key_on(page))
    code = story.keep("app's code", code_of(key, steps=-1))
    done = visitor.post(path, {"shown": hidden(page, "shown"), "code": code})
    for code in read(done).one("pre").text.split():
        story.keep("recovery code", code)
    act(boss, "users", "reset-2fa-to-email", Cast().vera.id)


def own_account(story: Story) -> None:
    """Change Max's address and picture, let others try his link, and end his other sessions."""
    other = story.enter("max")
    person = story.enter("max")
    assert person.post("/account/email", {"email": "maxim@example.com"}).status_code == 303
    path = story.link()
    olivia = story.enter("olivia")
    olivia.post(opened(olivia, path))
    story.visitor().get(path, follow_redirects=True)
    assert person.post(opened(person, path)).status_code == 303
    person.post("/account/avatar", {"avatar": file("me.png", encoded(plain()))})
    person.post("/account/sessions/end-others")
    assert other.get("/").status_code == 303
    story.mail()


def a_fault(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make something break while a link is looked at, so that the log gets a traceback."""

    def break_down(_kind: LinkType, *, value: str) -> Link:
        raise RuntimeError("broken")

    visitor = story.visitor()
    visitor.expects_500 = True
    with monkeypatch.context() as patch:
        patch.setattr(links, "get", break_down)
        assert visitor.get(f"/invitations/{story.keep('link', 'x' * 43)}").status_code == 500


def told(app: Flask, for_all: Flask, monkeypatch: pytest.MonkeyPatch) -> Story:
    """Play the whole story and return it.

    The limit on mailed links is raised, because the same people are mailed many of them.
    """
    many = replace(app.extensions["settings"], links_per_10_minutes=50, links_per_day=50)
    monkeypatch.setitem(app.extensions, "settings", many)
    story = Story(app, for_all)
    monkeypatch.setattr(delivery, "_transport", lambda _settings, _stopping: story.post)
    db.session.execute(update(User).values(email_verified_at=User.created_at))
    settle()
    boss = story.enter("olivia")
    invitation(story, boss)
    second_factor(story)
    passwords_by_link(story, boss)
    temporary_passwords(story, boss)
    phone_anew(story, boss)
    own_account(story)
    a_fault(story, monkeypatch)
    edit(boss, "users", Cast().ivan.id, phone="+49301234567")
    return story


def found_in(text: str, secrets: dict[str, str]) -> list[str]:
    """Return the names of the secrets in the text.

    Digits count only where they stand alone, because any longer number could contain them.
    """
    return [name for name, value in secrets.items() if _tells(text, value)]


def _tells(text: str, value: str) -> bool:
    if value.isdigit():
        return re.search(rf"(?<![\w.#-]){value}(?![\w-])", text) is not None
    return value in text
