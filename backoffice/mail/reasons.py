"""Why mails were not sent: stored in English, and translated when somebody reads it."""

import re

from backoffice.text import N_, refilled, translated

# Translators: the numbers of the mail server's answer, such as 550 5.1.1
ADDRESS_REFUSED = N_("The mail server refused the address (%(numbers)s).")
MAIL_REFUSED = N_("The mail server refused the mail (%(numbers)s).")
SENDER_REFUSED = N_("The mail server refused the sender (%(numbers)s).")
LOGIN_REFUSED = N_("The mail server refused our user name or password (%(numbers)s).")
CONNECTION_REFUSED = N_("The mail server refused the connection (%(numbers)s).")
ANSWERED = (
    ADDRESS_REFUSED,
    MAIL_REFUSED,
    SENDER_REFUSED,
    LOGIN_REFUSED,
    CONNECTION_REFUSED,
)
# Translators: stands in place of those numbers if the server gave none
NO_NUMBER = N_("without a number")
BETWEEN_SENTENCES = re.compile(r"(?<=\.) ")


def shown(reason: str) -> str:
    """Return the sentences of a stored reason in the language of the reader."""
    return " ".join(map(_shown, BETWEEN_SENTENCES.split(reason)))


def _shown(sentence: str) -> str:
    told = refilled(sentence, ANSWERED).replace(NO_NUMBER, translated(NO_NUMBER))
    return translated(told)
