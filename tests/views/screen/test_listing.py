"""Lists show the columns that people choose, each of them with or without the others."""

from flask import Flask

from tests.support import world as the_world
from tests.support.client import Client
from tests.support.html import read


def test_every_column_of_every_list_is_shown_by_itself(
    app: Flask, staff: list[str], client: Client
) -> None:
    """A cell may need more of its row than what the columns of the list read."""
    the_world.build(app.extensions["settings"])
    olivia = client.sign_in("olivia")
    for screen in app.extensions["screens"]:
        for name in screen.column_list:
            answer = olivia.get(f"/admin/{screen.slug}/", query_string={"columns": name})
            assert answer.status_code == 200, (screen.name, name)
            heads = [head.text for head in read(answer).one("thead").all("th", scope="col")]
            assert heads == [screen.label_of(name)]
