"""Every kind of link has its page, which is found at the address that is mailed."""

import pytest
from flask import Flask

from backoffice.auth import links
from views.web.headers import OPEN

BY_PURPOSE = {kind.purpose: kind for kind in links.LINK_TYPES}


@pytest.mark.parametrize("purpose", sorted(BY_PURPOSE))
def test_a_mailed_address_leads_to_a_page_and_needs_no_sign_in(app: Flask, purpose: str) -> None:
    path = BY_PURPOSE[purpose].path
    endpoints = {rule.rule: rule.endpoint for rule in app.url_map.iter_rules()}
    assert endpoints[f"/{path}/<value>"] in OPEN
    assert f"/{path}/opened/<handle>" in endpoints


def test_only_a_link_for_somebody_signed_in_takes_no_form_at_its_mailed_address(
    app: Flask,
) -> None:
    """A page under /account/ needs a sign-in, and the address in the mail must not need one."""
    takes_none = {
        kind.purpose
        for kind in links.LINK_TYPES
        for rule in app.url_map.iter_rules()
        if rule.rule == f"/{kind.path}/<value>" and "POST" not in (rule.methods or ())
    }
    assert takes_none == {"email_change"}
