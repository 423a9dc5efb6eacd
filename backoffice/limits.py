"""Limits of time, size, tries and slots that are not settings.

The annotation of each limit is its unit, and the docstring below it is the reason. `docs/limits.md`
is made from both; how often something may be done stands in `backoffice/throttles.py`.
"""

from dataclasses import dataclass
from typing import Annotated

GROUPS = ("time", "size", "tries", "slots")


@dataclass(frozen=True)
class Unit:
    """The unit of a limit.

    Attributes:
        group: one of GROUPS.
        name: the unit after a number, such as "rows".
    """

    group: str
    name: str


Days = Annotated[int, Unit("time", "days")]
Seconds = Annotated[int, Unit("time", "s")]
FloatSeconds = Annotated[float, Unit("time", "s")]
Bytes = Annotated[int, Unit("size", "bytes")]
Characters = Annotated[int, Unit("size", "characters")]
Codes = Annotated[int, Unit("size", "codes")]
Entries = Annotated[int, Unit("size", "entries")]
Fields = Annotated[int, Unit("size", "fields")]
Filters = Annotated[int, Unit("size", "filters")]
Levels = Annotated[int, Unit("size", "levels")]
Pixels = Annotated[int, Unit("size", "pixels")]
Rows = Annotated[int, Unit("size", "rows")]
RowsOfPages = Annotated[tuple[int, ...], Unit("size", "rows")]
Values = Annotated[int, Unit("size", "values")]
Words = Annotated[int, Unit("size", "words")]
Tries = Annotated[int, Unit("tries", "tries")]
Connections = Annotated[int, Unit("slots", "connections")]
Requests = Annotated[int, Unit("slots", "requests")]
Tasks = Annotated[int, Unit("slots", "tasks")]
Threads = Annotated[int, Unit("slots", "threads")]

# Time

DATABASE_PING: Seconds = 1
"""The pool replaces a kept connection that does not answer a ping within this time."""

DATABASE_GRACE: FloatSeconds = 0.4
"""A connection is closed this long after its limit, because a server that hangs says nothing."""

COMMAND_LOCK: Seconds = 60
"""A command or a migration waits this long for a lock. It has no other limit."""

REVEALED: Seconds = 600
"""Whoever reveals a row sees it without masks for this long."""

STORE_CONNECT: Seconds = 2
"""A bucket of files has this long to accept a connection."""

STORE_ANSWER: Seconds = 10
"""A bucket of files has this long to send the next part of an answer."""

REVIEW_USES: Days = 90
"""An access review looks for the last use of what it asks about in the events of these days."""

REMOVING: Seconds = 3
"""A request removes files for this long; what is left goes at night."""

READY: FloatSeconds = 0.8
"""`/readyz` answers "not ready" if its checks take longer."""

QUEUE: Seconds = 2
"""The storage of the job queue has this long to connect, and once more to answer."""

QUEUED: Seconds = 5
"""The built-in server answers 503 if a request waits longer for a thread."""

ATTEMPT_UNDER_WAY: Seconds = 30
"""A sign-in attempt counts as failed if its check takes longer, because its process has died."""

ATTEMPT_PATIENCE: FloatSeconds = 2
"""A sign-in attempt waits this long while others are checked, and is then refused with 429."""

MAIL_AT_THE_END: Seconds = 10
"""A worker that is told to stop has this long to finish the mail that it is sending."""

MAIL_OPENING_AT_THE_END: Seconds = 3
"""A worker that is told to stop gives up connecting to a mail server after this time."""

MAIL_HOLD: Seconds = 600
"""A worker reserves a mail for this long, which is more than one try can take."""

REPEATING: FloatSeconds = 2
"""A request that conflicts with another one is repeated only within this time."""

RETRY_AFTER: Seconds = 5
"""`Retry-After` has this value if the time until there is room is unknown."""

VIEWING: Seconds = 30 * 60
"""Viewing as somebody else ends after this time, so that nobody forgets whose pages they see."""

HASHING_PATIENCE: Seconds = 2
"""A request waits this long for a hashing slot, and is then answered with 503."""

PICTURE_PATIENCE: Seconds = 3
"""A request waits this long for a picture slot, and is then answered with 503."""

VIEW_COUNTS: FloatSeconds = 1.5
"""The numbers on the tabs of a list take at most this time together; the list is there already."""

VIEW_COUNT: FloatSeconds = 0.5
"""The number on one tab is left out if counting takes longer."""

FIND: FloatSeconds = 2
"""A search in all lists takes at most this time; lists beyond it are named and not searched."""

FIND_IN_LIST: FloatSeconds = 0.6
"""A search in all lists leaves a list alone that takes longer."""

BRIEF_PATIENCE: FloatSeconds = 1
"""A request waits this long for one of the slots of BRIEF, and is then answered with 503."""

SHEETS_PATIENCE: FloatSeconds = 3
"""A request waits this long until it may read its sheet, and is then answered with 503."""

# Size

BODY: Bytes = 4 * 1024 * 1024
"""A request body holds a picture with its form, or a form with 1,000 ticked rows."""

HEADERS: Bytes = 64 * 1024
"""The built-in server refuses a request with longer headers."""

FORM_PARTS: Fields = 2000
"""A form has room for 1,000 ticked rows."""

ASKED_ABOUT: Rows = 30
"""A row says of at most this many people who may do something to it, because each is judged."""

TICKED: Rows = 1000
"""People tick at most this many rows for an action; a filter selects more."""

SYNC_LINE: Bytes = 64 * 1024
"""A line of a file of clients is refused if it is longer."""

SYNC_BATCH: Rows = 1000
"""So many lines of a file of clients are written in one transaction with their events."""

JUDGED_EACH: Rows = 10_000
"""An action takes at most this many rows where a function of the entity judges each of them."""

