"""Adopt tables that exist already: a package with models of them, walked on each engine."""

import re
import shutil
import sqlite3
from pathlib import Path

import pytest

from backoffice.testing.databases import run_script
from tests.house.source import ROOT
from tests.stories.test_company_package import flask, run

COMPANY = ROOT / "tests" / "company"
TABLES = COMPANY / "existing" / "tables.sql"
WALKS = sorted(str(path.relative_to(ROOT)) for path in TABLES.parent.glob("walk_*.py"))
ENVIRONMENT = {"BACKOFFICE_APPS": "trade", "BACKOFFICE_TEST_TABLES": str(TABLES)}


@pytest.fixture
def company(tmp_path: Path) -> Path:
    """Return a folder with a copy of the package, and the database of the company."""
    left_out = shutil.ignore_patterns("__pycache__")
    shutil.copytree(COMPANY / "trade", tmp_path / "trade", ignore=left_out)
    with sqlite3.connect(tmp_path / "acme.sqlite3") as database:
        database.executescript(TABLES.read_text())
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_existing_tables_have_screens_actions_and_events(company: Path, engine: str) -> None:
    flask(company, "backoffice", "new-migration", "trade", "Begin", **ENVIRONMENT)
    (written,) = (company / "trade" / "migrations").glob("*.py")
    assert re.findall(r"create_table\(\s*[\"'](\w+)", written.read_text()) == ["visits"]
    options = ("-q", "-p", "no:cacheprovider", "-p", "no:xdist")
    only = ENVIRONMENT | {"BACKOFFICE_TEST_ENGINES": engine}
    output = run(company, "-m", "pytest", *options, *WALKS, **only)
    assert re.search(r"\d+ passed", output)
    assert "skipped" not in output


ADOPTED = COMPANY / "existing" / "adopted.sql"


@pytest.mark.slow
def test_tables_are_adopted_by_one_command(
    tmp_path: Path, blank_database: str, engine_name: str
) -> None:
    run_script(blank_database, ADOPTED)
    (tmp_path / "firm").mkdir()
    (tmp_path / "firm" / "__init__.py").touch()
    names = ("EMPLOYEES", "DEPOTS", "SHELVES", "BOXES")
    environ = {"BACKOFFICE_APPS": "firm", "DATABASE_URL": blank_database}
    adopt = ("backoffice", "adopt")
    said = flask(tmp_path, *adopt, *names, **environ)
    assert said.count("Written: ") == 8
    for again, words in (
        ("BOXES", "There is a model of the table BOXES already"),
        ("NONE", "There is no table NONE. There are BOXES, DEPOTS"),
        ("LOGS", "The table LOGS has no key"),
    ):
        with pytest.raises(AssertionError, match=words):
            flask(tmp_path, *adopt, again, **environ)
    for path in (tmp_path / "firm").glob("*/boxes.py"):
        path.unlink()
    mine = tmp_path / "firm" / "screens" / "boxes.py"
    mine.write_text("# mine")
    with pytest.raises(AssertionError, match=r"boxes\.py exists already"):
        flask(tmp_path, *adopt, "BOXES", **environ)
    assert [path.read_text() for path in (tmp_path / "firm").glob("*/boxes.py")] == ["# mine"]
    mine.unlink()
    flask(tmp_path, *adopt, "BOXES", **environ)
    texts = [path.read_text() for path in (tmp_path / "firm").glob("*/*.py")]
    assert max(len(line) for text in texts for line in text.splitlines()) <= 100
    environ |= {"BACKOFFICE_TEST_TABLES": str(ADOPTED), "BACKOFFICE_TEST_ENGINES": engine_name}
    del environ["DATABASE_URL"]
    options = ("-q", "-p", "no:cacheprovider", "-p", "no:xdist")
    walk = "tests/company/existing/adopted_screens.py"
    assert re.search(r"2 passed", run(tmp_path, "-m", "pytest", *options, walk, **environ))


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_tables_of_another_database_are_adopted(tmp_path: Path, engine: str) -> None:
    erp = tmp_path / "erp.sqlite3"
    with sqlite3.connect(erp) as database:
        database.executescript(TABLES.read_text())
    (tmp_path / "firm").mkdir()
    (tmp_path / "firm" / "__init__.py").touch()
    environ = {"BACKOFFICE_APPS": "firm", "BACKOFFICE_DATABASES": f"erp=sqlite:///{erp}"}
    names = ("STAFF", "KUNDEN", "ORDERS", "POSITIONS")
    flask(tmp_path, "backoffice", "adopt", "erp", *names, **environ)
    assert '__database__ = "erp"' in (tmp_path / "firm" / "models" / "kunden.py").read_text()
    environ["BACKOFFICE_TEST_ENGINES"] = engine
    options = ("-q", "-p", "no:cacheprovider", "-p", "no:xdist")
    walk = "tests/company/existing/other_database.py"
    assert re.search(r"5 passed", run(tmp_path, "-m", "pytest", *options, walk, **environ))


