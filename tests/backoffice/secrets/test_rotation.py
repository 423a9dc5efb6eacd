"""What is kept encrypted can be encrypted anew: a column that was forgotten stops the start."""

import pytest

from backoffice.models.base import Base
from backoffice.models.message import Message
from backoffice.secrets import rotation
from views.screen.discovery import areas, modules_of


@pytest.fixture(autouse=True)
def _all_areas() -> None:
    for area in areas():
        modules_of(area)


def test_every_encrypted_column_is_included() -> None:
    columns = (column for table in Base.metadata.sorted_tables for column in table.columns)
    declared = {str(column) for column in columns if column.info.get("encrypted")}
    included = {str(column.property.columns[0]) for column in rotation._columns}
    assert included == declared
    assert len(declared) > 3


def test_an_encrypted_column_that_nobody_included_stops_the_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(rotation._columns, Message.sealed)
    with pytest.raises(TypeError, match=r"^messages\.sealed must say"):
        rotation.verify_at_start()


def test_an_included_column_that_does_not_say_so_stops_the_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(rotation._columns, Message.purpose, lambda _row: "")
    with pytest.raises(TypeError, match=r"^messages\.purpose must say"):
        rotation.verify_at_start()
