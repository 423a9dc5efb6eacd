"""Fields that WTForms lacks.

They take tidied text, related rows, several lines, a switch, or a set of permissions.
"""

from collections.abc import Callable, Sequence
from typing import Any

from flask_babel import gettext as _
from wtforms import BooleanField, Field, StringField
from wtforms.form import BaseForm
from wtforms.validators import Length, StopValidation
from wtforms.widgets import TextArea

from backoffice import limits
from backoffice.models import row_keys
from backoffice.models.row_keys import RowKey
from backoffice.models.unreadable import Unreadable
from backoffice.text import LONGEST, fault, is_id, phones, tidied, without_invisible
from backoffice.text.addresses import pasted
from backoffice.text.numbers import formatted

LARGEST_CHOICE = limits.RELATED  # related rows of one row; far fewer than a statement can take
Options = Callable[[Sequence[RowKey]], tuple[list[tuple[RowKey, str]], bool]]


class UnchangedMixin:
    """A mixin for fields: what the browser sends back as the page had it changes nothing.

    The page may show less than the row has, or show it in another way; and the value may be older
    than a rule.
    """

    raw_data: Any
    data: Any
    object_data: Any
    process_errors: Any
    widget: Any
    filters: Any
    _value: Callable[[], str]
    unchanged = False

    def process(self, *arguments: object, **keywords: object) -> None:
        """Read what was sent, as WTForms does."""
        super().process(*arguments, **keywords)  # type: ignore[misc]  # the field that it joins
        self.unchanged = self._is_unchanged()
        if self.unchanged:
            self.data = self.object_data
            self.process_errors = []

    def _is_unchanged(self) -> bool:
        if not self.raw_data or self.object_data is None:
            return False
        sent, read = self.raw_data, self.data
        self.raw_data, self.data = None, self.object_data
        for tidy in self.filters:  # the page had been through them too
            self.data = tidy(self.data)
        shown = self._value()
        self.raw_data, self.data = sent, read
        if isinstance(self.widget, TextArea):
            return _with_lines(sent[0]) == _with_lines(shown)
        return str(sent[0]).strip() == _in_one_line(shown)


class TextField(UnchangedMixin, StringField):
    """One line of text of at most `limit` characters, without invisible ones (text/characters.py).

    `lines` says whether line breaks and tabs are allowed.
    """

    lines = False

    def __init__(self, label: str = "", *, limit: int = 200, **kwargs: Any) -> None:
        validators = [*kwargs.pop("validators", ()), Length(max=limit)]
        kwargs["render_kw"] = {"maxlength": limit} | _given_attributes(kwargs)
        super().__init__(label, validators, filters=[_tidied], **kwargs)

    def pre_validate(self, form: BaseForm) -> None:
        """Refuse characters that are not allowed, unless the text is unchanged."""
        if not self.raw_data:
            return
        if self.unchanged:
            self.raw_data = [self.object_data]  # it is filled in, whatever can be seen of it
            if isinstance(self.object_data, Unreadable):
                raise StopValidation
            return
        if not self.data:
            # Nothing of what was sent can be seen, so it counts as not filled in.
            self.raw_data = [""]
        if isinstance(self.data, str):
            wrong = fault(self.data, lines=self.lines)
            if wrong:
                raise StopValidation(wrong)


class LongTextField(TextField):
    """Text that may have line breaks and tabs."""

    lines = True
    widget = TextArea()


class EmailField(TextField):
    """An e-mail address as people paste it; whether it is valid is decided in `backoffice`."""

    def __init__(self, label: str = "", *, limit: int = 254, **kwargs: Any) -> None:
        attributes = {"type": "email", "autocapitalize": "none", "spellcheck": "false"}
        kwargs["render_kw"] = attributes | _given_attributes(kwargs)
        super().__init__(label, limit=limit, **kwargs)
        self.filters = [_pasted]


class PhoneField(TextField):
    """A telephone number, shown as people write it."""

    def __init__(self, label: str = "", *, limit: int = 32, **kwargs: Any) -> None:
        kwargs["render_kw"] = {"type": "tel"} | _given_attributes(kwargs)
        super().__init__(label, limit=limit, **kwargs)

    def _value(self) -> str:
        """Return the text of the field; what was typed stays as it was typed."""
        if self.raw_data:
            return str(self.data or "")
        return phones.shown(self.data or "")


class LinesField(UnchangedMixin, Field):
    """Several entries, one a line or separated by commas; `data` is a list of texts."""

    widget: Any = TextArea()

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[-1])
        return "\n".join(self.data or ())

    def process_formdata(self, valuelist: list[str]) -> None:
        if valuelist:
            if len(valuelist[-1]) > limits.LINES_TYPED:
                raise ValueError(_("Use at most %(limit)s characters.", limit=limits.LINES_TYPED))
            texts = valuelist[-1].replace(",", "\n").splitlines()
            self.data = [text for text in map(without_invisible, texts) if text]


class SwitchField(BooleanField):
    """A check box that posts an empty value first, so that 'off' and 'not sent' differ."""

    repeats = True

    def process(self, *arguments: Any, **keywords: Any) -> None:
        """Read what was sent; what the row has and cannot be read stays, unless it is 'on'."""
        super().process(*arguments, **keywords)
        if isinstance(self.object_data, Unreadable) and self.raw_data and not self.data:
            self.data = self.object_data  # type: ignore[assignment]  # as it is, so that it stays

    def process_data(self, value: object) -> None:
        super().process_data(value and not isinstance(value, Unreadable))

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata(valuelist[-1:])

    def _value(self) -> str:
        return "y"  # what WTForms takes from what was sent would be the empty value


