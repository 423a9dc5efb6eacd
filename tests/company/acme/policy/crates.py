"""Rules about crates."""

from typing import Any

from acme.models.depot import Crate

from backoffice.data import records
from backoffice.errors import RuleBroken
from backoffice.policy.actor import Actor


@records.checked(Crate)
def check(_actor: Actor, row: Crate | None, values: dict[str, Any]) -> None:
    strength = values.get("strength", row.strength if row else 10)
    if values.get("weight", 0) > strength:
        raise RuleBroken(f"This crate carries {strength}.", field="weight")
    if "weight" in values:
        values["label_text"] = f"{values['weight']} of {strength}"


@records.reached(Crate)
def reach(_actor: Actor, row: Crate) -> str:
    return "This crate is locked." if row.locked else ""
