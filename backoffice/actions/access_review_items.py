"""Actions of reviewers: access may stay, is taken away, or is left to others to decide."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, and_, exists, false, func, literal, not_, or_, select, true

from backoffice.actions import lasting
from backoffice.actions.access import NO_ACCESS
from backoffice.actions.engine import restoring
from backoffice.actions.engine.action import Action
from backoffice.actions.engine.context import ActionContext, Ids
from backoffice.actions.engine.rules import Counted, Effect, Rule
from backoffice.actions.people import LAST_ADMINISTRATOR, OUTRANKED, foretold, grantable
from backoffice.actions.users import ensure_administrator
from backoffice.extensions import db
from backoffice.models.access_review import AccessReview
from backoffice.models.access_review_item import AccessReviewItem
from backoffice.models.bulk_run import BulkItem
from backoffice.models.group import ADMINISTRATORS, Group
from backoffice.models.row_keys import RowKey
from backoffice.models.user import User
from backoffice.people import access_memory, reviewed_access
from backoffice.people.access_reviews import OPEN
from backoffice.people.forecast import Change
from backoffice.policy import grants
from backoffice.policy.rules import can
from backoffice.transactions import is_writing

DECIDED = ("decision", "note", "was_gone", "decided_by_id", "decided_at")
HELD = "held"  # the key of the access that a run remembers of an entry


def _is_over(context: ActionContext) -> ColumnElement[bool]:
    context.once(_keep_open)
    return AccessReviewItem.is_over()


def _keep_open(context: ActionContext) -> None:
    """Lock the reviews, so that none is closed while something is decided in it."""
    item = AccessReviewItem
    asked = select(item.review_id).where(item.id.in_(context.selected))
    reviews = select(AccessReview.id).where(AccessReview.id.in_(asked)).order_by(AccessReview.id)
    if is_writing():
        db.session.execute(reviews.with_for_update(read=True))


def _is_own(context: ActionContext) -> ColumnElement[bool]:
    return AccessReviewItem.user_id == (context.actor.user_id or 0)


def _is_of_another(context: ActionContext) -> ColumnElement[bool]:
    if can(context.actor, OPEN):
        return false()
    return AccessReviewItem.reviewer_id.is_distinct_from(context.actor.user_id)


def _about_people(context: ActionContext) -> ActionContext:
    """Return the context for rules about the people; as a run writes to them, it locks them.

    Those count as selected whose membership of Administrators is asked about.
    """
    item = AccessReviewItem
    if is_writing():  # before the groups are locked, as every change of people does
        people = select(item.user_id).where(item.id.in_(context.selected))
        locked = select(User.id).where(User.id.in_(people)).order_by(User.id).with_for_update()
        db.session.execute(locked)
    return ActionContext(context.actor, _leaving(context.selected), undo_of=context.undo_of)


def _leaving(rows: Ids) -> Ids:
    """Select the people whose membership of Administrators these entries are about."""
    item = AccessReviewItem
    leaving = select(item.user_id).where(item.id.in_(rows), item.group_id.in_(_administrators()))
    return leaving.correlate(None)


def _administrators() -> Ids:
    return select(Group.id).where(Group.key == ADMINISTRATORS)


def _of_person(rule: Rule) -> Callable[[ActionContext], ColumnElement[bool]]:
    """Return the condition of a rule about people, as one about entries."""

    def refuses(context: ActionContext) -> ColumnElement[bool]:
        refused = rule.refuses(context.once(_about_people))
        person = exists().where(User.id == AccessReviewItem.user_id, refused)
        of_entry: ColumnElement[bool] = person.correlate(AccessReviewItem)
        return of_entry

    return refuses


def _is_last_administrator(context: ActionContext) -> ColumnElement[bool]:
    is_asked = AccessReviewItem.group_id.in_(_administrators())
    return and_(is_asked, _of_person(LAST_ADMINISTRATOR)(context))


def _takes_mask(context: ActionContext) -> ColumnElement[bool]:
    """SQL: whether the person may be masked by the group alone, and the actor sees no more."""
    item = AccessReviewItem
    masks = exists().where(Group.id == item.group_id, Group.mask_data)
    stays_masked = exists().where(User.id == item.user_id, User.mask_data)
    return and_(literal(context.actor.mask_data), masks, not_(stays_masked))


def _is_beyond(context: ActionContext) -> ColumnElement[bool]:
    """Return the SQL condition for access that the actor may not give, and so not take."""
    actor = context.actor
    item = AccessReviewItem
    groups = list(grantable(context.once(_about_people)))
    if not can(actor, "users.assign_groups"):
        groups = []
    of_group = and_(item.group_id.is_not(None), item.group_id.not_in(groups))
    if not can(actor, "users.assign_permissions"):
        code_beyond: ColumnElement[bool] = literal(value=True)
    elif actor.all_permissions:
        code_beyond = false()
    else:
        code_beyond = item.permission.not_in(list(actor.permissions))
    return or_(of_group, and_(item.permission != "", code_beyond))


def _group_is_gone(_context: ActionContext) -> ColumnElement[bool]:
    return and_(AccessReviewItem.permission == "", AccessReviewItem.group_id.is_(None))


def _was_longer(context: ActionContext) -> ColumnElement[bool]:
    """Return the SQL condition for access that would come back for longer than the actor's own."""
    if not lasting.brings_back_for_others(context):
        return false()
    item = AccessReviewItem
    people = context.once(_about_people)
    of_groups = [
        and_(item.group_id == group_id, _held(context, end, later=True))
        for group_id, end in people.once(lasting.short_groups).items()
    ]
    of_codes = [
        and_(item.permission.in_(codes), _held(context, end, later=True))
        for end, codes in people.once(lasting.short_codes).items()
    ]
    return or_(false(), *of_groups, *of_codes)