def number(text: str) -> RowKey | None:
    """Return the number of a row, or None if it is none."""
    return int(text) if is_id(text) else None


class PickField(Field):
    """Related rows to choose: all of them if they are few, otherwise the chosen ones and a look-up.

    `parse` reads the id of a row from what is sent. `find` takes the chosen ids. It returns the
    options as (id, label), the chosen ones among them, and whether there are more. An empty value
    is posted first, so that 'none' and 'not sent' differ. With `keeps`, the form is that of a row
    which keeps what it has and the actor does not see, where nothing is chosen instead.
    """

    repeats = True

    def __init__(
        self,
        label: str = "",
        *,
        multiple: bool = True,
        required: bool = False,
        find: Options,
        lookup_url: str = "",
        parse: Callable[[str], RowKey | None] = number,
        keeps: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(label, **kwargs)
        self.flags.required = required
        self.multiple = multiple
        self._find = find
        self._lookup_url = lookup_url
        self.parse = parse
        self._keeps = keeps
        self._found: tuple[list[tuple[RowKey, str]], bool] | None = None

    @property
    def options(self) -> list[tuple[RowKey, str, bool]]:
        """Return the options as (id, label, chosen), the chosen ones first."""
        chosen = self._chosen()
        options, _more = self._options()
        told = [(row_id, label, row_id in chosen) for row_id, label in options]
        return sorted(told, key=_is_not_chosen)

    @property
    def has_unseen(self) -> bool:
        """Whether the row has something here that the actor does not see, and that stays."""
        had = self.object_data if self.multiple else [self.object_data]
        ids = [row_id for row_id in had or () if row_id]
        if not self._keeps or not ids:
            return False
        seen, _more = self._options() if ids == self._chosen() else self._find(ids)
        return not set(ids) <= {row_id for row_id, _label in seen}

    @property
    def lookup_url(self) -> str | None:
        """Return where to search for more options, or None if these are all."""
        _options, more = self._options()
        return self._lookup_url if more else None

    def process_formdata(self, valuelist: list[str]) -> None:
        texts = [text for text in valuelist if text]
        keys = [self.parse(text) for text in texts]
        ids = row_keys.in_order(key for key in keys if key is not None)
        if None in keys:
            raise ValueError(_("Choose one of the offered values."))
        if len(ids) > 1 and not self.multiple:
            raise ValueError(_("Choose only one."))
        if len(ids) > LARGEST_CHOICE:
            raise ValueError(_("Choose at most %(most)s.", most=formatted(LARGEST_CHOICE)))
        if not valuelist:
            return
        if self.multiple:
            self.data = ids
        else:
            self.data = ids[0] if ids else None

    def _chosen(self) -> list[RowKey]:
        data = self.data if self.multiple else [self.data]
        return [value for value in data or () if value]

    def _options(self) -> tuple[list[tuple[RowKey, str]], bool]:
        if self._found is None:
            self._found = self._find(self._chosen())
        return self._found


def _is_not_chosen(option: tuple[RowKey, str, bool]) -> bool:
    return not option[2]


class PermissionsField(Field):
    """A set of permission codes; `areas` lists them by area, as the page shows them.

    What is sent as `<area>.*` stands for all of the area that the actor could give.
    """

    repeats = True

    def __init__(
        self, label: str = "", *, areas: Callable[[], Sequence[Any]], **kwargs: Any
    ) -> None:
        super().__init__(label, **kwargs)
        self.areas = areas

    def process_formdata(self, valuelist: list[str]) -> None:
        if not valuelist:
            return
        areas = self.areas()
        offered = {permission.code for area in areas for permission in area.offered}
        # What the product has no more, nobody can tick: the group keeps it.
        gone = set(self.data or ()) - offered
        ticked = {without_invisible(text[:60]) for text in valuelist if text}
        self.data = sorted(_spelled_out(ticked, areas) | gone)


def _spelled_out(ticked: set[str], areas: Sequence[Any]) -> set[str]:
    """Return the codes with those of whole areas instead of these."""
    whole = {f"{area.code}.*": area for area in areas}
    of_areas = {
        permission.code
        for name in ticked & whole.keys()
        for permission in whole[name].offered
        if permission.mine
    }
    return (ticked - whole.keys()) | of_areas


def _with_lines(text: str) -> str:
    """Return the text with line breaks as they are stored: a browser sends others."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip("\n")


def _in_one_line(text: str) -> str:
    """Return the text as an input of one line has it (HTML, value sanitization)."""
    return text.replace("\r", "").replace("\n", "").strip()


def _given_attributes(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Take `render_kw` out of a field's arguments; it wins over the field's own attributes."""
    return kwargs.pop("render_kw", None) or {}


def _tidied(text: object) -> object:
    """Tidy a text, unless it is far too long: that is refused, and shown again as it was typed."""
    if isinstance(text, str) and len(text) <= LONGEST:
        return tidied(text)
    return text


def _pasted(text: object) -> object:
    if isinstance(text, str) and len(text) <= LONGEST:
        return pasted(text)
    return text
