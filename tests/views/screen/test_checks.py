"""A screen with a wrong definition does not start, and the error says what would be right."""

from typing import Any, ClassVar

import pytest
from flask import Flask
from flask_admin import expose
from flask_babel import lazy_gettext as _l

from backoffice.actions.engine import Action, Text
from backoffice.errors import NotAllowed
from backoffice.models.client_tag import ClientTag
from views.screen import Rows, Screen, checks, permission_required
from views.screen.own_pages import permission_of

BOTH: dict[str, Any] = {"form_columns": ("name", "colour")}
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"column_lits": ("name",)}, "there is no option 'column_lits': did you mean 'column_list'?"),
    ({"column_searchable_list": ("name",)}, "say in the model what is searched"),
    (
        {"column_list": ("name", "color")},
        "which ClientTag does not show: did you mean 'colour'?",
    ),
    ({"column_labels": {"colur": "Colour"}}, "column_labels names 'colur'"),
    ({"form_columns": ("nam",)}, "form_columns names 'nam'"),
    ({"form_columns": ("data",)}, 'its column may keep the name, column("data")'),
    ({"column_formatters": {"nme": str}}, "column_formatters names 'nme'"),
    (BOTH | {"form_sections": {"A": ("name",)}}, "form_sections lacks 'colour'"),
    (BOTH | {"form_sections": {"A": ("name", ("colour", "name"))}}, "'name' more than once"),
    (BOTH | {"form_sections": {"A": ("name", "colour", "id")}}, "names 'id', which the form lacks"),
    (
        BOTH | {"form_shown_when": {"name": {"colour": "red"}}},
        "is no field before it: put it first",
    ),
    (BOTH | {"form_shown_when": {"colour": {"name": True}}}, 'a switch is "yes" or "no"'),
    (
        BOTH | {"form_shown_when": {"colour": {"name": "x"}}, "form_readonly": ("name",)},
        "which form_readonly only shows",
    ),
    (BOTH | {"form_required_when": {"id": {"name": "x"}}}, "form_required_when names 'id'"),
    (BOTH | {"form_defaults": {"nme": "x"}}, "form_defaults names 'nme'"),
    (BOTH | {"form_readonly": ("nme",)}, "form_readonly names 'nme'"),
    (
        {"form_columns": ("colour", "name"), "form_shown_when": {"name": {"colour": "red"}}},
        "its column may not be empty: give the column a default",
    ),
    (
        BOTH | {"bulk_fields": ("colour",), "form_readonly": ("colour",)},
        "which form_readonly does not let change",
    ),
    (
        {"column_list": ("name",), "column_default_list": ("colour",)},
        "which column_list lacks: add it there",
    ),
    (
        {"views": {"Red": "color=red"}},
        "views has 'Red' with 'color', no filter of its list: did you mean 'colour'?",
    ),
    (
        {"views": {_l("Red"): "nothing.from=1"}, "column_filters": ("name", "colour")},
        "views has 'Red' with 'nothing', no filter of its list: there are colour, name.",
    ),
    ({"views": {_l("Red"): "columns=nme"}}, "views has 'Red' with the column 'nme'"),
    ({"column_default_sort": "-nme"}, "no list can be sorted: did you mean 'name'?"),
    ({"tabs": (Rows("usrs"),)}, "nor a table with one relation to it: did you mean 'users'?"),
    (
        {"tabs": (Rows("users", add="add_client_tag"),)},
        "names the action 'add_client_tag' on people: did you mean 'add_client_tags'?",
    ),
    (
        {"tabs": (Rows("users", remove="remove_from_group"),)},
        "the action 'remove_from_group' chooses no client tag",
    ),
    ({"tabs": ("groups",)}, "tabs has 'groups': write Rows('groups')."),
    ({"form_columns": "name"}, "form_columns is one text: write ('name',)."),
    ({"column_list": (ClientTag.name,)}, "column_list has ClientTag.name, which is no name"),
    ({"views": {"Red": "colour=rot"}}, "views has 'Red', which its list does not take"),
    ({"views": {"Red": "colour=red&sort=nothing"}}, "which its list does not take"),
    ({"views": {"Red": "columns=colour,nme"}}, "with the column 'nme', which column_list lacks"),
    ({"views": {"All": "colour=red"}}, "none of them is All"),
    ({"views": {"Red": "colour=red", "RED": "colour=red"}}, "names that differ"),
    ({"views": {"2026": "colour=red"}}, "saved views are numbers in addresses"),
    ({"overview_tab": "info"}, "overview_tab is 'info': write a name and a label"),
    ({"events_tab": ("log",)}, "events_tab is ('log',): write a name and a label"),
    ({"details_tabs": {"overview": "Facts"}}, "two tabs are called 'overview'"),
    (
        {"details_tabs": {"users": "People"}, "tabs": (Rows("users"),)},
        "two tabs are called 'users'",
    ),
    (
        {"details_sections": {"overviw": {"A": ("name",)}}},
        "details_sections names the tab 'overviw': did you mean 'overview'?",
    ),
    (
        {"details_sections": {"overview": {"A": ("nme",)}}},
        "details_sections names 'nme': did you mean 'name'?",
    ),
    ({"column_formatters_detail": {"nme": str}}, "column_formatters_detail names 'nme'"),
    ({"menu_icon_value": "tag"}, "there is no icon 'tag' in icons.svg: did you mean 'tags'?"),
]


