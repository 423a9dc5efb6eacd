"""Explain whether a person may do something, and why: the answer is that of really trying.

It is made of the same permissions, scopes and rules that decide when the person tries, for an actor
made from the person. Nobody learns from it about rows or groups that they do not see.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, and_, false, select, true, union_all

from backoffice.actions.engine.action import Action, find
from backoffice.actions.engine.context import ActionContext
from backoffice.actions.engine.menu import menu
from backoffice.auth.actors import actor_of
from backoffice.data import choices, records
from backoffice.errors import BadRequest, RuleBroken
from backoffice.extensions import db
from backoffice.models import row_keys, search
from backoffice.models.base import Entity, Record
from backoffice.models.base import records as models
from backoffice.models.user import User
from backoffice.people import permission_sources
from backoffice.policy import masking
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import area_of, catalogue
from backoffice.policy.rules import can, scope, sees
from backoffice.settings import configured
from backoffice.text import address_key, fold, is_id, login_key

GIVERS = 5  # groups that are named as those that would give a permission


@dataclass(frozen=True)
class Given:
    """A permission that is needed, and what gives it to the person."""

    code: str
    meaning: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """Whether a person may do something.

    Attributes:
        allowed: the answer.
        sentence: it in words; if not, with the first rule that refuses.
        remedy: what would change it, or ''.
        path: if allowed, the permissions that it takes, with what gives them.
        notes: what else counts when the person tries.
    """

    allowed: bool
    sentence: str
    remedy: str = ""
    path: tuple[Given, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Question:
    """May the person do `code`, to this row if there is one? `asker` reads the answer."""

    asker: Actor
    person: User
    subject: Actor
    code: str
    row: Record | None

    @property
    def action(self) -> Action | None:
        return find(self.code)

    @property
    def model(self) -> type[Record] | None:
        return model_of(self.code)

    @property
    def verb(self) -> str:
        return self.code.partition(".")[2]


@dataclass(frozen=True)
class Refusal:
    """The first thing that refuses it, and what would change that."""

    sentence: str
    remedy: str = ""


def model_of(code: str) -> type[Record] | None:
    """Return the model whose rows a permission or an action is about, or None."""
    area = code.partition(".")[0]
    return next((model for model in models() if area_of(model) == area), None)


def ask(*, asker: Actor, person: User, code: str, row: Record | None = None) -> Answer:
    """Return whether the person may do `code`, the code of an action or of a permission.

    The asker sees the person and the row. Raises RuleBroken (field action) for an unknown code.
    """
    question = _question(asker, person, code, row)
    answer = _judged(question)
    if not answer.allowed:
        return answer
    return replace(answer, path=tuple(_path(question)), notes=tuple(_notes(question)))


def judge(*, asker: Actor, person: User, code: str, row: Record | None = None) -> Answer:
    """Return the same as `ask` but for the path and the notes, which take most of the time."""
    return _judged(_question(asker, person, code, row))


def _question(asker: Actor, person: User, code: str, row: Record | None) -> Question:
    if find(code) is None and code not in catalogue():
        message = _("There is no action or permission %(code)s.", code=code)
        raise RuleBroken(message, field="action")
    action = find(code)
    if code.endswith(".create") or (action and action.is_global):
        row = None  # it is about no row
    subject = actor_of(person, configured(), confirmed=True)
    return Question(asker, person, subject, code, row)


def _judged(question: Question) -> Answer:
    for refuse in CHECKS:
        if refusal := refuse(question):
            return Answer(allowed=False, sentence=refusal.sentence, remedy=refusal.remedy)
    person = question.person.label
    if question.row is None:
        return Answer(allowed=True, sentence=str(_("%(person)s may do this.", person=person)))
    row = _named(question, question.row)
    sentence = _("%(person)s may do this to %(row)s.", person=person, row=row)
    return Answer(allowed=True, sentence=str(sentence))


def row_of(*, asker: Actor, code: str, text: str) -> Record | None:
    """Return the row that the text names by number, key or name, or None for an empty text.

    A part of a name is enough where a search finds one row alone.

    Raises RuleBroken (field row) if the asker sees no such row, or several.
    """
    text = _storable(text).strip()
    if not text:
        return None
    model = model_of(code)
    if model is None:
        raise RuleBroken(_("This is about no rows."), field="row")
    rows = _rows_named(asker, model, text) or _rows_found(asker, model, text)
    if not rows:
        message = _("There is no such %(noun)s, or it is not yours to see.", noun=model.noun())
        raise RuleBroken(message, field="row")
    if len(rows) > 1:
        message = _("Several %(nouns)s are called like that: give the number.", nouns=model.nouns())
        raise RuleBroken(message, field="row")
    return rows[0]


def _storable(text: str) -> str:
    """Return the text without what no database compares: NUL, and halves of surrogate pairs."""
    return text.encode(errors="ignore").decode().replace("\0", "")


def person_of(*, asker: Actor, text: str) -> User:
    """Return the person with this address, login, name or number.

    Raises RuleBroken (field row) if the asker sees no such person, or several.
    """
    person = row_of(asker=asker, code="users.view", text=text)
    if not isinstance(person, User):
        raise RuleBroken(_("Name a person."), field="row")
    return person


def _rows_named(asker: Actor, model: type[Record], text: str) -> Sequence[Record]:
    visible = select(model).where(scope(asker, model)).limit(2)
    keys = (row_keys.parse(model, each) for each in (text, row_keys.token([text])))
    key = next((each for each in keys if each is not None), None)
    if key is not None:
        return db.session.scalars(visible.where(model.id == key)).all()
    return db.session.scalars(visible.where(_is_named(asker, model, text))).all()


def _rows_found(asker: Actor, model: type[Record], text: str) -> Sequence[Record]:
    """Return the rows that a search for a text finds, two at most."""
    if is_id(text):
        return ()
    try:
        found, _more = choices.offered(actor=asker, model=model, search=text, limit=2)
    except BadRequest:  # it is too long
        return ()
    ids = [row_id for row_id, _label in found]
    return db.session.scalars(select(model).where(model.id.in_(ids))).all()


def _is_named(asker: Actor, model: type[Record], text: str) -> ColumnElement[bool]:
    """Return the SQL condition for the rows that are called so; the search index finds people."""
    index = search.candidates(model, map(fold, text.split()))
    is_labelled = and_(true() if index is None else index, _is_called(asker, model, text))
    if not issubclass(model, User):
        return is_labelled
    named = (is_labelled, User.email_key == address_key(text), User.login_key == login_key(text))
    # Joined by UNION, because no index serves conditions with OR between them.
    return User.id.in_(union_all(*(select(User.id).where(each) for each in named)))


def _is_called(asker: Actor, model: type[Record], text: str) -> ColumnElement[bool]:
    """SQL: whether a row has this name; of one that is masked, nothing tells who is called so."""
    is_masked = masking.is_masked(asker, model, model.__label__)
    return false() if is_masked else model.label_column() == text


def _cannot_enter(question: Question) -> Refusal | None:
    person = question.person
    if person.status != "active":
        return Refusal(
            str(_("%(person)s is not active, and cannot sign in.", person=person.label)),
        )
    if question.subject.password_change_due:
        sentence = _("%(person)s has to choose a password first.", person=person.label)
        return Refusal(str(sentence))
    if question.subject.enrolment_due:
        sentence = _("%(person)s has to set up a second factor first.", person=person.label)
        return Refusal(str(sentence))
    return None


def needed(question: Question) -> list[str]:
    """Return the codes of the permissions that it takes, in the order in which they are asked."""
    action, model = question.action, question.model
    if action is not None:
        return list(dict.fromkeys((f"{area_of(action.model)}.view", action.permission)))
    if question.row is not None and model is not None:
        # Some rows of some entities are seen without the permission: the scope decides.
        view = [] if sees(question.subject, model) else [f"{area_of(model)}.view"]
        own = [question.code] if question.verb != "view" else []
        return list(dict.fromkeys((*own, *view)))
    return [question.code]


def _lacks_permission(question: Question) -> Refusal | None:
    lacking = next((code for code in needed(question) if not can(question.subject, code)), None)
    if lacking is None:
        return None
    sentence = _(
        "%(person)s lacks the permission %(code)s (“%(meaning)s”).",
        person=question.person.label,
        code=lacking,
        meaning=_meaning(lacking),
    )
    return Refusal(str(sentence), _giving(question.asker, lacking))


def _meaning(code: str) -> str:
    permission = catalogue().get(code)
    return str(permission.meaning) if permission else code


def _giving(asker: Actor, code: str) -> str:
    """Return who would give the permission, as far as the asker sees the groups."""
    names = permission_sources.givers(asker, code)
    if not names:
        return str(_("A group with this permission would give it."))
    listed = ", ".join(names[:GIVERS])
    return str(_("One of these groups would give it: %(groups)s.", groups=listed))


def _lacks_sight_of_choices(question: Question) -> Refusal | None:
    action = question.action
    if action is None or action.is_seen(question.subject):
        return None
    sentence = _(
        "%(person)s does not see the rows that this asks for.", person=question.person.label
    )
    return Refusal(str(sentence))


def _out_of_sight(question: Question) -> Refusal | None:
    row = question.row
    if row is None:
        return None
    model = type(row)
    visible = select(model.id).where(model.id == row.id, scope(question.subject, model))
    if db.session.scalar(visible) is not None:
        return None
    sentence = _(
        "%(person)s does not see %(row)s.", person=question.person.label, row=_named(question, row)
    )
    return Refusal(str(sentence))


def _named(question: Question, row: Record) -> str:
    """Return what whoever asks calls the row."""
    return masking.label(question.asker, row)


def _out_of_reach(question: Question) -> Refusal | None:
    """Return why the row is not the person's to change; view and export change nothing."""
    row = question.row
    changes = question.verb == "edit" or _asks_reach(question.action)
    if row is None or not changes:
        return None
    reader = question.subject
    if question.asker.mask_data:  # who reads the answer
        reader = replace(reader, mask_data=True, revealed=question.asker.revealed)
    return _quoted(question, records.out_of_reach(reader, row))


