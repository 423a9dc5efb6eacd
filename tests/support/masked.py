"""Clients whose names, addresses and numbers nobody masked may read, and how to find these."""

import base64
import binascii
import html
import io
import json
import re
import zipfile
from dataclasses import dataclass
from urllib.parse import unquote_plus

from backoffice.extensions import db
from backoffice.models.client import Client
from backoffice.models.company import Company
from backoffice.models.user import User
from backoffice.settings import Settings
from backoffice.testing import cast
from backoffice.text import address_key

SYLLABLES = ("vor", "zhel", "quin", "drax", "мил", "ßel", "yoh", "kżet", "wump", "fjör")
BASE64 = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")
BETWEEN_DIGITS = re.compile(r"(?<=\d)[\s().·/-]+(?=\d)")
ESCAPED = re.compile(r"\\u[0-9a-fA-F]{4}")


@dataclass(frozen=True)
class Secret:
    """What nobody masked may read of a client."""

    first_name: str
    last_name: str
    email: str
    phone: str

    @property
    def needles(self) -> tuple[str, ...]:
        """What gives them away, in any text that was decoded."""
        local = self.email.partition("@")[0]
        return self.first_name.lower(), self.last_name.lower(), local, self.phone[4:]


def secret(number: int) -> Secret:
    """Return the data of the client of this number, unlike that of any other."""
    first, second, third = (SYLLABLES[number // place % 10] for place in (1, 10, 100))
    name = f"{first}{second}{third}"
    return Secret(
        f"A{name}ine",
        f"B{name}sky",
        f"post.{number:03}x{number * 7919 % 100_000:05}@exämple.org",
        f"+4930{8_000_000 + number * 1013}",
    )


def client(secret: Secret, **values: object) -> Client:
    """Return a new client with these data."""
    return fill(Client(**values), secret)


def fill(row: Client, secret: Secret) -> Client:
    """Give a client these data, and return it."""
    row.first_name, row.last_name = secret.first_name, secret.last_name
    row.email, row.email_key = secret.email, address_key(secret.email)
    row.phone = secret.phone
    return row


def seed(number: int, first: int = 0) -> list[Client]:
    """Add so many clients, some of them with a company of which something is masked too."""
    numbers = range(first, first + number)
    clients = [client(secret(each), external_id=f"EXT-{each}") for each in numbers]
    for each, row in enumerate(clients[:3]):
        row.company = Company(business_name=f"Quay {each}", other_contact_info=CONTACT)
    db.session.add_all(clients)
    db.session.commit()
    return clients


CONTACT = "Ring the Zwolfsbane bell"


def fiona(settings: Settings, group: str = "administrators", *, mask_data: bool = True) -> User:
    """Add Fiona, who may do what her group may, and sees personal data masked."""
    person = cast.add("fiona", group=group, settings=settings)
    person.mask_data = mask_data
    db.session.commit()
    return person


def told(content: bytes, number: int) -> list[str]:
    """Return which secrets of the first clients an answer tells, in whatever it is encoded."""
    text = "\n".join(_decoded(content))
    joined = BETWEEN_DIGITS.sub("", text)
    needles = [*(n for each in range(number) for n in secret(each).needles), "zwolfsbane"]
    return [needle for needle in needles if needle in (joined if needle.isdigit() else text)]


def _decoded(content: bytes) -> list[str]:
    """Return the content as it is read, with everything that is decoded from it, in lower case."""
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as file:
            content = b"\n".join(file.read(name) for name in file.namelist())
    text = content.decode(errors="replace")
    plain = html.unescape(unquote_plus(html.unescape(text)))
    plain = ESCAPED.sub(lambda match: json.loads(f'"{match[0]}"'), plain)
    inside = [found for part in BASE64.findall(plain) if (found := _from_base64(part))]
    return [each.lower() for each in (text, plain, *inside)]


def _from_base64(text: str) -> str:
    try:
        padded = text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4)
        return base64.urlsafe_b64decode(padded.replace("+", "-").replace("/", "_")).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""
