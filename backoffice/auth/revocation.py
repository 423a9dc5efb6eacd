"""End what rests on credentials that were changed: sessions, sign-ins under way, and links."""

from sqlalchemy import Select

from backoffice.auth import challenges, sessions, tokens

# The purpose of the links that a change voids; '' for all of them. A link to set up an app does not
# rest on the password, nor a link for a password on the second factor: a person who lost both is
# sent both. The link of an e-mail change compares the credential version itself.
LINKS = {
    "password": "password_reset",
    "factor": "two_factor_enrolment",
    "address": "",
    "status": "",
}


def void(people: Select[int], *, change: str, reason: str, keep: int | None = None) -> None:
    """End what `people` proved before this change, except for the session `keep`.

    `change` is one of LINKS. The credential version alone keeps all of it from working; this
    function makes the lists say so, and `reason` says why.
    """
    sessions.end_all(people, reason=reason, keep=keep)
    challenges.end_all(people)
    tokens.revoke_all(people, purpose=LINKS[change])
