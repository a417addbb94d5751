"""The extra `presidio`: its recognisers work without models and without a network."""

import json
import os
import subprocess
from collections.abc import Mapping
from typing import Any

import pytest

from tests.callers import toolchains

pytestmark = [pytest.mark.callers, pytest.mark.process, pytest.mark.slow]


@pytest.fixture(scope="module")
def found() -> Mapping[str, Any]:
    """What the script prints in the environment of the extra."""
    python = toolchains.presidio()
    own = {name: value for name, value in os.environ.items() if not name.startswith(("GROUNDWIRE_", "PYTEST_"))}
    done = subprocess.run(
        [python, toolchains.SOURCES / "presidio" / "offline.py"], env=own, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    read: Mapping[str, Any] = json.loads(done.stdout)
    return read


def test_forms_are_found_without_a_network(found: Mapping[str, Any]) -> None:
    pairs = {tuple(pair) for pairs in found["found"].values() for pair in pairs}
    assert {
        ("email", "anna@firma.example"),
        ("phone", "+49 30 901820"),
        ("iban", "DE89 3704 0044 0532 0130 00"),
        ("card", "4539 1488 0343 6467"),
        ("ip", "93.184.216.34"),
        ("national_id", "44051401359"),
    } <= pairs


def test_no_model_is_installed_and_so_no_name_is_found(found: Mapping[str, Any]) -> None:
    assert found["models"] == []
    assert found["found"]["Anna Kowalska lives at 12 Baker Street."] == []
