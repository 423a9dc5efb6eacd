"""What the preview of an action tells people before it is run."""

from dataclasses import dataclass
from typing import Any

from tests.support.html import read


@dataclass(frozen=True)
class Told:
    """What a preview says: its title, what else happens, what stays, what becomes of the rows."""

    title: str
    headline: tuple[str, ...] = ()
    irreversible: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    reason: bool = False
    phrase: str = ""
    danger: bool = False


def told(page: Any) -> Told:
    """Return what a preview says."""
    main = read(page).one("main")
    lists = main.all("ul", class_="headline")
    warnings = main.all("div", class_="notice-warning")
    reasons = [label for label in main.all("label") if label["for"] == "reason"]
    confirm = [label for label in main.all("label") if label["for"] == "confirm"]
    return Told(
        main.one("h1").text,
        tuple(item.text for each in lists for item in each.all("li")),
        tuple(item.text for each in warnings for item in each.all("li")),
        tuple(each.text for each in main.all("summary") if each.all("h2")),
        reason=any("*" in label.text for label in reasons),
        danger=bool(main.all("button", class_="btn-danger")),
        phrase="".join(label.text for label in confirm).partition("“")[2].partition("”")[0],
    )


def flashed(client: Any, answer: Any) -> str:
    """Return what the page that an answer leads to says in passing."""
    return read(client.get(answer.location)).one("div", class_="flashes").text


def fault(answer: Any) -> str:
    """Return the sentence of the page that refuses a request."""
    page = read(answer).one("div", class_="fault")
    return next(each.text for each in page.all("p") if not each["class"])


def problem(answer: Any) -> str:
    """Return the sentence above a preview that could not be run."""
    return read(answer).one("p", class_="notice-danger").text


def by_name(values: Any) -> Any:
    """Return values of an event with the names of related rows in place of these rows."""
    if isinstance(values, list):
        return [by_name(value) for value in values]
    if isinstance(values, dict) and "label" in values:
        return values["label"]
    if isinstance(values, dict):
        return {name: by_name(value) for name, value in values.items()}
    return values
