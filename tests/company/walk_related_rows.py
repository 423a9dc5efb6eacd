"""Work on the rows that belong to a row, in a tab of its details.

`test_company_package.py` runs this with the package.
"""

import pytest
from acme.models.depot import Depot, Pallet, Shelf, depot_tags
from sqlalchemy import insert, select

from backoffice.extensions import db
from backoffice.models.client_tag import ClientTag
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.company import pallets
from tests.company.pallets import choose, run
from tests.support.html import read, row_ids
from tests.support.told import by_name


@pytest.fixture
def olivia(cast: Cast, client: Client) -> Client:
    """Sign Olivia in; the last of the four pallets stands in another depot."""
    pallets.company()
    pallets.pallets()[3].depot_id = pallets.depot("South")
    settle()
    return client.sign_in("olivia")


def tab(**query: str) -> str:
    address = f"/admin/depots/{pallets.depot('North')}?tab=pallets"
    return address + "".join(f"&{name}={value}" for name, value in query.items())


def test_the_tab_has_the_rows_of_this_row_alone_and_counts_them(olivia: Client) -> None:
    page = read(olivia.get(tab()))
    assert sorted(row_ids(olivia.get(tab()))) == pallets.ids()[:3]
    (current,) = [e for e in page.one("nav", class_="tabs").all("a") if e["aria-current"]]
    assert current.text == "Pallets 3"
    headings = [e.text for e in page.all("th", scope="col")]
    assert "Depot" not in headings


@pytest.mark.parametrize(
    "query, found",
    [({"search": "tea+2"}, [1]), ({"pieces.from": "2"}, [1, 2]), ({"goods": "nothing"}, [])],
)
def test_it_is_searched_and_filtered_within(
    olivia: Client, query: dict[str, str], found: list[int]
) -> None:
    wanted = [pallets.ids()[place] for place in found]
    assert sorted(row_ids(olivia.get(tab(**query)))) == wanted


def test_sorting_paging_and_clearing_stay_in_the_tab(olivia: Client) -> None:
    page = read(olivia.get(tab(search="tea", sort="code")))
    links = [e["href"] for e in page.one("table", class_="list").all("thead")[0].all("a")]
    assert links
    for href in [*links, *(e["href"] for e in page.all("a", class_="chip"))]:
        assert href.startswith("?")
        assert "tab=pallets" in href
        assert "depot=" not in href
    clear = page.all("a", class_="chip-clear")[0]
    assert clear["href"] == "?tab=pallets"
    assert page.one("form", class_="filters").one("input", name="tab")["value"] == "pallets"


def test_nobody_takes_off_what_the_tab_is_limited_to(olivia: Client) -> None:
    answer = olivia.get(tab(depot=str(pallets.depot("South"))))
    assert answer.status_code == 400
    assert row_ids(answer) == []
    assert "depot" in read(answer).text


def test_all_that_match_are_those_of_the_row_and_one_comes_back_to_the_tab(olivia: Client) -> None:
    address = tab(search="tea")
    page = read(olivia.get(address))
    form = page.one("form", id="rows")
    sent = {e["name"]: e["value"] for e in form.all("input", type="hidden")}
    answer = olivia.post("/admin/pallets/actions/set-weight", sent | {"all_matching": "1"})
    preview = choose(olivia, answer.location, weight="9")
    assert read(preview).one("h1").text == "Set weight: 9 kg (3 pallets)"
    assert read(preview).one("a", class_="back")["href"] == address
    assert run(olivia, answer.location).location == address
    assert [pallet.weight for pallet in pallets.pallets()] == [9, 9, 9, 4]


def test_a_file_has_the_rows_of_the_tab(olivia: Client) -> None:
    page = read(olivia.get(tab(search="tea")))
    (href,) = [e["href"] for e in page.all("a") if "export.csv" in e["href"]]
    lines = olivia.get(href).get_data(as_text=True).splitlines()
    assert len(lines) == 1 + 3


