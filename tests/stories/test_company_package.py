"""Join the package of a company: its migrations, screens, actions, rules and jobs."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from tests.house.source import ROOT
from tests.support.databases import SharedWorkshop

COMPANY = ROOT / "tests" / "company"
ACCESS = "tests/company/walk_access.py"  # it takes as long as all others together
WALKS = sorted(str(path.relative_to(ROOT)) for path in COMPANY.glob("walk_*.py"))


@pytest.fixture
def company(tmp_path: Path) -> Path:
    """Return a folder with a copy of the package, which has no migrations yet."""
    return copied(tmp_path)


def copied(folder: Path) -> Path:
    left_out = shutil.ignore_patterns("__pycache__")
    shutil.copytree(COMPANY / "acme", folder / "acme", ignore=left_out)
    catalogue = folder / "acme/translations/de/LC_MESSAGES/messages.po"
    with catalogue.open("rb") as written, catalogue.with_suffix(".mo").open("wb") as compiled:
        write_mo(compiled, read_po(written))
    return folder


@pytest.fixture
def begun(tmp_path: Path, workshop: SharedWorkshop) -> Path:
    """Return a folder with the package, its first migration, and a database that has it.

    All workers copy the same one.
    """
    folder = workshop.folder / "company"
    with workshop.once("company") as first:
        if first:
            shutil.rmtree(folder, ignore_errors=True)
            flask(copied(folder), "backoffice", "new-migration", "acme", "Begin")
            flask(folder, "db", "upgrade")
    return shutil.copytree(folder, tmp_path / "begun")


def run(company: Path, *command: str, **more: str) -> str:
    """Run a program of the environment with the package, and return what it prints."""
    environ = {name: text for name, text in os.environ.items() if not name.startswith("PYTEST")}
    environ |= {"PYTHONPATH": str(company), "BACKOFFICE_APPS": "acme", **more}
    done = subprocess.run(
        (sys.executable, *command),
        cwd=ROOT,
        env=environ,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-20_000:]}\n{done.stderr[-5_000:]}"
    return done.stdout


def flask(company: Path, *command: str, **more: str) -> str:
    url = f"sqlite:///{company / 'acme.sqlite3'}"
    environ = {"BACKOFFICE_ENV": "development", "DATABASE_URL": url, **more}
    return run(company, "-m", "flask", "--app", "app", *command, **environ)


STATE = """
from app import create_app
from backoffice.readiness import migrations_state
with create_app().app_context():
    print(migrations_state())
