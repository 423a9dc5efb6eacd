"""A worker does not keep the memory that it needs for one moment.

Otherwise every process would be as large as its largest password.
"""

import ctypes
import gc
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.patience import PATIENCE

ROOT = Path(__file__).parent.parent.parent
HASH = """
import backoffice
from argon2 import PasswordHasher

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096

hasher = PasswordHasher(memory_cost=19 * 1024, time_cost=1, parallelism=1)
PasswordHasher(memory_cost=8, time_cost=1, parallelism=1).hash("loads the library")
before = resident()
for _ in range(3):
    hasher.hash("four words of nobody")
print(resident() - before)
"""


@pytest.mark.one_engine("sqlite", reason="nothing is asked of a database")
@pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), "mallopt"), reason="only glibc keeps large blocks"
)
def test_the_memory_of_a_hash_goes_back_to_the_system(engine_name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", HASH],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    assert int(done.stdout) < 8 * 2**20, "each of the hashes took 19 MiB"


def test_the_collector_looks_less_often_than_python_does_by_itself() -> None:
    assert gc.isenabled()
    assert gc.get_threshold()[0] > 700