@pytest.mark.parametrize("options, sentence", WRONG)
@pytest.mark.one_engine("sqlite", reason="nothing is asked of a database")
def test_a_mistake_stops_the_start_with_its_cure(
    app: Flask, options: dict[str, Any], sentence: str
) -> None:
    wrong = type(
        "Marks", (Screen,), {"model": ClientTag, "__module__": "views.admin.marks", **options}
    )
    with pytest.raises(TypeError, match=r"^Marks: ") as stopped:
        wrong()
    assert sentence in str(stopped.value)


@pytest.mark.one_engine("sqlite", reason="nothing is asked of a database")
def test_every_mistake_is_said_at_once(app: Flask) -> None:
    options = {
        "model": ClientTag,
        "__module__": "views.admin.marks",
        "menu_icon_value": "?",
        "column_filters": ("x",),
    }
    with pytest.raises(TypeError) as stopped:
        type("Marks", (Screen,), options)()
    assert len(str(stopped.value).splitlines()) == 2


@pytest.mark.one_engine("sqlite", reason="nothing is asked of a database")
def test_what_follows_from_a_misspelt_option_is_not_said_as_well(app: Flask) -> None:
    options = {"model": ClientTag, "__module__": "views.admin.marks"}
    options |= {"form_colums": ("name", "colour"), "bulk_fields": ("colour",)}
    with pytest.raises(TypeError) as stopped:
        type("Marks", (Screen,), options)()
    said = "Marks: there is no option 'form_colums': did you mean 'form_columns'?"
    assert str(stopped.value) == said


@pytest.mark.parametrize("power", ["create", "edit", "delete", "export"])
@pytest.mark.one_engine("sqlite", reason="nothing is asked of a database")
def test_a_power_that_is_switched_off_is_nobodys(app: Flask, power: str) -> None:
    options = {"model": ClientTag, "__module__": "views.admin.marks", "form_columns": ("name",)}
    assert type("Marks", (Screen,), options)().has(power)
    assert not type("Marks", (Screen,), {**options, f"can_{power}": False})().has(power)


@pytest.mark.parametrize("name", ["data", "errors", "validate", "sections", "given"])
def test_no_parameter_takes_the_place_of_what_a_form_has(name: str) -> None:
    class Asking(Action):
        permission = "client_tags.edit"
        parameters: ClassVar = {name: Text()}

    with pytest.raises(TypeError, match=f"no parameter can be called '{name}'"):
        checks.check_action(Asking())


def page(_screen: Screen) -> str:
    return "a page of its own"


def other(_screen: Screen) -> str:
    return "a page under another name"


def of_nothing(screen: Screen) -> str:
    return page(screen)


PAGES: list[tuple[dict[str, Any], str]] = [
    ({"page": expose("/page")(page)}, 'write @permission_required("client_tags.view")'),
    ({"page": expose("/page")(page)}, f"page, at {__file__}:{page.__code__.co_firstlineno}, "),
    (
        {"of_nothing": permission_required("client_tags.veiw")(expose("/x")(of_nothing))},
        "requires 'client_tags.veiw', which is no permission: did you mean 'client_tags.view'?",
    ),
    (
        {"page": permission_required("client_tags.edit")(expose("/other")(other))},
        "is a function 'other': use functools.wraps.",
    ),
]


@pytest.mark.parametrize("pages, sentence", PAGES)
@pytest.mark.one_engine("sqlite", reason="nothing is asked of a database")
def test_a_page_of_its_own_says_who_may_open_it(
    app: Flask, pages: dict[str, Any], sentence: str
) -> None:
    wrong = type(
        "Marks", (Screen,), {"model": ClientTag, "__module__": "acme.screens.marks", **pages}
    )
    with pytest.raises(TypeError) as stopped:
        wrong()
    assert sentence in str(stopped.value)


@pytest.mark.one_engine("sqlite", reason="nothing is asked of a database")
def test_a_page_in_place_of_one_that_every_screen_has_needs_what_that_one_needs(app: Flask) -> None:
    def edit(_screen: Screen, row_id: int) -> str:
        return "another form"

    options = {"model": ClientTag, "__module__": "acme.screens.marks", "edit": expose("/e")(edit)}
    options["form_columns"] = ("name",)
    screen = type("Marks", (Screen,), options)()
    assert permission_of(type(screen), "edit") is None, "it names none of its own"
    with app.test_request_context(), pytest.raises(NotAllowed, match=r"client_tags\.edit"):
        screen._handle_view("edit", row_id=1)
