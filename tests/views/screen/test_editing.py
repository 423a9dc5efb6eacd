"""The forms of rows, and the rows that they offer to choose from."""

from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import group
from tests.support.html import Element, read


def offered(form: Element, name: str) -> list[str]:
    """Return what a picker offers, in order; what is chosen has a star."""
    boxes = [box for box in form.all("input", name=name) if box["type"] == "checkbox"]
    return [("*" if "checked" in box.attributes else "") + box["value"] for box in boxes]


def test_what_is_chosen_stands_first(client: Client, cast: Cast) -> None:
    """A picker shows some rows at a time, and what somebody has must not be below its edge."""
    cast.vera.groups = [group("viewers"), group("main_administrator")]
    settle()
    main, viewers = str(group("main_administrator").id), str(group("viewers").id)
    olivia = client.sign_in("olivia")
    form = read(olivia.get(f"/admin/users/{cast.vera.id}/edit"))
    assert offered(form, "groups")[:2] == [f"*{main}", f"*{viewers}"]
    assert len(offered(form, "groups")) > 5
    filters = read(olivia.get(f"/admin/users/?groups={viewers}")).one("form", class_="filters")
    assert offered(filters, "groups")[:2] == ["none", f"*{viewers}"]
