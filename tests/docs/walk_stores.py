"""The end of the tutorial: own columns, filters and words, and rows that not everybody sees.

`test_tutorial.py` runs this in the copy of the code that follows the tutorial.
"""

import json
import re
from typing import Any

import pytest

from backoffice.testing.cast import Cast
from backoffice.testing.client import Client
from tests.docs.reading import LIST, found, ids_on, text_of, warehouse


@pytest.fixture
def both(cast: Cast) -> tuple[int, int]:
    """Add a warehouse that vera looks after, and one that max does."""
    return warehouse("Zoo", manager_id=cast.vera.id), warehouse(
        "Airport", city="Kiel", manager_id=cast.max.id
    )


def test_vera_finds_only_hers_wherever_she_looks(both: tuple[int, int], client: Client) -> None:
    hers, his = both
    vera = client.sign_in("vera")
    assert found(vera, "") == [hers]
    assert "1 warehouse" in text_of(vera.get(LIST))
    assert found(vera, "search=Airport") == []
    assert found(vera, "city=Kiel") == []
    assert vera.get(f"{LIST}{hers}").status_code == 200
    assert vera.get(f"{LIST}{his}").status_code == 404
    assert vera.get(f"{LIST}{his}/menu").status_code == 404


def test_who_may_edit_sees_all(both: tuple[int, int], app: Any) -> None:
    for name in ("olivia", "max"):
        client = app.test_client().sign_in(name)
        assert found(client, "") == sorted(both)
        assert len(json.loads(text_of(client.get(f"{LIST}export.json", buffered=True)))) == 2


def test_who_may_not_see_warehouses_sees_none(
    both: tuple[int, int], staff: list[str], client: Client
) -> None:
    dispatcher = client.sign_in("dispatcher")
    assert dispatcher.get(LIST).status_code == 403
    assert dispatcher.get(f"{LIST}{both[0]}").status_code == 403


def test_own_columns_filters_and_words_are_used(
    both: tuple[int, int], cast: Cast, client: Client
) -> None:
    olivia = client.sign_in("olivia")
    page = olivia.get(LIST)
    headings = re.findall(r'<th scope="col"[^>]*>(?:<a[^>]*>)?([^<]+)', text_of(page))
    assert headings == ["Name", "City", "Status", "Looked after by", "Pallets"]
    assert "<h1>Stores" in text_of(page)
    assert ids_on(page) == [both[1], both[0]]
    assert found(olivia, f"manager={cast.max.id}") == [both[1]]
    assert olivia.get(f"{LIST}?opened_on.to=2026-01-01").status_code == 400
    assert "How many are there now." in text_of(olivia.get(f"{LIST}new"))
