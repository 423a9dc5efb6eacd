"""What actions declare: reasons to refuse a row, side effects, and counted texts."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from flask_babel import get_translations
from sqlalchemy import ColumnElement, Select

from backoffice.actions.engine.context import ActionContext, Ids
from backoffice.models.bulk_run import BulkItem
from backoffice.places import DeclarationError
from backoffice.text.numbers import formatted

# How long the code of a rule may be: each refused row of a run has it stored.
RULE_LENGTH: int = BulkItem.__table__.c.rule.type.length  # type: ignore[attr-defined]  # a String


@dataclass(frozen=True)
class Counted:
    """A text about one row and the same about several, such as "{n} person blocked."."""

    singular: str
    plural: str

    def text(self, number: int, **values: object) -> str:
        """Return the text about so many rows, translated; `values` are what it contains besides."""
        text: str = get_translations().ungettext(self.singular, self.plural, number)
        return text.format(n=formatted(number), **values)


@dataclass(frozen=True)
class Rule:
    """A reason to refuse a row: a condition in SQL and the sentence that people read.

    The sentence may contain {label}, the row's name. `of_choice` marks a rule that depends on the
    parameters: it is skipped until they are chosen.
    """

    code: str
    # Not compared: what it says depends on the language.
    sentence: str = field(compare=False)
    refuses: Callable[[ActionContext], ColumnElement[bool]]
    of_choice: bool = False


@dataclass(frozen=True)
class Effect(Counted):
    """A side effect that the preview counts, such as "Ends 14 sessions."."""

    count: Callable[[Ids], Select[int]]


def check_codes(rules: Iterable[Rule], owner: str) -> None:
    """Raise DeclarationError if the code of a rule of `owner` cannot be stored."""
    for rule in rules:
        if len(rule.code) > RULE_LENGTH:
            raise DeclarationError(
                f"{owner}: the rule code {rule.code!r} has {len(rule.code)} characters, "
                f"but at most {RULE_LENGTH} can be stored: choose a shorter one."
            )
