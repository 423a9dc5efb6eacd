"""Write the results as Markdown tables, wins and losses alike.

The tables have every peer, the ratios, and the targets of the design.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.measure import Export, Results, Timing
from benchmarks.peer import Peer

LABELS = {
    "first": "first list page",
    "middle": "page in the middle",
    "filter": "filter by status",
    "sort": "sort by last sign-in",
    "search": "search a part of a name",
    "edit": "open an edit form",
    "pick": "look up one of {people} in a picker",
}
OURS = "ours"
FLOOR = "floor"
DJANGO = "django"
STOCK = "flask_admin"
Numbers = Mapping[str, float]  # by the name of the peer
Met = Callable[[Numbers], bool]
Target = tuple[str, Met]  # what the report says, and whether our number meets it
Targets = dict[str, Target]


@dataclass
class Outcome:
    """The results of one run on one engine; what was not measured is empty.

    `ticked` and `matching` are the times of acting on rows, `cold` those of a start, `sizes` the
    kilobytes of a page, plain and compressed, and `statements` their number by rows of a page.
    """

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
    """One line of the table: a text and a number for each peer.

    `target` says what our number should be, and `met` whether it is; None where that is unknown.
    """

    label: str
    texts: Mapping[str, str]
    numbers: Mapping[str, float]
    target: str = ""
    met: bool | None = None


def markdown(outcome: Outcome, peers: Sequence[Peer]) -> str:
    """Return the section of one engine."""
    title = f"## {outcome.people:,} people, {outcome.engine}"
    heads = ["", *(peer.title for peer in peers)]
    if len(peers) > 1:
        heads += ["to floor", "to Django"]
    heads += ["target", "met"]
    rows = [heads, ["---"] * len(heads)]
    rows += [_cells(line, peers) for line in _lines(outcome)]
    return "\n".join([title, "", *map(_row, rows)]) + "\n"


def _cells(line: Line, peers: Sequence[Peer]) -> list[str]:
    cells = [line.label]
    cells += [line.texts.get(peer.name, "–") for peer in peers]
    if len(peers) > 1:
        cells += [_ratio(line.numbers, FLOOR), _ratio(line.numbers, DJANGO)]
    met = {None: "", True: "yes", False: "**no**"}[line.met]
    return [*cells, line.target, met]


def _lines(outcome: Outcome) -> list[Line]:
    """Return the lines of the section, without those that have no results."""
    on_engine = SQLITE if outcome.engine.startswith("SQLite") else POSTGRESQL
    targets = COMMON | on_engine
    lines = [
        *_page_lines(outcome, targets),
        *_act_lines(outcome, targets),
        *_export_lines(outcome, targets),
        *_size_lines(outcome, targets),
        *_process_lines(outcome, targets),
        _statement_line(outcome, targets),
    ]
    return [line for line in lines if line.texts]


def _page_lines(outcome: Outcome, targets: Targets) -> Iterator[Line]:
    for measure, timings in outcome.pages.items():
        label = LABELS[measure].format(people=f"{outcome.people:,}")
        yield _timed(f"{label}, ms", timings, targets.get(measure))


def _act_lines(outcome: Outcome, targets: Targets) -> Iterator[Line]:
    matching = f"act on {outcome.people // 10:,} matching rows, ms"
    yield _timed("act on 50 ticked rows, ms", outcome.ticked, targets.get("ticked"))
    yield _timed(matching, outcome.matching, targets.get("matching"))


def _export_lines(outcome: Outcome, targets: Targets) -> Iterator[Line]:
    grown = {name: export.grown for name, export in outcome.exports.items()}
    yield _exported(outcome.exports, targets.get("export"))
    yield _plain("growth of the worker meanwhile, MB", grown, targets.get("growth"))


def _size_lines(outcome: Outcome, targets: Targets) -> Iterator[Line]:
    plain = {name: sizes[0] for name, sizes in outcome.sizes.items()}
    compressed = {name: sizes[1] for name, sizes in outcome.sizes.items()}
    throughput = targets.get("throughput")
    yield _plain("list pages a second, 8 connections", outcome.throughput, throughput)
    yield _plain("HTML of a list page, kB", plain, targets.get("html"))
    yield _plain("the same compressed, kB", compressed, targets.get("gzip"))


def _process_lines(outcome: Outcome, targets: Targets) -> Iterator[Line]:
    start = "cold start to the first answer, s"
    yield _timed(start, outcome.cold, targets.get("cold"), digits=2)
    yield _plain("memory of a worker, MB", outcome.memory, targets.get("memory"), digits=0)


def _statement_line(outcome: Outcome, targets: Targets) -> Line:
    texts = {}
    most = {}
    for name, by_size in outcome.statements.items():
        texts[name] = " / ".join(str(number) for number in by_size.values())
        most[name] = float(max(by_size.values()))
    return _line("SQL statements, 20 / 50 / 100 rows a page", texts, most, targets["statements"])


def _timed(
    label: str, timings: Mapping[str, Timing], target: Target | None, *, digits: int = 1
) -> Line:
    numbers = {name: timing.median for name, timing in timings.items()}
    texts = {
        name: f"{timing.median:,.{digits}f} ± {timing.spread:,.{digits}f}"
        for name, timing in timings.items()
    }
    return _line(label, texts, numbers, target)


def _plain(label: str, numbers: Numbers, target: Target | None, *, digits: int = 1) -> Line:
    texts = {name: f"{number:,.{digits}f}" for name, number in numbers.items()}
    return _line(label, texts, numbers, target)


def _exported(exports: Mapping[str, Export], target: Target | None) -> Line:
    numbers = {}
    texts = {}
    for name, export in exports.items():
        if export.whole:
            numbers[name] = export.seconds
            texts[name] = f"{export.seconds:,.2f}"
        else:
            texts[name] = "breaks off"
    return _line("export everything as CSV, s", texts, numbers, target)


def _line(label: str, texts: Mapping[str, str], numbers: Numbers, target: Target | None) -> Line:
    if target is None:
        return Line(label, texts, numbers)
    text, met = target
    return Line(label, texts, numbers, text, _met(numbers, met))


def _met(numbers: Numbers, met: Met) -> bool | None:
    try:
        return met(numbers)
    except KeyError:  # the peer it is compared with was not measured
        return None


def _ratio(numbers: Numbers, other: str) -> str:
    """Return our number as a multiple of another peer's, if both were measured."""
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


POSTGRESQL: Targets = {
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
COMMON: Targets = {
    "growth": ("<= 50", _below(50)),
    "html": ("<= 60", _below(60)),
    "gzip": ("<= 9", _below(9)),
    "cold": ("<= 0.7", _below(0.7)),
    "memory": ("<= 90", _below(90)),
    "statements": ("<= 6", _below(6)),
}
SQLITE: Targets = {
    "first": ("< 15", _below(15)),
    "middle": ("< 15", _below(15)),
    "filter": ("< 15", _below(15)),
    "search": ("< 60", _below(60)),
}
