"""Read answers as a person would: fields with values and errors, hidden inputs, rows, links."""

import re
from dataclasses import dataclass, field
from datetime import date, datetime, time
from html.parser import HTMLParser
from typing import Any

CONFIRM, ASKED = "/account/confirm", "Confirm that it is you"
VOID = {
    "area",
    "base",
    "br",
    "col",
    "embed",
    "hr",
    "img",
    "input",
    "link",
    "meta",
    "source",
    "track",
    "wbr",
    "use",
}
# The end tags that the list leaves out: what opens here closes what is open there.
CLOSES = {"td": ("td", "th"), "th": ("td", "th"), "tr": ("td", "th", "tr")}


@dataclass
class Element:
    """One element with its attributes, its children and the text in between."""

    tag: str
    attributes: dict[str, str]
    parent: "Element | None" = None
    children: list["Element | str"] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All text inside, with blanks collapsed."""
        parts = (child.text if isinstance(child, Element) else child for child in self.children)
        return " ".join(" ".join(parts).split())

    def __getitem__(self, name: str) -> str:
        return self.attributes.get(name, "")

    def all(self, tag: str = "", **wanted: str) -> list["Element"]:
        """Return every element below with this tag and these attributes.

        `class_` is one of the element's classes.
        """
        found = []
        for child in self.children:
            if isinstance(child, Element):
                if (not tag or child.tag == tag) and child.has(wanted):
                    found.append(child)
                found += child.all(tag, **wanted)
        return found

    def has(self, wanted: dict[str, str]) -> bool:
        return all(
            value in self["class"].split()
            if name == "class_"
            else self.attributes.get(name) == value
            for name, value in wanted.items()
        )

    def one(self, tag: str = "", **wanted: str) -> "Element":
        """Return the only such element."""
        found = self.all(tag, **wanted)
        assert len(found) == 1, f"{len(found)} of <{tag} {wanted}>"
        return found[0]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.here = self.root = Element("", {})

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        while self.here.tag in CLOSES.get(tag, ()) and self.here.parent:
            self.here = self.here.parent
        element = Element(tag, {name: value or "" for name, value in attrs}, self.here)
        self.here.children.append(element)
        if tag not in VOID:
            self.here = element

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.here.children.append(
            Element(tag, {name: value or "" for name, value in attrs}, self.here)
        )

    def handle_endtag(self, tag: str) -> None:
        place: Element | None = self.here
        while place and place.tag != tag:
            place = place.parent
        if place and place.parent:
            self.here = place.parent

    def handle_data(self, data: str) -> None:
        self.here.children.append(data)


def read(answer: Any) -> Element:
    """Return the page of an answer, or of a text."""
    reader = _Reader()
    reader.feed(answer if isinstance(answer, str) else answer.get_data(as_text=True))
    return reader.root


def hidden(answer: Any, name: str) -> str:
    """Return the value of the hidden input of that name."""
    found = read(answer).all("input", name=name)
    assert found, f"no {name} on the page"
    return found[0]["value"]


def error_at(answer: Any, name: str) -> str:
    """Return the error beside the field, or ''.

    The control must say that it is invalid, and point at the message.
    """
    page = read(answer)
    controls = [e for e in page.all(name=name) if e["type"] != "hidden"]
    message = [e for e in page.all("p", class_="error") if e["id"] == f"{name}-errors"]
    if not message:
        return ""
    group = [e for e in page.all("fieldset") if e["id"] == name] or controls
    assert group, f"{name} has an error but no control"
    assert f"{name}-errors" in group[0]["aria-describedby"].split()
    assert group[0].tag == "fieldset" or group[0]["aria-invalid"] == "true"
    return message[0].text


def value_of(answer: Any, name: str) -> str:
    """Return what the text field, the area or the drop-down of that name holds."""
    control = next(e for e in read(answer).all(name=name) if e["type"] != "hidden")
    if control.tag == "textarea":
        return (
            "".join(c for c in control.children if isinstance(c, str))
            .removeprefix("\r\n")
            .removeprefix("\n")
        )
    if control.tag == "select":
        return next((o["value"] for o in control.all("option") if "selected" in o.attributes), "")
    return control["value"]


def ticked(answer: Any, name: str) -> list[str]:
    """Return the values of the boxes of that name that are ticked."""
    return [e["value"] for e in read(answer).all("input", name=name) if "checked" in e.attributes]


def row_ids(answer: Any) -> list[int]:
    """Return the ids of the rows of a list, in order."""
    return [
        int(e["data-menu-url"].split("/")[-2]) for e in read(answer).all("a") if e["data-menu-url"]
    ]


def link(answer: Any, text: str) -> str:
    """Return where the link with this text leads, or ''."""
    return next((e["href"] for e in read(answer).all("a") if e.text == text), "")


def is_asked(answer: Any) -> bool:
    """Return whether an answer asks the visitor to prove who they are.

    The page for that may be asked for by its own address, stand in place of another page or come
    before a preview; or the answer redirects to it.
    """
    by_page = answer.status_code in (200, 403) and ASKED in answer.text
    return by_page or (
        answer.status_code == 303 and (answer.location or "").startswith(f"{CONFIRM}?confirm_to=")
    )


def sent_by(form: Element) -> list[tuple[str, str]]:
    """Return what a browser sends of a form that nobody touched (HTML, 4.10.22)."""
    controls = [e for e in form.all() if e.tag in ("input", "select", "textarea") and e["name"]]
    return [(e["name"], value) for e in controls for value in _sent(e)]


def _sent(control: Element) -> list[str]:
    if "disabled" in control.attributes:
        return []
    if control.tag == "textarea":
        text = "".join(child for child in control.children if isinstance(child, str))
        text = text.replace("\r\n", "\n").removeprefix("\n")
        return [text.replace("\n", "\r\n")]
    if control.tag == "select":
        options = control.all("option")
        chosen = [e["value"] for e in options if "selected" in e.attributes]
        return chosen or [e["value"] for e in options[:1]]
    if control["type"] in ("submit", "button", "file"):
        return []
    if control["type"] in ("checkbox", "radio"):
        return [control.attributes.get("value", "on")] if "checked" in control.attributes else []
    return [_sanitized(control["type"], control["value"])]


def _sanitized(kind: str, value: str) -> str:
    """Return the value as the browser's own check of the input leaves it (value sanitization)."""
    value = value.replace("\r", "").replace("\n", "")
    if kind in ("email", "url"):
        return value.strip(" \t\f")
    readers: dict[str, Any] = {
        "number": float,
        "date": date.fromisoformat,
        "time": time.fromisoformat,
        "datetime-local": datetime.fromisoformat,
    }
    if kind not in readers or not value:
        return value
    if re.search(r":\d\d\.\d{4}", value):  # a browser has milliseconds at most
        return ""
    try:
        readers[kind](value)
    except ValueError:
        return ""
    return value
