"""The actions that show a client, or a company, without masks."""

from backoffice.actions.engine import Reveal
from backoffice.models.client import Client
from backoffice.models.company import Company


class RevealClient(Reveal):
    model = Client


class RevealCompany(Reveal):
    model = Company
