"""`make mutants`: print the changes of the product that no test notices.

Arguments are folders or modules, by default those of FOLDERS. `--go-on` keeps the results of the
last run, which was stopped; `--again` runs those once more that survived, after `--watch` has
looked which lines some new tests execute; `--report` runs nothing, and
`--every 5` takes one of five. What was found so far stands in PROGRESS, a line for each mutant.
"""

import argparse
import json
import os
import pickle
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from zlib import crc32

import pytest

from tests.house.source import ROOT
from tests.support.mutants.declared import run_declared
from tests.support.mutants.making import Mutant, all_mutants
from tests.support.mutants.running import (
    ARGUMENTS,
    BROKEN,
    SURVIVED,
    Map,
    Warm,
    Watched,
)

FOLDERS = ("backoffice/policy", "backoffice/actions")
# The mirrored tests, and the stories about rights and about acting on many rows.
TESTS = (
    "tests/backoffice/policy",
    "tests/backoffice/actions",
    "tests/backoffice/commands",
    "tests/backoffice/events",
    "tests/views/admin",
    "tests/views/screen",
    "tests/stories",
)
# They take long, and concern everything a little.
LEFT_OUT = ("bad_input", "hostile*", "indistinguishable", "no_space", "one_fold", "race_of_*")
MOST = 40  # tests of a mutant: all others execute less of the module around it
LEAST = 90  # percent of the mutants that tests could notice
WORK = ROOT / ".venv" / "mutants"
PENDING, SEEN, PROGRESS = WORK / "pending.pickle", WORK / "map.json", WORK / "progress.jsonl"
EQUIVALENT = Path(__file__).with_name("equivalent.txt")


