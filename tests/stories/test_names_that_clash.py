"""Test an entity whose columns are named like form fields and reserved words of lists.

The entity is added to a copy of the code, in which `walk_oddities.py` then runs.
"""

from pathlib import Path

import pytest

from tests.docs.tutorial import Block, Copy

MODEL = '''"""Oddity: a row whose columns are called like what forms and addresses are made of."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.models.base import Entity

TEXTS = (
    "reason", "confirm", "back", "row", "selection", "list", "matched", "step", "all_matching",
    "tags", "group", "csrf_token", "next", "columns", "size", "sort", "search", "before",
)


class Oddity(Entity):
    __tablename__ = "oddities"

    name: Mapped[str] = mapped_column(String(80))
    after: Mapped[bool] = mapped_column(default=False)
    tab: Mapped[str] = mapped_column(
        String(9), default="open", info={"choices": ("open", "closed")}
    )
    marked: Mapped[str] = mapped_column(String(9), default="")
    for text in TEXTS:
        locals()[text] = mapped_column(String(20), default="")
    del text
'''
SCREEN = '''"""Oddities."""

from backoffice.models.oddity import TEXTS, Oddity
from views.screen import Screen


class Oddities(Screen):
    model = Oddity
    column_list = ("id", "name", "marked")
    column_filters = (*TEXTS, "after", "tab")
    form_columns = ("name",)
'''
ACTION = '''"""Mark oddities with client tags that parameters name like columns."""

from typing import ClassVar

from backoffice.actions.engine.action import Action
from backoffice.actions.engine.context import ActionContext, Ids
from backoffice.actions.engine.parameters import Choose
from backoffice.models.client_tag import ClientTag
from backoffice.models.oddity import Oddity


class Mark(Action):
    model = Oddity
    name = "mark"
    label = "Mark"
    done = "marked"
    meaning = "Mark oddities"
    reason_required = True
    parameters: ClassVar = {
        "tags": Choose(ClientTag, multiple=True),
        "group": Choose(ClientTag, label="A tag"),
    }

    def apply(self, ask: ActionContext, rows: Ids) -> None:
        self.update(rows, marked="yes")
'''
FILES = (
    Block("backoffice/models/oddity.py", "python", MODEL),
    Block("views/admin/oddities.py", "python", SCREEN),
    Block("backoffice/actions/oddities.py", "python", ACTION),
)
WALK = "tests/stories/walk_oddities.py"


@pytest.mark.slow
def test_every_column_filters_all_that_match_whatever_it_is_called(tmp_path: Path) -> None:
    copy = Copy.of_repository(tmp_path / "copy")
    for block in FILES:
        copy.write(block)
    assert copy.passed(WALK) > 0
