"""What people do with drivers."""

from acme.models.driver import Driver

from backoffice.actions.engine import Reveal


class RevealDriver(Reveal):
    model = Driver
