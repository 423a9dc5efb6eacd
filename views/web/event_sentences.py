"""Say in one sentence who did what to which row, and why.

An action says it in its own words (`event` of an Action); what is no action is in tables here.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from markupsafe import Markup, escape

from backoffice.actions.engine.action import Action, find
from backoffice.actions.engine.rules import NUMBER, Counted
from backoffice.people import viewing
from backoffice.text.numbers import formatted
from views.web.event_values import FEW, label_of, without

Parts = dict[str, Any]  # what stands for the words in braces
FIELDS = 3  # that a sentence about a change names
UNSAID = "…"
MANY = 2  # a number of which the plural is used
# By the code of what was done.
BY_CODE: dict[str, str] = {
    "account.change_email": _l("{actor} changed their own email address"),
    "account.change_password": _l("{actor} changed their own password"),
    "account.change_view": _l("{actor} changed a saved view"),
    "account.delete_view": _l("{actor} deleted a saved view"),
    "account.end_session": _l("{actor} signed out another device of their own"),
    "account.remove_avatar": _l("{actor} removed their own avatar"),
    "account.renew_recovery_codes": _l("{actor} made new recovery codes"),
    "account.reset_password": _l("{actor} set a new password by a mailed link"),
    "account.save_view": _l("{actor} saved a view"),
    "account.set_avatar": _l("{actor} chose an avatar"),
    "account.two_factor": _l("{actor} changed their own two-factor authentication"),
    "clients.kyc": _l("{actor} changed the KYC state of {subject}"),
    "events.comment": _l("{actor} commented on {subject}"),
    "events.edit_comment": _l("{actor} changed a comment on {subject}"),
    "users.end_access": _l("{actor} ended access of {subject} that had its end"),
    "users.leave_view": _l("{actor} stopped viewing the pages as {subject}"),
    "users.view_as": _l("{actor} viewed the pages as {subject}"),
    "groups.import": _l("{actor} imported a sheet of groups"),
    "groups.undo_import": _l("{actor} undid the import of a sheet of groups"),
    "invitations.accept": _l("{actor} accepted the invitation"),
}
REFUSED_BY_CODE: dict[str, str] = {
    viewing.CHANGING: _l("{actor} was refused a change while viewing as another person"),
}
# By what was done, of any entity.
BY_VERB: dict[str, str] = {
    "create": _l("{actor} added {subject}"),
    "edit": _l("{actor} changed {subject}"),
    "find_exact": _l("{actor} looked up {subject} by a whole address or number"),
}
CHANGED = {  # where the sentence can tell which fields
    "account.edit": _l("{actor} changed {fields} of their own profile"),
    "edit": _l("{actor} changed {fields} of {subject}"),
}
EXPORTED = Counted(
    "{actor} downloaded {n} row of {subject}", "{actor} downloaded {n} rows of {subject}"
)
USED: str = _l("{actor} used “{action}”")
USED_ON: str = _l("{actor} used “{action}” on {subject}")
REFUSED: str = _l("{actor} was refused “{action}”")
REFUSED_OF: str = _l("{actor} was refused “{action}” for {subject}")
FAILED: str = _l("{actor} began “{action}”, which failed")
FAILED_OF: str = _l("{actor} began “{action}” for {subject}, which failed")
WITH_REASON: str = _l("{sentence}: {reason}")


def sentence(event: Any, parts: Parts, why: str) -> Markup:
    """Return the sentence about an event as HTML.

    Args:
        event: the event, without what its reader may not see.
        parts: `actor`, `subject` and `action` in words; links are HTML.
        why: the reason in the reader's language, or ''.
    """
    template, more = _template(event)
    said = escape(template).format(**parts, **more)
    if not why:
        return said
    return escape(WITH_REASON).format(sentence=said, reason=why)


def _template(event: Any) -> tuple[str, Parts]:
    """Return the sentence with words in braces, and what stands for some of them."""
    is_about_row = bool(event.subject_type)
    if event.result == "denied":
        refused = REFUSED_OF if is_about_row else REFUSED
        return str(REFUSED_BY_CODE.get(event.action, refused)), {}
    if event.result == "failed":
        return str(FAILED_OF if is_about_row else FAILED), {}
    if action := find(event.action):
        return _of_action(event, action)
    return _of_no_action(event, is_about_row=is_about_row)


def _of_action(event: Any, action: Action) -> tuple[str, Parts]:
    before, after = event.before or {}, event.after or {}
    text = action.event_with(after)
    if isinstance(text, Counted):
        number = before[NUMBER] - after.get(NUMBER, 0) if NUMBER in before else None
        return _counted(text, number)
    if not text:
        return str(USED if action.is_global else USED_ON), {}
    gained, lost = _new(action, before, after), _new(action, after, before)
    return str(text), {"added": gained, "removed": lost}


def _counted(text: Counted, number: object) -> tuple[str, Parts]:
    """Return the form for this number; events from before it was noted have none."""
    if isinstance(number, int):
        return text.unfilled(number), {"n": formatted(number)}
    return text.unfilled(MANY), {"n": UNSAID}


def _new(action: Action, before: Mapping[str, object], after: Mapping[str, object]) -> str:
    """Return the related rows that only `after` has, by their names; of many, the first."""
    names = [
        str(each)
        for name in action.watches
        for each in without(_listed(after.get(name)), _listed(before.get(name)))
    ]
    more = [UNSAID] if len(names) > FEW else []
    return ", ".join([*names[:FEW], *more]) or UNSAID


def _listed(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()


def _of_no_action(event: Any, *, is_about_row: bool) -> tuple[str, Parts]:
    verb = event.action.rpartition(".")[2]
    if event.action in CHANGED or verb in CHANGED:
        if fields := _changed(event):
            return str(CHANGED.get(event.action) or CHANGED[verb]), {"fields": fields}
        return str(BY_VERB["edit"]), {}
    if verb == "export":
        return _counted(EXPORTED, (event.after or {}).get("rows"))
    text = BY_CODE.get(event.action) or BY_VERB.get(verb)
    return str(text or (USED_ON if is_about_row else USED)), {}


def _changed(event: Any) -> str:
    """Return the names of the first fields that an event says were changed."""
    before, after = event.before or {}, event.after or {}
    names = [
        label_of(event.subject_type, name) for name in after if before.get(name) != after[name]
    ]
    more = [UNSAID] if len(names) > FIELDS else []
    return ", ".join([*names[:FIELDS], *more])
