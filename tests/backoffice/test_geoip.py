"""Places come from a local file; one that cannot be read keeps the product from starting."""

from pathlib import Path

import pytest

from backoffice import geoip
from backoffice.settings import Settings
from tests.support import mmdb

BERLIN = {"city": {"names": {"en": "Berlin", "de": "Berlin"}}, "country": {"iso_code": "DE"}}


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(mmdb.write(tmp_path / "city.mmdb", "203.0.113.0/24", BERLIN))


@pytest.mark.parametrize(
    "ip, place",
    [
        ("203.0.113.7", "Berlin, DE"),
        ("198.51.100.7", ""),
        ("2001:db8::1", ""),
        ("no address", ""),
        ("", ""),
    ],
)
def test_place_is_a_city_with_its_country_or_nothing(path: str, ip: str, place: str) -> None:
    assert geoip.place_of(ip, path) == place
    assert geoip.place_of(ip, "") == ""


@pytest.mark.parametrize(
    "data", [{}, {"city": {}}, {"city": {"names": ["Berlin"]}, "country": "DE"}], ids=str
)
def test_a_file_that_says_less_gives_no_place(tmp_path: Path, data: dict[str, object]) -> None:
    file = mmdb.write(tmp_path / "other.mmdb", "203.0.113.0/24", data)
    assert geoip.place_of("203.0.113.7", str(file)) == ""


@pytest.mark.parametrize("content", [None, b"", b"no such format"])
def test_product_does_not_start_with_a_file_that_it_cannot_read(
    tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "broken.mmdb"
    if content is not None:
        file.write_bytes(content)
    faults = Settings(geoip_database=str(file)).faults()
    assert any("GEOIP_DATABASE cannot be read" in fault for fault in faults)


def test_product_starts_with_a_file_that_it_can_read(path: str) -> None:
    assert not any("GEOIP" in fault for fault in Settings(geoip_database=path).faults())