@pytest.mark.one_engine("postgresql", reason="SQLite has no comments and no schemas")
def test_comments_become_labels(tmp_path: Path, blank_database: str, engine_name: str) -> None:
    script = tmp_path / "tables.sql"
    script.write_text(
        "CREATE SCHEMA erp;\n"
        'CREATE TABLE erp."PARTS" (no uuid PRIMARY KEY, name text NOT NULL, size int, raw bytea,'
        " at timestamp with time zone, number int GENERATED ALWAYS AS (size * 2) STORED);\n"
        "COMMENT ON COLUMN erp.\"PARTS\".size IS 'Size in mm';\n"
        "COMMENT ON TABLE erp.\"PARTS\" IS 'What goods are made of.';\n"
        f"COMMENT ON COLUMN erp.\"PARTS\".name IS '{'As the drawing says, ' * 4}';\n"
    )
    run_script(blank_database, script)
    (tmp_path / "firm").mkdir()
    (tmp_path / "firm" / "__init__.py").touch()
    environ = {"BACKOFFICE_APPS": "firm", "DATABASE_URL": blank_database}
    flask(tmp_path, "backoffice", "adopt", "--schema", "erp", "PARTS", **environ)
    model, screen = (
        (tmp_path / "firm" / part / "parts.py").read_text() for part in ("models", "screens")
    )
    assert '"""What goods are made of."""' in model
    assert '__schema__ = "erp"' in model
    assert '"size": "Size in mm"' in screen
    assert 'form_columns = ("no", "name", "size", "at")' in screen
    assert "column_descriptions" in screen
    run(tmp_path, "-c", NAMES, BACKOFFICE_ENV="development", **environ)


NAMES = """
from app import create_app
print(create_app().extensions["apps"])
"""


def start(company: Path, model: str) -> str:
    """Start the product with these lines at the end of the models."""
    written = company / "trade" / "models" / "customer.py"
    written.write_text(f"{written.read_text()}\n\n{model}\n")
    url = f"sqlite:///{company / 'acme.sqlite3'}"
    environ = {"BACKOFFICE_ENV": "development", "DATABASE_URL": url}
    return run(company, "-c", NAMES, **ENVIRONMENT, **environ)


