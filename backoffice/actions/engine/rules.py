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

EVENT_PARTS = ("actor", "subject", "added", "removed")  # of what events say
NUMBER = "#"  # the value of an event that is the {n} of a Counted; no column is called so


@dataclass(frozen=True)
class Counted:
    """A text about one row and the same about several, such as "{n} person blocked."."""

    singular: str
    plural: str

    def text(self, number: int, **values: object) -> str:
        """Return the text about so many rows, translated; `values` are what it contains besides."""
        return self.unfilled(number).format(n=formatted(number), **values)

    def unfilled(self, number: int) -> str:
        """Return the text about so many rows, translated, with its words in braces."""
        text: str = get_translations().ungettext(self.singular, self.plural, number)
        return text


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


def check_event(text: str | Counted, owner: str) -> None:
    """Raise TypeError, which stops the start, if an event text of `owner` asks for more."""
    forms = (text.singular, text.plural) if isinstance(text, Counted) else (str(text),)
    values = dict.fromkeys((*EVENT_PARTS, *("n" for _ in forms[1:])), "")
    for form in forms:
        try:
            form.format(**values)
        except (LookupError, ValueError) as error:
            raise TypeError(
                f"{owner}: event is {form!r}: it may have {{actor}}, {{subject}}, {{added}} and "
                "{removed}, and a Counted {n}."
            ) from error


def check_codes(rules: Iterable[Rule], owner: str) -> None:
    """Raise DeclarationError if the code of a rule of `owner` cannot be stored."""
    for rule in rules:
        if len(rule.code) > RULE_LENGTH:
            raise DeclarationError(
                f"{owner}: the rule code {rule.code!r} has {len(rule.code)} characters, "
                f"but at most {RULE_LENGTH} can be stored: choose a shorter one."
            )
