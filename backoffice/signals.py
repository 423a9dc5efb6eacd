"""The signals that end a process of ours: by a supervisor, by Ctrl-C, or by a closed terminal."""

import signal

ENDING_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def collected() -> list[int]:
    """Return a list to which the signals that end the process are added when they arrive."""
    signals: list[int] = []
    for number in ENDING_SIGNALS:
        signal.signal(number, lambda number, _frame: signals.append(number))
    return signals