REASON: Characters = 500
"""People give a reason of at most this length for an action."""

COMMENT: Characters = 2000
"""A comment on an event has at most this length."""

COMMENTS: Entries = 100
"""An event takes at most this many comments, which a page shows at once."""

EVENTS_CHECKED: Rows = 20_000
"""A request checks a log of at most this many events, in a second; a worker checks longer ones."""

PAGES: RowsOfPages = (20, 50, 100)
"""People choose how many rows a page of a list shows."""

COUNTED: Rows = 10_000
"""A list stops counting its rows here, because nobody reads further."""

COUNTED_OF_PART: Rows = 200
"""A list stops here for people who see a part of its rows, because the others are read as well."""

SEARCH: Characters = 200
"""A search text has at most this length."""

SEARCH_WORDS: Words = 8
"""A search has at most this many words, because each one adds a condition to the query."""

FOUND: Rows = 5
"""A search in all lists shows at most this many rows of each, and how many more there are."""

FILTERS: Filters = 20
"""A list has at most this many filters at a time."""

FILTER_VALUES: Values = 50
"""A filter has at most this many values."""

WHITELIST: Entries = 50
"""A person's IP whitelist has at most this many entries."""

SAVED_VIEW: Characters = 2000
"""The address of a saved view has at most this length; browsers and proxies take twice as much."""

SAVED_VIEWS: Entries = 100
"""A person keeps at most this many views."""

SHARED_VIEWS: Entries = 20
"""A group is shown at most this many views of one list."""

VIEW_TABS: Entries = 40
"""A list shows at most this many saved views as tabs."""

REVIEW_ENTRIES: Rows = 10_000
"""An access review asks about at most this many memberships and extra permissions."""

RELATED: Rows = 1000
"""A form field holds at most this many related rows; nobody picks more by hand."""

TYPED: Characters = 2000
"""A form field takes a text of at most this length; names are far shorter."""

LINES_TYPED: Characters = 5000
"""A field of several entries takes so much in all; 50 networks need half of it."""

PASSWORD_TYPED: Characters = 1000
"""A typed password is cut here, because Unicode normalisation takes quadratic time."""

FILE: Bytes = 10 * 1024 * 1024
"""A file in a column has at most this size, as a scanned contract or a photo of a phone has."""

FILES_BODY: Bytes = 12 * 1024 * 1024
"""The request body of a form with fields for files holds one of the largest, or smaller ones."""

FILES: Entries = 10
"""A column holds at most this many files of a row."""

PICTURE: Bytes = 3 * 1024 * 1024
"""A picture file has at most this size."""

PICTURE_WHOLE: Pixels = 16 * 2**20
"""A picture is decoded at full size up to here, which takes about 200 MB of memory."""

PICTURE_PNG_SIDE: Pixels = 4096
"""A PNG has at most this width and height, because it can only be decoded at full size."""

PICTURE_JPEG_SIDE: Pixels = 12_000
"""A JPEG has at most this width and height; phones take such pictures."""

PICTURE_JPEG: Pixels = 64 * 2**20
"""A JPEG has at most this many pixels, because it can be scaled down while it is decoded."""

SHEET: Bytes = 1024 * 1024
"""A sheet of groups has at most this size; one of 500 groups needs half of it."""

SHEET_DEPTH: Levels = 10
"""The lists and objects of a sheet stand in each other at most so deep; three levels are needed."""

SHEET_GROUPS: Entries = 500
"""A sheet has at most this many groups."""

SHEET_PERMISSIONS: Entries = 1000
"""A group of a sheet has at most this many permissions, and may give at most as many groups."""

SHEET_CODE: Characters = 100
"""The code of a permission has at most this length in a sheet."""

SHEET_PROBLEMS: Entries = 200
"""The answer to a sheet lists at most this many problems, and says how many more there are."""

EXPORT_ROWS: Rows = 1000
"""An export reads this many rows per transaction, and holds no more in memory."""

EXPORT_BUFFER: Bytes = 1024 * 1024 * 1024
"""The built-in server stores this much of an answer on disk for a slow client."""

RECOVERY_CODES: Codes = 10
"""A person gets this many recovery codes."""

# Tries

MAIL_TRIES: Tries = 20
"""The worker tries to send a mail this many times, over two days or a little more."""

CODE_TRIES: Tries = 5
"""A mailed code takes this many tries, because it has only a million possible values."""

STORE_TRIES: Tries = 3
"""A bucket of files is asked this many times if it does not answer."""

REPEATS: Tries = 4
"""A request that conflicts with others on the same rows runs at most this many times."""

# Slots

HASHING_QUEUE: Requests = 4
"""This many requests wait for a hashing slot; more would block every thread."""

PICTURE_QUEUE: Requests = 1
"""This many requests wait for a picture slot."""

BRIEF: Requests = 2
"""This many requests at once count for tabs, or search in all lists."""

BRIEF_QUEUE: Requests = 2
"""This many requests wait for one of the slots of BRIEF."""

EVENT_CHECKS: Requests = 1
"""This many requests at once check the events log; a further one is answered with 503."""

SHEETS: Requests = 1
"""This many requests at once read a sheet of groups: a large one keeps a core busy for a second."""

SHEETS_QUEUE: Requests = 2
"""This many requests wait to read a sheet."""

HEALTH_THREADS: Threads = 2
"""These threads serve only `/healthz` and `/readyz`, which therefore answer under any load."""

CONNECTIONS: Connections = 1000
"""The built-in server keeps this many sockets open; every idle client uses one."""

BACKLOG: Connections = 512
"""This many connections wait for the built-in server to accept them."""

TASKS: Tasks = 100
"""The job queue takes no more tasks, because they would find their work already done."""
