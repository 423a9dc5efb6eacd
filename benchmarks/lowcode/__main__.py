"""Print the comparison; `--write` puts it into `README.md`: `python -m benchmarks.lowcode`."""

import argparse
import re
from pathlib import Path

from benchmarks.lowcode.features import SYSTEMS
from benchmarks.lowcode.report import markdown

README = Path(__file__).parent / "README.md"
RESULT = re.compile(r"(?<=<!-- result -->\n).*(?=<!-- end of the result -->)", re.DOTALL)


def main() -> None:
    """Count all systems, and print or write the result."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lowcode", description=__doc__)
    parser.add_argument("--write", action="store_true", help="also put it into README.md")
    text = markdown(SYSTEMS)
    print(text)
    if parser.parse_args().write:
        README.write_text(RESULT.sub(lambda _found: text, README.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
