"""What is said of the machine."""

import json
import platform
import socket
from pathlib import Path

from groundwire_server.cli.bench.machine import Machine, this_machine


def test_what_is_said_tells_no_name_and_no_path() -> None:
    said = json.dumps(this_machine().facts())

    assert socket.gethostname() not in said
    assert str(Path.home()) not in said
    assert "/" not in said
    assert platform.python_version() in said


def test_a_machine_s_kind_outlives_new_packages_and_patches() -> None:
    before = Machine("Linux x86_64", "EPYC", 2, "3.11.7", {"grpcio": "1.78.2"})

    assert before.kind == Machine("Linux x86_64", "EPYC", 2, "3.11.9", {"grpcio": "1.79.0"}).kind
    assert before.kind != Machine("Linux x86_64", "EPYC", 4, "3.11.7", {"grpcio": "1.78.2"}).kind
    assert before.kind != Machine("Linux x86_64", "EPYC", 2, "3.12.1", {"grpcio": "1.78.2"}).kind