def _is_past(context: ActionContext) -> ColumnElement[bool]:
    return _held(context, context.now, later=False) if context.undo_of else false()


def _held(context: ActionContext, moment: datetime, *, later: bool) -> ColumnElement[bool]:
    """SQL: whether the access that was taken ended by a moment, or later, or never."""
    held = BulkItem.memory[HELD]
    end = access_memory.end_in(held)
    is_later = and_(held.as_string().is_not(None), or_(end.is_(None), end > moment.isoformat()))
    kept = select(BulkItem.row_id).where(
        BulkItem.run_id == context.undo_of,
        BulkItem.row_id == AccessReviewItem.id,
        is_later if later else end <= moment.isoformat(),
    )
    return kept.correlate(AccessReviewItem).exists()


def _count_gone(rows: Ids) -> Any:
    item = AccessReviewItem
    return select(func.count(item.id)).where(item.id.in_(rows), ~item.held())


OWN = Rule("own", _l("Nobody reviews their own access: {label}."), _is_own)
OF_ANOTHER = Rule("of_another", _l("{label} is for another reviewer."), _is_of_another)
OVER = Rule("over", _l("The review of {label} is over."), _is_over)
TAKEN = Rule(
    "taken",
    _l("{label} was taken away: undo that instead."),
    lambda _context: AccessReviewItem.decision == "take_away",
)
BEYOND = Rule("beyond", _l("{label} is beyond what you can assign: ask instead."), _is_beyond)
MASKED = _l("{label} masks data, and you see no more yourself.")
OUTRANKED_PERSON = Rule(OUTRANKED.code, OUTRANKED.sentence, _of_person(OUTRANKED))
GONE = Effect("{n} of them is gone already.", "{n} of them are gone already.", _count_gone)
ALLOWED = (OWN, OF_ANOTHER, OVER)


class Decision(Action):
    """A decision of reviewers, with a note; it needs rows whose review is not over."""

    model = AccessReviewItem
    permission = "access_review_items.decide"
    watches = ("decision",)
    decision: ClassVar[str] = ""

    def unchanged(self, _context: ActionContext) -> ColumnElement[bool]:
        return AccessReviewItem.decision == self.decision

    def apply(self, context: ActionContext, rows: Ids) -> None:
        self.decide(context, rows)

    def decide(self, context: ActionContext, rows: Ids, **others: object) -> None:
        """Note the decision on the entries, and by whom and why it was made."""
        self.update(
            rows,
            decision=self.decision,
            note=context.reason,
            decided_by_id=context.actor.user_id,
            decided_at=context.now,
            **others,
        )


