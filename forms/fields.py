"""Fields that WTForms lacks: choosing related rows, several lines, a switch, a set of permissions."""

from collections.abc import Callable, Sequence
from typing import Any

from wtforms import BooleanField, Field, StringField
from wtforms.validators import Length, StopValidation
from wtforms.widgets import TextArea

from backoffice import limits
from backoffice.text import LONGEST, cleaned, fault, is_id, phones, tidied
from backoffice.text.addresses import pasted

LARGEST_CHOICE = limits.RELATED  # related rows of one row; far fewer than a statement can take
Options = Callable[[Sequence[int]], tuple[list[tuple[int, str]], bool]]


class TextField(StringField):
    """One line of text of at most `limit` characters, without unseen ones (text/characters.py)."""

    lines = False

    def __init__(self, label: str = "", *, limit: int = 200, **kwargs: Any) -> None:
        validators = [*kwargs.pop("validators", ()), Length(max=limit)]
        kwargs["render_kw"] = {"maxlength": limit} | (kwargs.pop("render_kw", None) or {})
        super().__init__(label, validators, filters=[_tidied], **kwargs)

    def pre_validate(self, form: Any) -> None:
        """A text that nobody touched is not judged: it may be older than the rule."""
        if self.raw_data and self.raw_data != [self.object_data]:
            if not self.data:  # what was sent shows nothing, so that nothing was filled in
                self.raw_data = [""]
            if isinstance(self.data, str) and (wrong := fault(self.data, lines=self.lines)):
                raise StopValidation(wrong)


class LongTextField(TextField):
    """The same with line breaks and tabs."""

    lines = True
    widget = TextArea()


class EmailField(TextField):
    """An address as people paste it; whether it is one, the service says."""

    def __init__(self, label: str = "", *, limit: int = 254, **kwargs: Any) -> None:
        kwargs["render_kw"] = {"type": "email", "autocapitalize": "none", "spellcheck": "false"} | (
            kwargs.pop("render_kw", None) or {}
        )
        super().__init__(label, limit=limit, **kwargs)
        self.filters = [_pasted]


class PhoneField(TextField):
    """A phone number, shown as people write it."""

    def __init__(self, label: str = "", *, limit: int = 32, **kwargs: Any) -> None:
        kwargs["render_kw"] = {"type": "tel"} | (kwargs.pop("render_kw", None) or {})
        super().__init__(label, limit=limit, **kwargs)

    def _value(self) -> str:
        """What was typed stays as it was typed."""
        return str(self.data or "") if self.raw_data else phones.shown(self.data or "")


class LinesField(Field):
    """Several entries, one a line; `data` is a list of texts."""

    widget: Any = TextArea()

    def _value(self) -> str:
        return self.raw_data[-1] if self.raw_data else "\n".join(self.data or ())

    def process_formdata(self, valuelist: list[str]) -> None:
        if valuelist:
            texts = valuelist[-1].replace(",", "\n").splitlines()
            self.data = [text for text in map(cleaned, texts) if text]


class SwitchField(BooleanField):
    """A check box that posts an empty value first, so that 'off' and 'not sent' differ."""

    repeats = True

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata(valuelist[-1:])


class PickField(Field):
    """Related rows to choose: all of them where they are few, else the chosen ones and a look-up.

    `find` answers the options, as (id, label), that include the chosen ids, and whether there are more.
    An empty value is posted first, so that 'none' and 'not sent' differ.
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
        **kwargs: Any,
    ) -> None:
        super().__init__(label, **kwargs)
        self.flags.required = required
        self.multiple = multiple
        self._find = find
        self._lookup_url = lookup_url
        self._found: tuple[list[tuple[int, str]], bool] | None = None

    @property
    def options(self) -> list[tuple[int, str, bool]]:
        """The options as (id, label, chosen)."""
        chosen = self._chosen()
        return [(row_id, label, row_id in chosen) for row_id, label in self._options()[0]]

    @property
    def lookup_url(self) -> str | None:
        """Where to search for more, if there are more."""
        return self._lookup_url if self._options()[1] else None

    def process_formdata(self, valuelist: list[str]) -> None:
        texts = [text for text in valuelist if text]
        if not all(map(is_id, texts)):
            raise ValueError("Choose one of the offered values.")
        ids = sorted({int(text) for text in texts})
        if len(ids) > 1 and not self.multiple:
            raise ValueError("Choose only one.")
        if len(ids) > LARGEST_CHOICE:
            raise ValueError(f"Choose at most {LARGEST_CHOICE:,}.")
        if valuelist:
            self.data = ids if self.multiple else next(iter(ids), None)

    def _chosen(self) -> list[int]:
        data = self.data if self.multiple else [self.data]
        return [value for value in data or () if value]

    def _options(self) -> tuple[list[tuple[int, str]], bool]:
        if self._found is None:
            self._found = self._find(self._chosen())
        return self._found


class PermissionsField(Field):
    """A set of permission codes. `groups` lists them by area, as the page shows them."""

    repeats = True

    def __init__(
        self, label: str = "", *, areas: Callable[[], list[tuple[str, list[Any]]]], **kwargs: Any
    ) -> None:
        super().__init__(label, **kwargs)
        self.areas = areas

    def process_formdata(self, valuelist: list[str]) -> None:
        if valuelist:
            self.data = sorted({cleaned(text[:60]) for text in valuelist if text})


def _tidied(text: Any) -> Any:
    """What is far too long stays as it was typed: it is refused, and shown again whole."""
    return tidied(text) if isinstance(text, str) and len(text) <= LONGEST else text


def _pasted(text: Any) -> Any:
    return pasted(text) if isinstance(text, str) and len(text) <= LONGEST else text
