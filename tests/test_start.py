"""A web server does not load at its start what only commands, uploads or secrets need."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.patience import PATIENCE
from tests.test_process import environment

ROOT = Path(__file__).parent.parent
# With each, what it is for.
UNWANTED = {
    "alembic": "flask db",
    "mako": "flask db",
    "pygments": "flask db",
    "flask_migrate": "flask db",
    "sqlalchemy.dialects.mssql": "flask db",
    "sqlalchemy.dialects.oracle": "flask db",
    "cryptography": "second factors and mails with links",
    "PIL.JpegImagePlugin": "uploads",
    "PIL.WebPImagePlugin": "uploads",
    "PIL.ImageDraw": "the demo",
    "backoffice.demo": "the demo",
    "backoffice.testing": "the tests of companies",
    "pytest": "the tests of companies",
    "backoffice.commands.worker": "the worker",
    "huey.bin.huey_consumer": "the worker",
    "xlsxwriter": "exports",
    "redis": "nothing",
}
LIST = """
import sys
from app import create_app

create_app()
print(*sys.modules)
"""


@pytest.mark.one_engine("sqlite", reason="nothing is asked of a database")
def test_a_web_server_imports_nothing_that_only_others_need(engine_name: str) -> None:
    values = {"BACKOFFICE_ENV": "test", "DATABASE_URL": "sqlite://", "BASE_URL": "http://127.0.0.1"}
    command = [sys.executable, "-c", LIST]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment(**values),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    modules = set(done.stdout.split())
    assert "sqlalchemy" in modules
    assert {name: use for name, use in UNWANTED.items() if name in modules} == {}
