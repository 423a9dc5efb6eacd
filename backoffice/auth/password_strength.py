"""Recognise passwords that are guessed first.

These are common passwords, also in disguise, words about the person, and runs of keys.
"""

import gzip
import re
import string
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from flask_babel import lazy_gettext as _l

from backoffice.models.user import User
from backoffice.settings import Settings
from backoffice.text import fold

# A file beside the list says where it is from.
LIST = Path(__file__).parents[1] / "wordlists" / "common_passwords.txt.gz"
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

SAME: str = _l("Use more different characters; several words that do not belong together are best.")
COMMON: str = _l(
    "This is, or is made of, one of the most common passwords; "
    "choose words that do not belong together."
)
REPEATED: str = _l(
    "This repeats one part; repeated, it is no harder to guess, so add other words instead."
)
RUN: str = _l(
    "Most of this is a sequence or a run of neighbouring keys; "
    "choose words that do not belong together."
)
PERSONAL: str = _l(
    "Little of this is more than your own name, address or company; "
    "add words that nobody would guess."
)

# Letters as people disguise them. A 1 stands for two of them, hence two readings.
_LIKE_I = str.maketrans("0123456789@$!|+(€", "oizeasgtbgasiltce")
_LIKE_L = str.maketrans("0123456789@$!|+(€", "olzeasgtbgasiltce")
# Characters that people put around a word in the belief that they make it another one.
_EDGES = string.digits + string.punctuation
_NO_EDGES = str.maketrans("", "", _EDGES)
_LINES = (
    # the alphabet, the digits, and the digits with Shift
    string.ascii_lowercase,
    "01234567890",
    "!@#$%^&*()",
    # rows of English, German and French keyboards
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "yxcvbnm",
    "azertyuiop",
    "qsdfghjklm",
    "wxcvbn",
    # columns of keys, and zigzags between the two upper rows
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "qazwsxedcrfvtgbyhnujmikolp",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    # rows of the Russian keyboard, folded as passwords are
    "ицукенгшщзхъ",
    "фывапролджэ",
    "ячсмитьбю",
)
_LINES_BACKWARDS = tuple(line[::-1] for line in _LINES)
# One text to search in: no run that is looked for holds a line break.
_TRACKS = "\n".join((*_LINES, *_LINES_BACKWARDS))


def reason(password: str, *, about: Iterable[str], minimum: int) -> str:
    """Return one sentence that says why the password is easy to guess; '' if it is not.

    The sentence does not repeat the password. `about` are words that have to do with the person: a
    password that has some of them needs at least half of `minimum` letters beside them.
    """
    plain = _squeezed(password)
    if len(set(plain)) < FEWEST_DIFFERENT:
        return SAME
    if _is_common(plain):
        return COMMON
    if len(_unit(plain)) < min(minimum, len(plain)):
        return REPEATED
    personal_words = {word for word in map(_squeezed, about) if len(word) >= SHORTEST_WORD}
    enough = minimum // 2
    rest = _without_words(plain, personal_words | WORN)
    letters_left = _without_runs(rest).translate(_NO_EDGES)
    if rest != plain and len(letters_left) < enough:
        is_personal = _without_words(plain, personal_words) != plain
        return PERSONAL if is_personal else COMMON
    if len(_without_runs(plain)) < enough:
        return RUN
    return ""


def words_about(user: User, settings: Settings) -> list[str]:
    """Return the words that a stranger would try for this person.

    These are their names, the parts of their address, the company and the product.
    """
    local_part, _, domain = (user.email or "").partition("@")
    texts = [
        user.first_name or "",
        user.last_name or "",
        local_part,
        user.login or "",
        settings.product_name,
        _without_top_level(domain),
        _without_top_level(settings.home.host),
    ]
    parts = [part for text in texts for part in re.split(r"[\W_]+", text)]
    return [PRODUCT, *texts, *parts]


def _without_top_level(host: str) -> str:
    return host.rpartition(".")[0]


@cache
def common() -> frozenset[str]:
    """Return the passwords that everybody tries first, folded and without blanks.

    The file is read at the first call.
    """
    with gzip.open(LIST, "rt", encoding="utf-8") as file:
        return frozenset(file.read().split("\n"))


def _squeezed(text: str) -> str:
    return fold(text).replace(" ", "")


def _is_common(plain: str) -> bool:
    """Return whether it is a common password, or two side by side, under a simple disguise."""
    cores = {
        plain,
        plain.strip(_EDGES),
        plain.lstrip(_EDGES),
        plain.rstrip(_EDGES),
        *_alphanumeric(plain),
    }
    readings = {reading for core in cores for reading in _readings(core)}
    units = {_unit(reading) for reading in readings}
    return any(_is_listed(text) for text in readings | units)


def _alphanumeric(plain: str) -> tuple[str, str]:
    """Return the text without its signs, and the same without digits at its ends.

    People put signs between letters, as in `p.a.s.s.w.o.r.d.1`.
    """
    letters_and_digits = "".join(c for c in plain if c.isalnum())
    return letters_and_digits, letters_and_digits.strip(string.digits)


def _is_listed(text: str) -> bool:
    """Return whether the list has the text, the text backwards, or both parts of it."""
    known = common()
    if text in known or text[::-1] in known:
        return True
    return any(text[:place] in known and text[place:] in known for place in range(1, len(text)))


def _readings(text: str) -> Iterator[str]:
    """Yield the text as it is, and with the letters that its digits and signs may stand for."""
    yield text
    yield text.translate(_LIKE_I)
    yield text.translate(_LIKE_L)


def _unit(text: str) -> str:
    """Return the part that the text repeats, or all of it if it repeats none."""
    # A text is found again in its double at the length of its shortest period.
    period = (text * 2).find(text, 1)
    return text[:period]


def _without_words(plain: str, words: Iterable[str]) -> str:
    """Return the characters that belong to none of these words, however they are disguised."""
    covered: set[int] = set()
    # Each reading has its letters in the same places as the text itself.
    for reading in _readings(plain):
        for word in words:
            for match in re.finditer(re.escape(word), reading):
                covered.update(range(*match.span()))
    return "".join(c for place, c in enumerate(plain) if place not in covered)


def _without_runs(text: str) -> str:
    """Return the text with one character in place of each run.

    A run goes along the alphabet, the digits, the keys of a keyboard, or repeats one key.
    """
    kept = []
    start = 0
    while start < len(text):
        end = start + 1
        while end < len(text) and _is_run(text[start : end + 1]):
            end += 1
        is_long_enough = end - start >= SHORTEST_RUN
        kept.append(text[start] if is_long_enough else text[start:end])
        start = end
    return "".join(kept)


def _is_run(part: str) -> bool:
    return part in _TRACKS or part == part[0] * len(part)
