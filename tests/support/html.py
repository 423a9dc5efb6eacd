"""Read answers as a person would: fields with values and errors, hidden inputs, rows, links."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

CONFIRM, ASKED = "/account/confirm", "Confirm your identity"


@dataclass(frozen=True)
class Element:
    """One element with its attributes, its children and the text in between."""

    node: LexborNode

    @property
    def tag(self) -> str:
        return str(self.node.tag)

    @property
    def attributes(self) -> dict[str, str]:
        return {name: value or "" for name, value in self.node.attributes.items()}

    @property
    def children(self) -> list["Element"]:
        return [Element(child) for child in self.node.iter()]

    @property
    def text(self) -> str:
        """All text inside, with blanks collapsed."""
        return " ".join(self.node.text(separator=" ").split())

    def __getitem__(self, name: str) -> str:
        return self.node.attrs.get(name) or ""

    def all(self, tag: str = "", **wanted: str) -> list["Element"]:
        """Return every element below with this tag and these attributes.

        `class_` is one of the element's classes.
        """
        selector = tag + "".join(map(_selector, wanted.items())) or "*"
        # The element itself is found as well; it counts where it is the page.
        return [
            Element(node)
            for node in self.node.css(selector)
            if node.mem_id != self.node.mem_id or node.tag == "html"
        ]

    def has(self, wanted: dict[str, str]) -> bool:
        """Return whether the element has these attributes."""
        return bool(self.node.css_matches("".join(map(_selector, wanted.items()))))

    def one(self, tag: str = "", **wanted: str) -> "Element":
        """Return the only such element."""
        found = self.all(tag, **wanted)
        assert len(found) == 1, f"{len(found)} of <{tag} {wanted}>"
        return found[0]


def _selector(wanted: tuple[str, str]) -> str:
    name, value = wanted
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'[class~="{quoted}"]' if name == "class_" else f'[{name}="{quoted}"]'


def read(answer: Any) -> Element:
    """Return the page of an answer, or of a text, as a browser reads it."""
    page = LexborHTMLParser(answer if isinstance(answer, str) else answer.get_data(as_text=True))
    assert page.root is not None
    return Element(page.root)


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
        return control.node.text()
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
        return [re.sub("\r?\n", "\r\n", control.node.text())]
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