"""


def state(company: Path) -> str:
    """Return what /readyz says about the migrations."""
    url = f"sqlite:///{company / 'acme.sqlite3'}"
    environ = {"BACKOFFICE_ENV": "development", "DATABASE_URL": url}
    return run(company, "-c", STATE, **environ).strip()


@pytest.mark.slow
def test_a_package_joins_with_its_tables_screens_actions_and_rules(begun: Path) -> None:
    (written,) = (begun / "acme" / "migrations").glob("*.py")
    text = written.read_text()
    created = re.findall(r"create_table\(\s*[\"'](\w+)", text)
    assert sorted(created) == [
        *("crates", "depot_neighbours", "depot_tags", "depots", "drivers"),
        *("keepsakes", "pallets", "parcels", "shelves", "tanks"),
    ]
    assert re.search(r"branch_labels = .*acme", text)
    assert re.search(r"revision = '[0-9a-f]{12}'", text)
    walk(begun, *(path for path in WALKS if path != ACCESS))


@pytest.mark.slow
def test_every_address_of_a_package_answers_everybody_as_the_policy_says(begun: Path) -> None:
    assert walk(begun, ACCESS) > 0


def walk(company: Path, *files: str) -> int:
    """Run walks in the package, fail unless all of them pass, and return their number."""
    options = ("-q", "-p", "no:cacheprovider", "-p", "no:xdist")
    output = run(company, "-m", "pytest", *options, *files)
    passed = re.search(r"(\d+) passed", output)
    assert passed
    assert "skipped" not in output
    return int(passed[1])


@pytest.mark.slow
def test_both_branches_go_on_by_themselves(begun: Path) -> None:
    model = begun / "acme" / "models" / "depot.py"
    column = "    is_active: Mapped[bool] = mapped_column(default=True)\n"
    more = "    city: Mapped[str | None] = mapped_column(String(80))\n"
    model.write_text(model.read_text().replace(column, column + more))
    flask(begun, "backoffice", "new-migration", "acme", "Add a city")
    (second,) = (begun / "acme" / "migrations").glob("*add_a_city.py")
    assert "add_column" in second.read_text()
    assert "create_table" not in second.read_text()
    assert state(begun) == "missing"
    flask(begun, "db", "upgrade")
    assert state(begun) == "ok"
    flask(begun, "backoffice", "new-migration", "acme", "Nothing")
    assert len(list((begun / "acme" / "migrations").glob("*.py"))) == 2


@pytest.mark.slow
def test_what_a_package_lacks_is_said_with_its_cure(begun: Path) -> None:
    def checked() -> str:
        with pytest.raises(AssertionError) as stopped:
            flask(begun, "backoffice", "check")
        return str(stopped.value)

    (begun / "acme.sqlite3").rename(begun / "kept.sqlite3")
    assert "The database lacks migrations." in checked()
    (begun / "kept.sqlite3").replace(begun / "acme.sqlite3")
    said = checked()
    assert "Migrations: nothing is missing" in said
    assert "/admin/pallets/: these read the whole table, which has 0 rows" in said
    assert 'Index("ix_pallets_status_id", "status", "id")  # sort=status, status=' in said
    assert "/admin/users/" not in said
    assert "messages.po lacks" in said
    flask(begun, "backoffice", "translations", "acme")
    catalogue = begun / "acme/translations/de/LC_MESSAGES/messages.po"
    assert 'msgid "Is fragile"' in catalogue.read_text()
    assert 'left empty: Erstellt am\nmsgid "Created at"\nmsgstr ""' in catalogue.read_text()
    shutil.rmtree(begun / "acme" / "translations")
    model = begun / "acme" / "models" / "tank.py"
    model.write_text(model.read_text() + "    place: Mapped[str | None]\n")
    said = checked()
    assert "No migration says: add_column tanks" in said
    assert 'new-migration acme "Say what changes"' in said
    flask(begun, "backoffice", "new-migration", "acme", "Add a place")
    flask(begun, "db", "upgrade")
    said = flask(begun, "backoffice", "check")
    assert re.search(r"translations/de/LC_MESSAGES/messages\.po lacks \d+ texts\.\n", said)
    assert "flask --app app backoffice translations acme" in said
    flask(begun, "backoffice", "translations", "acme")
    assert "messages.po lacks" in checked(), "whoever has begun wants them all"


WORDS = """
from flask_babel import force_locale, gettext
from app import create_app
with create_app().test_request_context(), force_locale("de"):
    print(gettext("Created at"), gettext("Updated at"), sep=", ")
