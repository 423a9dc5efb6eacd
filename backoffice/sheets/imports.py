"""Import a sheet: keep it for a preview, apply it as it was shown, and undo it while untouched."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, delete, or_, select

from backoffice import clock, events, slots, throttles
from backoffice.errors import BadRequest, NotFound, RuleBroken
from backoffice.extensions import db
from backoffice.models.group import Group
from backoffice.models.sheet_import import MODES, SheetImport
from backoffice.people.groups import GROUPS_LOCK
from backoffice.policy import quotas
from backoffice.policy.actor import Actor
from backoffice.policy.rules import require, scope
from backoffice.policy.step_up import require_recent
from backoffice.sheets import applying, planning, reading
from backoffice.sheets.changes import CREATE, DELETE, EDIT, Plan
from backoffice.sheets.sheet import Entry, Problems, SheetRefused
from backoffice.text import N_, shortened, without_invisible
from backoffice.transactions import lock

RETENTION = timedelta(hours=1)  # of a preview that nobody applies
SHOWN = 10  # imports on the page
SOURCE = 150  # characters
COUNTED = {CREATE: N_("Added"), EDIT: N_("Changed"), DELETE: N_("Removed")}
NOTED = (N_("File"), N_("Mode"))  # headings of what events keep of an import


class Overtaken(RuleBroken):
    """The groups are not as the preview showed them; nothing was changed."""


def require_rights(actor: Actor) -> None:
    """Raise NotAllowed or ConfirmationNeeded unless the actor may import sheets now."""
    require(actor, "groups.view")
    require(actor, "groups.import")
    require_recent(actor)


def prepare(*, actor: Actor, data: bytes, source: str, mode: str) -> SheetImport:
    """Keep a sheet for a preview of its own, and change nothing.

    Raises NotAllowed, ConfirmationNeeded, TooMany, Busy, BadRequest (no such mode), or SheetRefused
    with every problem.
    """
    require_rights(actor)
    quotas.consume(actor=actor, throttle=throttles.UPLOADS)
    db.session.commit()  # a refused sheet counts as well
    with slots.sheets().taken():
        planned = read_and_checked(actor, data, mode)
    _forget_old()
    found = SheetImport(
        actor_id=actor.user_id,
        source=named(source),
        mode=mode,
        sheet=data.decode("utf-8-sig"),
        digest=planned.digest,
    )
    db.session.add(found)
    db.session.flush()
    return found


def named(source: str) -> str:
    """Return the name of a file as the product keeps it."""
    return shortened(without_invisible(source), SOURCE) or "-"


def read_and_checked(actor: Actor, data: bytes, mode: str, *, locked: bool = False) -> Plan:
    """Return what the sheet would change.

    Raises BadRequest, or SheetRefused with what is wrong with all of it, in the order of places.
    """
    problems = Problems()
    entries = reading.read_into(data, problems)
    try:
        planned = checked(actor, entries, mode, locked=locked)
    except SheetRefused as error:
        problems.extend(error.problems)
    if problems:
        problems.sort()
        raise SheetRefused(problems)
    return planned


def checked(actor: Actor, entries: Sequence[Entry], mode: str, *, locked: bool = False) -> Plan:
    """Return what the sheet would change. Raises BadRequest, or SheetRefused with every problem."""
    if mode not in MODES:
        raise BadRequest(_("A sheet is imported by create, merge or replace."))
    planned = planning.plan(actor=actor, entries=entries, mode=mode, locked=locked)
    if planned.problems:
        raise SheetRefused(planned.problems)
    return planned


def find(*, actor: Actor, token: UUID, locked: bool = False) -> SheetImport:
    """Return an import: the actor's own preview, or anybody's that was applied.

    Raises NotFound for any other, and for a preview that is too old.
    """
    statement = select(SheetImport).where(SheetImport.token == token, _is_seen(actor))
    if locked:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    found = db.session.scalar(statement)
    if found is None:
        raise NotFound(
            _("This preview is not there any more: it is kept for an hour. Send the sheet again.")
        )
    return found


def _is_seen(actor: Actor) -> ColumnElement[bool]:
    is_fresh = SheetImport.created_at >= clock.now() - RETENTION
    return or_(SheetImport.state != "planned", (SheetImport.actor_id == actor.user_id) & is_fresh)


def preview(*, actor: Actor, found: SheetImport) -> Plan:
    """Return what the sheet of a preview would change as things are now, problems included."""
    entries = reading.read(found.sheet.encode())
    return planning.plan(actor=actor, entries=entries, mode=found.mode)


def apply(*, actor: Actor, token: UUID, digest: str = "") -> SheetImport:
    """Apply the sheet of a preview, all of it or nothing; one that was applied stays so.

    `digest` is that of the plan which the actor saw; without it, that of the first preview counts.
    Raises NotAllowed, ConfirmationNeeded, NotFound, Overtaken, or SheetRefused.
    """
    require_rights(actor)
    lock(GROUPS_LOCK)
    found = find(actor=actor, token=token, locked=True)
    if found.state != "planned":
        return found
    planned = checked(actor, reading.read(found.sheet.encode()), found.mode, locked=True)
    if planned.digest != (digest or found.digest):
        raise Overtaken(_("The groups have changed since you looked, so nothing was done."))
    _carry_out(actor, found, planned)
    return found


def import_at_once(*, actor: Actor, data: bytes, source: str, mode: str) -> Plan:
    """Apply a sheet without a preview, as commands do. Raises SheetRefused."""
    lock(GROUPS_LOCK)
    planned = read_and_checked(actor, data, mode, locked=True)
    found = SheetImport(
        actor_id=actor.user_id, source=named(source), mode=mode, sheet="", digest=planned.digest
    )
    if planned.changes:
        db.session.add(found)
        _carry_out(actor, found, planned)
    return planned


def _carry_out(actor: Actor, found: SheetImport, planned: Plan) -> None:
    found.memory = {"changes": applying.apply(actor=actor, plan=planned)}
    found.state = "done"
    found.sheet = ""  # the changes say what it did
    found.applied_at = clock.now()
    record(actor=actor, found=found, plan=planned, action="groups.import")


def record(*, actor: Actor, found: SheetImport, plan: Plan, action: str) -> None:
    """Record one event for the whole import, beside those of its groups."""
    counts = {heading.lower(): len(plan.of_kind(kind)) for kind, heading in COUNTED.items()}
    about = {"file": found.source, "mode": found.mode}
    events.record(actor=actor, action=action, subject=("groups", None), after=about | counts)


def latest(actor: Actor) -> Sequence[SheetImport]:
    """Return the newest imports that were applied, for somebody who may import."""
    require(actor, "groups.import")
    statement = select(SheetImport).where(SheetImport.state != "planned")
    return db.session.scalars(statement.order_by(SheetImport.id.desc()).limit(SHOWN)).all()


def _forget_old() -> None:
    old = (SheetImport.state == "planned", SheetImport.created_at < clock.now() - RETENTION)
    change = delete(SheetImport).where(*old)
    db.session.execute(change.execution_options(synchronize_session=False))


def has_only_administrators() -> bool:
    """Return whether there is no group but Administrators."""
    others = select(Group.id).where(Group.all_permissions.is_(False))
    return not db.session.scalar(select(others.exists()))


def names_of_groups(actor: Actor) -> dict[str, str]:
    """Return what the groups that the actor sees are called, by key."""
    seen = select(Group.key, Group.name).where(scope(actor, Group))
    return dict(db.session.execute(seen).all())
