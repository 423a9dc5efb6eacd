"""Only agreed files lie in the repository, and their lines say what they must."""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.house.source import ROOT, tracked

TOP_LEVEL = {
    # the product
    "app.py", "backoffice", "forms", "views", "uploads", "migrations",
    # what stands beside it
    "tests", "benchmarks", "docs", "README.md", "CHANGELOG.md", "LICENSE",
    # what tools expect there
    "Makefile", "requirements.txt", "requirements-dev.txt", "pyproject.toml",
    ".ci", ".dockerignore", ".editorconfig", ".gitignore", "Dockerfile",
}  # fmt: skip
SOURCES = {".py", ".html", ".txt", ".js", ".css", ".toml", ".ini", ".mako", ".md", ".json", ""}
REASON = r"\s+(?:# |- ).{8,}"
OWN_PATH = Path("tests/house/test_repository.py")  # full of bad examples

MACHINE_PATH = re.compile(r"(?<![\w.}<-])/(?:tmp|root|work)(?:/|\b)(?!>)")
# Apart from what follows it, or the samples below would be such paths themselves.
ROOT_OF_A_MACHINE = "/"
EXEMPTION = re.compile(r"#\s*(?:type:\s*ignore|noqa|ruff:\s*noqa|pragma:\s*no cover)")
REASONED = re.compile(
    rf"#\s*(?:type:\s*ignore\[[\w, -]+\]|noqa: [A-Z0-9, ]+?|pragma: no cover){REASON}"
)
INLINE_HANDLER = re.compile(r"\son\w+\s*=", re.IGNORECASE)
INLINE_STYLE = re.compile(r"\sstyle\s*=", re.IGNORECASE)
FOREIGN_HOST = re.compile(
    r"""https?://(?!www\.w3\.org/)[\w.-]+|(?:src|href|action)=["']//|url\(["']?//""", re.IGNORECASE
)
COMMENT = re.compile(r"\{#.*?#\}|/\*.*?\*/|^\s*//.*?$", re.DOTALL | re.MULTILINE)


def matches(pattern: re.Pattern[str], text: str) -> list[str]:
    """Return the lines that `pattern` is found in, each with its number."""
    return [
        f"{number}: {line.strip()}"
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def unreasoned(text: str) -> list[str]:
    """Return the lines that silence a tool and do not say why."""
    return [line for line in matches(EXEMPTION, text) if not REASONED.search(line)]


def unreasoned_requirements(text: str) -> list[str]:
    """Return the requirements without an exact version or without a reason."""
    lines = (line for line in text.splitlines() if line and not line.startswith(("#", "-r ")))
    return [line for line in lines if not re.match(r"[\w\[\]-]+==[\w.]+ +# .{5,}", line)]


def unreasoned_settings(text: str) -> list[str]:
    """Return the rules and warnings that pyproject.toml switches off without a reason."""
    exempting = re.compile(
        r'^\s+"(?:[A-Z]+\d+|ignore:.*|[a-z_]+\.\*)",|^ignore_missing_imports|^disable'
    )
    return [line for line in matches(exempting, text) if not re.search(r"\s# .{8,}", line)]


def impolite(text: str) -> list[str]:
    """Return the lines that a nonce CSP refuses, or that tell another host about our visitors."""
    plain = COMMENT.sub(lambda comment: "\n" * comment[0].count("\n"), text)
    return [
        line
        for pattern in (INLINE_HANDLER, INLINE_STYLE, FOREIGN_HOST)
        for line in matches(pattern, plain)
    ]


def strangers(files: Iterable[Path]) -> set[str]:
    """Return the top-level entries that nobody has agreed on."""
    return {path.parts[0] for path in files} - TOP_LEVEL


def read(path: Path) -> str:
    return (ROOT / path).read_text("utf-8")


def faults_in(files: Iterable[Path], check: object) -> dict[str, list[str]]:
    """Return what `check` finds in each file; files without a finding are left out."""
    assert callable(check)
    found = {str(path): check(read(path)) for path in files if path != OWN_PATH}
    return {name: lines for name, lines in found.items() if lines}


SOURCE_FILES = [path for path in tracked() if path.suffix in SOURCES and path.name != ".gitkeep"]
# Mails are left out: mail programs know neither style sheets nor scripts, which is why mails style
# their elements; and they link to our base URL.
PAGES = [
    path
    for path in tracked()
    if path.suffix in (".html", ".js", ".css", ".svg")
    and path.parts[0] == "backoffice"
    and "email" not in path.parts
]


def test_repository_has_no_stranger_at_its_top() -> None:
    assert strangers(tracked()) == set()


def test_repository_names_no_machine() -> None:
    assert faults_in(SOURCE_FILES, lambda text: matches(MACHINE_PATH, text)) == {}


def test_repository_gives_the_reason_of_every_exemption() -> None:
    assert faults_in([path for path in SOURCE_FILES if path.suffix == ".py"], unreasoned) == {}


def test_repository_gives_the_reason_of_every_requirement() -> None:
    assert (
        faults_in(map(Path, ("requirements.txt", "requirements-dev.txt")), unreasoned_requirements)
        == {}
    )


def test_repository_gives_the_reason_of_every_switched_off_rule() -> None:
    assert faults_in([Path("pyproject.toml")], unreasoned_settings) == {}


def test_repository_has_only_polite_pages() -> None:
    assert faults_in(PAGES, impolite) == {}


@pytest.mark.parametrize(
    "check, bad",
    [
        (lambda text: matches(MACHINE_PATH, text), f'open("{ROOT_OF_A_MACHINE}tmp/x")'),
        (lambda text: matches(MACHINE_PATH, text), f"cd {ROOT_OF_A_MACHINE}root/main"),
        (unreasoned, "x = 1  # type: ignore"),
        (unreasoned, "x = 1  # type: ignore[arg-type]"),
        (unreasoned, "x = 1  # noqa: S608"),
        (unreasoned, "# ruff: noqa"),
        (unreasoned_requirements, "Flask==3.1.3"),
        (unreasoned_requirements, "Flask>=3.1  # the framework"),
        (unreasoned_settings, '    "S101",'),
        (unreasoned_settings, '    "ignore:old:DeprecationWarning",'),
        (impolite, '<button onclick="go()">'),
        (impolite, '<p style="color: red">'),
        (impolite, '<script src="https://cdn.example.com/x.js">'),
        (impolite, '<img src="//cdn.example.com/x.png">'),
        (lambda text: strangers([Path(text)]), "notes.txt"),
    ],
)
def test_repository_would_show_it(check: object, bad: str) -> None:
    assert callable(check)
    assert check(bad)


@pytest.mark.parametrize(
    "check, good",
    [
        (lambda text: matches(MACHINE_PATH, text), "GET /workers and backoffice/tmp"),
        (unreasoned, "x = 1  # type: ignore[arg-type]  # WTForms ships no types"),
        (unreasoned, "x = 1  # noqa: S608  # names come from our own models"),
        (impolite, '<svg xmlns="http://www.w3.org/2000/svg">{# onclick= is forbidden #}'),
        (impolite, '<a href="{{ person.href }}" data-confirm="yes">'),
    ],
)
def test_repository_lets_pass(check: object, good: str) -> None:
    assert callable(check)
    assert not check(good)
