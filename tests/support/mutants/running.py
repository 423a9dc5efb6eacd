"""Run the tests that execute a mutant's lines, each mutant in a process of its own.

This is a plugin of pytest. `Watched` runs the chosen tests once and notes which lines each of them
executes. `Warm` keeps everything ready, and for each mutant forks: the child gives the changed
functions their new code, and runs tests until one fails.
"""

import gc
import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import coverage
import pytest

from backoffice.testing.databases import Database
from tests.house.source import ROOT
from tests.support.mutants.making import Mutant, changed_units

# A mutant is broken if the tests could not even be begun.
KILLED, SURVIVED, TOO_SLOW, BROKEN = "killed", "survived", "too slow", "broken"
SLOWEST = 90  # seconds for all tests of a mutant, besides ten times what they take without it
WORLD = "a world"
# Tests about all modules of a folder.
SHARED = {"backoffice/actions": ("tests/backoffice/actions/test_people",)}
LOG = "BACKOFFICE_MUTANTS_LOG"  # a file for why the last test failed
LATE = 15  # tests that have killed others of the module, to be tried first
# Tests that have their world built before the first fork.
WORLDS = ("cast", "staff", "zoo")


class Watched:
    """Notes which lines every test executes, and how long it takes."""

    def __init__(self, folders: Sequence[str], to: Path, *, anew: bool) -> None:
        self.coverage = coverage.Coverage(
            data_file=None,
            config_file=False,
            include=[str(ROOT / each) + "/**" * (not each.endswith(".py")) for each in folders],
        )
        self.seconds: dict[str, float] = {}
        self.failing: list[str] = []
        self.to, self.anew, self.test = to, anew, ""

    def pytest_sessionstart(self) -> None:
        enter = Database.enter

        def entered(database: Database, world: str, build: Callable[[], Any]) -> None:
            enter(database, world, partial(self._in_a_world, build))

        Database.enter = entered  # type: ignore[method-assign]  # for this process
        self.coverage.start()

    def _in_a_world(self, build: Callable[[], Any]) -> None:
        self.coverage.switch_context(WORLD)
        build()
        self.coverage.switch_context(self.test)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Any:
        self.test = item.nodeid
        self.coverage.switch_context(self.test)
        begun = time.monotonic()
        yielded = yield
        self.seconds[item.nodeid] = time.monotonic() - begun
        return yielded

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failing.append(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        self.coverage.stop()
        data = self.coverage.get_data()
        lines = {
            str(Path(file).relative_to(ROOT)): data.contexts_by_lineno(file)
            for file in data.measured_files()
        }
        found: dict[str, Any] = {"seconds": self.seconds, "lines": lines, "failing": self.failing}
        if not self.anew:
            found = _merged(json.loads(self.to.read_text()), found)
        self.to.write_text(json.dumps(found))


def _merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Return what is known of all tests, after some of them were watched again."""
    watched = new["seconds"].keys()
    for file, by_line in old["lines"].items():
        here = new["lines"].setdefault(file, {})
        for line, tests in by_line.items():
            others = [test for test in tests if test not in watched]
            here[line] = [*others, *here.pop(int(line), []), *here.pop(line, [])]
    failing = [test for test in old["failing"] if test not in watched]
    new["failing"] += failing
    new["seconds"] = old["seconds"] | new["seconds"]
    return new


class Map:
    """Which tests can kill which mutant."""

    def __init__(self, file: Path, most: int) -> None:
        found, self.most = json.loads(file.read_text()), most
        self.seconds: dict[str, float] = found["seconds"]
        self.lines: dict[str, dict[str, list[str]]] = found["lines"]
        self.useless = {"", WORLD, *found["failing"]}
        self._around: dict[str, Counter[str]] = {}
        self.killers: dict[str, list[str]] = {}  # of each module, those of late first

    def tests_of(self, mutant: Mutant) -> list[str]:
        """Return the tests that execute its lines, those that are likely to fail first.

        What is declared is executed by no test: those come into question that execute most of the
        class or module around it.
        """
        around = self.around(mutant.path)
        hits = self.hits(mutant) or around or Counter(self.seconds.keys())
        late = {test: n for n, test in enumerate(self.killers.get(mutant.path, []))}
        found = sorted(
            hits.keys() - self.useless,
            key=lambda test: (late.get(test, LATE), -hits[test], -around[test], self.seconds[test]),
        )
        chosen = dict.fromkeys([*found[: self.most], *self._mirrored(mutant.path)])
        return sorted(chosen, key=lambda test: (late.get(test, LATE), self.seconds[test]))

    def _mirrored(self, path: str) -> list[str]:
        """Return the tests that stand where the module stands."""
        folder, _, name = path.removesuffix(".py").rpartition("/")
        places = (f"tests/{folder}/test_{name}", *SHARED.get(folder, ()))
        return [test for test in self.seconds.keys() - self.useless if test.startswith(places)]

    def hits(self, mutant: Mutant) -> Counter[str]:
        """Return how many of the mutant's lines each test executes."""
        by_line = self.lines.get(mutant.path, {})
        found = Counter(test for line in mutant.lines for test in by_line.get(str(line), ()))
        del found[""], found[WORLD]  # outside of tests
        return found

    def is_declared(self, mutant: Mutant) -> bool:
        """Return whether a process of its own is needed.

        It is where only an import shows the change or runs its lines, or where only the building of
        a world does, which is kept for all tests.
        """
        return mutant.declared or not self.hits(mutant)

    def around(self, path: str) -> Counter[str]:
        """Return how many lines of a module each test executes."""
        if path not in self._around:
            lines = self.lines.get(path, {}).values()
            self._around[path] = Counter(test for tests in lines for test in set(tests))
        return self._around[path]

    def killed_by(self, mutant: Mutant, test: str) -> None:
        late = self.killers.setdefault(mutant.path, [])
        late[:] = [test, *(each for each in late if each != test)][:LATE]

    def limit(self, tests: Sequence[str]) -> int:
        return int(SLOWEST + 10 * sum(self.seconds[test] for test in tests))


@contextmanager
def silent() -> Iterator[None]:
    """Print nothing; what a test would print is of no interest here."""
    with Path(os.devnull).open("w") as nowhere:
        for number in (1, 2):
            os.dup2(nowhere.fileno(), number)
        yield


def in_a_child(act: Callable[[], str], limit: int) -> tuple[str, str]:
    """Fork, and return the outcome and the test that failed, if any.

    `act` returns the id of the test that failed, or nothing. A child that does not end in time is
    ended.
    """
    reading, writing = os.pipe()
    number = os.fork()
    if not number:
        try:
            os.setpgid(0, 0)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(limit)
            with silent():
                failed = act()
            os.write(writing, failed.encode())
            os._exit(1 if failed else 0)
        except BaseException as fault:  # noqa: BLE001  # told to the parent, which goes on
            os.write(writing, f"{fault!r}".encode())
            os._exit(2)
    os.close(writing)
    with os.fdopen(reading) as told:
        _, status = os.waitpid(number, 0)
        failed = told.read() if status else ""
    with suppress(ProcessLookupError):
        os.killpg(number, signal.SIGKILL)  # what its tests have left behind
    if os.WIFSIGNALED(status):
        return TOO_SLOW, ""
    return (SURVIVED, KILLED, BROKEN)[os.waitstatus_to_exitcode(status)], failed


class Warm:
    """Runs mutants of functions in forks of this process, after all tests were collected."""

    def __init__(
        self, mutants: Sequence[Mutant], tests: Map, tell: Callable[..., None], folder: str
    ) -> None:
        self.mutants, self.tests, self.tell, self.folder = mutants, tests, tell, folder
        self.failed, self.trusted = "", set[str]()

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: Any) -> None:
        config.workerinput = {"backoffice_folder": self.folder}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.failed:
            self.failed = report.nodeid
            if LOG in os.environ:
                Path(os.environ[LOG]).write_text(f"{report.nodeid}\n{report.longreprtext}")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = {item.nodeid: item for item in session.items}
        self._warm_up(session.items)
        assert not self.failed, f"{self.failed} fails without a mutant"
        functions = _functions()
        gc.collect()
        gc.freeze()
        for mutant in self.mutants:
            chosen = [test for test in self.tests.tests_of(mutant) if test in items]
            if not chosen:
                self.tell(mutant, SURVIVED, "", 0)
                continue
            self._run(mutant, code_of(mutant, functions), [items[test] for test in chosen])
        return True

    def _run(
        self,
        mutant: Mutant,
        changes: Sequence[tuple[FunctionType, CodeType]],
        items: list[pytest.Item],
    ) -> None:
        limit = self.tests.limit([item.nodeid for item in items])
        outcome, failed = in_a_child(self._act(changes, items), limit)
        if outcome == KILLED and not self._is_trusted(failed, items, limit):
            self._run(mutant, changes, [item for item in items if item.nodeid != failed])
            return
        if failed:
            self.tests.killed_by(mutant, failed)
        self.tell(mutant, outcome, failed, len(items))

    def _is_trusted(self, failed: str, items: list[pytest.Item], limit: int) -> bool:
        """Return whether a test that has failed does not fail without a mutant too."""
        if failed not in self.trusted:
            before = [item.nodeid for item in items].index(failed)
            outcome, _ = in_a_child(self._act([], items[: before + 1]), limit)
            if outcome != SURVIVED:
                self.tests.useless.add(failed)
                return False
            self.trusted.add(failed)
        return True

    def _warm_up(self, items: Sequence[pytest.Item]) -> None:
        """Run a test of every world, and leave set up what belongs to the whole session."""
        elsewhere = next(item for item in items if "tests/backoffice/" in item.nodeid)
        for world in WORLDS:
            users = (item for item in items if world in getattr(item, "fixturenames", ()))
            item = next(item for item in users if "tests/stories/" in item.nodeid)
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=elsewhere)

    def _act(
        self, changes: Sequence[tuple[FunctionType, CodeType]], items: list[pytest.Item]
    ) -> Callable[[], str]:
        def act() -> str:
            for function, code in changes:
                function.__code__ = code
            for number, item in enumerate(items):
                following = items[number + 1] if number + 1 < len(items) else items[0]
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                if self.failed:
                    return self.failed
            return ""

        return act


