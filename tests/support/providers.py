"""Two service providers that know nothing of each other: Harbour, where Max manages, and Quay."""

from dataclasses import dataclass

from backoffice.extensions import db
from backoffice.models.client import Client
from backoffice.models.node import PLATFORM_ACCOUNT, ROOT, SERVICE_PROVIDER, SUB_ACCOUNT, Node
from backoffice.models.user import User
from backoffice.policy.permissions import catalogue
from backoffice.testing.cast import Cast
from tests.support.acting import group

SECRET = "Zanzibar"  # what is of Quay, and nothing else is called so
OF_ADMINISTRATORS = ("groups.import", "users.view_as")


@dataclass(frozen=True)
class Providers:
    """The nodes of Harbour and Quay, and a person and a client of Quay."""

    harbour: Node
    account: Node
    sub_account: Node
    quay: Node
    foreign_account: Node
    stranger: User
    client: Client


def build(cast: Cast) -> Providers:
    """Let Max do nearly everything at Harbour, and fill Quay with what he must not know."""
    harbour, quay = _node("Harbour", ROOT), _node(f"{SECRET} Quay", ROOT)
    account = _node("Crane", harbour.id, PLATFORM_ACCOUNT)
    providers = Providers(
        harbour=harbour,
        account=account,
        sub_account=_node("Hook", account.id, SUB_ACCOUNT),
        quay=quay,
        foreign_account=_node(f"{SECRET} account", quay.id, PLATFORM_ACCOUNT),
        stranger=_stranger(quay),
        client=Client(first_name=SECRET, last_name="Client", node_id=quay.id),
    )
    db.session.add(providers.client)
    managers = group("managers")
    managers.permissions = sorted(set(catalogue()) - set(OF_ADMINISTRATORS))
    managers.grants = [group("viewers"), group("managers")]
    cast.max.node_id = harbour.id
    db.session.commit()
    return providers


def _node(name: str, parent_id: int, kind: str = SERVICE_PROVIDER) -> Node:
    node = Node(name=name, kind=kind, parent_id=parent_id)
    db.session.add(node)
    db.session.flush()
    return node


def _stranger(quay: Node) -> User:
    person = User(first_name=SECRET, last_name="Stranger", node_id=quay.id)
    person.set_email(f"{SECRET}@example.com")
    person.groups = [group("viewers")]
    db.session.add(person)
    db.session.flush()
    return person
