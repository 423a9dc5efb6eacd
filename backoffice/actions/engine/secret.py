"""Ask for a secret, such as a password to hand over."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from backoffice.actions.engine.parameters import Parameter, Stored
from backoffice.errors import RuleBroken
from backoffice.policy.actor import Actor
from backoffice.secrets import encryption
from backoffice.settings import configured

SEALED = "\x1fsealed:"  # before what a preview keeps; nobody types the first character
ABOUT = "secret of a preview"
HIDDEN = "•••"


@dataclass(frozen=True, eq=False)
class Secret(Parameter):
    """A text that nobody reads again: a preview keeps it encrypted, and a run no more.

    Attributes:
        test: raises RuleBroken if the text will not do.
        kept: the help below its field once something was typed, which the field does not show.
    """

    test: Callable[[str], object] = field(default=lambda _text: None, kw_only=True)
    kept: str = field(default=_l("What you typed is kept. Type to change it."), kw_only=True)

    def parse(self, given: Sequence[object]) -> str:
        text = str(next(iter(given), ""))
        if not text.startswith(SEALED):
            return text
        sealed = text.removeprefix(SEALED)
        try:
            return encryption.decrypt(sealed, about=ABOUT, settings=configured())
        except encryption.Unreadable:
            raise RuleBroken(_("Type it again."), field=self.name) from None

    def stored(self, value: str) -> list[str]:
        if not value:
            return []
        return [SEALED + encryption.encrypt(value, about=ABOUT, settings=configured())]

    def check(self, actor: Actor, value: str, *, code: str, locked: bool) -> None:
        if not value:
            return
        try:
            self.test(value)
        except RuleBroken as error:
            raise RuleBroken(error.message, field=self.name) from None

    def told(self, _actor: Actor, stored: list[str]) -> list[str]:
        return [HIDDEN] if stored else []


def without_secrets(parameters: Mapping[str, Parameter], stored: Stored) -> Stored:
    """Return what a run stores, with every secret emptied."""
    return {
        name: [] if isinstance(parameters.get(name), Secret) else given
        for name, given in stored.items()
    }
