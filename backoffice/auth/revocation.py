"""What rests on credentials that were changed ends: sessions, sign-ins under way, links."""

from sqlalchemy import Select

from backoffice.auth import challenges, sessions, tokens

# The links that a change voids, '' for all. A link to set up an app does not rest on the password, nor one for a
# password on the factor: who lost both is sent both. The link of an e-mail change compares the version itself.
LINKS = {
    "password": "password_reset",
    "factor": "two_factor_enrolment",
    "address": "",
    "status": "",
}


def void(people: Select[int], *, change: str, reason: str, keep: int | None = None) -> None:
    """End what `people` proved before this change, but for the session `keep`. `change` is one of LINKS.

    The credential version alone keeps all of it from working; this says so in the lists, and why.
    """
    sessions.end_all(people, reason=reason, keep=keep)
    challenges.end_all(people)
    tokens.revoke_all(people, purpose=LINKS[change])