def _functions() -> dict[Any, list[FunctionType]]:
    """Return the functions of the product by where their code stands."""
    found: dict[Any, list[FunctionType]] = {}
    for each in gc.get_objects():
        if isinstance(each, FunctionType):
            found.setdefault(_place(each.__code__.co_filename, each.__code__), []).append(each)
    return found


def _place(file: str, code: Any) -> tuple[str, str, int, bytes]:
    return file, code.co_qualname, code.co_firstlineno, code.co_code


def code_of(
    mutant: Mutant, functions: dict[Any, list[FunctionType]]
) -> list[tuple[FunctionType, CodeType]]:
    """Return the functions that the mutant changes, wherever somebody holds them, and how."""
    file = str(ROOT / mutant.path)
    before = compile((ROOT / mutant.path).read_text("utf-8"), file, "exec")
    units = changed_units(before, compile(mutant.source, file, "exec"))
    assert units, mutant.key
    return [
        (function, new) for old, new in units.values() for function in functions[_place(file, old)]
    ]


ARGUMENTS = (
    "-q",
    "-p",
    "no:xdist",
    "-p",
    "no:cacheprovider",
    "-m",
    "not slow and not browser",
    f"--rootdir={ROOT}",
    "-W",
    "ignore:Module already imported",  # so that a process for each mutant need not
)