def main() -> int:
    parser = argparse.ArgumentParser(prog="make mutants")
    parser.add_argument("folders", nargs="*", default=FOLDERS)
    parser.add_argument("--go-on", action="store_true")
    parser.add_argument("--report", action="store_true")
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--watch", nargs="*", default=(), metavar="TESTS")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--tests", type=int, default=MOST)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--part", choices=("watch", "warm", "declared"), help=argparse.SUPPRESS)
    parser.add_argument("--number", type=int, default=0, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part:
        return part(given)
    WORK.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    mutants = [
        mutant
        for mutant in all_mutants(given.folders)
        if crc32(mutant.key.encode()) % given.every == 0
    ]
    if given.report:
        return report(mutants, results(), 0)
    kept = results() if given.go_on or given.again else {}
    if given.again:
        kept = {key: result for key, result in kept.items() if result != SURVIVED}
    PENDING.write_bytes(pickle.dumps([mutant for mutant in mutants if mutant.key not in kept]))
    PROGRESS.write_text("".join(_line(key, result) for key, result in kept.items()))
    if given.watch or not (kept and SEEN.exists()):
        _run(given, "watch", 1)
    _run(given, "warm", given.workers)
    _run(given, "declared", given.workers)
    return report(mutants, results(), time.monotonic() - begun)


def _run(given: argparse.Namespace, name: str, number: int) -> None:
    """Run a part in processes of its own, and print how far they are."""
    print(f"{name} ...", flush=True)
    command = [sys.executable, "-m", __package__, *given.folders, "--part", name]
    command += ["--workers", str(given.workers), "--tests", str(given.tests)]
    command += ["--watch", *given.watch]
    logs = [(WORK / f"{name}{which}.log").open("w") for which in range(number)]
    environment = os.environ | {"BACKOFFICE_TEST_ENGINES": "sqlite", "CI": "1"}
    processes = [
        subprocess.Popen(
            [*command, "--number", str(which)], cwd=ROOT, env=environment, stdout=log, stderr=log
        )
        for which, log in enumerate(logs)
    ]
    ended = [process.wait() for process in processes]
    assert not any(ended), f"see {', '.join(log.name for log in logs)}"


def part(given: argparse.Namespace) -> int:
    """Do one worker's share."""
    chosen = [*TESTS, *(f"--ignore-glob=*/test_{name}.py" for name in LEFT_OUT)]
    if given.part == "watch":
        watched = Watched(given.folders, SEEN, anew=not given.watch)
        pytest.main([*ARGUMENTS, *(given.watch or chosen)], plugins=[watched])
        return 0
    todo: list[Mutant] = pickle.loads(PENDING.read_bytes())
    tests = Map(SEEN, given.tests)
    mine = [each for each in todo if tests.is_declared(each) == (given.part == "declared")]
    mine = mine[given.number :: given.workers]
    with tempfile.TemporaryDirectory(prefix="backoffice-mutants-") as folder:
        if given.part == "warm":
            pytest.main([*ARGUMENTS, *chosen], plugins=[Warm(mine, tests, tell, folder)])
        else:
            import_others()
            run_declared(mine, tests, tell, folder)
    return 0


def import_others() -> None:
    """Import what the product and its tests import, apart from themselves."""
    code = "import sys; known = set(sys.modules); import tests.conftest; "
    code += "print(*(name for name in sys.modules if name not in known))"
    listed = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    for name in listed.stdout.split():
        if name.partition(".")[0] not in ("app", "backoffice", "forms", "views", "tests"):
            try:
                import_module(name)
            except ImportError:
                continue


def tell(mutant: Mutant, outcome: str, test: str, tests: int) -> None:
    """Add a line to the progress."""
    with PROGRESS.open("a") as file:
        file.write(_line(mutant.key, outcome, by=test, tests=tests))


def _line(key: str, outcome: str, **others: object) -> str:
    return json.dumps({"mutant": key, "outcome": outcome, **others}, ensure_ascii=False) + "\n"


def results() -> dict[str, str]:
    """Return the outcomes so far by the keys of the mutants."""
    if not PROGRESS.exists():
        return {}
    lines = map(json.loads, PROGRESS.read_text().splitlines())
    return {line["mutant"]: line["outcome"] for line in lines}


def equivalent() -> dict[str, str]:
    """Return which mutants no test could notice, each with the reason.

    The keys may contain “…” for any text.
    """
    lines = [line for line in EQUIVALENT.read_text("utf-8").splitlines() if line.strip()]
    keys = [line for line in lines if not line.startswith((" ", "#"))]
    reasons = [line.strip() for line in lines if line.startswith("    ")]
    assert len(keys) == len(reasons), "each has its reason on the next line, four blanks in"
    return dict(zip(keys, reasons, strict=True))


def outcomes(mutants: Sequence[Mutant], found: dict[str, str]) -> dict[str, str]:
    """Return the outcome of each mutant by its key; survivors may be equivalent."""
    patterns = {
        key: re.compile(".*".join(map(re.escape, key.split("…"))), re.DOTALL)
        for key in equivalent()
    }
    told, used = {}, set()
    for mutant in mutants:
        told[mutant.key] = found.get(mutant.key, "not run")
        if told[mutant.key] == SURVIVED:
            same = [key for key, text in patterns.items() if text.fullmatch(mutant.key)]
            told[mutant.key] = "equivalent" if same else SURVIVED
            used.update(same)
    paths = {mutant.path for mutant in mutants}
    for key in patterns.keys() - used:
        if "…" not in key and key.partition(" ")[0] in paths:
            print(f"{EQUIVALENT.name} names what did not survive: {key}")
    return told


def report(mutants: Sequence[Mutant], found: dict[str, str], seconds: float) -> int:
    """Print who survived, and how many of how many; return the exit status."""
    told = outcomes(mutants, found)
    print(*(key for key, outcome in told.items() if outcome == SURVIVED), sep="\n")
    for folder in sorted({str(Path(mutant.path).parent) for mutant in mutants}):
        inside = [told[each.key] for each in mutants if str(Path(each.path).parent) == folder]
        print(f"{folder}: {_sum(inside)[1]}")
    percent, sentence = _sum(list(told.values()))
    print(f"all: {sentence}, in {seconds:.0f} s")
    return int(percent < LEAST)


def _sum(told: Sequence[str]) -> tuple[float, str]:
    numbers = Counter(told)
    rest = len(told) - numbers["equivalent"]
    percent = 100 * (rest - numbers[SURVIVED] - numbers["not run"] - numbers[BROKEN]) / (rest or 1)
    parts = ", ".join(f"{number} {outcome}" for outcome, number in sorted(numbers.items()))
    return percent, f"{len(told)} mutants, {parts}; {percent:.1f} % of all but the equivalent"


if __name__ == "__main__":
    sys.exit(main())
