"""The results as Markdown tables: every peer, the ratios, the targets of the design, wins and losses alike."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.measure import Export, Results, Timing
from benchmarks.peer import Peer

LABELS = {
    "first": "first list page", "middle": "page in the middle", "filter": "filter by status",
    "sort": "sort by last sign-in", "search": "search a part of a name", "edit": "open an edit form",
    "pick": "look up one of {people} in a picker",
}  # fmt: skip
OURS, FLOOR, DJANGO, STOCK = "ours", "floor", "django", "flask_admin"


@dataclass
class Outcome:
    """All that one run found on one engine."""

    engine: str
    people: int
    pages: Results = field(default_factory=dict)
    ticked: Mapping[str, Timing] = field(default_factory=dict)
    matching: Mapping[str, Timing] = field(default_factory=dict)
    exports: Mapping[str, Export] = field(default_factory=dict)
    throughput: Mapping[str, float] = field(default_factory=dict)
    sizes: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    cold: Mapping[str, Timing] = field(default_factory=dict)
    memory: Mapping[str, float] = field(default_factory=dict)
    statements: Mapping[str, Mapping[int, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Line:
    """One line of the table: a text and a number for each peer, and what we want of our number."""

    label: str
    texts: Mapping[str, str]
    numbers: Mapping[str, float]
    target: str = ""
    met: bool | None = None


Numbers = Mapping[str, float]


def markdown(outcome: Outcome, peers: Sequence[Peer]) -> str:
    """The section of one engine."""
    titles = [peer.title for peer in peers]
    compared = len(peers) > 1
    heads = ["", *titles, *(["to floor", "to Django"] if compared else []), "target", "met"]
    lines = [
        f"## {outcome.people:,} people, {outcome.engine}",
        "",
        _row(heads),
        _row(["---"] * len(heads)),
    ]
    for line in _lines(outcome):
        ratios = [_ratio(line.numbers, FLOOR), _ratio(line.numbers, DJANGO)] if compared else []
        met = {None: "", True: "yes", False: "**no**"}[line.met]
        cells = [line.texts.get(peer.name, "–") for peer in peers]
        lines.append(_row([line.label, *cells, *ratios, line.target, met]))
    return "\n".join(lines) + "\n"


def _lines(o: Outcome) -> list[Line]:
    wanted = SQLITE if o.engine.startswith("SQLite") else POSTGRESQL

    def target(name: str) -> tuple[str, Met]:
        return wanted.get(name) or COMMON.get(name) or ("", None)

    people, size = f"{o.people:,}", {n: s[0] for n, s in o.sizes.items()}
    lines = [
        _timed(f"{LABELS[m].format(people=people)}, ms", found, *target(m))
        for m, found in o.pages.items()
    ]
    lines += [
        _timed("act on 50 ticked rows, ms", o.ticked, *target("ticked")),
        _timed(f"act on {o.people // 10:,} matching rows, ms", o.matching, *target("matching")),
        _exported(o.exports, *target("export")),
        _plain(
            "growth of the worker meanwhile, MB",
            {n: e.grown for n, e in o.exports.items()},
            *target("growth"),
        ),
        _plain("list pages a second, 8 connections", o.throughput, *target("throughput")),
        _plain("HTML of a list page, kB", size, *target("html")),
        _plain("the same compressed, kB", {n: s[1] for n, s in o.sizes.items()}, *target("gzip")),
        _timed("cold start to the first answer, s", o.cold, *target("cold"), digits=2),
        _plain("memory of a worker, MB", o.memory, *target("memory"), digits=0),
    ]
    if o.statements:
        texts = {
            name: " / ".join(str(n) for n in found.values()) for name, found in o.statements.items()
        }
        most = {name: float(max(found.values())) for name, found in o.statements.items()}
        text, met = target("statements")
        lines.append(
            Line("SQL statements, 20 / 50 / 100 rows a page", texts, most, text, _met(most, met))
        )
    return [line for line in lines if line.texts]


Met = Callable[[Numbers], bool] | None


def _timed(
    label: str, found: Mapping[str, Timing], target: str = "", met: Met = None, *, digits: int = 1
) -> Line:
    numbers = {name: timing.median for name, timing in found.items()}
    texts = {name: f"{t.median:,.{digits}f} ± {t.spread:,.{digits}f}" for name, t in found.items()}
    return Line(label, texts, numbers, target, _met(numbers, met))


def _plain(
    label: str, numbers: Numbers, target: str = "", met: Met = None, *, digits: int = 1
) -> Line:
    texts = {name: f"{number:,.{digits}f}" for name, number in numbers.items()}
    return Line(label, texts, numbers, target, _met(numbers, met))


def _exported(found: Mapping[str, Export], target: str, met: Met) -> Line:
    numbers = {name: export.seconds for name, export in found.items() if export.whole}
    texts = {
        name: f"{export.seconds:,.2f}" if export.whole else "breaks off"
        for name, export in found.items()
    }
    return Line("export everything as CSV, s", texts, numbers, target, _met(numbers, met))


def _met(numbers: Numbers, met: Met) -> bool | None:
    try:
        return met(numbers) if met else None
    except KeyError:  # the peer it is compared with was not measured
        return None


def _ratio(numbers: Numbers, other: str) -> str:
    if OURS not in numbers or not numbers.get(other) or numbers[other] <= 0:
        return ""
    ratio = numbers[OURS] / numbers[other]
    return f"{ratio:.2f}" if ratio < 1 else f"{ratio:.1f}"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _times_floor(factor: float) -> Callable[[Numbers], bool]:
    return lambda n: n[OURS] <= factor * n[FLOOR]


def _below(limit: float) -> Callable[[Numbers], bool]:
    return lambda n: n[OURS] <= limit


POSTGRESQL: Mapping[str, tuple[str, Met]] = {
    "first": (
        "<= 3 x floor, <= Django / 12",
        lambda n: n[OURS] <= min(3 * n[FLOOR], n[DJANGO] / 12),
    ),
    "middle": ("<= 3 x floor", _times_floor(3)),
    "filter": ("<= 3 x floor", _times_floor(3)),
    "sort": ("<= 3 x floor", _times_floor(3)),
    "search": ("<= 2 x floor", _times_floor(2)),
    "edit": ("<= 8", _below(8)),
    "pick": ("<= 20", _below(20)),
    "ticked": ("<= Flask-Admin", lambda n: n[OURS] <= n[STOCK]),
    "matching": ("<= 3 x floor", _times_floor(3)),
    "export": ("<= 2 x floor", _times_floor(2)),
    "throughput": (">= 250", lambda n: n[OURS] >= 250),
}
COMMON: Mapping[str, tuple[str, Met]] = {
    "growth": ("<= 50", _below(50)), "html": ("<= 60", _below(60)), "gzip": ("<= 9", _below(9)),
    "cold": ("<= 0.7", _below(0.7)), "memory": ("<= 90", _below(90)), "statements": ("<= 6", _below(6)),
}  # fmt: skip
SQLITE: Mapping[str, tuple[str, Met]] = {
    "first": ("< 15", _below(15)), "middle": ("< 15", _below(15)), "filter": ("< 15", _below(15)),
    "search": ("< 60", _below(60)),
}  # fmt: skip
