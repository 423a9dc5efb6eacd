"""What the company asks for, and the systems that it is written in."""

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent

# By the names that stand behind `# feature:`; what is counted as whole.
FEATURES = {
    "plain": "A warehouse with 13 fields: list, search, filters, sort, checked form",
    "files": "A picture with its thumbnail, and a file",
    "related": "Its pallets on its page, with filters, actions, *Add* filled in",
    "move": "*Move* to an active warehouse: row picker, preview, events, undo",
    "set-weight": "*Set weight*: a number of at least 0, preview, events, undo",
    "add-note": "*Add note*: a text that is appended, preview, events, undo",
    "bulk-edit": "A field of ticked and of all matching rows",
    "figure": "A figure on home that leads to its list",
    "saved-view": "A view that people save under a name",
    "text-key": "A table that exists, with a text as key",
    "two-keys": "A table that exists, with two keys",
    "sql-view": "A read-only screen of a query",
    "permissions": "Permissions by group; managers see only their warehouses",
    "history": "Who changed what, with the values before; CSV and JSON",
}
# What every system has, and what is counted apart from its features.
APART = {
    "start": "Settings, engine, mounting",
    "models": "Models",
}


@dataclass(frozen=True)
class System:
    """One system: the folder with its application, and what people call it."""

    folder: Path
    title: str

    @property
    def code(self) -> Path:
        """The package of the application; beside it lies what is not counted."""
        return next(path for path in self.folder.iterdir() if (path / "__init__.py").exists())


OURS = System(HERE / "backoffice", "Backoffice")
PEERS = (
    System(HERE / "django", "Django, unfold"),
    System(HERE / "starlette_admin", "starlette-admin"),
    System(HERE / "sqladmin", "sqladmin"),
    System(HERE / "flask_admin", "Flask-Admin"),
)
SYSTEMS = (OURS, *PEERS)
