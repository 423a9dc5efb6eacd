"""Which passwords are guessed first: common ones, in disguise too, those about the person, and runs of keys."""

import gzip
import re
import string
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from backoffice.models.user import User
from backoffice.settings import Settings
from backoffice.text import fold

LIST = (
    Path(__file__).parents[1] / "wordlists" / "common_passwords.txt.gz"
)  # the file beside it says where it is from
PRODUCT = "backoffice"
WORN = frozenset(
    (
        "password",
        "passwort",
        "kennwort",
        "qwerty",
        "letmein",
        "welcome",
        "admin",
        "iloveyou",
        "changeme",
    )
)
FEWEST_DIFFERENT = 6
SHORTEST_RUN = 4
SHORTEST_WORD = 3  # of a name or an address

SAME = "Use more different characters; several words that do not belong together are best."
COMMON = "This is, or is made of, one of the most common passwords; choose words that do not belong together."
REPEATED = "This repeats one part; repeated, it is no harder to guess, so add other words instead."
RUN = "Most of this is a sequence or a run of neighbouring keys; choose words that do not belong together."
PERSONAL = "Little of this is more than your own name, address or company; add words that nobody would guess."

# Letters as people disguise them. A 1 stands for two of them, so there are two readings.
_LIKE_I = str.maketrans("0123456789@$!|+(€", "oizeasgtbgasiltce")
_LIKE_L = str.maketrans("0123456789@$!|+(€", "olzeasgtbgasiltce")
_EDGES = (
    string.digits + string.punctuation
)  # what people put around a word, and think it is another one then
_NO_EDGES = str.maketrans("", "", _EDGES)
_LINES = (
    *(string.ascii_lowercase, "01234567890", "!@#$%^&*()"),
    *(
        "qwertyuiop",
        "asdfghjkl",
        "zxcvbnm",
        "qwertzuiop",
        "yxcvbnm",
        "azertyuiop",
        "qsdfghjklm",
        "wxcvbn",
    ),
    *("1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p", "qazwsxedcrfvtgbyhnujmikolp"),
    *("1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0"),
    *("ицукенгшщзхъ", "фывапролджэ", "ячсмитьбю"),
)
_TRACKS = "\n".join((*_LINES, *(line[::-1] for line in _LINES)))


def reason(password: str, *, about: Iterable[str], minimum: int) -> str:
    """Why the password would be guessed soon, in one sentence that does not repeat it; '' if it would not.

    `about` are words that have to do with the person; fewer letters than half of `minimum` beside them are too few.
    """
    plain = _squeezed(password)
    if len(set(plain)) < FEWEST_DIFFERENT:
        return SAME
    if _is_common(plain):
        return COMMON
    if len(_unit(plain)) < min(minimum, len(plain)):
        return REPEATED
    words = {word for word in map(_squeezed, about) if len(word) >= SHORTEST_WORD}
    beside = _beside(plain, words | WORN)
    if beside != plain and len(_without_runs(beside).translate(_NO_EDGES)) < minimum // 2:
        return PERSONAL if _beside(plain, words) != plain else COMMON
    return RUN if len(_without_runs(plain)) < minimum // 2 else ""


def words_about(user: User, settings: Settings) -> list[str]:
    """What a stranger would try for this person: names, the parts of their address, the company, the product."""
    local, _, domain = (user.email or "").partition("@")
    hosts = (host.rpartition(".")[0] for host in (domain, settings.home.host))
    texts = [
        user.first_name or "",
        user.last_name or "",
        local,
        user.login or "",
        settings.product_name,
        *hosts,
    ]
    parts = (part for text in texts for part in re.split(r"[\W_]+", text))
    return [PRODUCT, *texts, *parts]


@cache
def common() -> frozenset[str]:
    """The passwords that everybody tries first, folded and without blanks; read when first asked for."""
    with gzip.open(LIST, "rt", encoding="utf-8") as lines:
        return frozenset(lines.read().split("\n"))


def _squeezed(text: str) -> str:
    return fold(text).replace(" ", "")


def _is_common(plain: str) -> bool:
    """Whether it is a common password, or two of them side by side, under a simple disguise."""
    cores = {
        plain,
        plain.strip(_EDGES),
        plain.lstrip(_EDGES),
        plain.rstrip(_EDGES),
        *_lettered(plain),
    }
    spelled = {reading for core in cores for reading in _readings(core)}
    spelled |= {_unit(text) for text in spelled}
    return any(text in common() or text[::-1] in common() or _is_pair(text) for text in spelled)


def _lettered(plain: str) -> tuple[str, str]:
    """Without what was put in between: `p.a.s.s.w.o.r.d`, and that without its number too."""
    letters = "".join(c for c in plain if c.isalnum())
    return letters, letters.strip(string.digits)


def _is_pair(text: str) -> bool:
    known = common()
    return any(text[:place] in known and text[place:] in known for place in range(1, len(text)))


def _readings(text: str) -> Iterator[str]:
    yield from (text, text.translate(_LIKE_I), text.translate(_LIKE_L))


def _unit(text: str) -> str:
    """The part that the text repeats, or all of it."""
    return text[: (text * 2).find(text, 1)]


def _beside(plain: str, words: Iterable[str]) -> str:
    """What is left without these words, however they are disguised: each reading has its letters in the same places."""
    covered: set[int] = set()
    for reading in _readings(plain):
        for word in words:
            for found in re.finditer(re.escape(word), reading):
                covered.update(range(*found.span()))
    return "".join(c for place, c in enumerate(plain) if place not in covered)


def _without_runs(text: str) -> str:
    """The text with one character in place of each run along the alphabet, the digits, a keyboard or one key."""
    kept, start = [], 0
    while start < len(text):
        end = start + 1
        while end < len(text) and _is_run(text[start : end + 1]):
            end += 1
        kept.append(text[start] if end - start >= SHORTEST_RUN else text[start:end])
        start = end
    return "".join(kept)


def _is_run(part: str) -> bool:
    return part in _TRACKS or part == part[0] * len(part)
