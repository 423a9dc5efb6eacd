"""Ask for permissions, by their codes."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _

from backoffice.actions.engine.parameters import Parameter
from backoffice.errors import GrantExceeded, RuleBroken
from backoffice.models.direct_grant import DirectGrant
from backoffice.policy import grants, permissions
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import catalogue
from backoffice.policy.rules import can, sees
from backoffice.text import without_invisible

LONGEST = 63  # characters of a code


@dataclass(frozen=True, eq=False)
class Permissions(Parameter):
    """Permissions, which the actor has to hold; stored as a list of codes."""

    def offered(self, actor: Actor) -> list[tuple[str, str]]:
        """Return the codes that the actor may choose, each with its meaning."""
        return [
            (code, f"{permission.meaning} ({code})")
            for code, permission in catalogue().items()
            if can(actor, code)
        ]

    def parse(self, given: Sequence[object]) -> list[str]:
        codes = sorted({str(value) for value in given} - {""})
        for code in codes:
            if len(code) > LONGEST or permissions.unknown([code]):
                shown = without_invisible(code[:LONGEST])
                message = _("There is no permission %(code)s.", code=shown)
                raise RuleBroken(message, field=self.name)
        return codes

    def stored(self, value: list[str] | None) -> list[str]:
        return list(value or ())

    def check(self, actor: Actor, value: list[str], *, code: str, locked: bool) -> None:
        if beyond := grants.codes_beyond(actor, value):
            message = _("You do not hold %(code)s yourself.", code=beyond[0])
            raise GrantExceeded(message, field=self.name, code=code)

    def is_seen(self, actor: Actor) -> bool:
        return sees(actor, DirectGrant)

    def told(self, _actor: Actor, stored: list[str]) -> list[str]:
        known = catalogue()
        return [str(known[code].meaning) if code in known else code for code in stored]

    def asked_for(self) -> str:
        return _("Choose a permission.")