"""


@pytest.mark.slow
def test_a_package_says_in_its_own_words_what_the_product_says_too(company: Path) -> None:
    flask(company, "backoffice", "translations", "acme")
    catalogue = company / "acme/translations/de/LC_MESSAGES/messages.po"
    before = run(company, "-c", WORDS, BACKOFFICE_ENV="development")
    assert before == "Erstellt am, Geändert am\n", "what is left empty, the product says"
    own = 'msgid "Created at"\nmsgstr "Eingelagert am"'
    text = catalogue.read_text().replace('msgid "Created at"\nmsgstr ""', own)
    catalogue.write_text(text)
    flask(company, "backoffice", "translations", "acme")
    assert own in catalogue.read_text()
    after = run(company, "-c", WORDS, BACKOFFICE_ENV="development")
    assert after == "Eingelagert am, Geändert am\n"


@pytest.mark.parametrize(
    "file, old, new, words",
    [
        ("screens/depots.py", 'form_columns = ("name",)', 'form_colums = ("name",)', "Shelves: "),
        ("actions/depots.py", "sets = {Pallet.status", "sets = {Pallet.serial", "is unique"),
        ("actions/depots.py", "reason_required = True", "reason_requred = True", "reason_required"),
        (
            "actions/depots.py",
            'permission = "pallets.edit"',
            'permission = "x.seel"',
            "no permission",
        ),
        ("figures/pallets.py", "Latest(Pallet, number=3)", "Latest(Pallet, number=0)", "LATEST: "),
    ],
)
def test_a_mistake_is_told_with_its_file_and_line(
    company: Path, file: str, old: str, new: str, words: str
) -> None:
    path = company / "acme" / file
    before = path.read_text()
    path.write_text(before.replace(old, new))
    line = before[: before.index(old)].count("\n") + 1
    with pytest.raises(AssertionError) as stopped:
        run(company, "-c", NAMES, BACKOFFICE_ENV="development")
    found = re.search(rf"{re.escape(str(path))}:(\d+): .*{words}", str(stopped.value))
    assert found
    assert line - 9 <= int(found[1]) <= line


NAMES = """
from app import create_app
print(create_app().extensions["apps"])
"""


def test_an_installed_package_joins_by_its_entry_point(company: Path) -> None:
    folder = company / "acme-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text("[backoffice.apps]\nacme = acme\n")
    names = run(company, "-c", NAMES, BACKOFFICE_APPS="", BACKOFFICE_ENV="development")
    assert names.strip() == "('acme',)"


@pytest.mark.parametrize("name", ["emca", "emca.sub", "../acme", "acme.nowhere"])
def test_a_package_that_is_not_there_stops_the_start_with_the_cure(
    company: Path, name: str
) -> None:
    with pytest.raises(AssertionError) as stopped:
        run(company, "-c", NAMES, BACKOFFICE_APPS=f"acme,{name}", BACKOFFICE_ENV="development")
    assert f"BACKOFFICE_APPS names {name!r}, which Python does not find" in str(stopped.value)
    assert "Traceback" not in str(stopped.value)


def test_what_goes_wrong_in_a_package_is_told_with_its_place(company: Path) -> None:
    (company / "acme" / "policy" / "broken.py").write_text("import nothing_of_the_kind\n")
    with pytest.raises(AssertionError) as stopped:
        run(company, "-c", NAMES, BACKOFFICE_ENV="development")
    assert "broken.py" in str(stopped.value)
    assert "No module named 'nothing_of_the_kind'" in str(stopped.value)


COLUMNS = (
    *("name", "code:unique", "country:DE,FR", "day:date?", "capacity:integer", "open:boolean"),
    *("manager:User", "deputy:User?", "value:money?", "note:long_text?", "facts:json?"),
    *("marks:texts", "site:url?", "uuid:uuid?", "opens:time_of_day?"),
    *("photo:picture?", "slip:file?"),
)


@pytest.mark.slow
def test_a_screen_is_written_from_a_few_words_and_works(company: Path) -> None:
    said = flask(company, "backoffice", "new-screen", "Warehouse", *COLUMNS)
    assert "new-migration acme" in said
    flask(company, "backoffice", "new-screen", "Box", "size:integer", "warehouse:Warehouse")
    for name in ("models/warehouse.py", "screens/warehouses.py", "models/box.py"):
        lines = (company / "acme" / name).read_text().splitlines()
        assert max(map(len, lines)) <= 100
    flask(company, "backoffice", "new-migration", "acme", "Begin")
    options = ("-q", "-p", "no:cacheprovider", "-p", "no:xdist")
    output = run(company, "-m", "pytest", *options, "tests/company/written_screens.py")
    assert re.search(r"\d+ passed", output)
    for again in (("Warehouse", "name"), ("Depot", "name")):
        with pytest.raises(AssertionError, match="already"):
            flask(company, "backoffice", "new-screen", *again)


@pytest.mark.parametrize(
    "part, words",
    [
        ('Figure(Pallet, filters={"nothing": "x"})', "there is no filter 'nothing': "),
        ('Figure(Pallet, filters={"pieces.from": "many"})', "give a number"),
        ("Share(Pallet.pieces)", "is no choice"),
        ("Trend(Pallet.pieces)", "is no date or time"),
        ("Trend(Pallet.at)", 'Index("ix_pallets_at_id", "at", "id")'),
        ("Trend(Pallet.due, days=1000)", "at most 60 days"),
        ("Latest(Pallet, number=0)", "at most 20 rows"),
        ('Figure(Pallet, filters={"note": "x"})', "its list has no filter 'note'"),
        ("Latest(User)", ""),
    ],
)
def test_a_figure_that_cannot_be_counted_stops_the_start(
    company: Path, part: str, words: str
) -> None:
    imports = (
        "from acme.models.depot import Pallet\n"
        "from backoffice.dashboard.parts import Figure, Latest, Share, Trend\n"
        "from backoffice.models.user import User\n"
    )
    (company / "acme" / "figures" / "wrong.py").write_text(f"{imports}WRONG = {part}\n")
    if not words:
        assert run(company, "-c", NAMES, BACKOFFICE_ENV="development")
        return
    with pytest.raises(AssertionError, match=r"acme\.figures\.wrong\.WRONG") as stopped:
        run(company, "-c", NAMES, BACKOFFICE_ENV="development")
    assert words in str(stopped.value)
