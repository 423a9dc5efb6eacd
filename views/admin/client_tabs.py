"""Draw the tabs of a client's details that are no lists of other rows."""

from collections.abc import Callable, Iterable

from flask import render_template
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from backoffice.actions.engine import report
from backoffice.clients import history
from backoffice.data import records
from backoffice.models import client_groups
from backoffice.models.base import Record
from backoffice.models.client import Client
from backoffice.models.client_token import ClientToken
from backoffice.models.company import Company
from backoffice.models.fields import colour
from backoffice.models.kyc_case import KycCase
from backoffice.models.user import User
from backoffice.models.wallet import Wallet
from backoffice.policy.actor import Actor
from backoffice.policy.rules import sees
from backoffice.text import capital
from views.screen import cells, details
from views.screen.definition import Definition
from views.screen.pages import Fact, MenuItem, Section
from views.web.actor import signed_in

OF_THE_CLIENT = (
    *("id", "uuid", "external_id", "two_factor", "last_login_at", "password_state"),
    *("company_owner", "company", "is_staff", "type", "joined_at"),
    *("communication_language", "created_at", "updated_at"),
)
# What companies say of themselves is shown as far as they do.
OF_COMPANIES = (
    *("business_name", "legal_name", "country_of_incorporation", "registration_number"),
    *("business_type", "business_site", "address", "employees_number", "description"),
    *("operations_area", "other_contact_info", "communication_language"),
)
# What the tab of an API user repeats of the overview.
OF_API_USERS = (
    *("email", "first_name", "last_name", "phone", "language", "status", "company"),
    *("ip_whitelist", "extra_permissions"),
)
KYC_STATES = {
    "pending": _l("KYC pending"),
    "approved": _l("KYC approved"),
    "rejected": _l("KYC rejected"),
    "expired": _l("KYC expired"),
}


def kyc_badge(client: Client) -> list[Markup]:
    """Return the state of the client's KYC as a badge; nothing if nobody has asked for it."""
    state = client.kyc_state
    if state not in KYC_STATES:
        return []
    return [cells.badge(str(KYC_STATES[state]), colour(Client, "kyc_state", state))]


def groups() -> list[tuple[str, Markup, str]]:
    """Return each client group with its badge and what it means."""
    return [
        (name, cells.choice(Client, "client_group", name), _(description))
        for name, description in client_groups.DESCRIPTIONS.items()
    ]


def tab(screen: Definition, actor: Actor, client: Client, name: str) -> Markup:
    """Return the tab called `name` as HTML."""
    return TABS[name](screen, actor, client)


def _additional(screen: Definition, actor: Actor, client: Client) -> Markup:
    """Return what is known of the client and of the company, with the wallets as links."""
    own = _section(screen, client, OF_THE_CLIENT, client.noun())
    own.fields.append(_wallets(screen, actor, client))
    return _drawn("admin/_sections.html", sections=[own, *_of_company(screen, actor, client)])


def _wallets(screen: Definition, actor: Actor, client: Client) -> Fact:
    base = screen.base_of(Wallet)
    link = Markup('<a href="{}{}">{}</a>')
    links = [link.format(base, each.id, each.label) for each in history.wallets(actor, client)]
    return Fact(capital(Wallet.nouns()), Markup(", ").join(links))


def _of_company(screen: Definition, actor: Actor, client: Client) -> list[Section]:
    company = history.company(actor, client)
    if company is None:
        return []
    filled = [name for name in OF_COMPANIES if getattr(company, name) not in (None, "")]
    return [_section(screen.screen_of(Company), company, filled, company.noun())]


def _section(screen: Definition, row: Record, names: Iterable[str], noun: str) -> Section:
    facts = [details.fact(screen, row, name) for name in screen.readable(signed_in(), names)]
    return Section(capital(noun), facts)


def _kyc(screen: Definition, actor: Actor, client: Client) -> Markup:
    """Return the latest state, and the cases with who decided them."""
    cases = history.kyc_cases(actor, client)
    people = [case.decided_by for case in cases if case.decided_by]
    named = records.named(actor=actor, model=User, rows=people)
    return _drawn(
        "admin/clients/kyc.html",
        client=client,
        state=cells.choice(Client, "kyc_state", client.kyc_state),
        may_see=sees(actor, KycCase),
        cases=cases,
        deciders={case.id: case.decided_by.name for case in cases if case.decided_by in named},
        badge=cells.full_maker(KycCase, "state"),
        reason_of=report.reason,
        items=_decisions(screen, actor, cases),
    )


def _decisions(screen: Definition, actor: Actor, cases: Iterable[KycCase]) -> list[MenuItem]:
    """Return the actions on the case that waits for its decision, if there is one."""
    waiting = [case for case in cases if case.state == "pending"]
    kyc_cases = screen.screen_of(KycCase)
    return [item for case in waiting for item in details.action_items(kyc_cases, actor, case, "")]


def _api_user(screen: Definition, actor: Actor, client: Client) -> Markup:
    return _drawn(
        "admin/clients/api_user.html",
        sections=[_section(screen, client, OF_API_USERS, _("API user"))],
        may_see=sees(actor, ClientToken),
        tokens=history.api_tokens(actor, client),
        badge=cells.full_maker(ClientToken, "state"),
    )


def _drawn(template: str, **values: object) -> Markup:
    page = render_template(template, **values)
    return Markup(page)  # noqa: S704  # rendered from our own templates


TABS: dict[str, Callable[[Definition, Actor, Client], Markup]] = {
    "additional": _additional,
    "kyc": _kyc,
    "api-user": _api_user,
}