@pytest.mark.parametrize(
    "model, words",
    [
        (
            'class Gone(External):\n    __table_name__ = "GONE"',
            "Gone: there is no table 'GONE'. Correct __table_name__; there are KUNDEN, LOGS",
        ),
        (
            'class Staff(External):\n    __table_name__ = "STAFF"\n    mail = column(kind="email")',
            "Staff: STAFF has no column 'mail'. It has NAME.",
        ),
        (
            'class Staff(External):\n    __table_name__ = "STAFF"\n    __key__ = ("NO",)',
            "Staff: STAFF has no column 'NO', which __key__ names.",
        ),
        (
            'class Staff(External):\n    __table_name__ = "STAFF"\n    name = column(kind="file")',
            "Staff: name: files are kept in tables of your own alone: declare them in an entity",
        ),
        (
            'class Logs(External):\n    __table_name__ = "LOGS"',
            "Logs: LOGS has no primary key: say which columns tell its rows apart",
        ),
        (
            'class Staff(External):\n    __table_name__ = "STAFF"\n    __area__ = "users"',
            "Staff: 'users' is the name of another model: say another one, __area__ = ...",
        ),
        (
            'class Users(External):\n    __table_name__ = "users"',
            "Users: 'users' is a table of the product or of a package: use its model.",
        ),
        (
            'class Far(External):\n    __table_name__ = "FAR"\n    __database__ = "far"',
            "Far: BACKOFFICE_DATABASES names no database 'far'.",
        ),
        (
            'class Sum(SqlView):\n    __key__ = ("no",)\n    __query__ = select(func.count())',
            "Sum: its query has no column 'no', which __key__ names.",
        ),
    ],
)
def test_what_the_database_does_not_have_stops_the_start_with_place_and_cure(
    company: Path, model: str, words: str
) -> None:
    with sqlite3.connect(company / "acme.sqlite3") as database:
        database.execute("CREATE TABLE LOGS (line TEXT)")
    with pytest.raises(AssertionError) as stopped:
        start(company, model)
    assert words in str(stopped.value)
    assert re.search(r"trade/models/customer\.py:\d+: ", str(stopped.value))
    assert "Traceback" not in str(stopped.value)


def test_a_database_that_does_not_answer_stops_the_start_in_words(company: Path) -> None:
    url = "postgresql+psycopg://nobody@127.0.0.1:1/nothing"
    with pytest.raises(AssertionError, match="the database does not tell its tables"):
        run(company, "-c", NAMES, **ENVIRONMENT, DATABASE_URL=url, BACKOFFICE_ENV="development")


@pytest.mark.slow
def test_no_migration_touches_what_existed_before(company: Path) -> None:
    flask(company, "backoffice", "new-migration", "trade", "Begin", **ENVIRONMENT)
    flask(company, "db", "upgrade", **ENVIRONMENT)
    before = tables(company)
    said = flask(company, "db", "migrate", "--head", "0014@head", **ENVIRONMENT)
    assert "Generating" not in said
    flask(company, "db", "downgrade", "trade@base", **ENVIRONMENT)
    flask(company, "db", "upgrade", **ENVIRONMENT)
    assert tables(company) == before


def tables(company: Path) -> list[str]:
    with sqlite3.connect(company / "acme.sqlite3") as database:
        found = database.execute("SELECT sql FROM sqlite_master WHERE type = 'table' ORDER BY name")
        return [sql for (sql,) in found]


HOSTILE = '''
CREATE TABLE items (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, parent INTEGER REFERENCES items (id)
);
CREATE TABLE "A"""""" + str(1 / 0) + """"""" (no INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE "class" ("N
o" INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE "2024 sales" (no INTEGER PRIMARY KEY, "a b" TEXT NOT NULL, "a_b" TEXT, "a-b" TEXT);
CREATE TABLE "A B" (no INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE "A_B" (no INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE "Таблица" (no INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE "SCREENS" (no INTEGER PRIMARY KEY, name TEXT NOT NULL);
'''
STARTED = "from app import create_app\ncreate_app()\nprint('started')"


def test_what_a_table_is_called_is_no_code(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "acme.sqlite3") as database:
        database.executescript(HOSTILE)
    (tmp_path / "firm").mkdir()
    (tmp_path / "firm" / "__init__.py").touch()
    environ = {"BACKOFFICE_APPS": "firm"}
    adopt = ("backoffice", "adopt")
    for names, words in (
        (("A B", "A_B"), "would lie in the same file"),
        (("Таблица",), "Nothing in Python can be called Таблица"),
        (("SCREENS",), "Nothing in Python can be called SCREENS"),
    ):
        with pytest.raises(AssertionError, match=words):
            flask(tmp_path, *adopt, *names, **environ)
    assert not list(tmp_path.glob("firm/*/*.py"))
    flask(tmp_path, *adopt, "items", 'A""" + str(1 / 0) + """', "class", "2024 sales", **environ)
    environ |= {"BACKOFFICE_ENV": "development"}
    environ |= {"DATABASE_URL": f"sqlite:///{tmp_path / 'acme.sqlite3'}"}
    assert "started" in run(tmp_path, "-c", STARTED, **environ)