def test_what_is_added_there_belongs_there(olivia: Client) -> None:
    page = read(olivia.get(tab()))
    (add,) = [e["href"] for e in page.all("a", class_="btn-primary") if "/new" in e["href"]]
    (form,) = [e for e in read(olivia.get(add)).all("form") if "/new" in e["action"]]
    (chosen,) = [e for e in form.all("input", name="depot") if "checked" in e.attributes]
    assert int(chosen["value"]) == pallets.depot("North")
    answer = olivia.post(form["action"], {"code": "P9", "depot": chosen["value"], "pieces": "1"})
    assert answer.location.startswith(tab())
    settle()
    new = db.session.scalars(select(Pallet).where(Pallet.code == "P9")).one()
    assert new.depot_id == pallets.depot("North")


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_the_way_back_leads_nowhere_else(olivia: Client, back: str) -> None:
    answer = olivia.post(
        "/admin/depots/new", {"name": "East"}, query_string={"_back": back, "is_active": "yes"}
    )
    assert answer.location.startswith("/admin/depots/")
    settle()
    assert db.session.scalars(select(Depot).where(Depot.name == "East")).one()


def test_an_address_that_names_nothing_fills_in_nothing(olivia: Client) -> None:
    for text in ("x", "0", "9" * 30, "-1", "999999", "1,2"):
        page = read(olivia.get(f"/admin/pallets/new?depot={text}&code=X&marks=Y"))
        checked = [e["value"] for e in page.all("input", name="depot") if "checked" in e.attributes]
        assert checked in ([], [""])


def test_a_tab_that_is_none_is_not_found(olivia: Client) -> None:
    for name in ("crates", "depot", "overview2", "pallets2"):
        address = f"/admin/depots/{pallets.depot('North')}?tab={name}"
        assert olivia.get(address).status_code == 404


def test_who_may_not_see_the_rows_has_no_tab(cast: Cast, client: Client) -> None:
    pallets.company()
    pallets.allow("viewers", "depots.view")
    vera = client.sign_in("vera")
    page = vera.get(f"/admin/depots/{pallets.depot('North')}")
    assert page.status_code == 200
    assert "Pallets" not in read(page).one("main").text
    assert vera.get(tab()).status_code == 404


@pytest.fixture
def tags(olivia: Client) -> list[int]:
    """Three client tags; the first is attached to North and South."""
    db.session.add_all([ClientTag(name=name) for name in ("Gold", "Silver", "Bronze")])
    settle()
    found = list(db.session.scalars(select(ClientTag.id).order_by(ClientTag.id)))
    for name in ("North", "South"):
        db.session.get_one(Depot, pallets.depot(name)).client_tags = [
            db.session.get_one(ClientTag, found[0])
        ]
    settle()
    return found


def tags_of(name: str) -> list[int]:
    settle()
    depot = db.session.get_one(Depot, pallets.depot(name))
    return sorted(tag.id for tag in depot.client_tags)


def tags_tab() -> str:
    return f"/admin/depots/{pallets.depot('North')}?tab=client_tags"


def test_rows_are_attached_and_that_is_undone(olivia: Client, tags: list[int]) -> None:
    page = read(olivia.get(tags_tab()))
    (form,) = page.one("header", class_="tab-head").all("form", method="post")[-1:]
    sent = {e["name"]: e["value"] for e in form.all("input", type="hidden")}
    answer = olivia.post(form["action"], sent)
    preview = choose(olivia, answer.location, client_tags=["", *tags[:2]])
    assert read(preview).one("h1").text == "Attach client tags: Gold, Silver (1 depot)"
    assert run(olivia, answer.location).location == tags_tab()
    assert tags_of("North") == tags[:2]
    event = pallets.newest_event()
    assert (by_name(event.before), by_name(event.after)) == (
        {"client_tags": ["Gold"]},
        {"client_tags": ["Gold", "Silver"]},
    )
    pallets.undone(olivia)
    assert tags_of("North") == tags[:1]


def test_ticked_rows_are_detached_from_this_row_alone(olivia: Client, tags: list[int]) -> None:
    page = read(olivia.get(tags_tab()))
    (button,) = [e for e in page.all("button") if e["formaction"].endswith("/detach")]
    assert button.text == "Detach client tags"
    answer = olivia.post(button["formaction"], {"row": tags[:1], "back": tags_tab()})
    assert "Detach client tags: Gold (1 depot)" in read(olivia.get(answer.location)).text
    assert run(olivia, answer.location).location == tags_tab()
    assert (tags_of("North"), tags_of("South")) == ([], tags[:1])
    pallets.undone(olivia)
    assert tags_of("North") == tags[:1]


