"""End what rests on credentials that were changed: sessions, sign-ins under way, and links."""

from sqlalchemy import Select

from backoffice.auth import challenges, links, sessions


def void(people: Select[int], *, change: links.Cause, reason: str, keep: int | None = None) -> None:
    """End what `people` proved before this change, except for the session `keep`.

    Of their links, those end whose type says that the change voids them. The credential version
    alone keeps sessions and sign-ins from working; this function makes the lists say so, and
    `reason` says why.
    """
    sessions.end_all(people, reason=reason, keep=keep)
    challenges.end_all(people)
    links.void(people, change)
