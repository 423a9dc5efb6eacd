"""Make rows of the demo's clients and their companies, with the keys that the product makes."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from backoffice.demo.clients.owners import UNVERIFIED, Business, Customer
from backoffice.models import client_groups as groups
from backoffice.models.client import Client
from backoffice.models.company import Company
from backoffice.models.keys import search_key, with_keys

Row = dict[str, Any]
TWO_FACTORS = ("disabled",) * 11 + ("email",) * 4 + ("totp",) * 5
DAY = timedelta(days=1)


def external_id(prefix: str, number: int) -> str:
    """Return the number in the company's own product, such as `C-100042`."""
    return f"{prefix}-{100_000 + number}"


def company(business: Business, random: Random) -> Row:
    """Return a company; one that is not told has only its name and country."""
    market = business.market
    row: Row = {
        "external_id": external_id("B", business.number),
        "business_name": business.name,
        "country_of_incorporation": market.country,
        "communication_language": market.language,
        "legal_name": "",
        "registration_number": "",
        "business_type": "",
        "business_site": "",
        "employees_number": None,
        "address": "",
        "operations_area": "",
        "description": "",
    }
    if business.is_told:
        row |= _told(business, random)
    return with_keys(Company, row) | {"search_key": search_key(Company, row)}


def _told(business: Business, random: Random) -> Row:
    market = business.market
    city = random.choice(market.cities)
    return {
        "legal_name": f"{business.name} {market.form}",
        "registration_number": f"{market.country}{random.randrange(10**6, 10**7)}",
        "business_type": business.business,
        "business_site": f"https://{business.domain}",
        "employees_number": int(random.lognormvariate(3, 1.2)) + 1,
        "address": f"{random.randrange(1, 120)} Market Street, {city}",
        "operations_area": random.choice((market.country, "Europe", "Worldwide")),
        "description": f"{business.business} in {city} and online.",
    }


def client(customer: Customer, random: Random, last_login: datetime | None, until: datetime) -> Row:
    """Return a client as of `until`, without their company's id, which the database gives."""
    row: Row = {
        "external_id": external_id("C", customer.number),
        "type": customer.type,
        "client_group": customer.group,
        "country": customer.market.country,
        "language": random.choice(("en", customer.market.language)),
        "communication_language": customer.market.language,
        "status": "blocked" if random.random() < 0.03 else "active",
        "company_owner": customer.is_owner and customer.business is not None,
        "is_staff": customer.owner is not None,
        "kyc_state": customer.kyc_state,
        "ip_whitelist": ["198.51.100.0/24"] if random.random() < 0.03 else [],
        "extra_permissions": ["payouts.create"] if customer.group == groups.API else [],
        **_times(customer, last_login),
        **_protection(random, has_joined=last_login is not None),
        **_who(customer, random),
        **_verified(customer, random, until),
    }
    return with_keys(Client, row) | {"search_key": search_key(Client, row)}


def _times(customer: Customer, last_login: datetime | None) -> Row:
    return {
        "joined_at": customer.joined,
        "created_at": customer.joined,
        "updated_at": last_login or customer.joined,
        "last_login_at": last_login,
    }


def _protection(random: Random, *, has_joined: bool) -> Row:
    return {
        "two_factor": random.choice(TWO_FACTORS) if has_joined else "disabled",
        "password_state": "usable" if has_joined else "none",
    }


def _who(customer: Customer, random: Random) -> Row:
    """Return name, address and phone; a program has the name of its company."""
    person = customer.person
    if customer.group == groups.API and customer.business:
        name = {"first_name": customer.business.brand, "last_name": "API"}
        return name | {"uuid": person.uuid, "email": None, "phone": ""}
    local, _, domain = person.email.partition("@")
    if customer.business:
        domain = customer.business.domain
    has_phone = customer.group not in UNVERIFIED[:1] or random.random() < 0.4
    return {
        "uuid": person.uuid,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "email": f"{local}@{domain}",
        "phone": person.phone if has_phone else "",
    }


def _verified(customer: Customer, random: Random, until: datetime) -> Row:
    """Return when e-mail and phone were verified, of those who are so far."""
    soon = customer.joined + DAY * random.random() / 24
    later = soon + DAY * random.random()
    has_email = customer.group not in (*UNVERIFIED[:1], groups.API)
    has_phone = has_email and customer.group not in UNVERIFIED[:2]
    return {
        "email_verified_at": min(soon, until) if has_email else None,
        "phone_verified_at": min(later, until) if has_phone and customer.person.phone else None,
    }
