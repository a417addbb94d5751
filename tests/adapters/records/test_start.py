"""What a start does with a file of records that costs time, or says too much."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

PROGRAM = """
import asyncio, sys, time
from groundwire_server.adapters.records.opening import opened_records
from groundwire_server.adapters.records.operations.sql import SqlOperationRecords
from groundwire_server.adapters.records.options import RecordsOptions
from groundwire_server.app.logs import logging_to
from groundwire_server.telemetry.line_sums import LineSums

async def start():
    async with opened_records(RecordsOptions(url=sys.argv[1])):
        pass

with logging_to(sys.stderr, "INFO", LineSums(time.monotonic)):
    asyncio.run(start())
slow = ("alembic", "sqlalchemy.dialects.postgresql", "sqlalchemy.ext", "sqlalchemy.orm")
print(*sorted(name for name in slow if name in sys.modules))
"""


def started(folder: Path) -> subprocess.CompletedProcess[str]:
    arguments = [sys.executable, "-c", PROGRAM, f"sqlite:///{folder}/records.sqlite3"]
    return subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=True)


def test_the_first_start_makes_the_tables_and_says_nothing_of_the_steps(tmp_path: Path) -> None:
    ran = started(tmp_path)
    assert "alembic" in ran.stdout
    assert ran.stderr == ""


def test_later_starts_import_no_more_than_they_use(tmp_path: Path) -> None:
    started(tmp_path)
    assert started(tmp_path).stdout.split() == []
