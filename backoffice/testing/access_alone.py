"""What pages that belong to no screen answer, to each kind of visitor."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from backoffice.testing.asking import METHODS, Person, Tries, Try

REASON = {"reason": "They asked why a page is empty"}


def _to_all(method: str, *expected: int, **values: Any) -> Callable[[Person], Tries]:
    return lambda _person: [Try(method, expected, values)]


def _link_to_nobody(_person: Person) -> Tries:
    return [Try(method, (404,), {"value": "nobody-was-sent-this"}) for method in METHODS]


def _nothing_held(_person: Person) -> Tries:
    return [Try(method, (404,), {"handle": "nobody-opened-it"}) for method in METHODS]


def _no_sign_in_under_way(person: Person) -> Tries:
    status = 302 if person.signed_in else 303
    return [Try(method, (status,), {"handle": "nobody-opened-it"}) for method in METHODS]


def _page_with_form(_person: Person) -> Tries:
    return [Try("GET", (200,)), Try("POST", (422,))]


def _view_as_nobody(person: Person) -> Tries:
    status = 404 if person.holds("users.view_as") else 403
    return [Try(method, (status,), {"user_id": 2**63 - 1}, REASON) for method in METHODS]


ALONE: dict[str, Callable[[Person], Tries]] = {
    "home": _to_all("GET", 200),
    "find": _to_all("GET", 200),
    "arrange_home": lambda _person: [Try("GET", (200,)), Try("POST", (303,))],
    "healthz": _to_all("GET", 200),
    "readyz": _to_all("GET", 200),
    "static": _to_all("GET", 404, filename="nothing.css"),
    "admin.static": _to_all("GET", 404, filename="nothing.css"),
    "admin.index": _to_all("GET", 302),
    "sign_in": lambda person: [
        Try("GET", (302,) if person.signed_in else (200,)),
        Try("POST", (422,)),
    ],
    "sign_out": _to_all("POST", 303),
    "sign_in_code": _no_sign_in_under_way,
    "sign_in_code_again": _to_all("POST", 303, handle="nobody-opened-it"),
    "forgotten": _page_with_form,
    **dict.fromkeys(("invitation", "reset", "enrolment"), _link_to_nobody),
    **dict.fromkeys(("invitation_form", "reset_form", "enrolment_form"), _nothing_held),
    "invitation_again": _to_all("POST", 303, value="nobody-was-sent-this"),
    "account.confirm": _page_with_form,
    "account.two_factor": _to_all("GET", 200),
    "account.begin_two_factor": _to_all("POST", 303),
    "account.enrol": lambda _person: [Try("GET", (303, 200)), Try("POST", (303, 422))],
    "account.use_email": _to_all("POST", 422),  # nobody's address is confirmed
    "account.renew_codes": _to_all("POST", 422),
    "account.switch_off": _to_all("POST", 303),
    "account.sessions": _to_all("GET", 200),
    "account.end_session": _to_all("POST", 404, session_id=2**63 - 1),
    "account.end_other_sessions": _to_all("POST", 303),
    # No version is none that anybody has read.
    "account.unsent": _to_all("GET", 303, handle="nobody-sent-it"),
    "account.profile": lambda _person: [Try("GET", (200,)), Try("POST", (409,))],
    "account.email": _page_with_form,
    "account.open_email_link": _to_all("GET", 404, value="nobody-was-sent-this"),
    "account.confirm_email": _nothing_held,
    "account.avatar": _page_with_form,
    "account.avatar_remove": _to_all("POST", 303),
    "avatar": _to_all("GET", 404, key="0" * 32, size=64),
    "account.password": _page_with_form,
    "view_as": _view_as_nobody,
    "leave_view": _to_all("POST", 303),
    "account.handover": _to_all("GET", 404, token=UUID(int=0)),
}
