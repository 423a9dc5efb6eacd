"""Objects without an app, joined to one by `create_app()`; and how each engine is spoken to."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from importlib import import_module
from typing import Any, ParamSpec, TypeVar

from click import Command, Context
from flask import Flask, current_app
from flask_babel import Babel
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session, SessionTransaction

from backoffice import database
from backoffice.database import Patience
from backoffice.models.base import Base
from backoffice.queueing import Jobs
from backoffice.settings import Settings

P = ParamSpec("P")
T = TypeVar("T")


class _Database(Command):
    """`flask db`: stands for Flask-Migrate's own group of commands, which is read when somebody asks for it."""

    def make_context(self, *args: Any, **options: Any) -> Context:
        found: Context = import_module("flask_migrate.cli").db.make_context(*args, **options)
        return found


class Migrations:
    """What Flask-Migrate keeps in the app, made when `flask db` looks for it.

    Alembic and the database dialects that it brings are a tenth of a web server's memory, and it needs none of them.
    """

    def init_app(self, app: Flask) -> None:
        """Give the app its migrations, and `flask db`."""
        app.extensions["migrate"] = self
        app.cli.add_command(_Database("db", help="Perform database migrations."))

    def __getattr__(self, name: str) -> Any:
        from flask_migrate import Migrate  # noqa: PLC0415  # see above

        Migrate(current_app, db)  # puts itself in this one's place
        return getattr(current_app.extensions["migrate"], name)


db = SQLAlchemy(metadata=Base.metadata, session_options={"expire_on_commit": False})
migrate = Migrations()
csrf = CSRFProtect()
babel = Babel()
jobs = Jobs()

COMMITTED = "committed"
_in_one_piece: ContextVar[bool] = ContextVar("backoffice_in_one_piece", default=False)


def expect_reading(reading: bool) -> None:
    """Say whether the transactions to come only look, so that they take no write lock on SQLite."""
    database.expect_reading(reading)


@contextmanager
def patient(patience: Patience) -> Iterator[None]:
    """Wait for the database as long as `patience` says, in the transaction that has begun too."""
    with database.waiting(patience):
        if db.session().in_transaction():
            database.change(db.session.connection(), patience)
        yield


def is_writing() -> bool:
    """Whether what goes on now may write, so that what it was judged by must stay as it is until its end."""
    return not database.is_reading()


def in_bulk(act: Callable[P, T]) -> Callable[P, T]:
    """Decorate a function whose statements may take as long as many rows need. Commands wait as long as it takes."""

    @wraps(act)
    def patiently(*arguments: P.args, **keywords: P.kwargs) -> T:
        if database.is_unlimited():
            return act(*arguments, **keywords)
        with patient(database.of_bulk(configured())):
            return act(*arguments, **keywords)

    return patiently


def begin(*, writing: bool) -> None:
    """Leave the current transaction and begin one that writes, or one that only looks, whatever was expected."""
    db.session.rollback()
    db.session.connection(execution_options={"writing": writing})


def lock(name: str) -> None:
    """Wait until no other transaction holds `name`, and hold it until this one ends.

    SQLite needs nothing: a writing transaction there is alone from its beginning.
    """
    if db.session.get_bind().dialect.name == "postgresql":
        db.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


def pause() -> None:
    """Keep what is written so far, and hold neither a lock nor a connection: something slow comes next."""
    if _in_one_piece.get():
        db.session.flush()
    else:
        db.session.commit()


@contextmanager
def in_one_piece() -> Iterator[None]:
    """Make `pause` commit nothing inside the block, whose transaction is to be whole or not at all."""
    token = _in_one_piece.set(True)
    try:
        yield
    finally:
        _in_one_piece.reset(token)


def configured() -> Settings:
    """The settings of the running application, for what is not handed them."""
    found: Settings = current_app.extensions["settings"]
    return found


def after_commit(act: Callable[[], object]) -> None:
    """Call `act` once when the current transaction is committed, and never if it is taken back."""
    waiting = db.session.info.setdefault("after_commit", [])
    if act not in waiting:
        waiting.append(act)


def after_rollback(act: Callable[[], object]) -> None:
    """Call `act` once if the current transaction is taken back, or given up, and never if it is committed."""
    db.session.info.setdefault("after_rollback", []).append(act)


def is_whole() -> bool:
    """Whether nothing was committed since the session began, or since `forget_commits`: then an act can be repeated."""
    return COMMITTED not in db.session.info


def forget_commits() -> None:
    """What was committed until now may be done twice without harm."""
    db.session.info.pop(COMMITTED, None)


@event.listens_for(db.session, "after_commit")
def _committed(session: Session) -> None:
    if session.in_nested_transaction():  # a savepoint alone commits nothing
        return
    database.settle()
    session.info[COMMITTED] = True
    session.info.pop("after_rollback", None)
    for act in session.info.pop("after_commit", ()):
        act()


@event.listens_for(db.session, "after_soft_rollback")
def _taken_back(session: Session, transaction: SessionTransaction) -> None:
    if not transaction.nested:
        session.info.pop("after_commit", None)


@event.listens_for(db.session, "after_transaction_end")
def _ended(session: Session, transaction: SessionTransaction) -> None:
    """What was not committed by now never will be; closing a session takes back without saying so."""
    if transaction.parent is None:
        for act in session.info.pop("after_rollback", ()):
            act()
