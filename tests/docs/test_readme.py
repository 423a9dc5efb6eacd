"""README.md names the accounts that the demo has, and what it links to exists."""

import re

import pytest

from backoffice.demo.company import ACCOUNTS
from tests.house.source import ROOT, tracked

PAGES = [path for path in tracked() if path.suffix == ".md"]
ACCOUNT = re.compile(r"^\| ([^|]+?) \| `([^`]+@[^`]+)` \|", re.MULTILINE)
LINK = re.compile(r'(?:\]\(|src=")(?!https?:|#)([^)"#]+)')


def test_readme_lists_the_accounts_of_the_demo() -> None:
    listed = ACCOUNT.findall((ROOT / "README.md").read_text("utf-8"))
    assert listed == [(account.group, account.email) for account in ACCOUNTS]


def test_readme_names_every_top_level_folder() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    folders = {
        path.parts[0]
        for path in tracked()
        if len(path.parts) > 1 and not path.parts[0].startswith(".")
    }
    assert {folder for folder in folders if f"| `{folder}/` |" not in text} == set()


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_pages_link_to_what_is_there(page: object) -> None:
    where = ROOT / str(page)
    targets = LINK.findall(where.read_text("utf-8"))
    assert [target for target in targets if not (where.parent / target).exists()] == []
