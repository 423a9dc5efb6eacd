"""Check at the start what a screen says about its form."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping

from backoffice.field_conditions import Condition
from backoffice.models import fields
from forms.base import Form
from views.screen.columns import names_of
from views.screen.definition import Definition


def mistakes(screen: Definition) -> Iterator[str]:
    """Yield a sentence with the cure for each mistake."""
    yield from _unwritable(screen)
    yield from _bulk_fields(screen)
    yield from _unknown(screen)
    yield from _sections(screen)
    for option in ("form_shown_when", "form_required_when"):
        yield from _conditions(screen, option)
    yield from _never_shown(screen)


def _unwritable(screen: Definition) -> Iterator[str]:
    for name in screen.form_columns:
        kind = fields.kind(screen.model, name)
        if kind and not kind.editable:
            yield f"form_columns names {name!r}, which is computed: leave it out."
        if fields.is_made_by_database(screen.model, name):
            yield f"form_columns names {name!r}, which the database makes: leave it out."
        if hasattr(Form, name):
            yield (
                f"form_columns names {name!r}, as forms call something of their own: "
                f'call the attribute otherwise, its column may keep the name, column("{name}").'
            )


def _bulk_fields(screen: Definition) -> Iterator[str]:
    for name in screen.bulk_fields:
        if name not in screen.form_columns:
            yield f"bulk_fields names {name!r}, which form_columns lacks: add it there."
        if name in screen.form_readonly:
            yield f"bulk_fields names {name!r}, which form_readonly does not let change."
    if screen.bulk_fields and not screen.has("edit"):
        yield "bulk_fields need rows that can be edited: leave out can_edit = False."


def _fields_of(screen: Definition) -> list[str]:
    """Return the names of the fields that the form may have, in order."""
    own = screen.form.names() if screen.form else ()
    return [*dict.fromkeys((*own, *screen.form_columns))]


def _unknown(screen: Definition) -> Iterator[str]:
    known = _fields_of(screen)
    for option in ("form_shown_when", "form_required_when", "form_defaults"):
        for name in getattr(screen, option):
            if name not in known:
                yield f"{option} names {name!r}, which the form lacks: name it in form_columns."


def _sections(screen: Definition) -> Iterator[str]:
    """Yield what is wrong with the sections: each field stands in one of them, once."""
    if not screen.form_sections:
        return
    known = {*_fields_of(screen), *screen.form_readonly}
    for name, times in Counter(names_of(screen.form_sections)).items():
        if name not in known:
            yield f"form_sections names {name!r}, which the form lacks: name it in form_columns."
        if times > 1:
            yield f"form_sections names {name!r} more than once: leave one out."
    for name in sorted(known.difference(names_of(screen.form_sections))):
        yield f"form_sections lacks {name!r}, which the form has: add it there."


def _conditions(screen: Definition, option: str) -> Iterator[str]:
    conditions: Mapping[str, Condition] = getattr(screen, option)
    yield from _values(conditions, option)
    order = _fields_of(screen)
    for name, condition in conditions.items():
        before = order[: order.index(name)] if name in order else order
        for other in condition:
            if other not in before:
                yield (
                    f"{option}: {name!r} depends on {other!r}, "
                    "which is no field before it: put it first."
                )
            elif other in screen.form_readonly:
                yield (
                    f"{option}: {name!r} depends on {other!r}, which form_readonly only shows: "
                    "name a field that people fill in."
                )


def _values(conditions: Mapping[str, Mapping[str, object]], option: str) -> Iterator[str]:
    """Yield what is no value of a condition: it is compared with what a form sends."""
    for name, condition in conditions.items():
        for other, wanted in condition.items():
            texts = [wanted] if isinstance(wanted, str) else wanted
            if not isinstance(texts, Collection) or not all(isinstance(e, str) for e in texts):
                yield (
                    f"{option}: {name!r} depends on {other!r} being {wanted!r}: give a text or "
                    'several, as the form sends it; a switch is "yes" or "no".'
                )


def _never_shown(screen: Definition) -> Iterator[str]:
    for name in screen.form_shown_when:
        if fields.kind(screen.model, name) and fields.is_required(screen.model, name):
            yield (
                f"form_shown_when hides {name!r} at times, but its column may not be empty: "
                "give the column a default, or nullable=True."
            )
