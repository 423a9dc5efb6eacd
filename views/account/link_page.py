"""The way from a mailed link to its page, which all kinds of links share."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from flask import Flask, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from backoffice.auth import links
from backoffice.auth.links import LinkType
from backoffice.errors import Expired
from backoffice.extensions import db
from backoffice.models.user import User
from views.account import opened, somebody_else


@dataclass(frozen=True, kw_only=True)
class LinkPage:
    """The page that a kind of link opens, at two addresses.

    The address in the mail contains the secret value. It leads to the page's own address, which
    contains a handle of it, so that the value leaves the address bar. Opening either does not use
    the link up, because mail scanners open links too.

    Attributes:
        link_type: the type of link, whose `path` both addresses begin with.
        endpoint: the name of the address in the mail.
        own_endpoint: the name of the page's own address.
        show: answers with the page, from the value of the link and the person whom it is for.
        over: the template for a link that no longer works; '' for the page of all errors.
        mail_methods: how the address in the mail may be requested; a form may be sent there if
            POST is among them.
    """

    link_type: LinkType
    endpoint: str
    own_endpoint: str
    show: Callable[[str, User], ResponseReturnValue]
    over: str = ""
    mail_methods: tuple[str, ...] = ("GET", "POST")

    def add_to(self, app: Flask) -> None:
        """Add both addresses."""
        path = self.link_type.path
        app.add_url_rule(f"/{path}/<value>", self.endpoint, self._answer, methods=self.mail_methods)
        app.add_url_rule(
            f"/{path}/opened/<handle>", self.own_endpoint, self._answer, methods=["GET", "POST"]
        )

    def _answer(self, value: str = "", handle: str = "") -> ResponseReturnValue:
        link = value or opened.held(handle)
        try:
            user = links.get(self.link_type, value=link).user
            if value and request.method != "POST":
                href = url_for(self.own_endpoint, handle=opened.hold(link))
                return redirect(href, HTTPStatus.SEE_OTHER)
            return somebody_else.ask(user) or self.show(link, user)
        except Expired as error:
            if not self.over:
                raise
            db.session.rollback()
            page = render_template(self.over, message=error.message, value=link)
            return page, HTTPStatus.GONE
