"""The action on companies: delete those that have no clients."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import exists

from backoffice.actions.deletion import Delete
from backoffice.actions.engine.rules import Rule
from backoffice.models import fields
from backoffice.models.client import Client
from backoffice.models.company import Company


class DeleteCompanies(Delete):
    model = Company
    name = "delete"
    watches = fields.visible(Company)
    rules = (
        Rule(
            "has_clients",
            _l("{label} has clients: move or delete them first."),
            lambda _context: exists().where(Client.company_id == Company.id),
        ),
    )
