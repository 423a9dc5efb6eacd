"""All limits that are not settings.

`docs/limits.md` is generated from these and from the settings.
"""

from dataclasses import dataclass
from typing import Annotated

GROUPS = ("time", "size", "rate", "slots")


@dataclass(frozen=True)
class Limit:
    """The meaning of a limit's number.

    Attributes:
        group: one of GROUPS.
        unit: the unit of the number.
        reason: what is limited, and why to this number.
    """

    group: str
    unit: str
    reason: str


# Time

DATABASE_PING: Annotated[
    int, Limit("time", "s", "For a kept connection to say that it lives, before it is used again.")
] = 1
DATABASE_GRACE: Annotated[
    float,
    Limit(
        "time",
        "s",
        "After its own limit the database is asked no more: whoever hangs says nothing.",
    ),
] = 0.4
COMMAND_LOCK: Annotated[
    int,
    Limit(
        "time",
        "s",
        "Commands and migrations wait so long for a lock, and as long as it takes else.",
    ),
] = 60
READY: Annotated[
    float, Limit("time", "s", "For `/readyz` to look; then it says that it is not ready.")
] = 0.8
QUEUE: Annotated[
    int,
    Limit(
        "time",
        "s",
        "For the queue of jobs, twice: whoever adds one has committed and must not wait.",
    ),
] = 2
QUEUED: Annotated[
    int,
    Limit(
        "time",
        "s",
        "For a thread of the own server to have time for a request; then the answer is 503.",
    ),
] = 5
MAIL_AT_THE_END: Annotated[
    int, Limit("time", "s", "For the mail that is being sent when the worker is told to end.")
] = 10
MAIL_OPENING_AT_THE_END: Annotated[
    int,
    Limit(
        "time",
        "s",
        "For a mail server to be ready when the worker is told to end: nothing is lost yet.",
    ),
] = 3
MAIL_HOLD: Annotated[
    int,
    Limit(
        "time",
        "s",
        "One try of one mail, after which another worker may try: longer than it can take.",
    ),
] = 600
REPEATING: Annotated[
    float,
    Limit(
        "time",
        "s",
        "Of a request, in which an act that met another one is done again from its beginning.",
    ),
] = 2.0
EXPORT_LEASE: Annotated[
    int,
    Limit(
        "time", "s", "Without a sign of life, after which a person's export counts as broken off."
    ),
] = 60
RETRY_AFTER: Annotated[
    int, Limit("time", "s", "What `Retry-After` says where nothing better is known.")
] = 5

# Size

BODY: Annotated[
    int,
    Limit("size", "bytes", "The body of a request: a picture and its form, or 1,000 ticked rows."),
] = 4 * 1024 * 1024
HEADERS: Annotated[int, Limit("size", "bytes", "The head of a request.")] = 64 * 1024
FORM_PARTS: Annotated[
    int, Limit("size", "fields", "Fields of one form: enough for 1,000 ticked rows.")
] = 2000
TICKED: Annotated[
    int, Limit("size", "rows", "Rows ticked for one action; more are taken by a filter.")
] = 1000
REASON: Annotated[int, Limit("size", "characters", "The reason of an action.")] = 500
PAGES: Annotated[tuple[int, ...], Limit("size", "rows", "Rows of one page of a list.")] = (
    20,
    50,
    100,
)
COUNTED: Annotated[
    int, Limit("size", "rows", "Rows of a list that are counted: nobody reads on beyond that.")
] = 10_000
SEARCH: Annotated[int, Limit("size", "characters", "What is searched for.")] = 200
SEARCH_WORDS: Annotated[
    int, Limit("size", "words", "Words of one search; each is one condition.")
] = 8
FILTERS: Annotated[int, Limit("size", "filters", "Filters of one list.")] = 20
FILTER_VALUES: Annotated[int, Limit("size", "values", "Values of one filter.")] = 50
WHITELIST: Annotated[int, Limit("size", "entries", "Entries of a person's IP whitelist.")] = 50
RELATED: Annotated[
    int, Limit("size", "rows", "Related rows of one row: more than a person chooses.")
] = 1000
TYPED: Annotated[int, Limit("size", "characters", "Of one typed text; names are far shorter.")] = (
    2000
)
PASSWORD_TYPED: Annotated[
    int,
    Limit(
        "size",
        "characters",
        "Of a typed password that are looked at: composing takes the square of it.",
    ),
] = 1000
PICTURE: Annotated[int, Limit("size", "bytes", "A file with a picture.")] = 3 * 1024 * 1024
PICTURE_WHOLE: Annotated[
    int,
    Limit(
        "size",
        "pixels",
        "Of a picture that are decoded at once, which takes some 200 MB for a moment.",
    ),
] = 16 * 2**20
PICTURE_PNG_SIDE: Annotated[
    int, Limit("size", "pixels", "A side of a PNG: it can only be decoded as a whole.")
] = 4096
PICTURE_JPEG_SIDE: Annotated[
    int, Limit("size", "pixels", "A side of a JPEG, as telephones take them.")
] = 12_000
PICTURE_JPEG: Annotated[
    int, Limit("size", "pixels", "Of a JPEG, which is scaled down while it is decoded.")
] = 64 * 2**20
EXPORT_ROWS: Annotated[
    int, Limit("size", "rows", "Of an export in memory, and in one transaction.")
] = 1000
EXPORT_BUFFER: Annotated[
    int,
    Limit(
        "size",
        "bytes",
        "Of an answer that its reader has not fetched, on the disk of the own server.",
    ),
] = 1024 * 1024 * 1024
RECOVERY_CODES: Annotated[int, Limit("size", "codes", "Recovery codes of one person.")] = 10

# Rate

MAIL_TRIES: Annotated[
    int, Limit("rate", "tries", "To send one mail, which take two days or a little more.")
] = 20
CODE_TRIES: Annotated[
    int, Limit("rate", "tries", "Of one mailed code, which has a million values.")
] = 5
REPEATS: Annotated[
    int,
    Limit("rate", "tries", "Of an act that met another one on the same rows, the first included."),
] = 4

# Slots

HASHING_QUEUE: Annotated[
    int,
    Limit(
        "slots",
        "requests",
        "That wait for a password's hash; more would keep every thread waiting.",
    ),
] = 4
HASHING_PATIENCE: Annotated[int, Limit("time", "s", "For a slot to hash a password in.")] = 2
PICTURE_QUEUE: Annotated[
    int, Limit("slots", "requests", "That wait for a picture to be drawn.")
] = 1
PICTURE_PATIENCE: Annotated[int, Limit("time", "s", "For a slot to draw a picture in.")] = 3
HEALTH_THREADS: Annotated[
    int,
    Limit(
        "slots",
        "threads",
        "That answer nothing but `/healthz` and `/readyz`, whatever the others do.",
    ),
] = 2
CONNECTIONS: Annotated[
    int,
    Limit(
        "slots",
        "connections",
        "Open sockets of the own server: clients that do nothing cost one each.",
    ),
] = 1000
BACKLOG: Annotated[int, Limit("slots", "connections", "That wait to be accepted.")] = 512
TASKS: Annotated[
    int, Limit("slots", "tasks", "In the queue of jobs: more of the same would be found done.")
] = 100