@pytest.mark.parametrize("rows", [[], ["x"], ["0"], ["999999"]])
def test_nothing_is_detached_that_is_not_there(
    olivia: Client, tags: list[int], rows: list[str]
) -> None:
    url = f"/admin/depots/{pallets.depot('North')}/tabs/client_tags/detach"
    answer = olivia.post(url, {"row": rows})
    assert answer.status_code in (303, 422)
    assert tags_of("North") == tags[:1]
    for wrong in (url.replace("client_tags", "pallets"), url.replace("client_tags", "x")):
        assert olivia.post(wrong, {"row": tags}).status_code == 404


def test_who_may_not_edit_neither_attaches_nor_detaches(cast: Cast, client: Client) -> None:
    pallets.company()
    vera = client.sign_in("vera")
    text = read(vera.get(tags_tab())).one("main").text
    assert "Attach" not in text
    depot = pallets.depot("North")
    for url in ("actions/attach-client-tags", f"{depot}/tabs/client_tags/detach"):
        assert vera.post(f"/admin/depots/{url}", {"row": [depot]}).status_code == 403


def test_what_others_attached_meanwhile_stays_when_one_takes_back(
    olivia: Client, tags: list[int]
) -> None:
    address = pallets.plan(olivia, "attach-client-tags", [pallets.depot("North")], "depots")
    choose(olivia, address, client_tags=["", tags[1]])
    run(olivia, address)
    other = {"depot_id": pallets.depot("North"), "client_tag_id": tags[2]}
    db.session.execute(insert(depot_tags).values(other))  # as the other side would
    settle()
    pallets.undone(olivia)
    assert tags_of("North") == [tags[0], tags[2]]


def test_a_tab_has_its_own_rows_though_they_have_no_relation_back(olivia: Client) -> None:
    for name in ("North", "South"):
        for number in (1, 2):
            db.session.add(Shelf(name=f"{name} {number}", depot_id=pallets.depot(name)))
    settle()
    page = read(olivia.get(f"/admin/depots/{pallets.depot('North')}?tab=shelves"))
    assert "2 shelves" in page.one("header", class_="tab-head").text
    assert "South" not in page.one("table", class_="list").text
    (href,) = [e["href"] for e in page.all("a") if "export.csv" in e["href"]]
    assert "South" not in olivia.get(href).text
    own = read(olivia.get("/admin/shelves/"))
    assert [e.text for e in own.all("th", scope="col")] == ["ID", "Name", "Created at"]
    (first, *_rest) = row_ids(olivia.get("/admin/shelves/"))
    assert olivia.get(f"/admin/shelves/{first}").status_code == 200


def test_a_relation_to_the_same_entity_is_followed_forwards(olivia: Client) -> None:
    north, south = pallets.depot("North"), pallets.depot("South")
    db.session.get_one(Depot, north).neighbours = [db.session.get_one(Depot, south)]
    settle()
    assert row_ids(olivia.get(f"/admin/depots/{north}?tab=neighbours")) == [south]
    assert row_ids(olivia.get(f"/admin/depots/{south}?tab=neighbours")) == []


def test_columns_that_are_chosen_in_a_tab_keep_the_one_it_does_not_show(olivia: Client) -> None:
    sent = {"columns": ["id", "code", "depot"], "size": "50"}
    assert olivia.post("/admin/pallets/preferences", sent).status_code == 303
    page = read(olivia.get(tab()))
    (form,) = [f for f in page.all("form", class_="menu-form") if "preferences" in f["action"]]
    columns = [
        e["value"]
        for e in form.all("input", name="columns")
        if e["type"] == "hidden" or "checked" in e.attributes
    ]
    olivia.post(form["action"], {"columns": columns, "size": "50"})
    headings = [e.text for e in read(olivia.get("/admin/pallets/")).all("th", scope="col")]
    assert "Depot" in headings


@pytest.mark.parametrize("key", ["depot.is", "depot.from", "depot"])
def test_a_filter_like_that_of_the_tab_is_refused(olivia: Client, key: str) -> None:
    assert olivia.get(tab(**{key: "1"})).status_code == 400


def test_ticking_too_many_is_refused_in_words(olivia: Client, tags: list[int]) -> None:
    url = f"/admin/depots/{pallets.depot('North')}/tabs/client_tags/detach"
    answer = olivia.post(url, {"row": [str(number) for number in range(1, 1900)]})
    assert answer.status_code == 422
