"""Judge changes of groups: the importer may make them, and the groups fit together afterwards."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from flask_babel import gettext as _

from backoffice.errors import NotAllowed
from backoffice.extensions import db
from backoffice.models.group import Group
from backoffice.people import groups
from backoffice.policy import client_limits, grants, permissions, second_factor
from backoffice.policy.actor import Actor
from backoffice.policy.rules import require
from backoffice.settings import configured
from backoffice.sheets.changes import CREATE, DELETE, Change, Live, Plan
from backoffice.sheets.sheet import Entry, Problems, place
from backoffice.text import name_key
from backoffice.text.looks import skeleton

LONGEST = {"name_key": 80, "name_skeleton": 200}  # characters that the columns take


def judge(
    *, actor: Actor, live: Live, plan: Plan, entries: Mapping[str, Entry], locked: bool = False
) -> None:
    """Add to the plan what forbids it.

    With `locked`, the groups that the actor may give stay so until the transaction ends.
    """
    until = grants.assignable_until(db.session(), actor, locked=locked)
    judgement = _Judgement(actor, live, plan, entries, until)
    for change in sorted(plan.changes, key=_as_in_the_sheet):
        judgement.judge(change)


def _as_in_the_sheet(change: Change) -> tuple[bool, int, str]:
    """Order changes as the sheet has them: `groups[9]` before `groups[10]`."""
    return not change.place, len(change.place), change.place


class _Judgement:
    """The judgement of one plan."""

    def __init__(
        self,
        actor: Actor,
        live: Live,
        plan: Plan,
        entries: Mapping[str, Entry],
        until: Mapping[int, datetime | None],
    ) -> None:
        self.actor = actor
        self.live = live
        self.problems: Problems = plan.problems
        self.changes = plan.changes
        self.entries = entries
        self.until = until  # when the actor can assign no more the groups with these ids
        self.known = permissions.catalogue()
        self.new = {change.key for change in plan.changes if change.kind == CREATE}
        self.removed = {change.key for change in plan.changes if change.kind == DELETE}
        self.taken: dict[str, str] = {}
        self.looks: dict[str, str] = {}
        self._note_names_that_stay()

    def judge(self, change: Change) -> None:
        if change.is_consequence or self._only_loses_what_goes(change):
            return
        here = change.place or change.key
        self._judge_reach(change, here)
        if change.kind != DELETE:
            self._judge_permissions(change, here)
            self._judge_grants(change, here)
            self._judge_name(change, place(here, "name"))

    def _only_loses_what_goes(self, change: Change) -> bool:
        """Tell whether members of the group may only give no more what is removed anyway."""
        return (
            bool(change.grants_lost)
            and self.removed.issuperset(change.grants_lost)
            and not change.grants_gained
            and change.before == replace(change.after, grants=change.before.grants)
        )

    def _judge_reach(self, change: Change, here: str) -> None:
        """Judge whether the actor may do this to the group at all."""
        code = f"groups.{change.kind}"
        try:
            require(self.actor, code)
        except NotAllowed as error:
            self.problems.add(here, error.message, code=code)
        if change.group is None:
            return
        reason = groups.beyond_reach(self.actor, change.group, self.until)
        if reason:
            self.problems.add(here, reason, code=code)
        if change.kind == DELETE and change.key in self.live.given_unseen:
            text = _("A group that you do not see can assign %(group)s.", group=change.group.name)
            self.problems.add(here, text, code=code)
        self._judge_mask(change, change.group, here)
        if self._leaves_setting(change, change.group):
            self.problems.add(here, _named_in_setting(change.group))

    def _judge_mask(self, change: Change, group: Group, here: str) -> None:
        if change.unmasks and self.actor.mask_data:
            text = str(client_limits.STAYS_MASKED).format(label=group.name)
            self.problems.add(here, text, code=f"groups.{change.kind}")

    def _leaves_setting(self, change: Change, group: Group) -> bool:
        """Tell whether TWO_FACTOR_GROUPS would name the group no more."""
        if change.kind == DELETE:
            return second_factor.is_named(group, configured())
        is_renamed = name_key(change.before.name) != name_key(change.after.name)
        return is_renamed and second_factor.is_named_by_name_alone(group, configured())

    def _judge_permissions(self, change: Change, here: str) -> None:
        code = f"groups.{change.kind}"
        where = self._places(change, here, "permissions")
        for each in change.gained:
            if each not in self.known:
                self.problems.add(where[each], _("There is no permission %(code)s.", code=each))
            elif sentence := groups.beyond_own(self.actor, each):
                self.problems.add(where[each], sentence, code=code)

    def _judge_grants(self, change: Change, here: str) -> None:
        code = f"groups.{change.kind}"
        where = self._places(change, here, "grants")
        for key in (*change.grants_gained, *change.grants_lost):
            group = self.live.groups.get(key)
            if group is None or key in self.removed:
                continue  # new here, going anyway, or not there at all, which planning has found
            if group.id not in self.until:
                text = _("You cannot assign or remove %(group)s.", group=group.name)
                self.problems.add(where[key], text, code=code)
            elif (end := self.until[group.id]) and key in change.grants_gained:
                text = groups.too_short_to_assign(group, end)
                self.problems.add(where[key], text, code=code)

    def _places(self, change: Change, here: str, name: str) -> Mapping[str, str]:
        """Return where the sheet has each value of a list; of others, where the list stands."""
        entry = self.entries.get(change.key)
        listed = (getattr(entry, name) if entry else None) or ()
        where = place(here, name)
        places: dict[str, str] = defaultdict(lambda: where)
        places.update({value: place(where, number) for number, value in enumerate(listed)})
        return places

    def _note_names_that_stay(self) -> None:
        touched = {change.key: change for change in self.changes}
        for key, group in (self.live.groups | self.live.unseen).items():
            if key not in touched or touched[key].after.name == group.name:
                self.taken[group.name_key] = group.name
                if group.name_skeleton:
                    self.looks[group.name_skeleton] = "" if key in self.live.unseen else group.name

    def _judge_name(self, change: Change, where: str) -> None:
        """Judge whether the name differs from all others afterwards, and looks different."""
        name = change.after.name
        if change.group and name == change.before.name:
            return
        folded, look = name_key(name), skeleton(name)
        fault = self._fault_of_name(name, folded, look)
        if fault and not self.problems.has(where):
            self.problems.add(where, fault)
        self.taken.setdefault(folded, name)
        self.looks.setdefault(look, name)

    def _fault_of_name(self, name: str, folded: str, look: str) -> str:
        if not name:
            return _("Give the group a name.")
        if len(folded) > LONGEST["name_key"] or len(look) > LONGEST["name_skeleton"]:
            return _("Use fewer or simpler characters.")
        like = self.looks.get(look)
        if folded in self.taken or like == "":
            return _("Another %(noun)s has this name.", noun=Group.noun())
        if like:
            return _("This looks like the %(noun)s “%(name)s”.", noun=Group.noun(), name=like)
        return ""


def _named_in_setting(group: Group) -> str:
    return str(_("TWO_FACTOR_GROUPS names %(group)s: change the setting first.", group=group.name))
