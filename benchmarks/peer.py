"""What the benchmark has to know about one application.

That is how to start it, and how to ask it the same questions as the others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from benchmarks.client import Client

SEARCHED = "ander"
Ids = Sequence[int]


@dataclass(frozen=True)
class Rows:
    """The people in the database: how many there are, and the id of the last one."""

    number: int
    last: int

    @property
    def middle(self) -> int:
        return self.last - self.number // 2


class Peer:
    """One application.

    `name` is that on the command line, `title` that in the report, `target` what gunicorn runs,
    and `start` a page that needs no session. `paths` has an address for every measure that the
    application can answer; it cannot do the others. In addresses {middle} is the id of the person
    in the middle, {page} the number of the page in the middle, {id} somebody's id, and {search}
    the text to search for. `sizes` is the address of a list with {size} rows, if it can be chosen.
    `acts_on_all` says whether it can act on all rows that match a filter.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    target: ClassVar[str]
    start: ClassVar[str] = "/"
    paths: ClassVar[Mapping[str, str]]
    sizes: ClassVar[str] = ""
    acts_on_all: ClassVar[bool] = True

    def environment(self, url: str, port: int) -> dict[str, str]:
        """Return the environment variables of the server."""
        return {"DATABASE_URL": url}

    def prepare(self, url: str) -> None:
        """Add to the filled database what this application needs besides."""

    def sign_in(self, client: Client) -> None:
        """Sign in as an administrator."""

    def path(self, measure: str, rows: Rows, *, size: int = 50) -> str:
        """Return the address for a measure."""
        page = rows.number // 2 // size
        return self.paths[measure].format(
            middle=rows.middle, page=page, id=rows.middle, search=SEARCHED
        )

    def block(self, client: Client, ids: Ids) -> None:
        """Block these people, as one does after ticking them."""
        raise NotImplementedError

    def block_invited(self, client: Client) -> None:
        """Block all invited people, as one does after filtering by their status."""
        raise NotImplementedError
