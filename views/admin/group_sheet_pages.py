"""What the pages of sheets show: groups with what their members gain and lose, in words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext as _n

from backoffice.data import lists
from backoffice.events import subjects
from backoffice.models.sheet_import import SheetImport
from backoffice.people import forecast
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import catalogue
from backoffice.policy.rules import can
from backoffice.sheets import affected, imports, undoing
from backoffice.sheets.affected import People
from backoffice.sheets.changes import CREATE, DELETE, EDIT, Change, Plan
from backoffice.sheets.sheet import Problems
from backoffice.text.numbers import formatted
from forms.group_sheet import MODES, SheetForm
from views.screen.definition import Definition

KINDS = {CREATE: _l("New"), EDIT: _l("Changed"), DELETE: _l("Removed")}
COLOURS = {CREATE: "green", EDIT: "blue", DELETE: "red"}
STATES = {"done": _l("Applied"), "undone": _l("Undone")}


@dataclass(frozen=True)
class Line:
    """One permission or group that is gained (`sign` is "+") or lost ("-")."""

    sign: str
    words: str
    code: str = ""
    danger: bool = False


@dataclass(frozen=True)
class ChangedGroup:
    """A group of a preview or a result.

    Attributes:
        name, key: the group.
        kind, colour: what happens to it, and the colour of that.
        texts: what changes of its name and description, as (heading, before, after).
        permissions, grants: what its members gain and lose.
        people: whom that touches, as a sentence; '' for nobody.
        note: why it is there although the sheet does not ask for it.
    """

    name: str
    key: str
    kind: str
    colour: str
    texts: Sequence[tuple[str, str, str]]
    permissions: Sequence[Line]
    grants: Sequence[Line]
    people: str = ""
    note: str = ""


@dataclass(frozen=True)
class Latest:
    """An import that was applied."""

    href: str
    source: str
    actor: str
    at: datetime | None
    state: str


@dataclass(frozen=True)
class UploadPage:
    """The form that sends a sheet, what was wrong with the one that was sent, and past imports."""

    form: SheetForm
    url: str
    back_href: str
    schema_href: str
    problems: Problems
    latest: Sequence[Latest]


@dataclass(frozen=True)
class PreviewPage:
    """What applying or undoing a sheet would change.

    Attributes:
        title: what it is about.
        url, digest: where the form is sent, and what tells the plan that it shows.
        button: what the button says; '' if there is nothing to do.
        notes: sentences above the groups.
        nothing: the sentence that says that there is nothing to change, or ''.
        besides: who of the administrators can sign in whatever is changed.
    """

    title: str
    subtitle: str
    url: str
    digest: str
    back_href: str
    button: str
    notes: Sequence[str]
    warnings: Sequence[str]
    nothing: str
    problems: Problems
    groups: Sequence[ChangedGroup]
    besides: str
    danger: bool


@dataclass(frozen=True)
class ResultPage:
    """What an import changed, and where it can be undone; None if it cannot."""

    title: str
    actor: str
    at: datetime | None
    back_href: str
    undo_href: str | None
    undone: bool
    groups: Sequence[ChangedGroup]


def hint(actor: Actor) -> str:
    """Return what the list says while there are no groups but Administrators."""
    if not can(actor, "groups.import") or not imports.has_only_administrators():
        return ""
    return str(_("There are no groups yet but Administrators: begin with a sheet."))


def upload(screen: Definition, actor: Actor, form: SheetForm, problems: Problems) -> UploadPage:
    """Return the page with the form, and with what was wrong with the sheet that was sent."""
    return UploadPage(
        form=form,
        url=screen.url_of("sheet"),
        back_href=screen.url_of("index"),
        schema_href=screen.url_of("sheet_schema"),
        problems=problems,
        latest=latest(screen, actor),
    )


def latest(screen: Definition, actor: Actor) -> list[Latest]:
    """Return the newest imports."""
    found = imports.latest(actor)
    names = subjects.names(actor, [("users", each.actor_id) for each in found])
    return [
        Latest(
            href=screen.url_of("sheet_preview", token=each.token),
            source=each.source,
            actor=names.get(("users", each.actor_id), _("Command line")),
            at=each.applied_at,
            state=str(STATES[each.state]),
        )
        for each in found
    ]


def preview(screen: Definition, actor: Actor, found: SheetImport, plan: Plan) -> PreviewPage:
    """Return the preview of a sheet."""
    nothing = "" if plan.changes or plan.problems else _("There is nothing to change.")
    modes: Mapping[str, object] = dict(MODES)
    return PreviewPage(
        title=_("Import “%(source)s”", source=found.source),
        subtitle=str(modes[found.mode]),
        url=screen.url_of("sheet_preview", token=found.token),
        digest=plan.digest,
        back_href=screen.url_of("sheet"),
        button=_button(plan, _applying(plan)),
        notes=[*_counts(plan), *_left(plan)],
        warnings=_warnings(plan),
        nothing=nothing,
        problems=plan.problems,
        groups=_planned(actor, plan),
        besides=forecast.besides(actor, forecast.Change()),
        danger=bool(plan.of_kind(DELETE)),
    )


def undo(screen: Definition, actor: Actor, found: SheetImport, plan: Plan) -> PreviewPage:
    """Return the preview of an undo."""
    number = len(plan.changes)
    left_out = undoing.left_out(found, plan)
    notes = _counts(plan)
    if left_out:
        text = _n(
            "%(number)s person does not get a group back: gone, or not yours to give it to.",
            "%(number)s people do not get a group back: gone, or not yours to give it to.",
            left_out,
            number=formatted(left_out),
        )
        notes.append(text)
    return PreviewPage(
        title=_("Undo the import of “%(source)s”", source=found.source),
        subtitle="",
        url=screen.url_of("sheet_undo", token=found.token),
        digest=plan.digest,
        back_href=screen.url_of("sheet_preview", token=found.token),
        button=_button(plan, _n("Change %(num)s group back", "Change %(num)s groups back", number)),
        notes=notes,
        warnings=_warnings(plan),
        nothing="" if plan.changes or plan.problems else _("There is nothing to change."),
        problems=plan.problems,
        groups=_planned(actor, plan),
        besides=forecast.besides(actor, forecast.Change()),
        danger=bool(plan.of_kind(DELETE)),
    )


def result(screen: Definition, actor: Actor, found: SheetImport) -> ResultPage:
    """Return what an import changed."""
    names = subjects.names(actor, [("users", found.actor_id)])
    changes = undoing.made(actor=actor, found=found)
    is_undone = found.state == "undone"
    undo_href = screen.url_of("sheet_undo", token=found.token)
    return ResultPage(
        title=_("Import of “%(source)s”", source=found.source),
        actor=names.get(("users", found.actor_id), _("Command line")),
        at=found.applied_at,
        back_href=screen.url_of("index"),
        undo_href=undo_href if changes and not is_undone else None,
        undone=is_undone,
        groups=shown(actor, changes),
    )


def _applying(plan: Plan) -> str:
    """Return what applying a sheet does: "Add 8, change 2 groups"; of one kind alone, only that."""
    added, changed, removed = (len(plan.of_kind(kind)) for kind in (CREATE, EDIT, DELETE))
    if sum(map(bool, (added, changed, removed))) > 1:
        parts = (
            (added, _("add %(number)s", number=formatted(added))),
            (changed, _("change %(number)s", number=formatted(changed))),
            (removed, _("remove %(number)s", number=formatted(removed))),
        )
        told = ", ".join(text for number, text in parts if number)
        return str(_("Groups: %(what)s", what=told))
    if added:
        return _n("Add %(num)s group", "Add %(num)s groups", added)
    if removed:
        return _n("Remove %(num)s group", "Remove %(num)s groups", removed)
    return _n("Change %(num)s group", "Change %(num)s groups", changed)


def _button(plan: Plan, text: str) -> str:
    return text if plan.changes and not plan.problems else ""


def _counts(plan: Plan) -> list[str]:
    """Return how many groups are added, changed and removed, and how many people that touches."""
    sentences = []
    if number := len(plan.of_kind(CREATE)):
        sentences.append(_n("%(num)s group is added.", "%(num)s groups are added.", number))
    if number := len(plan.of_kind(EDIT)):
        sentences.append(_n("%(num)s group changes.", "%(num)s groups change.", number))
    if number := len(plan.of_kind(DELETE)):
        sentences.append(_n("%(num)s group is removed.", "%(num)s groups are removed.", number))
    people = affected.together(plan.changes)
    if people.number:
        sentences.append(
            _n(
                "%(number)s person is affected in all, %(signed_in)s of them signed in.",
                "%(number)s people are affected in all, %(signed_in)s of them signed in.",
                people.number,
                number=lists.capped(people.number),
                signed_in=lists.capped(people.signed_in),
            )
        )
    return sentences


def _left(plan: Plan) -> list[str]:
    """Return what of the sheet is left as it is."""
    sentences = []
    if plan.left_alone:
        number = plan.left_alone
        sentences.append(
            _n(
                "%(num)s group is there already and stays as it is.",
                "%(num)s groups are there already and stay as they are.",
                number,
            )
        )
    if plan.skips_administrators:
        sentences.append(_("Administrators stays as it is: a sheet does not change it."))
    return sentences


def _warnings(plan: Plan) -> list[str]:
    if not plan.of_kind(DELETE):
        return []
    return [
        _(
            "Views of lists that are shared with a removed group are shared with it no more, "
            "even after an undo."
        )
    ]


def _planned(actor: Actor, plan: Plan) -> list[ChangedGroup]:
    return shown(actor, plan.changes, people=affected.by_group(plan.changes))


def shown(
    actor: Actor, changes: Iterable[Change], *, people: Mapping[int, People] | None = None
) -> list[ChangedGroup]:
    """Return changes of groups in words, with the people whom each touches if they are given."""
    changes = list(changes)
    names = imports.names_of_groups(actor) | {change.key: change.name for change in changes}
    return [_group(change, names, people or {}) for change in changes]


def _group(change: Change, names: Mapping[str, str], people: Mapping[int, People]) -> ChangedGroup:
    in_it = people.get(change.group.id, People()) if change.group else People()
    return ChangedGroup(
        name=change.name,
        key=change.key,
        kind=str(KINDS[change.kind]),
        colour=COLOURS[change.kind],
        texts=_texts(change),
        permissions=[
            *(_permission("+", code) for code in change.gained),
            *(_permission("-", code) for code in change.lost),
        ],
        grants=[
            *(Line("+", names.get(key, key)) for key in change.grants_gained),
            *(Line("-", names.get(key, key)) for key in change.grants_lost),
        ],
        people=_people(change, in_it),
        note=_note(change),
    )


def _texts(change: Change) -> list[tuple[str, str, str]]:
    """Return what changes beside lists; of a new or removed group, what it has beside its name."""
    before, after = change.before, change.after
    answers = {True: _("Yes"), False: _("No")}
    texts = [
        (_("Name"), before.name, after.name),
        (_("Description"), before.description, after.description),
        (_("Mask data"), answers[before.mask_data], answers[after.mask_data]),
    ]
    if change.kind != EDIT:
        texts = texts[1:]
    return [each for each in texts if each[1] != each[2]]


def _permission(sign: str, code: str) -> Line:
    permission = catalogue().get(code)
    if permission is None:
        return Line(sign, _("A permission that the product does not have"), code)
    return Line(sign, str(permission.meaning), code, permission.danger)


def _people(change: Change, people: People) -> str:
    """Return how many people gain or lose something, and how many of them are signed in."""
    if change.members:
        number = len(change.members)
        return _n("%(num)s person gets it back.", "%(num)s people get it back.", number)
    if not people.number:
        return ""
    numbers = {
        "number": lists.capped(people.number),
        "signed_in": lists.capped(people.signed_in),
    }
    if not (change.lost or change.grants_lost):
        return _n(
            "%(number)s person gains this, %(signed_in)s of them signed in.",
            "%(number)s people gain this, %(signed_in)s of them signed in.",
            people.number,
            **numbers,
        )
    if not (change.gained or change.grants_gained):
        return _n(
            "%(number)s person loses this, %(signed_in)s of them signed in.",
            "%(number)s people lose this, %(signed_in)s of them signed in.",
            people.number,
            **numbers,
        )
    return _n(
        "%(number)s person gains and loses this, %(signed_in)s of them signed in.",
        "%(number)s people gain and lose this, %(signed_in)s of them signed in.",
        people.number,
        **numbers,
    )


def _note(change: Change) -> str:
    if change.is_consequence:
        return _("You are in this group and add groups, so its members may give them.")
    return ""