def _asks_reach(action: Action | None) -> bool:
    return action is not None and bool(action.parameters) and action.judges_each_row()


def _refused_by_rule(question: Question) -> Refusal | None:
    action, row = question.action, question.row
    if action is None or action.is_global or not isinstance(row, Entity):
        return None
    ((_action, outcome, rule),) = menu(question.subject, [action], row.id)
    if outcome == "refused":
        sentence = action.sentence(rule, _named(question, row))
        return _quoted(question, sentence, REMEDIES.get(rule, str)())
    if action.judges_each_row() and not action.parameters:
        selected = select(action.model.id).where(action.model.id == row.id)
        context = ActionContext(question.subject, selected)
        return _quoted(question, action.refusals(context, [row]).get(row.id, ""))
    return None


def _quoted(question: Question, sentence: str, remedy: str = "") -> Refusal | None:
    """Return the refusal with the sentence that the person would read, in which they are "you"."""
    if not sentence:
        return None
    told = _(
        "%(person)s would be told: “%(sentence)s”",
        person=question.person.label,
        sentence=sentence,
    )
    return Refusal(str(told), remedy)


# What would change the answer of rules that several actions share.
REMEDIES: dict[str, Callable[[], str]] = {
    "oneself": lambda: str(_("Somebody else can do it.")),
    "outranked": lambda: str(_("Somebody who may give all that they have can do it.")),
    "last_administrator": lambda: str(_("Another administrator has to be there first.")),
}
CHECKS = (
    _cannot_enter,
    _lacks_permission,
    _lacks_sight_of_choices,
    _out_of_sight,
    _out_of_reach,
    _refused_by_rule,
)


def _path(question: Question) -> Iterator[Given]:
    sources = permission_sources.sources(question.asker, question.person)
    for code in needed(question):
        labels = tuple(source.label for source in sources.get(code, ()))
        yield Given(code, _meaning(code), labels)


def _notes(question: Question) -> Iterator[str]:
    action, row = question.action, question.row
    if action is None:
        return
    if isinstance(row, Entity) and not action.is_global:
        ((_action, outcome, _rule),) = menu(question.subject, [action], row.id)
        if outcome == "unchanged":
            yield str(
                _("It would change nothing: %(row)s is that already.", row=_named(question, row))
            )
    if row is None and not action.is_global:
        yield str(_("Rules may refuse single rows: ask with a row."))
    if action.parameters:
        yield str(_("What is chosen then may be refused as well."))
    if action.sensitive:
        yield str(_("A password or a code is asked for again."))
