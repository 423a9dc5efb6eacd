"""What the benchmark has to know about one application: how to start it, and how to ask it the same questions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from benchmarks.client import Client

SEARCHED = "ander"
Ids = Sequence[int]


@dataclass(frozen=True)
class Rows:
    """What is asked about: how many people there are, and the number of the last."""

    number: int
    last: int

    @property
    def middle(self) -> int:
        return self.last - self.number // 2


class Peer:
    """One application. `paths` has an address for every measure it can answer; what it lacks, it cannot do.

    In addresses {middle} is the number of the person in the middle, {page} that of the page, {id} somebody's.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    target: ClassVar[str]
    start: ClassVar[str] = "/"
    paths: ClassVar[Mapping[str, str]]
    sizes: ClassVar[str] = ""
    acts_on_all: ClassVar[bool] = True

    def environment(self, url: str, port: int) -> dict[str, str]:
        """The settings of the server."""
        return {"DATABASE_URL": url}

    def prepare(self, url: str) -> None:
        """Whatever the database needs besides."""

    def sign_in(self, client: Client) -> None:
        """Become an administrator with a session."""

    def path(self, measure: str, rows: Rows, *, size: int = 50) -> str:
        """The address for a measure."""
        page = rows.number // 2 // size
        return self.paths[measure].format(
            middle=rows.middle, page=page, id=rows.middle, search=SEARCHED
        )

    def block(self, client: Client, ids: Ids) -> None:
        """Block these people, as somebody does who has ticked them."""
        raise NotImplementedError

    def block_invited(self, client: Client) -> None:
        """Block everybody who is invited, as somebody does who has filtered by that."""
        raise NotImplementedError
