"""Lay out the form of a row: its fields in sections, some side by side, and what is only read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from wtforms import Field

from backoffice.models import fields
from backoffice.models.base import Record
from backoffice.policy import masking
from backoffice.policy.actor import Actor
from backoffice.text import capital
from forms.base import Form
from views.screen.columns import Layout, lines_of, names_of
from views.screen.definition import Definition
from views.screen.details import fact
from views.screen.pages import Fact
from views.web.actor import signed_in


@dataclass(frozen=True)
class FormItem:
    """A field of a form, or a value that the form only shows."""

    field: Field | None = None
    fact: Fact | None = None


@dataclass(frozen=True)
class FormSection:
    """Some fields of a form under a title; those of one line stand side by side."""

    title: str
    lines: list[list[FormItem]]


@dataclass(frozen=True)
class FormPage:
    """A form that adds or edits a row.

    Attributes:
        title: its heading.
        form: the form itself.
        sections: its fields.
        errors: what is wrong, and belongs to no field.
        action: where it is sent.
        cancel_href: where giving up leads to.
        version: the version of the row that it was made for; None for a new row.
        button: what the button says.
    """

    title: str
    form: Form
    sections: list[FormSection]
    errors: Sequence[str]
    action: str
    cancel_href: str
    version: int | None
    button: str


def sections(screen: Definition, form: Form, row: Record | None) -> list[FormSection]:
    """Return the fields, and of an existing row the values that the form only shows.

    What no section names comes last, and what the reader may not see is nowhere.
    """
    items = _items(screen, form, row)
    layout = screen.form_sections or _default(screen, form)
    others = [[name] for name in items if name not in names_of(layout)]
    noun = capital(screen.model.noun())
    parts: list[tuple[str, list[Sequence[str]]]] = [*lines_of(layout), (noun, [*others])]
    return [
        FormSection(heading or noun, shown)
        for heading, lines in parts
        if (shown := [part for line in lines if (part := _present(items, line))])
    ]


def _items(screen: Definition, form: Form, row: Record | None) -> dict[str, FormItem]:
    """Return what the form has, by name."""
    items = {field.name: FormItem(field=field) for field in form}
    if row is not None:
        fixed = screen.fixed(row)
        shown = (*screen.form_readonly, *fixed, *_masked(screen, signed_in(), row))
        for name in screen.readable(signed_in(), shown):
            plain = fact(screen, row, name)
            items[name] = FormItem(fact=replace(plain, help=fixed.get(name, "")))
    return items


def only_shown(screen: Definition, actor: Actor, row: Record) -> set[str]:
    """Return what the form of a row does not write: its key, and what is masked, neither."""
    key = fields.key_attributes(screen.model)
    return {*screen.form_readonly, *screen.fixed(row), *key, *_masked(screen, actor, row)}


def _masked(screen: Definition, actor: Actor, row: Record) -> list[str]:
    """Return what forms write, and the actor sees masked in this row."""
    own = screen.form.names() if screen.form else ()
    names = dict.fromkeys((*screen.form_columns, *sorted(own)))
    return [name for name in names if masking.is_masked_in(actor, row, name)]


def _default(screen: Definition, form: Form) -> Layout:
    """Return the sections that the form has itself; a generated one has a single section."""
    if type(form).sections is not Form.sections:
        return {heading: [field.name for field in fields] for heading, fields in form.sections}
    names = dict.fromkeys((*screen.form_columns, *(field.name for field in form)))
    return {"": [*names, *(name for name in screen.form_readonly if name not in names)]}


def _present(items: Mapping[str, FormItem], line: Sequence[str]) -> list[FormItem]:
    return [items[name] for name in line if name in items]