class Keep(Decision):
    name = decision = "keep"
    label = _l("Keep")
    meaning = _l("Decide in access reviews about what one is asked")
    title = Counted("Keep the access of {n} entry", "Keep the access of {n} entries")
    done = _l("kept")
    event = _l("{actor} kept the access “{subject}”")
    result = Counted("Access of {n} entry kept.", "Access of {n} entries kept.")
    rules = (*ALLOWED, TAKEN)
    restores = DECIDED


class Ask(Decision):
    """Leave it to those who opened the review, who may know or may do more."""

    name = decision = "ask"
    label = _l("Ask")
    title = Counted("Leave {n} entry to others", "Leave {n} entries to others")
    done = _l("left to others")
    event = _l("{actor} left the access “{subject}” to others")
    result = Counted("{n} entry left to others.", "{n} entries left to others.")
    reason_required = True
    rules = (*ALLOWED, TAKEN)
    restores = DECIDED


class TakeAway(Decision):
    """Take away the access, by the rules of removing people from groups."""

    name = decision = "take_away"
    label = _l("Take away")
    title = Counted("Take away the access of {n} entry", "Take away the access of {n} entries")
    done = _l("taken away")
    event = _l("{actor} took away the access “{subject}”")
    result = Counted("Access of {n} entry taken away.", "Access of {n} entries taken away.")
    danger = True
    sensitive = True
    reason_required = True
    inverse = "give_back"
    locks = (grants.ADMINISTRATORS_LOCK,)
    rules = (
        *ALLOWED,
        BEYOND,
        OUTRANKED_PERSON,
        Rule(LAST_ADMINISTRATOR.code, LAST_ADMINISTRATOR.sentence, _is_last_administrator),
        Rule("masked", MASKED, _takes_mask),
    )
    effects = (GONE,)

    def warnings(self, context: ActionContext, rows: Ids) -> list[str]:
        return foretold(context, Change(removed=_leaving(rows)))

    def apply(self, context: ActionContext, rows: Ids) -> None:
        self.decide(context, rows, was_gone=~AccessReviewItem.held())
        reviewed_access.take(actor=context.actor, items=rows, reason=context.reason)

    def memories(self, rows: Ids) -> dict[RowKey, dict[str, Any]]:
        held: dict[Any, Any] = reviewed_access.held(rows)
        decided = restoring.frozen_values(AccessReviewItem, rows, DECIDED)
        return {row_id: {**values, HELD: held.get(row_id)} for row_id, values in decided}

    def ensure(self, context: ActionContext) -> None:
        ensure_administrator(context)


class GiveBack(Decision):
    """Give back what was taken away, by the rules of giving it."""

    name = "give_back"
    label = _l("Give back")
    title = Counted("Give back the access of {n} entry", "Give back the access of {n} entries")
    done = _l("given back")
    event = _l("{actor} gave back the access “{subject}”")
    result = Counted("Access of {n} entry given back.", "Access of {n} entries given back.")
    offered = False
    sensitive = True
    locks = (grants.ADMINISTRATORS_LOCK,)
    rules = (
        *ALLOWED,
        BEYOND,
        OUTRANKED_PERSON,
        Rule(NO_ACCESS.code, NO_ACCESS.sentence, _of_person(NO_ACCESS)),
        Rule("gone", _l("What {label} was about exists no more."), _group_is_gone),
        Rule(lasting.LONGER_ACCESS.code, lasting.LONGER, _was_longer),
        Rule(lasting.MEMBERSHIP_OVER.code, lasting.OVER, _is_past),
    )

    def unchanged(self, context: ActionContext) -> ColumnElement[bool]:
        return AccessReviewItem.decision != "take_away" if context.undo_of else true()

    def apply(self, context: ActionContext, rows: Ids) -> None:
        kept = select(BulkItem.row_id, BulkItem.memory).where(
            BulkItem.run_id == context.undo_of, BulkItem.row_id.in_(rows)
        )
        memories = db.session.execute(kept).all()
        held = {row_id: memory[HELD] for row_id, memory in memories if memory[HELD]}
        reviewed_access.give_back(
            actor=context.actor, items=rows, remembered=held, reason=context.reason
        )
        restoring.restore(context, AccessReviewItem, rows, DECIDED)
